//! A pipe or a terminal as a source: it gives up the wait now and then, so that a reader can see to other things.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// How often the wait is given up.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// An input whose bytes come whenever they come. Once it ticks, a read fails every [`TICK`] with
/// [`ErrorKind::WouldBlock`], whether something has come or not.
pub(super) struct Stream {
    file: File,
    ticks: Arc<AtomicBool>,
    next: Instant,
}

impl Stream {
    /// Waits for bytes without end until `ticks` is set.
    pub fn new(file: File, ticks: Arc<AtomicBool>) -> Self {
        Stream { file, ticks, next: Instant::now() }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.ticks.load(Ordering::Relaxed) {
            return self.file.read(buffer);
        }
        let now = Instant::now();
        let left = self.next.saturating_duration_since(now);
        let ready = match left.is_zero() {
            true => false,
            false => {
                match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], Timespec::try_from(left).ok().as_ref()) {
                    Ok(ready) => ready > 0,
                    Err(Errno::INTR) => false,
                    Err(error) => return Err(error.into()),
                }
            }
        };
        if !ready {
            self.next = Instant::now() + TICK;
            return Err(ErrorKind::WouldBlock.into());
        }
        self.file.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::OwnedFd;

    use super::*;

    #[test]
    fn the_wait_is_given_up_now_and_then_and_nothing_is_lost() {
        let (reader, mut writer) = io::pipe().unwrap();
        let ticks = Arc::new(AtomicBool::new(false));
        let mut stream = Stream::new(File::from(OwnedFd::from(reader)), Arc::clone(&ticks));
        let mut buffer = [0; 8];
        writer.write_all(b"first").unwrap();
        assert_eq!(stream.read(&mut buffer).unwrap(), 5);
        ticks.store(true, Ordering::Relaxed);
        let start = Instant::now();
        let mut given_up = 0;
        // Bytes come all the time; the wait is given up all the same.
        while start.elapsed() < 3 * TICK {
            writer.write_all(b"x").unwrap();
            match stream.read(&mut buffer) {
                Ok(read) => assert_eq!(&buffer[..read], b"x"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    given_up += 1;
                    assert_eq!(stream.read(&mut buffer).unwrap(), 1);
                }
            }
        }
        assert!((2..=4).contains(&given_up), "{given_up}");
        drop(writer);
        while let Err(error) = stream.read(&mut buffer) {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        assert_eq!(stream.read(&mut buffer).unwrap_or(0), 0);
    }
}
