//! The frames themselves as pcapng, with comments that name what they completed.
//!
//! Packets go through a [`WriteQueue`], which may drop chunks of them; a chunk holds whole blocks, so the file stays one.
//! The section's header and the descriptions of interfaces, which no packet can be read without, take another way: they
//! wait in a buffer that the writing thread empties before each chunk. A packet reaches the queue after its interface has
//! reached that buffer, so it never overtakes it, and what is in the buffer is never dropped, nor lost when it could not
//! be written.
//!
//! An interface cannot be taken back. When a section has described [`MAX_INTERFACES`], another section begins, which
//! describes those that packets still come from; so does it, where there are several files, when those that are
//! described are mostly past. A chunk begins with the number of its section and has packets of no other.
//!
//! Memory is bounded by the queue, one comment of [`comment::MAX_COMMENT`] bytes, and [`MAX_INTERFACES`] interfaces with
//! names of [`MAX_NAME`](crate::packet::file::MAX_NAME) bytes; while the output is stuck, by those of [`MAX_WAITING`]
//! sections.

pub mod comment;
mod rotating;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::comment::Comment;
pub use self::rotating::{RotatingFiles, Rotation};
use super::queue::{Sink, Written};
use super::{Export, ExportError, Output, Overflow, QueueCounts, Unit, WriteQueue};
use crate::packet::file::{FileError, Interface, MAX_CAPTURED, MAX_INTERFACES, PcapngWriter, Section};
use crate::packet::{Frame, LinkType};
use crate::record::{Record, Source};

/// The type of an Enhanced Packet Block (draft-ietf-opsawg-pcapng §4.3), and of a Section Header Block (§4.1).
const ENHANCED_PACKET: [u8; 4] = 6_u32.to_le_bytes();
const SECTION_HEADER: [u8; 4] = 0x0a0d_0d0a_u32.to_le_bytes();

const SECTION: Section<'_> = Section {
    os: Some(std::env::consts::OS),
    application: Some(concat!("sidetap ", env!("CARGO_PKG_VERSION"))),
    comment: None,
};

/// Bytes of the number that a chunk begins with.
const NUMBER: usize = size_of::<u32>();
/// The most sections that wait to be begun in the output, more than chunks can be of.
const MAX_WAITING: usize = 8;
/// So many interfaces that are past are not worth another section.
const FEW: usize = 16;

/// Writes every frame.
pub struct Pcapng {
    target: String,
    writer: PcapngWriter<Blocks>,
    /// Shared with the writer of blocks, which keeps its output to itself. Nobody else takes the lock.
    queue: Arc<Mutex<WriteQueue>>,
    /// Names and snapshot lengths of the source's interfaces.
    names: HashMap<u32, (Box<str>, u32)>,
    /// What the section has of each interface and link type that frames came with, and how many it describes.
    numbers: HashMap<(u32, LinkType), Described>,
    described: u32,
    /// The most of a section: [`MAX_INTERFACES`], but for tests.
    most: usize,
    /// The file in which those that are past were last counted.
    counted: u32,
    /// The one that the last frame came with.
    last: Option<((u32, LinkType), u32)>,
    comment: Comment,
    refused: u64,
    waiting: Arc<Mutex<Waiting>>,
    /// Where the output is not one file; and how many have been begun.
    files: Option<Arc<Mutex<RotatingFiles>>>,
    begun: Arc<AtomicU32>,
}

/// What a section has of an interface: its number, and the file in which a frame last came from it.
#[derive(Debug, Clone, Copy)]
struct Described {
    number: u32,
    file: u32,
}

/// Sections by number, each with its blocks that have not been written: its header, and descriptions of interfaces. The
/// first is the one that is written.
type Waiting = VecDeque<(u32, Vec<u8>)>;

impl Pcapng {
    /// Writes to what the user named so, with a queue of so many bytes in front of it.
    ///
    /// # Errors
    ///
    /// The thread that writes cannot be started. What the output reports is told by [`Export::finish`].
    pub fn new(target: String, output: Output, bytes: usize, overflow: Overflow) -> Result<Self, ExportError> {
        Pcapng::start(target, Files::One(output), bytes, overflow)
    }

    /// Writes to one file after the other, as [`Pcapng::new`] writes to one.
    ///
    /// # Errors
    ///
    /// As [`Pcapng::new`].
    pub fn rotating(
        target: String,
        files: RotatingFiles,
        bytes: usize,
        overflow: Overflow,
    ) -> Result<Self, ExportError> {
        let begun = files.begun();
        let files = Arc::new(Mutex::new(files));
        let pcapng = Pcapng::start(target, Files::Several(Arc::clone(&files)), bytes, overflow)?;
        Ok(Pcapng { files: Some(files), begun, ..pcapng })
    }

