//! The thread that writes, and what waits for it.
//!
//! Lines are gathered in chunks of [`CHUNK`] bytes or more. A fixed number of chunks goes round between the capture and the
//! writer. When all of them wait to be written, either the capture waits, too (a file can), or it waits for
//! [`PATIENCE`], which the ring can bridge, and then drops lines and counts them until the writer is back. In the end
//! such a capture waits for [`FAREWELL`], and what is not written by then is dropped, too.
//!
//! What cannot be written is lost and counted, and the next chunk is tried again: a disk may be full for a while.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Bytes that are gathered before they are handed to the writer, at least and at most: waking a thread costs as much as
/// some lines do.
pub const CHUNK: usize = 64 << 10;
const MOST_CHUNK: usize = 256 << 10;
/// Chunks that a queue has room for, if they need not be smaller than [`CHUNK`].
const CHUNKS: usize = 8;
const CHUNKS_OF_A_FILE: usize = 3;

/// How long a live capture waits for a writer that does not keep up.
pub const PATIENCE: Duration = Duration::from_millis(50);

/// How long a live capture waits in the end for what is still to be written.
pub const FAREWELL: Duration = Duration::from_secs(1);

/// What happens to lines when the writer does not keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// The capture waits.
    Wait,
    /// After a moment they are dropped and counted.
    Drop,
}

/// Where chunks go.
pub trait Sink: Send {
    /// Writes a chunk of so many lines, and sees that it reaches whoever reads. One without lines says that time has passed.
    fn write(&mut self, chunk: &[u8], lines: u64) -> Written;
}

/// What became of a chunk.
#[derive(Debug)]
pub struct Written {
    /// Lines that were written.
    pub lines: u64,
    /// Why it were not all of them, or what else went wrong.
    pub result: io::Result<()>,
}

/// Hands lines to a thread that writes them.
#[derive(Debug)]
pub struct WriteQueue {
    chunk_len: usize,
    current: Vec<u8>,
    lines: u64,
    overflow: Overflow,
    to_writer: Option<SyncSender<(Vec<u8>, u64)>>,
    from_writer: Receiver<Vec<u8>>,
    /// Chunks that have not been made because the others have sufficed.
    unmade: usize,
    shared: Arc<Shared>,
    /// Lines that were handed to the writer.
    handed_over: u64,
    dropped: u64,
    /// The writer was waited for in vain.
    dropping: bool,
    thread: Option<JoinHandle<()>>,
    /// What had become of lines when the writer was given up; what it still writes was counted as dropped.
    given_up: Option<QueueCounts>,
}

#[derive(Debug, Default)]
struct Shared {
    written: AtomicU64,
    unwritten: AtomicU64,
    /// The last chunk could not be written.
    failing: AtomicBool,
    trouble: Mutex<Trouble>,
}

/// What writing has met.
#[derive(Debug, Default)]
struct Trouble {
    /// First of all.
    first: Option<io::Error>,
    /// Last of all.
    last: Option<(io::ErrorKind, String)>,
}

/// What became of lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueCounts {
    pub written: u64,
    /// Dropped because the writer did not keep up.
    pub dropped: u64,
    /// Lost because writing failed.
    pub failed: u64,
}

impl WriteQueue {
    /// A queue of so many bytes in front of a sink.
    pub fn new(mut sink: Box<dyn Sink>, bytes: usize, overflow: Overflow) -> io::Result<Self> {
        let chunk_len = (bytes / CHUNKS).clamp(CHUNK, MOST_CHUNK);
        let chunks = match overflow {
            // Who can wait gains nothing from a long queue.
            Overflow::Wait => (bytes / chunk_len).clamp(2, CHUNKS_OF_A_FILE),
            Overflow::Drop => (bytes / chunk_len).max(2),
        };
        let (to_writer, chunks_to_write) = sync_channel::<(Vec<u8>, u64)>(chunks);
        let (empty_chunks, from_writer) = sync_channel(chunks);
        let shared = Arc::new(Shared::default());
        let seen_by_writer = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("export".to_owned()).spawn(move || {
            for (mut chunk, lines) in chunks_to_write {
                seen_by_writer.write(&mut *sink, &chunk, lines);
                chunk.clear();
                // One line that was unusually long does not hold its memory for good.
                chunk.shrink_to(2 * chunk_len);
                if empty_chunks.send(chunk).is_err() {
                    return;
                }
            }
        })?;
        Ok(WriteQueue {
            chunk_len,
            current: Vec::new(),
            lines: 0,
            overflow,
            to_writer: Some(to_writer),
            from_writer,
            unmade: chunks - 1,
            shared,
            handed_over: 0,
            dropped: 0,
            dropping: false,
            thread: Some(thread),
            given_up: None,
        })
    }

