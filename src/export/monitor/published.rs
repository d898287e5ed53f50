//! What the packet path lets others know: the last copy of something, and when it was made.

use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// The last copy, shared: cheap to clone, whole whenever it is read.
#[derive(Debug)]
pub struct Published<T>(Arc<Mutex<Last<T>>>);

#[derive(Debug)]
struct Last<T> {
    value: Option<T>,
    when: Instant,
}

impl<T: Clone> Published<T> {
    /// A copy of the last one; `None` before the first.
    pub fn get(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).value.clone()
    }

    /// How long ago it was published; before the first, since when that is waited for.
    pub fn age(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).when.elapsed()
    }

    /// Makes this the last one. Never waits: it is left out if somebody reads just now, since the next one comes soon.
    pub fn publish(&self, value: T) {
        let last = match self.0.try_lock() {
            Ok(mut last) => std::mem::replace(&mut *last, Last { value: Some(value), when: Instant::now() }),
            Err(TryLockError::Poisoned(poisoned)) => {
                std::mem::replace(&mut *poisoned.into_inner(), Last { value: Some(value), when: Instant::now() })
            }
            Err(TryLockError::WouldBlock) => return,
        };
        // Freed with nobody waiting for it.
        drop(last);
    }
}

impl<T> Default for Published<T> {
    fn default() -> Self {
        Published(Arc::new(Mutex::new(Last { value: None, when: Instant::now() })))
    }
}

impl<T> Clone for Published<T> {
    fn clone(&self) -> Self {
        Published(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_is_known_to_all_with_its_age() {
        let published = Published::default();
        let other = published.clone();
        assert_eq!(other.get(), None);
        std::thread::sleep(Duration::from_millis(20));
        assert!(other.age() >= Duration::from_millis(20));
        published.publish(1);
        published.publish(2);
        assert_eq!(other.get(), Some(2));
        assert!(other.age() < Duration::from_secs(5));
    }

    #[test]
    fn publishing_waits_for_nobody() {
        let published = Published::default();
        published.publish(1);
        let reader = published.clone();
        let reading = reader.0.lock().unwrap();
        std::thread::scope(|scope| scope.spawn(|| published.publish(2)).join().unwrap());
        drop(reading);
        assert_eq!(published.get(), Some(1));
    }
}
