//! Requests that wait on disk while the receiver is away, and over the end of the engine.
//!
//! Records are appended to segments of [`SEGMENT`] bytes or [`SEGMENTS_OF_AGE`]ths of the greatest age, whichever comes
//! first:
//!
//! ```text
//! record  = [length of payload: u32] [CRC-32C of payload: u32] [payload]
//! payload = [signal: u8] [items: u32] [bytes of the request before compression: u32] [request, gzip]
//! ```
//!
//! Integers are little-endian. A segment is named `SEQUENCE-CREATED-HEAD.spool`: its number, the second since the Unix
//! epoch in which it was begun, and where its first record is that was not sent. A segment is written to disk for good
//! when the next one is begun. After a crash the torn end of the last one is cut off, and what was sent of the first
//! one since it was begun is sent again, which its ids tell.
//!
//! One process at a time has the directory, by a lock on the file `lock`.

use std::collections::VecDeque;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::options::MOST_ITEMS;
use super::{BySignal, Signal, SpoolOptions};

/// Bytes of a segment, unless there is room for fewer than four of them.
pub const SEGMENT: u64 = 4 << 20;
/// A segment is closed when it is as old as this part of the greatest age: age is told by segments.
pub const SEGMENTS_OF_AGE: u32 = 6;
/// No record has more bytes.
pub const MOST_RECORD: usize = 4 << 20;

/// Length and checksum.
const RECORD_HEAD: usize = 8;
/// Signal, items, bytes.
const PAYLOAD_HEAD: usize = 9;
const SUFFIX: &str = ".spool";

/// By signal.
pub type ItemCounts = BySignal<u64>;

/// A request that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub signal: Signal,
    pub items: u32,
    /// Bytes of the request before compression.
    pub expanded: u32,
    /// The request, compressed.
    pub body: Vec<u8>,
    /// Which one it is.
    pub place: Place,
}

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    segment: u64,
    offset: u64,
}

/// Items that are not in the spool any longer, and not because they were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// They were there for too long.
    pub expired: ItemCounts,
    /// They made room, or could not be read.
    pub full: ItemCounts,
}

/// The requests that wait on disk.
#[derive(Debug)]
pub struct Spool {
    directory: PathBuf,
    max_bytes: u64,
    max_age: Duration,
    segment_bytes: u64,
    /// The oldest first.
    segments: VecDeque<Segment>,
    /// Of the newest segment, if records may be appended to it.
    writer: Option<File>,
    reader: Option<(u64, File)>,
    next: u64,
    /// Where the first record is, and what it is.
    first: Option<(Place, Signal)>,
    lost: Lost,
    /// Keeps others out.
    _lock: File,
}

#[derive(Debug)]
struct Segment {
    sequence: u64,
    /// Seconds since the Unix epoch.
    created: u64,
    /// Where the first record is that was not sent.
    head: u64,
    len: u64,
    path: PathBuf,
    items: ItemCounts,
}

