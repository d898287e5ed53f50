//! Messages that a thread of their own writes, so that no packet waits for whoever reads standard error.
//!
//! At most [`MESSAGES`] wait to be written. While nobody reads, further ones are dropped and counted, and the next one
//! that goes says how many. In the end what waits is waited for, no longer than [`FAREWELL`].

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::counted;

/// The most messages that wait; few are longer than a line.
const MESSAGES: usize = 64;
/// How long the end waits for what is still to be written.
const FAREWELL: Duration = Duration::from_secs(1);

/// Hands messages to the thread.
#[derive(Debug)]
pub struct Messages {
    waiting: Mutex<Waiting>,
    /// Closed when the thread has ended.
    thread: Mutex<Receiver<()>>,
}

#[derive(Debug)]
struct Waiting {
    /// Nothing after the end.
    to_writer: Option<SyncSender<String>>,
    dropped: u64,
}

impl Messages {
    /// Starts the thread, which writes with this.
    pub fn start(mut write: impl FnMut(&str) + Send + 'static) -> io::Result<Self> {
        let (to_writer, messages) = sync_channel::<String>(MESSAGES);
        let (running, thread) = sync_channel(0);
        std::thread::Builder::new().name("messages".to_owned()).spawn(move || {
            let _running: SyncSender<()> = running;
            messages.iter().for_each(|text| write(&text));
        })?;
        let waiting = Waiting { to_writer: Some(to_writer), dropped: 0 };
        Ok(Messages { waiting: Mutex::new(waiting), thread: Mutex::new(thread) })
    }

    /// Adds one, or counts it where there is no room.
    pub fn add(&self, text: &str) {
        let mut waiting = self.lock();
        if !waiting.send(text) {
            waiting.dropped += 1;
        }
    }

    /// Adds one that is worth nothing later.
    pub fn add_passing(&self, text: &str) {
        self.lock().send(text);
    }

    /// Sees that what waits is written, if it can be in time. Later ones are not written.
    pub fn finish(&self) {
        let mut waiting = self.lock();
        if waiting.dropped > 0 {
            waiting.send("");
        }
        waiting.to_writer = None;
        drop(waiting);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        // It only ever closes.
        let _ = thread.recv_timeout(FAREWELL);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Says first how many were dropped before; whether there is room.
    fn send(&mut self, text: &str) -> bool {
        let Some(to_writer) = &self.to_writer else { return false };
        let text = match self.dropped {
            0 => text.to_owned(),
            dropped => format!("{} not written, as nobody read them\n{text}", counted(dropped, "message")),
        };
        let sent = to_writer.try_send(text).is_ok();
        if sent {
            self.dropped = 0;
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::time::Instant;

    use super::*;

    #[test]
    fn messages_are_written_in_order_before_the_end() {
        let written = Arc::new(Mutex::new(String::new()));
        let seen = Arc::clone(&written);
        let messages = Messages::start(move |text| seen.lock().unwrap().push_str(text)).unwrap();
        for number in 0..10 {
            messages.add(&format!("{number} "));
        }
        messages.finish();
        messages.add("too late");
        assert_eq!(*written.lock().unwrap(), "0 1 2 3 4 5 6 7 8 9 ");
    }

    #[test]
    fn while_nobody_reads_nothing_waits_and_what_is_dropped_is_said() {
        let (gate, opens) = channel::<()>();
        let written = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&written);
        let write = move |text: &str| {
            let _ = opens.recv();
            seen.lock().unwrap().push(text.to_owned());
        };
        let messages = Messages::start(write).unwrap();
        let since = Instant::now();
        for number in 0..1000 {
            messages.add(&format!("{number}\n"));
            messages.add_passing("?\n");
        }
        assert!(since.elapsed() < FAREWELL);
        drop(gate);
        while written.lock().unwrap().is_empty() {
            std::thread::yield_now();
        }
        while messages.lock().dropped > 0 {
            messages.add_passing("last\n");
        }
        messages.finish();
        let written = written.lock().unwrap();
        let lines: Vec<&str> = written.iter().flat_map(|text| text.lines()).collect();
        // The writer may take its first one late, so that some are dropped before that, too.
        let dropped =
            |line: &&str| line.split_once(" not written, as nobody read them").map(|(said, _)| number_of(said));
        let numbers = lines.iter().filter(|line| line.parse::<u32>().is_ok()).count();
        assert_eq!(lines.iter().filter_map(dropped).sum::<usize>() + numbers, 1000, "{lines:?}");
        assert_eq!(lines.last(), Some(&"last"));
    }

    /// Of `5 messages`.
    fn number_of(said: &str) -> usize {
        said.split(' ').next().and_then(|number| number.parse().ok()).expect("a number below a thousand")
    }

    #[test]
    fn the_end_does_not_wait_for_ever() {
        let messages = Messages::start(|_| std::thread::sleep(Duration::from_secs(60))).unwrap();
        messages.add("stuck");
        let since = Instant::now();
        messages.finish();
        assert!(since.elapsed() < FAREWELL + FAREWELL);
    }
}