    /// Where the next line goes.
    #[inline]
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.current
    }

    /// The line is complete.
    #[inline]
    pub fn commit(&mut self) {
        self.lines += 1;
        if self.current.len() >= self.chunk_len - self.chunk_len / 8 {
            self.hand_over();
        }
    }

    /// Hands over what there is, because time has passed.
    pub fn flush(&mut self) {
        if self.lines > 0 {
            self.hand_over();
        }
    }

    /// Hands over what there is, and has the writer flush even if that is nothing.
    pub fn flush_writer(&mut self) {
        self.hand_over();
    }

    /// What became of lines so far.
    pub fn counts(&self) -> QueueCounts {
        self.given_up.unwrap_or_else(|| QueueCounts {
            written: self.shared.written.load(Ordering::Relaxed),
            dropped: self.dropped,
            failed: self.shared.unwritten.load(Ordering::Relaxed),
        })
    }

    /// Why the last chunk could not be written, if so.
    pub fn failure(&self) -> Option<String> {
        self.trouble(|last| last.1.clone())
    }

    /// Whether the last chunk could not be written because nobody reads any longer.
    pub fn reader_is_gone(&self) -> bool {
        self.trouble(|last| last.0 == io::ErrorKind::BrokenPipe).unwrap_or(false)
    }

    fn trouble<T>(&self, ask: impl FnOnce(&(io::ErrorKind, String)) -> T) -> Option<T> {
        if !self.shared.failing.load(Ordering::Relaxed) {
            return None;
        }
        self.shared.trouble.lock().ok()?.last.as_ref().map(ask)
    }

    /// Writes what is left, has the writer flush, and waits for it. The first error that writing met; a reader that has
    /// gone away is none: it has seen what it wanted.
    ///
    /// A writer that a live capture waited for in vain stays where it is, and its lines are dropped.
    pub fn finish(&mut self) -> Option<io::Error> {
        let end = Instant::now() + FAREWELL;
        if self.to_writer.is_some() {
            // No packet is held up any more, so that there is more patience.
            self.dropping = false;
            let empty = self.empty_chunk(FAREWELL);
            self.hand_over_for(empty);
        }
        self.to_writer = None;
        let thread = self.thread.take()?;
        if self.overflow == Overflow::Drop && !self.writer_ends_before(end) {
            let QueueCounts { written, failed, dropped } = self.counts();
            let dropped = dropped + self.handed_over.saturating_sub(written + failed);
            self.given_up = Some(QueueCounts { written, failed, dropped });
            return None;
        }
        if thread.join().is_err() {
            return Some(io::Error::other("the writing thread has panicked"));
        }
        self.shared.trouble.lock().ok()?.first.take()
    }

    /// The writer ends when there is nothing left to write, and with it the channel of empty chunks.
    fn writer_ends_before(&self, end: Instant) -> bool {
        loop {
            match self.from_writer.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }

    /// One that was written before, which has its memory already, or else a new one. Waits for the writer when all chunks
    /// are with it, a live capture no longer than this.
    fn empty_chunk(&mut self, patience: Duration) -> Option<Vec<u8>> {
        if let Ok(chunk) = self.from_writer.try_recv() {
            return Some(chunk);
        }
        if self.unmade > 0 {
            self.unmade -= 1;
            return Some(Vec::new());
        }
        match self.overflow {
            Overflow::Wait => self.from_writer.recv().ok(),
            Overflow::Drop if self.dropping => None,
            Overflow::Drop => self.from_writer.recv_timeout(patience).ok(),
        }
    }

    fn hand_over(&mut self) {
        let empty = self.empty_chunk(PATIENCE);
        self.dropping = empty.is_none();
        self.hand_over_for(empty);
    }

    /// Hands over what there is in exchange for an empty chunk; drops it if there is none.
    fn hand_over_for(&mut self, empty: Option<Vec<u8>>) {
        let lines = std::mem::take(&mut self.lines);
        match (empty, &self.to_writer) {
            (Some(empty), Some(to_writer)) => {
                let chunk = std::mem::replace(&mut self.current, empty);
                // There are no more chunks than the channel has room for.
                match to_writer.try_send((chunk, lines)) {
                    Ok(()) => self.handed_over += lines,
                    Err(_) => self.dropped += lines,
                }
            }
            _ => {
                self.dropped += lines;
                self.current.clear();
            }
        }
    }
}