    fn start(target: String, files: Files, bytes: usize, overflow: Overflow) -> Result<Self, ExportError> {
        let waiting = Arc::new(Mutex::new(Waiting::new()));
        let in_order = Box::new(InOrder { waiting: Arc::clone(&waiting), files });
        let queue = match WriteQueue::new(in_order, bytes, overflow) {
            Ok(queue) => Arc::new(Mutex::new(queue)),
            Err(source) => return Err(ExportError { target, source }),
        };
        let blocks = Blocks { block: Vec::new(), section: 0, queue: Arc::clone(&queue), waiting: Arc::clone(&waiting) };
        let started = PcapngWriter::new(blocks, &SECTION)
            .and_then(|mut writer| writer.flush().map(|()| writer))
            .map_err(|error| io::Error::other(error.to_string()));
        match started {
            Ok(writer) => Ok(Pcapng {
                target,
                writer,
                queue,
                names: HashMap::new(),
                numbers: HashMap::new(),
                described: 0,
                most: MAX_INTERFACES,
                counted: 0,
                last: None,
                comment: Comment::default(),
                refused: 0,
                waiting,
                files: None,
                begun: Arc::default(),
            }),
            Err(source) => Err(ExportError { target, source }),
        }
    }

    /// Tells the name and the snapshot length, 0 for none, of one of the source's interfaces. Frames that came before
    /// are of an interface without a name.
    pub fn interface(&mut self, index: u32, name: &str, snap_length: u32) {
        if self.names.get(&index).is_some_and(|(known, _)| **known != *name) {
            // Another interface has the number now.
            self.numbers.retain(|(known, _), _| *known != index);
            self.last = None;
        }
        if self.names.len() < MAX_INTERFACES || self.names.contains_key(&index) {
            // No longer than the description of an interface can have it.
            let name = Interface::new(Some(name), LinkType::Ethernet, 0).name.unwrap_or_default();
            self.names.insert(index, (name, snap_length));
        }
    }

    /// The number of an interface in the section, which describes it when it is new; `None` if too much waits.
    #[inline]
    fn number(&mut self, interface: u32, link: LinkType) -> Result<Option<u32>, FileError> {
        match self.last {
            Some((last, number)) if last == (interface, link) => Ok(Some(number)),
            _ => self.look_up(interface, link),
        }
    }

    #[cold]
    fn look_up(&mut self, interface: u32, link: LinkType) -> Result<Option<u32>, FileError> {
        let file = self.begun.load(Ordering::Relaxed);
        let number = match self.numbers.get_mut(&(interface, link)) {
            Some(described) => {
                described.file = file;
                described.number
            }
            None => {
                let is_full = self.described as usize >= self.most;
                if is_full || self.is_mostly_past(file) {
                    let begun = self.begin_section()?;
                    if is_full && !begun {
                        return Ok(None);
                    }
                }
                let (name, snap_length) = match self.names.get(&interface) {
                    Some((name, snap_length)) => (Some(&**name), *snap_length),
                    None => (None, 0),
                };
                self.writer.interface(&Interface::new(name, link, snap_length))?;
                self.writer.flush()?;
                let number = self.described;
                self.described += 1;
                self.numbers.insert((interface, link), Described { number, file });
                number
            }
        };
        self.last = Some(((interface, link), number));
        Ok(Some(number))
    }

    /// Whether most of what is described has had no frame since the file before this one was begun; asked once a file.
    fn is_mostly_past(&mut self, file: u32) -> bool {
        if std::mem::replace(&mut self.counted, file) == file {
            return false;
        }
        let current = self.numbers.values().filter(|described| file.wrapping_sub(described.file) <= 1).count();
        self.described as usize > 2 * current + FEW
    }

    /// Begins a section, in which nothing is described, unless too many wait.
    fn begin_section(&mut self) -> Result<bool, FileError> {
        if lock(&self.waiting).len() >= MAX_WAITING {
            return Ok(false);
        }
        self.writer.section(&SECTION)?;
        self.writer.flush()?;
        self.numbers.clear();
        self.described = 0;
        Ok(true)
    }

    #[inline]
    fn write(&mut self, frame: &Frame<'_>) -> Result<bool, FileError> {
        let Some(interface) = self.number(frame.interface, frame.link)? else { return Ok(false) };
        let captured = frame.bytes.len().min(MAX_CAPTURED as usize);
        let in_file = Frame { interface, bytes: &frame.bytes[..captured], ..*frame };
        self.writer.packet(&in_file, self.comment.of(frame))?;
        self.writer.flush()?;
        Ok(true)
    }
}

impl Export for Pcapng {
    /// A source is an interface of its own.
    fn source(&mut self, number: u16, source: &Source) {
        self.interface(number.into(), &source.to_string(), 0);
    }

