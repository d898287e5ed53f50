//! Capture files: reads pcap and pcapng, compressed with gzip or not, and writes pcapng.
//!
//! A [`CaptureFile`] lends one [`Frame`] after the other from one buffer of 256 KiB, which grows to hold the longest
//! record there may be ([`MAX_CAPTURED`] and its header) only when it meets one. Nothing is copied or allocated for a
//! packet. Besides the buffer, it keeps what the file says of its interfaces: at most [`MAX_INTERFACES`], with names
//! of at most [`MAX_NAME`] bytes, together less than 4 MiB.
//!
//! Frames are given as soon as their bytes are here, so an endless stream can be read as well as a file. On Linux,
//! reading one comes back now and then with [`FileError::NotYet`], whether frames come or not.
//!
//! - `classic`: the records of pcap
//! - `pcapng`: the blocks of pcapng
//! - `interface`: interfaces and how they count time
//! - `writer`: writes pcapng
//! - `stream`: waits for a pipe
//! - `lookalike`: what a file of another format seems to be
//! - `error`: all that can be wrong
//! - `window`, `order`: the buffer, and the order of bytes in it

mod classic;
mod error;
mod interface;
mod lookalike;
mod order;
mod pcapng;
#[cfg(target_os = "linux")]
mod stream;
mod window;
mod writer;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
#[cfg(target_os = "linux")]
use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::read::MultiGzDecoder;

pub use error::{FileError, Problem};
pub use interface::{Interface, MAX_NAME};
pub use lookalike::Lookalike;
pub use pcapng::MAX_INTERFACES;
pub use writer::{MAX_TEXT, PcapngWriter, Section};

use self::classic::{Classic, Magic};
use self::pcapng::Pcapng;
#[cfg(target_os = "linux")]
use self::stream::Stream;
use self::window::Window;
use super::{Frame, LinkType, Realm, Timestamp};

/// The most bytes that may have been captured of one packet: libpcap's greatest snapshot length.
pub const MAX_CAPTURED: u32 = 256 * 1024;

/// A capture file, or a stream in the format of one, that is being read.
pub struct CaptureFile {
    window: Window,
    format: Format,
    interfaces: Vec<Interface>,
}

/// What the input is read as.
enum Format {
    Classic(Classic),
    Pcapng(Pcapng),
    /// Nothing more is read: the end has been reached, or an error.
    Over,
}

/// Where a packet is in the window; a [`Frame`] that does not borrow.
struct Packet {
    time: Timestamp,
    interface: u32,
    link: LinkType,
    bytes: Range<usize>,
    wire_len: u32,
}

impl CaptureFile {
    /// Opens a file, a pipe with a name or the like, and reads its header.
    ///
    /// # Errors
    ///
    /// As [`CaptureFile::from_reader`].
    pub fn open(path: &Path) -> Result<Self, FileError> {
        Self::from_file(File::open(path)?)
    }

    /// Reads the header of standard input, which may be a file or a stream.
    ///
    /// # Errors
    ///
    /// As [`CaptureFile::from_reader`].
    pub fn from_stdin() -> Result<Self, FileError> {
        #[cfg(unix)]
        return Self::from_file(std::os::fd::AsFd::as_fd(&std::io::stdin()).try_clone_to_owned()?.into());
        #[cfg(not(unix))]
        return Self::from_reader(Box::new(std::io::stdin()));
    }

    #[cfg(target_os = "linux")]
    fn from_file(file: File) -> Result<Self, FileError> {
        if file.metadata()?.is_file() {
            return Self::from_reader(Box::new(file));
        }
        // Nobody has anything else to see to before the header is here.
        let ticks = Arc::new(AtomicBool::new(false));
        let opened = Self::from_reader(Box::new(Stream::new(file, Arc::clone(&ticks))))?;
        ticks.store(true, Ordering::Relaxed);
        Ok(opened)
    }

    #[cfg(not(target_os = "linux"))]
    fn from_file(file: File) -> Result<Self, FileError> {
        Self::from_reader(Box::new(file))
    }

    /// Starts to read from a stream; waits for the header at its start. The reader needs no buffer of its own.
    ///
    /// # Errors
    ///
    /// [`FileError::Empty`] and [`FileError::UnknownFormat`] if this is no capture file, and all that can be wrong
    /// with the header of one.
    pub fn from_reader(source: Box<dyn Read + Send>) -> Result<Self, FileError> {
        let mut window = Window::new(source);
        window.fill(2)?;
        let compressed = window.unread().starts_with(&[0x1f, 0x8b]);
        if compressed {
            window = Window::new(Box::new(MultiGzDecoder::new(window.into_source())));
        }
        window.fill(4)?;
        if let Some(&magic) = window.unread().first_chunk() {
            if let Some(magic) = Magic::of(magic) {
                let (classic, interface) = Classic::open(magic, &mut window)?;
                return Ok(CaptureFile { window, format: Format::Classic(classic), interfaces: vec![interface] });
            }
            if Pcapng::starts(magic) {
                let pcapng = Pcapng::open(&mut window)?;
                return Ok(CaptureFile { window, format: Format::Pcapng(pcapng), interfaces: Vec::new() });
            }
        }
        Err(unknown(window, compressed))
    }

    /// The next frame; `None` at the end of the input, and after an error.
    ///
    /// # Errors
    ///
    /// [`FileError::NotYet`], after which reading goes on. Whatever is wrong with the next record. An input that ends within a record is [`FileError::Truncated`], after
    /// all whole ones have been given.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend what it gives")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, FileError> {
        let packet = match &mut self.format {
            Format::Classic(classic) => classic.next(&mut self.window),
            Format::Pcapng(pcapng) => pcapng.next(&mut self.window, &mut self.interfaces),
            Format::Over => return Ok(None),
        };
        match packet {
            Ok(Some(Packet { time, interface, link, bytes, wire_len })) => Ok(Some(Frame {
                time,
                interface,
                realm: Realm::OUTSIDE,
                link,
                bytes: self.window.bytes(bytes),
                wire_len,
            })),
            Err(FileError::NotYet) => Err(FileError::NotYet),
            ending => {
                self.format = Format::Over;
                ending.map(|_| None)
            }
        }
    }

    /// The interfaces that have been described so far, in the order of [`Frame::interface`], which runs on from one
    /// section of a file to the next. Those of earlier sections are forgotten when there are more than
    /// [`MAX_INTERFACES`].
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }
}

/// Whether a capture file may start with these bytes: inside of one, another one joined to its end does.
fn starts_capture(bytes: &[u8; 8]) -> bool {
    bytes.first_chunk().is_some_and(|magic| Pcapng::starts(*magic)) || Magic::starts_with_version(bytes)
}

/// Says what the input is, as it is no capture file.
fn unknown(mut window: Window, compressed: bool) -> FileError {
    if let Err(error) = window.fill(lookalike::SAMPLE) {
        return error;
    }
    let sample = window.unread();
    match sample.get(..lookalike::SAMPLE).unwrap_or(sample) {
        [] if window.is_cut() => FileError::Truncated { offset: 0 },
        [] => FileError::Empty,
        sample => FileError::UnknownFormat { looks_like: Lookalike::of(sample), compressed },
    }
}
