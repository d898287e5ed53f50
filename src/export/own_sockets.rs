//! The connections that the engine makes itself, so that it does not report its own traffic.
//!
//! A connection is entered when it is made, before its first byte is written, and stays for [`GRACE`] after its end: its
//! last packets are still on their way through the ring. To ask costs one atomic load while there is none, and a walk
//! over a few words otherwise; nobody ever waits.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a connection is still known after its end.
pub const GRACE: Duration = Duration::from_secs(30);

/// Connections that are known at a time. Past that, the one that ended first is forgotten before its time.
pub const CAPACITY: usize = 64;

/// The connections of this process that are not to be reported.
#[derive(Debug)]
pub struct OwnSockets {
    /// A keyed hash of both ends; 0 is a free place. Two connections of the same hash are less likely than a broken machine.
    places: [AtomicU64; CAPACITY],
    taken: AtomicUsize,
    hasher: RandomState,
    /// Connections that have ended: where they are and since when.
    ended: Mutex<Vec<(usize, Instant)>>,
}

impl Default for OwnSockets {
    fn default() -> Self {
        OwnSockets {
            places: [const { AtomicU64::new(0) }; CAPACITY],
            taken: AtomicUsize::new(0),
            hasher: RandomState::new(),
            ended: Mutex::new(Vec::new()),
        }
    }
}

impl OwnSockets {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a packet between these two is of one of our connections, in either direction.
    #[inline]
    pub fn contains(&self, local: SocketAddr, peer: SocketAddr) -> bool {
        self.taken.load(Ordering::Acquire) > 0 && {
            let hash = self.hash(local, peer);
            self.places.iter().any(|place| place.load(Ordering::Acquire) == hash)
        }
    }

    /// Enters a connection. What is returned belongs to [`OwnSockets::end`].
    pub fn enter(&self, local: SocketAddr, peer: SocketAddr, now: Instant) -> Option<usize> {
        let Ok(mut ended) = self.ended.lock() else { return None };
        self.forget(&mut ended, now);
        if !ended.is_empty() && self.taken.load(Ordering::Relaxed) == CAPACITY {
            let (place, _) = ended.remove(0);
            self.free(place);
        }
        let hash = self.hash(local, peer);
        let place = self.places.iter().position(|place| place.load(Ordering::Relaxed) == 0)?;
        self.places.get(place)?.store(hash, Ordering::Release);
        self.taken.fetch_add(1, Ordering::Release);
        Some(place)
    }

    /// A connection has ended. It is forgotten after [`GRACE`], when somebody calls.
    pub fn end(&self, place: usize, now: Instant) {
        if let Ok(mut ended) = self.ended.lock() {
            self.forget(&mut ended, now);
            ended.push((place, now));
        }
    }

    /// Forgets those that have ended long ago.
    pub fn sweep(&self, now: Instant) {
        if self.taken.load(Ordering::Relaxed) > 0
            && let Ok(mut ended) = self.ended.lock()
        {
            self.forget(&mut ended, now);
        }
    }

    fn forget(&self, ended: &mut Vec<(usize, Instant)>, now: Instant) {
        ended.retain(|&(place, since)| {
            let still = now.saturating_duration_since(since) < GRACE;
            if !still {
                self.free(place);
            }
            still
        });
    }

    fn free(&self, place: usize) {
        if let Some(place) = self.places.get(place) {
            place.store(0, Ordering::Release);
            self.taken.fetch_sub(1, Ordering::Release);
        }
    }

    /// The same for both directions, and never 0. A socket of both families names IPv4 addresses as IPv6 ones (RFC 4291
    /// §2.5.5.2); packets do not.
    fn hash(&self, a: SocketAddr, b: SocketAddr) -> u64 {
        let plain = |it: SocketAddr| (it.ip().to_canonical(), it.port());
        let (a, b) = (plain(a), plain(b));
        self.hasher.hash_one((a.min(b), a.max(b))).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    #[test]
    fn a_connection_is_known_in_both_directions_and_both_spellings() {
        let own = OwnSockets::new();
        assert!(!own.contains(at("10.0.0.1:5000"), at("10.0.0.2:4318")));
        own.enter(at("[::ffff:10.0.0.1]:5000"), at("[::ffff:10.0.0.2]:4318"), Instant::now()).unwrap();
        assert!(own.contains(at("10.0.0.1:5000"), at("10.0.0.2:4318")));
        assert!(own.contains(at("10.0.0.2:4318"), at("10.0.0.1:5000")));
        assert!(!own.contains(at("10.0.0.1:5001"), at("10.0.0.2:4318")));
    }

    #[test]
    fn a_connection_is_known_for_a_while_after_its_end() {
        let (own, start) = (OwnSockets::new(), Instant::now());
        let place = own.enter(at("10.0.0.1:1"), at("10.0.0.2:2"), start).unwrap();
        own.sweep(start + 10 * GRACE);
        own.end(place, start + 10 * GRACE);
        own.sweep(start + 11 * GRACE - Duration::from_millis(1));
        assert!(own.contains(at("10.0.0.1:1"), at("10.0.0.2:2")));
        own.sweep(start + 11 * GRACE);
        assert!(!own.contains(at("10.0.0.1:1"), at("10.0.0.2:2")));
    }

    #[test]
    fn when_all_places_are_taken_the_first_that_ended_is_forgotten() {
        let (own, now) = (OwnSockets::new(), Instant::now());
        let peer = at("10.0.0.2:2");
        let local = |n: usize| SocketAddr::new(at("10.0.0.1:0").ip(), n as u16 + 1);
        for n in 0..CAPACITY {
            let place = own.enter(local(n), peer, now).unwrap();
            if n % 2 == 1 {
                own.end(place, now);
            }
        }
        for n in CAPACITY..CAPACITY + CAPACITY / 2 {
            own.enter(local(n), peer, now).unwrap();
        }
        assert!((0..CAPACITY).all(|n| own.contains(local(n), peer) == (n % 2 == 0)));
        assert_eq!(own.enter(local(1000), peer, now), None);
    }
}