impl Spool {
    /// Takes the directory, makes it if need be, and finds what an earlier run has left.
    pub fn open(options: &SpoolOptions, now: SystemTime) -> io::Result<Self> {
        let directory = options.directory.clone();
        fs::create_dir_all(&directory)?;
        let lock = private().create(true).truncate(false).write(true).open(directory.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => io::Error::new(ErrorKind::WouldBlock, "another process has the directory"),
        })?;
        let mut spool = Spool {
            directory,
            max_bytes: options.max_bytes,
            max_age: options.max_age,
            segment_bytes: SEGMENT.min(options.max_bytes / 4),
            segments: VecDeque::new(),
            writer: None,
            reader: None,
            next: 0,
            first: None,
            lost: Lost::default(),
            _lock: lock,
        };
        spool.find()?;
        spool.expire(now);
        spool.look();
        Ok(spool)
    }

    /// Items in it.
    pub fn items(&self) -> ItemCounts {
        self.segments.iter().fold(ItemCounts::default(), |sum, segment| sum.plus(&segment.items))
    }

    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.len).sum()
    }

    /// What was lost since this was asked last.
    pub fn take_lost(&mut self) -> Lost {
        std::mem::take(&mut self.lost)
    }

    /// Appends a request. What is older goes if there is no room; nothing has changed if it fails.
    pub fn append(&mut self, head: (Signal, u32, u32), body: &[u8], now: SystemTime) -> io::Result<()> {
        self.expire(now);
        let result = self.try_to_append(head, body, now);
        self.look();
        result
    }

    fn try_to_append(
        &mut self,
        (signal, items, expanded): (Signal, u32, u32),
        body: &[u8],
        now: SystemTime,
    ) -> io::Result<()> {
        let payload = PAYLOAD_HEAD + body.len();
        let len = (RECORD_HEAD + payload) as u64;
        if payload > MOST_RECORD || len > self.max_bytes {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let mut record = Vec::with_capacity(RECORD_HEAD + PAYLOAD_HEAD);
        record.extend_from_slice(&(payload as u32).to_le_bytes());
        record.extend_from_slice(&[0; 4]);
        record.push(signal.index() as u8);
        record.extend_from_slice(&items.to_le_bytes());
        record.extend_from_slice(&expanded.to_le_bytes());
        let checksum = record.get(RECORD_HEAD..).map_or(0, |head| crc32c::crc32c_append(crc32c::crc32c(head), body));
        if let Some(place) = record.get_mut(4..RECORD_HEAD) {
            place.copy_from_slice(&checksum.to_le_bytes());
        }

        self.rotate_for(len, now)?;
        while self.bytes() + len > self.max_bytes && self.segments.len() > 1 {
            let lost = self.drop_first();
            self.lost.full = self.lost.full.plus(&lost);
        }
        let (Some(writer), Some(segment)) = (&mut self.writer, self.segments.back_mut()) else {
            return Err(ErrorKind::NotFound.into());
        };
        match writer.write_all(&record).and_then(|()| writer.write_all(body)) {
            Ok(()) => {
                segment.len += len;
                segment.items[signal] += u64::from(items);
                Ok(())
            }
            Err(error) => {
                // What was written of it goes. Where it cannot, nothing more is appended behind it.
                let cut = writer.set_len(segment.len).and_then(|()| writer.seek(SeekFrom::Start(segment.len)));
                if cut.is_err() {
                    self.writer = None;
                }
                Err(error)
            }
        }
    }

    /// The request that has waited for the longest time, if it has no more bytes than that; one that has is lost.
    pub fn first(&mut self, most: usize, now: SystemTime) -> Option<Record> {
        self.expire(now);
        let first = self.find_first(most);
        self.look();
        first
    }

    fn find_first(&mut self, most: usize) -> Option<Record> {
        while let Some(segment) = self.segments.front() {
            if segment.head >= segment.len {
                if self.segments.len() == 1 && self.writer.is_some() {
                    return None;
                }
                self.drop_first();
                continue;
            }
            let place = Place { segment: segment.sequence, offset: segment.head };
            match self.read(place) {
                Ok(record) if record.body.len() <= most => return Some(record),
                Ok(record) => {
                    self.remove(&record);
                    self.lost.full[record.signal] += u64::from(record.items);
                }
                Err(_) => {
                    // Where its next record begins cannot be known.
                    let lost = self.drop_first();
                    self.lost.full = self.lost.full.plus(&lost);
                }
            }
        }
        None
    }

    /// What the request that has waited for the longest time is. It is known without a look at the disk.
    pub fn first_signal(&self) -> Option<Signal> {
        self.first.map(|(_, signal)| signal)
    }

    /// Finds out what the first request is, if it is another than before.
    fn look(&mut self) {
        self.first = self.segments.iter().find(|segment| segment.head < segment.len).map(|segment| {
            let place = Place { segment: segment.sequence, offset: segment.head };
            match self.first {
                Some(known) if known.0 == place => known,
                // One that cannot be read is found out when it is.
                _ => (place, signal_at(&segment.path, segment.head).unwrap_or(Signal::Traces)),
            }
        });
    }

    /// Takes the first request out. `false` if it is not there any more.
    pub fn remove(&mut self, record: &Record) -> bool {
        let Some(segment) = self.segments.front_mut() else { return false };
        if (Place { segment: segment.sequence, offset: segment.head }) != record.place {
            return false;
        }
        segment.head += (RECORD_HEAD + PAYLOAD_HEAD + record.body.len()) as u64;
        let items = &mut segment.items[record.signal];
        *items = items.saturating_sub(record.items.into());
        if segment.head >= segment.len {
            self.drop_first();
        }
        self.look();
        true
    }

    /// Writes all of it to disk for good, with what was sent.
    pub fn close(&mut self) -> io::Result<()> {
        if let Some(writer) = self.writer.take() {
            writer.sync_all()?;
        }
        self.reader = None;
        for segment in &mut self.segments {
            let path = self.directory.join(name(segment.sequence, segment.created, segment.head));
            if path != segment.path {
                fs::rename(&segment.path, &path)?;
                segment.path = path;
            }
        }
        Ok(())
    }

    /// Begins a segment if the newest has no room for so many bytes, or is too old.
    fn rotate_for(&mut self, len: u64, now: SystemTime) -> io::Result<()> {
        let now = seconds(now);
        let old = (self.max_age / SEGMENTS_OF_AGE).as_secs();
        let fits = |segment: &Segment| {
            segment.len == 0 || (segment.len + len <= self.segment_bytes && now.saturating_sub(segment.created) <= old)
        };
        if self.writer.is_some() && self.segments.back().is_some_and(fits) {
            return Ok(());
        }
        if let Some(writer) = self.writer.take() {
            writer.sync_all()?;
        }
        let path = self.directory.join(name(self.next, now, 0));
        self.writer = Some(private().create_new(true).append(true).open(&path)?);
        self.segments.push_back(Segment {
            sequence: self.next,
            created: now,
            head: 0,
            len: 0,
            path,
            items: ItemCounts::default(),
        });
        self.next += 1;
        Ok(())
    }

    fn expire(&mut self, now: SystemTime) {
        let now = seconds(now);
        while self.segments.front().is_some_and(|it| now.saturating_sub(it.created) > self.max_age.as_secs()) {
            let lost = self.drop_first();
            self.lost.expired = self.lost.expired.plus(&lost);
        }
    }

    /// Removes the oldest segment, and says what was in it.
    fn drop_first(&mut self) -> ItemCounts {
        let Some(segment) = self.segments.pop_front() else { return ItemCounts::default() };
        if self.segments.is_empty() {
            self.writer = None;
        }
        if self.reader.as_ref().is_some_and(|(sequence, _)| *sequence == segment.sequence) {
            self.reader = None;
        }
        // A file that cannot be removed is found again by the next run, and expires.
        let _ = fs::remove_file(&segment.path);
        segment.items
    }

    fn read(&mut self, place: Place) -> io::Result<Record> {
        let segment = self.segments.front().ok_or(ErrorKind::NotFound)?;
        let file = match &mut self.reader {
            Some((sequence, file)) if *sequence == place.segment => file,
            reader => &mut reader.insert((place.segment, File::open(&segment.path)?)).1,
        };
        file.seek(SeekFrom::Start(place.offset))?;
        let (head, checksum) = read_head(file)?;
        let mut body = vec![0; head.body];
        file.read_exact(&mut body)?;
        if crc32c::crc32c_append(checksum.begun, &body) != checksum.expected {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok(Record { signal: head.signal, items: head.items, expanded: head.expanded, body, place })
    }

    /// Finds the segments of an earlier run, and cuts off what is torn. One that cannot be read costs no other.
    fn find(&mut self) -> io::Result<()> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if let Some((sequence, created, head)) = parse(&path) {
                segments.push(Segment { sequence, created, head, len: 0, path, items: ItemCounts::default() });
            }
        }
        segments.sort_by_key(|segment| segment.sequence);
        self.next = segments.last().map_or(0, |segment| segment.sequence + 1);
        for mut segment in segments {
            match check(&mut segment) {
                Ok(lost) => self.lost.full = self.lost.full.plus(&lost),
                Err(error) => {
                    tracing::warn!("`{}` is left out of the spool: {error}", segment.path.display());
                    continue;
                }
            }
            if segment.head < segment.len {
                self.segments.push_back(segment);
            } else if let Err(error) = fs::remove_file(&segment.path) {
                tracing::warn!("cannot remove `{}`, of which all was sent: {error}", segment.path.display());
            }
        }
        Ok(())
    }
}

