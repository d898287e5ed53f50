//! The one buffer between a source of bytes and the frames that are lent from it.
//!
//! A [`Window`] shows the unread bytes of its input as one slice. It holds [`WINDOW`] bytes, which fit in a core's
//! second-level cache, and grows only when a record does not fit, up to the longest record that the formats accept.
//! Bytes are read straight into it; only the incomplete record at its end is ever moved, and once only.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

use super::error::FileError;

/// The usual size of a window, in bytes.
pub(super) const WINDOW: usize = 256 * 1024;
/// The size for the first read, in bytes: enough to tell the format, and little to keep if it is a compressed one.
const FIRST: usize = 4 * 1024;

/// The unread bytes of an input, a stretch at a time.
pub(super) struct Window {
    source: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// The first unread byte in `buffer`; never more than `end`.
    start: usize,
    /// The end of what has been read from the source; never more than the buffer's length.
    end: usize,
    /// Where the start of `buffer` is in the input.
    base: u64,
    /// How the input has ended, if it has.
    ended: Option<Ending>,
}

/// How an input ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// With its last byte.
    Whole,
    /// Within a compressed stream.
    Cut,
}

impl Window {
    /// A window on the start of `source`; reads nothing yet.
    pub fn new(source: Box<dyn Read + Send>) -> Self {
        Window { source, buffer: Vec::new(), start: 0, end: 0, base: 0, ended: None }
    }

    /// The input from its start, with the unread bytes put back; for a source that turns out to be compressed.
    pub fn into_source(mut self) -> Box<dyn Read + Send> {
        self.buffer.truncate(self.end);
        self.buffer.drain(..self.start);
        self.buffer.shrink_to_fit();
        Box::new(io::Cursor::new(self.buffer).chain(self.source))
    }

    /// Where the first unread byte is in the input.
    pub fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Whether the input has ended within a compressed stream.
    pub fn is_cut(&self) -> bool {
        self.ended == Some(Ending::Cut)
    }

    /// The unread bytes that are here already.
    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The first `N` unread bytes; `None` if the input ends right here, [`FileError::Truncated`] if it ends among them.
    #[inline]
    pub fn header<const N: usize>(&mut self) -> Result<Option<[u8; N]>, FileError> {
        if let Some(header) = self.unread().first_chunk() {
            return Ok(Some(*header));
        }
        self.fill(N)?;
        match self.unread().first_chunk() {
            Some(header) => Ok(Some(*header)),
            None if self.start == self.end && self.ended == Some(Ending::Whole) => Ok(None),
            None => Err(self.truncated()),
        }
    }

    /// Waits until `count` unread bytes are here; [`FileError::Truncated`] if the input ends before.
    #[inline]
    pub fn need(&mut self, count: usize) -> Result<(), FileError> {
        if self.end - self.start >= count {
            return Ok(());
        }
        self.fill(count)?;
        if self.end - self.start >= count { Ok(()) } else { Err(self.truncated()) }
    }

    /// Counts the first `count` unread bytes as read and says where they are in the buffer, for [`Window::bytes`];
    /// what is not here, cannot be taken.
    #[inline]
    pub fn take(&mut self, count: usize) -> Range<usize> {
        let from = self.start;
        self.start = self.end.min(from.saturating_add(count));
        from..self.start
    }

    /// The bytes of a range that [`Window::take`] gave; it holds until the next wait for bytes.
    #[inline]
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// Reads past `count` bytes, however many, and gives whether they were there. After an error,
    /// [`Window::offset`] tells how far it came.
    pub fn skip(&mut self, mut count: u64) -> Result<bool, FileError> {
        loop {
            let here = (self.end - self.start) as u64;
            if count <= here {
                self.start += count as usize;
                return Ok(true);
            }
            count -= here;
            self.start = self.end;
            self.fill(1)?;
            if self.start == self.end {
                return Ok(false);
            }
        }
    }

    /// Waits until `count` unread bytes are here or the input has ended. Takes what each read gives, so that a slow
    /// stream's frames are not held back until the buffer is full. After [`FileError::NotYet`] nothing is lost.
    #[cold]
    pub fn fill(&mut self, count: usize) -> Result<(), FileError> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        let usual = if self.end == 0 && self.base == 0 { FIRST } else { WINDOW };
        let size = count.max(usual);
        if self.buffer.len() < size {
            self.buffer.reserve_exact(size - self.buffer.len());
            self.buffer.resize(size, 0);
        }
        while self.end < count && self.ended.is_none() {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = Some(Ending::Whole),
                // A reader that claims more than it was given room for is not believed.
                Ok(read) => self.end = self.end.saturating_add(read).min(self.buffer.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(FileError::NotYet),
                // How decompressors say that their own input was cut.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.ended = Some(Ending::Cut),
                Err(error) => return Err(FileError::Io(error)),
            }
        }
        Ok(())
    }

    /// The error that the input ends within what starts at the first unread byte.
    #[cold]
    fn truncated(&self) -> FileError {
        FileError::Truncated { offset: self.offset() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(bytes: Vec<u8>) -> Window {
        Window::new(Box::new(io::Cursor::new(bytes)))
    }

    #[test]
    fn a_window_grows_to_what_is_needed_and_no_further() {
        let mut window = window(vec![7; 3 * WINDOW]);
        window.need(1).unwrap();
        assert_eq!(window.buffer.len(), FIRST);
        window.take(FIRST);
        window.need(1).unwrap();
        assert_eq!(window.buffer.len(), WINDOW);
        window.need(WINDOW + 5).unwrap();
        assert_eq!(window.buffer.len(), WINDOW + 5);
        assert_eq!(window.offset(), FIRST as u64);
    }

    #[test]
    fn what_is_skipped_never_fills_memory() {
        let mut window = window(vec![7; 5 * WINDOW]);
        assert!(window.skip(5 * WINDOW as u64 - 1).unwrap());
        assert_eq!(window.offset(), 5 * WINDOW as u64 - 1);
        assert_eq!(window.buffer.len(), WINDOW);
        assert!(window.skip(1).unwrap());
        assert!(!window.skip(1).unwrap());
    }

    #[test]
    fn an_input_that_ends_too_early_is_truncated_where_the_record_starts() {
        let mut window = window(vec![7; 10]);
        window.need(8).unwrap();
        window.take(8);
        assert!(matches!(window.header::<4>(), Err(FileError::Truncated { offset: 8 })));
        assert!(matches!(window.need(3), Err(FileError::Truncated { offset: 8 })));
        window.take(100);
        assert!(matches!(window.header::<4>(), Ok(None)));
    }

    #[test]
    fn a_reader_that_claims_too_much_is_not_believed() {
        struct Boaster;
        impl Read for Boaster {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Ok(usize::MAX)
            }
        }
        let mut window = Window::new(Box::new(Boaster));
        window.need(1).unwrap();
        assert_eq!(window.unread().len(), FIRST);
    }
}
