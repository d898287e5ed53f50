//! One capture file after the other, each whole: with the section's header and all interfaces that the section has until
//! then.
//!
//! Names are those that dumpcap gives: `trace.pcapng` becomes `trace_00001_20261121040000.pcapng`, with the number of the
//! file and the time when it was begun, in UTC. Until it is complete, a file's name begins with a dot and ends in `.part`,
//! so that whoever finds the other name finds a whole file; what a killed process leaves behind can be read up to its last
//! whole block.
//!
//! A file without a packet is not followed by another, however old it is. Memory is bounded by the head of a file, which
//! has at most [`MAX_INTERFACES`](crate::packet::file::MAX_INTERFACES) interfaces, and the names of the files that are
//! kept.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::SECTION_HEADER;
use crate::export::output::{Framing, Output, block_len};
use crate::export::queue::{Sink, Written};
use crate::export::rename::rename_to_new;

/// When another file is begun, and how many are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotation {
    /// The most bytes of a file, unless its only packet has more, or its head more than half of that.
    pub bytes: Option<u64>,
    /// How long packets are added to a file.
    pub interval: Option<Duration>,
    /// How many files there are at a time, the one that is written included. Older ones are deleted, but only those that
    /// this run has written.
    pub files: Option<NonZeroUsize>,
}

/// Writes packets to files. An empty chunk completes a file that is old enough.
pub struct RotatingFiles {
    directory: PathBuf,
    /// What names begin with, and what they end in.
    stem: String,
    extension: String,
    rotation: Rotation,
    /// Every block of the section that is no packet: what each file begins with.
    head: Vec<u8>,
    current: Option<Current>,
    /// Those that may be deleted, the oldest first.
    complete: VecDeque<PathBuf>,
    number: u32,
    /// How many have been begun.
    begun: Arc<AtomicU32>,
}

/// The file that packets are added to.
struct Current {
    output: Output,
    temporary: PathBuf,
    name: String,
    len: u64,
    packets: bool,
    since: Instant,
}