/// The signal, items and lengths of a record.
struct Head {
    signal: Signal,
    items: u32,
    expanded: u32,
    /// Bytes of the request.
    body: usize,
}

struct Checksum {
    expected: u32,
    /// Of what comes before the request.
    begun: u32,
}

fn signal_at(path: &Path, offset: u64) -> io::Result<Signal> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    Ok(read_head(&mut file)?.0.signal)
}

fn read_head(from: &mut impl Read) -> io::Result<(Head, Checksum)> {
    let mut bytes = [0; RECORD_HEAD + PAYLOAD_HEAD];
    from.read_exact(&mut bytes)?;
    let [l0, l1, l2, l3, c0, c1, c2, c3, payload @ ..] = bytes;
    let [signal, i0, i1, i2, i3, e0, e1, e2, e3] = payload;
    let len = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let signal = Signal::of_index(signal.into()).ok_or(ErrorKind::InvalidData)?;
    let body = len.checked_sub(PAYLOAD_HEAD).filter(|_| len <= MOST_RECORD).ok_or(ErrorKind::InvalidData)?;
    let checksum = Checksum { expected: u32::from_le_bytes([c0, c1, c2, c3]), begun: crc32c::crc32c(&payload) };
    let head = Head {
        signal,
        items: u32::from_le_bytes([i0, i1, i2, i3]),
        expanded: u32::from_le_bytes([e0, e1, e2, e3]),
        body,
    };
    Ok((head, checksum))
}

