//! Rolling files of HAR.
//!
//! A file is written under a temporary name, which begins with a dot and ends in `.part`, and gets its own when it is
//! complete, so that whoever finds `*.har` finds whole files. What is under the temporary name ends like a HAR file after
//! every chunk, too: what a killed process leaves behind can be renamed and read.
//!
//! A file holds at most [`MAX_ENTRIES`] entries and [`MAX_BYTES`] bytes and is completed after [`MAX_AGE`]. Nothing is kept
//! in memory but its name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::entry::START;
use crate::export::rename::rename_to_new;

/// Most entries of a file.
pub const MAX_ENTRIES: u32 = 5_000;

/// Most bytes of a file, unless its only entry has more.
pub const MAX_BYTES: u64 = 16 << 20;

/// How long entries are added to a file, after its first one.
pub const MAX_AGE: Duration = Duration::from_secs(5 * 60);

const HEADER: &[u8] = concat!(
    r#"{"log":{"version":"1.2","creator":{"name":"sidetap","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""},"entries":["#
)
.as_bytes();
const FOOTER: &[u8] = b"\n]}}\n";

/// How much a file may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub entries: u32,
    pub bytes: u64,
    pub age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { entries: MAX_ENTRIES, bytes: MAX_BYTES, age: MAX_AGE }
    }
}

/// Writes entries to one file after the other.
#[derive(Debug)]
pub struct Files {
    directory: PathBuf,
    limits: Limits,
    current: Option<Current>,
    /// The name of the file before.
    last: Name,
    /// Entries in files.
    written: u64,
}

/// When the first entry of a file began, and the how manieth file of that second it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    second: String,
    number: u32,
}

impl Name {
    fn next(&self) -> Name {
        Name { second: self.second.clone(), number: self.number + 1 }
    }

    fn complete(&self) -> String {
        format!("sidetap-{}-{:04}.har", self.second, self.number)
    }

    fn temporary(&self) -> String {
        format!(".{}.part", self.complete())
    }
}

/// The file that entries are added to.
#[derive(Debug)]
struct Current {
    file: File,
    name: Name,
    temporary: PathBuf,
    entries: u32,
    /// Without the footer, which is always there and always overwritten.
    len: u64,
    since: Instant,
}

impl Files {
    /// Files in this directory, which is made when it is needed.
    pub fn new(directory: PathBuf, limits: Limits) -> Self {
        Files { directory, limits, current: None, last: Name::default(), written: 0 }
    }

    /// Completes the last file.
    pub fn close(&mut self) -> io::Result<()> {
        match self.current.take() {
            Some(current) => self.complete(current),
            None => Ok(()),
        }
    }

    /// Entries in files so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Completes a file that is old enough.
    pub fn close_if_old(&mut self) -> io::Result<()> {
        match &self.current {
            Some(current) if current.since.elapsed() >= self.limits.age => self.close(),
            _ => Ok(()),
        }
    }

    /// Adds all of these entries, each as [`entry::write`](super::entry::write) makes it, or those before one that fails.
    pub fn add(&mut self, mut entries: &[u8]) -> io::Result<()> {
        while !entries.is_empty() {
            let mut current = match self.current.take() {
                Some(current) => current,
                None => self.open(entries)?,
            };
            let (count, len) = current.fitting(entries, self.limits);
            if count > 0 {
                if let Err(error) = current.append(&entries[..len], count) {
                    self.keep(current);
                    return Err(error);
                }
                self.written += u64::from(count);
                entries = &entries[len..];
            }
            if count == 0 || current.entries == self.limits.entries {
                self.complete(current)?;
            } else {
                self.current = Some(current);
            }
        }
        Ok(())
    }

    /// Starts a file for these entries, under a name that is neither taken nor sorts before the last.
    fn open(&mut self, entries: &[u8]) -> io::Result<Current> {
        fs::create_dir_all(&self.directory)?;
        let second = second(entries);
        let mut name = match second > self.last.second {
            true => Name { second, number: 1 },
            false => self.last.next(),
        };
        loop {
            let temporary = self.directory.join(name.temporary());
            match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                // Whoever has the temporary name has the other one as well, among processes that do as this one.
                Ok(file) if !self.directory.join(name.complete()).try_exists()? => {
                    self.last = name.clone();
                    let mut current = Current { file, name, temporary, entries: 0, len: 0, since: Instant::now() };
                    return match current.write(HEADER) {
                        Ok(()) => Ok(current),
                        Err(error) => {
                            self.keep(current);
                            Err(error)
                        }
                    };
                }
                Ok(_) => fs::remove_file(&temporary)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            name = name.next();
        }
    }

    /// Keeps a file that could not be added to, if there is anything in it.
    fn keep(&mut self, current: Current) {
        if current.entries > 0 {
            self.current = Some(current);
        } else {
            // It is of no use to anybody, and what has failed before this is what gets reported.
            let _ = fs::remove_file(&current.temporary);
        }
    }

    /// Gives a file its name; the next one if somebody has taken it in the meantime.
    fn complete(&mut self, current: Current) -> io::Result<()> {
        let Current { file, mut name, temporary, .. } = current;
        drop(file);
        loop {
            match rename_to_new(&temporary, &self.directory.join(name.complete())) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => name = name.next(),
                ending => {
                    self.last = name.max(std::mem::take(&mut self.last));
                    return ending;
                }
            }
        }
    }
}

impl Current {
    /// How many of these entries may be added, and the bytes that they have.
    fn fitting(&self, entries: &[u8], limits: Limits) -> (u32, usize) {
        // Every entry has one line break, after the comma that it begins with.
        let ends = memchr::memchr_iter(b'\n', entries).skip(1).map(|line_break| line_break - 1).chain([entries.len()]);
        let room = limits.bytes.saturating_sub(self.len + FOOTER.len() as u64);
        let mut fitting = (0, 0);
        for end in ends.take((limits.entries - self.entries) as usize) {
            let alone = self.entries == 0 && fitting.0 == 0;
            if end as u64 > room && !alone {
                break;
            }
            fitting = (fitting.0 + 1, end);
        }
        fitting
    }

    /// Adds entries, all or none.
    fn append(&mut self, entries: &[u8], count: u32) -> io::Result<()> {
        // The first has no other before it.
        let skipped = usize::from(self.entries == 0);
        self.write(entries.get(skipped..).unwrap_or_default())?;
        self.entries += count;
        Ok(())
    }

    /// Writes in place of the footer, and the footer again; after an error, everything is as it was.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.write_at_end(bytes);
        match &written {
            Ok(()) => self.len += bytes.len() as u64,
            Err(_) => {
                // Even a full disk has room for it: it was there before.
                let _ = self.write_at_end(b"").and_then(|()| self.file.set_len(self.len + FOOTER.len() as u64));
            }
        }
        written
    }

    fn write_at_end(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.len))?;
        self.file.write_all(bytes)?;
        self.file.write_all(FOOTER)
    }
}

/// Makes a directory if it is missing, and tries whether files can be made in it.
pub fn takes_files(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let trial = directory.join(format!(".sidetap-{}.part", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&trial) {
        Ok(_) => fs::remove_file(&trial),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// The second in which the first of these entries began, as it is in names of files.
fn second(entries: &[u8]) -> String {
    let time = entries.get(START.len()..START.len() + "2023-11-14T22:13:20".len()).unwrap_or_default();
    let mut second: String =
        time.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(|&byte| char::from(byte)).collect();
    second.push('Z');
    second
}