impl RotatingFiles {
    /// Files that are named after this path, and begins the first of them.
    pub fn start(path: &Path, rotation: Rotation) -> io::Result<Self> {
        let text = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let extension = match path.extension() {
            Some(_) => format!(".{}", text(path.extension())),
            None => String::new(),
        };
        let mut files = RotatingFiles {
            directory: path.parent().map_or_else(PathBuf::new, Path::to_owned),
            stem: text(path.file_stem()),
            extension,
            rotation,
            head: Vec::new(),
            current: None,
            complete: VecDeque::new(),
            number: 0,
            begun: Arc::default(),
        };
        if files.stem.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidFilename, "the path names no file"));
        }
        files.current = Some(files.begin()?);
        Ok(files)
    }

    /// How many files have been begun, now and from now on.
    pub fn begun(&self) -> Arc<AtomicU32> {
        Arc::clone(&self.begun)
    }

    /// Completes the last file.
    pub fn close(&mut self) -> io::Result<()> {
        let Some(Current { output, temporary, name, .. }) = self.current.take() else { return Ok(()) };
        drop(output);
        let mut path = self.directory.join(name);
        loop {
            match rename_to_new(&temporary, &path) {
                // Somebody has taken it in the meantime.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let name = self.next_name();
                    path = self.directory.join(name);
                }
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        if self.rotation.files.is_some() {
            self.complete.push_back(path);
        }
        Ok(())
    }

    /// Completes the file that is written, and begins another.
    fn rotate(&mut self) -> io::Result<()> {
        self.close()?;
        while self.rotation.files.is_some_and(|most| self.complete.len() >= most.get()) {
            if let Some(oldest) = self.complete.pop_front() {
                // Somebody else may have deleted it, which is as good.
                let _ = fs::remove_file(oldest);
            }
        }
        self.current = Some(self.begin()?);
        Ok(())
    }

    /// Begins a file, under a name that is not taken.
    fn begin(&mut self) -> io::Result<Current> {
        let before = self.number;
        let begun = self.begin_next();
        if begun.is_err() {
            // It is tried again.
            self.number = before;
        }
        begun
    }

    fn begin_next(&mut self) -> io::Result<Current> {
        loop {
            let name = self.next_name();
            let temporary = self.directory.join(format!(".{name}.part"));
            let file = match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            if self.directory.join(&name).try_exists()? {
                fs::remove_file(&temporary)?;
                continue;
            }
            let output = Output::file(file, Framing::Blocks, false);
            let mut current = Current { output, temporary, name, len: 0, packets: false, since: Instant::now() };
            if let Err(error) = current.add(&self.head).1 {
                // A full disk may have room for a name and for nothing else.
                let _ = fs::remove_file(&current.temporary);
                return Err(error);
            }
            self.begun.fetch_add(1, Ordering::Relaxed);
            return Ok(current);
        }
    }

    fn next_name(&mut self) -> String {
        self.number = self.number.wrapping_add(1);
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let now: String = now.chars().filter(char::is_ascii_digit).collect();
        format!("{}_{:05}_{now}{}", self.stem, self.number, self.extension)
    }

    /// Adds blocks that every file of the section has to have: how many bytes of them, and why not all.
    ///
    /// A section that begins has a file of its own.
    pub fn describe(&mut self, blocks: &[u8]) -> (usize, io::Result<()>) {
        if blocks.starts_with(&SECTION_HEADER) {
            self.head.clear();
            if self.current.as_ref().is_some_and(|current| current.packets)
                && let Err(error) = self.rotate()
            {
                return (0, Err(error));
            }
        }
        let (len, result) = match &mut self.current {
            Some(current) if !current.output.is_spoilt() => current.add(blocks),
            // The next file begins with them.
            _ => (blocks.len(), Ok(())),
        };
        self.head.extend_from_slice(&blocks[..len]);
        (len, result)
    }

    /// Adds packets, as many to each file as it has room for: how many bytes of them, and why not all.
    fn packets(&mut self, blocks: &[u8]) -> (usize, io::Result<()>) {
        let mut done = 0;
        while done < blocks.len() {
            let (len, result) = match self.with_room(first_len(&blocks[done..])) {
                Ok((current, room)) => current.packets(&blocks[done..], room),
                Err(error) => (0, Err(error)),
            };
            done += len;
            if result.is_err() {
                return (done, result);
            }
        }
        (done, Ok(()))
    }

    /// The file that has room for a packet of so many bytes, and for how many.
    fn with_room(&mut self, packet: usize) -> io::Result<(&mut Current, u64)> {
        let most = self.rotation.bytes.map_or(u64::MAX, |bytes| bytes.max(2 * self.head.len() as u64));
        let is_fit = |current: &Current| {
            let has_room = current.len.saturating_add(packet as u64) <= most;
            !current.output.is_spoilt() && (!current.packets || has_room && !self.rotation.is_over(current.since))
        };
        if !self.current.as_ref().is_some_and(is_fit) {
            self.rotate()?;
        }
        let current = self.current.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let room = most.saturating_sub(current.len);
        Ok((current, room))
    }

    fn rotate_if_old(&mut self) -> io::Result<()> {
        match &self.current {
            Some(current) if current.packets && self.rotation.is_over(current.since) => self.rotate(),
            _ => Ok(()),
        }
    }
}

impl Drop for RotatingFiles {
    /// A file that was begun and never closed, because something else of the program could not begin, is of no use.
    fn drop(&mut self) {
        if let Some(current) = self.current.take().filter(|current| !current.packets) {
            let _ = fs::remove_file(current.temporary);
        }
    }
}

impl Sink for RotatingFiles {
    fn write(&mut self, packets: &[u8], count: u64) -> Written {
        let (len, result) = self.packets(packets);
        let lines = if len == packets.len() { count } else { Framing::Blocks.whole(&packets[..len]).1 };
        Written { lines, result: result.and_then(|()| self.rotate_if_old()) }
    }
}

impl Rotation {
    /// Whether a file is old enough whose first packet was added then.
    fn is_over(&self, since: Instant) -> bool {
        self.interval.is_some_and(|interval| since.elapsed() >= interval)
    }
}

impl Current {
    /// Adds packets, one at least, and as many more as there is room for.
    fn packets(&mut self, blocks: &[u8], room: u64) -> (usize, io::Result<()>) {
        let mut end = first_len(blocks);
        while end < blocks.len() && (end + first_len(&blocks[end..])) as u64 <= room {
            end += first_len(&blocks[end..]);
        }
        let (len, result) = self.add(&blocks[..end]);
        if !self.packets && len > 0 {
            // It is as old as its first packet: there may have been none for long.
            (self.packets, self.since) = (true, Instant::now());
        }
        (len, result)
    }

    fn add(&mut self, blocks: &[u8]) -> (usize, io::Result<()>) {
        let (len, result) = self.output.write_whole(blocks);
        self.len += len as u64;
        (len, result)
    }
}

/// The length of the first block, or of all there is where its length makes no sense and would be there for ever.
fn first_len(blocks: &[u8]) -> usize {
    block_len(blocks).unwrap_or(blocks.len())
}

#[cfg(test)]
mod tests;