/// Counts the records of a segment from its head on, and cuts it off before the first that is not whole. What is lost by
/// that, as far as the heads of records tell.
fn check(segment: &mut Segment) -> io::Result<ItemCounts> {
    let mut file = File::options().read(true).write(true).open(&segment.path)?;
    let len = file.metadata()?.len();
    segment.len = segment.head.min(len);
    file.seek(SeekFrom::Start(segment.len))?;
    let mut from = io::BufReader::with_capacity(16 << 10, &file);
    let mut lost = ItemCounts::default();
    let mut torn = false;
    while let Ok((head, checksum)) = read_head(&mut from) {
        torn |= !is_whole(&mut from, &head, &checksum);
        if !torn {
            segment.len += (RECORD_HEAD + PAYLOAD_HEAD + head.body) as u64;
            segment.items[head.signal] += u64::from(head.items);
        } else if head.items <= MOST_ITEMS as u32 {
            // More than a request has are a sign that the head itself is damaged.
            lost[head.signal] += u64::from(head.items);
        }
    }
    if segment.len < len {
        file.set_len(segment.len)?;
    }
    Ok(lost)
}

/// Whether what follows a head is what was written behind it.
fn is_whole(from: &mut impl Read, head: &Head, checksum: &Checksum) -> bool {
    let mut left = head.body;
    let mut sum = checksum.begun;
    let mut part = [0; 4096];
    while left > 0 {
        let Some(place) = part.get_mut(..left.min(4096)) else { return false };
        if from.read_exact(place).is_err() {
            return false;
        }
        sum = crc32c::crc32c_append(sum, place);
        left -= place.len();
    }
    sum == checksum.expected
}

fn name(sequence: u64, created: u64, head: u64) -> String {
    format!("{sequence:010}-{created:010}-{head:07}{SUFFIX}")
}

fn parse(path: &Path) -> Option<(u64, u64, u64)> {
    let mut parts = path.file_name()?.to_str()?.strip_suffix(SUFFIX)?.split('-').map(|part| part.parse().ok());
    let found = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(found)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// How files are made that nobody else may read: what waits in them is as private as the traffic.
fn private() -> fs::OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
#[path = "tests/spool.rs"]
mod tests;