    /// Notes what the next frame completed.
    fn record(&mut self, record: &Record<'_>) {
        self.comment.add(record);
    }

    #[inline]
    fn frame(&mut self, frame: &Frame<'_>) {
        match self.write(frame) {
            Ok(true) => {}
            Ok(false) | Err(_) => self.refused += 1,
        }
        self.comment.clear();
    }

    fn flush(&mut self) {
        // What has been completed since the last frame was completed by time.
        self.comment.clear();
        let section = lock(&self.waiting).back().map_or(0, |(section, _)| *section);
        let mut queue = lock(&self.queue);
        // Even without a packet: the sections before are over, should all their packets have been dropped.
        begin_chunk(queue.buffer(), section);
        queue.flush_writer();
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        let failed = lock(&self.queue).finish();
        // A thread that has not ended in time has the files, and the last of them has no name.
        let closed = self.files.as_ref().and_then(|files| files.try_lock().ok()?.close().err());
        match failed.or(closed) {
            Some(source) => Err(ExportError { target: self.target.clone(), source }),
            None => Ok(()),
        }
    }

    fn counts(&self) -> QueueCounts {
        let QueueCounts { written, dropped, failed } = lock(&self.queue).counts();
        QueueCounts { written, dropped, failed: failed + self.refused }
    }

    fn failure(&self) -> Option<String> {
        lock(&self.queue).failure()
    }

    fn unit(&self) -> Unit {
        Unit::Frame
    }

    fn reader_is_gone(&self) -> bool {
        lock(&self.queue).reader_is_gone()
    }

    fn target(&self) -> &str {
        &self.target
    }
}

/// Takes blocks, each followed by a flush: packets to the queue, and others to the buffer that is written first.
struct Blocks {
    block: Vec<u8>,
    section: u32,
    queue: Arc<Mutex<WriteQueue>>,
    waiting: Arc<Mutex<Waiting>>,
}

impl Write for Blocks {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        if self.block.starts_with(&ENHANCED_PACKET) {
            let mut queue = lock(&self.queue);
            let chunk = queue.buffer();
            begin_chunk(chunk, self.section);
            chunk.extend_from_slice(&self.block);
            queue.commit();
        } else if self.block.starts_with(&SECTION_HEADER) {
            lock(&self.queue).flush();
            self.section = self.section.wrapping_add(1);
            lock(&self.waiting).push_back((self.section, self.block.clone()));
        } else if let Some((_, blocks)) = lock(&self.waiting).back_mut() {
            blocks.extend_from_slice(&self.block);
        }
        self.block.clear();
        Ok(())
    }
}

/// Puts the number of the section before the first packet.
#[inline]
fn begin_chunk(chunk: &mut Vec<u8>, section: u32) {
    if chunk.is_empty() {
        chunk.extend_from_slice(&section.to_le_bytes());
    }
}

/// Writes what has to come first before each chunk.
struct InOrder {
    waiting: Arc<Mutex<Waiting>>,
    files: Files,
}

/// Where blocks go, each whole or not at all.
enum Files {
    One(Output),
    /// They are closed after the queue's thread has ended.
    Several(Arc<Mutex<RotatingFiles>>),
}

impl InOrder {
    /// Writes what waits of the section that is written, which is this one from now on.
    fn write_first(&mut self, section: Option<u32>) -> io::Result<()> {
        let first = {
            let mut waiting = lock(&self.waiting);
            // Chunks come in order: whatever is left of the sections before has no packets any more.
            while section.is_some_and(|section| waiting.front().is_some_and(|(number, _)| *number != section)) {
                waiting.pop_front();
            }
            waiting.front_mut().map(|(_, blocks)| std::mem::take(blocks)).unwrap_or_default()
        };
        // Written without the lock, which the capture must not wait for.
        if first.is_empty() {
            return Ok(());
        }
        let (written, result) = match &mut self.files {
            Files::One(output) => output.write_whole(&first),
            Files::Several(files) => lock(files).describe(&first),
        };
        if written < first.len()
            && let Some((_, blocks)) = lock(&self.waiting).front_mut()
        {
            blocks.splice(..0, first[written..].iter().copied());
        }
        result
    }
}

impl Sink for InOrder {
    fn write(&mut self, chunk: &[u8], lines: u64) -> Written {
        let (section, chunk) = match chunk.split_first_chunk::<NUMBER>() {
            Some((section, chunk)) => (Some(u32::from_le_bytes(*section)), chunk),
            None => (None, chunk),
        };
        if let Err(error) = self.write_first(section) {
            return Written { lines: 0, result: Err(error) };
        }
        match &mut self.files {
            Files::One(output) => output.write(chunk, lines),
            Files::Several(files) => lock(files).write(chunk, lines),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