impl Shared {
    fn write(&self, sink: &mut dyn Sink, chunk: &[u8], lines: u64) {
        let Written { lines: written, result } = sink.write(chunk, lines);
        let written = written.min(lines);
        self.written.fetch_add(written, Ordering::Relaxed);
        self.unwritten.fetch_add(lines - written, Ordering::Relaxed);
        match result {
            // Where nothing was to be written, nothing is known.
            Ok(()) if lines == 0 => {}
            Ok(()) => self.failing.store(false, Ordering::Relaxed),
            Err(error) => {
                if let Ok(mut trouble) = self.trouble.lock() {
                    trouble.last = Some((error.kind(), error.to_string()));
                    if error.kind() != io::ErrorKind::BrokenPipe {
                        trouble.first.get_or_insert(error);
                    }
                }
                self.failing.store(true, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::output::{Framing, Output};

    /// Never comes back from a write.
    struct Stuck;

    impl Sink for Stuck {
        fn write(&mut self, _: &[u8], _: u64) -> Written {
            loop {
                std::thread::park();
            }
        }
    }

    fn line(queue: &mut WriteQueue) {
        queue.buffer().extend_from_slice(&[b'x'; 1000]);
        queue.buffer().push(b'\n');
        queue.commit();
    }

    #[test]
    fn a_stuck_writer_holds_up_neither_the_capture_nor_its_end() {
        let start = Instant::now();
        let mut queue = WriteQueue::new(Box::new(Stuck), 4 * CHUNK, Overflow::Drop).unwrap();
        for _ in 0..1000 {
            line(&mut queue);
        }
        let memory: usize = queue.buffer().capacity();
        assert!(memory <= 2 * CHUNK, "{memory}");
        assert!(queue.finish().is_none());
        assert_eq!(queue.counts(), QueueCounts { written: 0, dropped: 1000, failed: 0 });
        assert!(start.elapsed() < FAREWELL + 10 * PATIENCE, "{:?}", start.elapsed());
    }

    /// Writes when it is let to.
    struct Late(Receiver<()>);

    impl Sink for Late {
        fn write(&mut self, _: &[u8], lines: u64) -> Written {
            let _ = self.0.recv();
            Written { lines, result: Ok(()) }
        }
    }

    /// Has room for one line of a chunk only, until it is told otherwise.
    struct Narrow(Arc<AtomicBool>);

    impl Sink for Narrow {
        fn write(&mut self, _: &[u8], lines: u64) -> Written {
            match self.0.load(Ordering::Relaxed) {
                false => Written { lines: lines.min(1), result: Err(io::ErrorKind::StorageFull.into()) },
                true => Written { lines, result: Ok(()) },
            }
        }
    }

    #[test]
    fn what_could_not_be_written_once_is_lost_and_the_rest_is_not() {
        let wide = Arc::new(AtomicBool::new(false));
        let mut queue = WriteQueue::new(Box::new(Narrow(Arc::clone(&wide))), 4 * CHUNK, Overflow::Wait).unwrap();
        let flush = |queue: &mut WriteQueue, lines: u64| {
            let before = queue.counts();
            (0..lines).for_each(|_| line(queue));
            queue.flush();
            while queue.counts().written + queue.counts().failed < before.written + before.failed + lines {
                std::thread::yield_now();
            }
        };
        flush(&mut queue, 3);
        while queue.failure().is_none() {
            std::thread::yield_now();
        }
        wide.store(true, Ordering::Relaxed);
        flush(&mut queue, 2);
        while queue.failure().is_some() {
            std::thread::yield_now();
        }
        assert_eq!(queue.counts(), QueueCounts { written: 3, dropped: 0, failed: 2 });
        assert_eq!(queue.finish().unwrap().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn what_is_written_after_the_end_stays_counted_as_dropped() {
        let (gate, late) = sync_channel(0);
        let mut queue = WriteQueue::new(Box::new(Late(late)), 4 * CHUNK, Overflow::Drop).unwrap();
        line(&mut queue);
        assert!(queue.finish().is_none());
        drop(gate);
        while queue.shared.written.load(Ordering::Relaxed) == 0 {
            std::thread::yield_now();
        }
        assert_eq!(queue.counts(), QueueCounts { written: 0, dropped: 1, failed: 0 });
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn every_line_is_written_or_counted_when_the_disk_is_full() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut queue =
            WriteQueue::new(Box::new(Output::file(full, Framing::Lines, false)), 4 * CHUNK, Overflow::Drop).unwrap();
        for _ in 0..1000 {
            line(&mut queue);
        }
        assert_eq!(queue.finish().unwrap().kind(), io::ErrorKind::StorageFull);
        let QueueCounts { written, dropped, failed } = queue.counts();
        assert_eq!((written, dropped + failed), (0, 1000));
    }
}
