//! Where an export writes to: whole lines or blocks, or none.
//!
//! A write that fails may have written a part. Of a file that part is cut off again; a full disk has room for that. Where
//! nothing can be cut off, the next line begins on a line of its own, and what follows half a block is not written at
//! all, as nobody could read it.

use std::fs::File;
use std::io::{self, ErrorKind, Seek as _, SeekFrom, Write};

use super::queue::{Sink, Written};

/// A file or a stream.
pub struct Output {
    writer: Writer,
    framing: Framing,
    /// What was written ends within a line or block.
    torn: bool,
}

enum Writer {
    File(File),
    Stream(Box<dyn Write + Send>),
}

/// What is written whole or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Lines.
    Lines,
    /// Blocks of little-endian pcapng.
    Blocks,
}

impl Output {
    /// A file, from where it stands. If it ends within a line, that is `torn`.
    pub fn file(file: File, framing: Framing, torn: bool) -> Self {
        Output { writer: Writer::File(file), framing, torn }
    }

    /// Anything else.
    pub fn stream(stream: Box<dyn Write + Send>, framing: Framing) -> Self {
        Output { writer: Writer::Stream(stream), framing, torn: false }
    }

    /// Writes as many as it can of these whole lines or blocks: how many bytes that were, and why not all.
    pub fn write_whole(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        let (len, mut result) = match self.begin() {
            Ok(()) => self.write_some(bytes),
            Err(error) => return (0, Err(error)),
        };
        let whole = if len == bytes.len() { len } else { self.framing.whole(&bytes[..len]).0 };
        if whole < len {
            self.torn = !self.cut((len - whole) as u64).unwrap_or(false);
        }
        if result.is_ok() {
            result = match &mut self.writer {
                Writer::File(file) => file.flush(),
                Writer::Stream(stream) => stream.flush(),
            };
        }
        (whole, result)
    }

    /// Whether half a block is where the next one would have to be.
    pub fn is_spoilt(&self) -> bool {
        self.torn && self.framing == Framing::Blocks
    }

    /// Gets out of a line that was torn.
    fn begin(&mut self) -> io::Result<()> {
        if self.is_spoilt() {
            return Err(io::Error::other("a packet was written in part, and nothing behind it could be read"));
        }
        if self.torn {
            self.write_some(b"\n").1?;
            self.torn = false;
        }
        Ok(())
    }

    /// Writes until it fails.
    fn write_some(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        let mut len = 0;
        while len < bytes.len() {
            let written = match &mut self.writer {
                Writer::File(file) => file.write(&bytes[len..]),
                Writer::Stream(stream) => stream.write(&bytes[len..]),
            };
            match written {
                Ok(0) => return (len, Err(ErrorKind::WriteZero.into())),
                // A writer that claims more than it was given is not believed.
                Ok(written) => len = len.saturating_add(written).min(bytes.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return (len, Err(error)),
            }
        }
        (len, Ok(()))
    }

    /// Takes back what was written last; not if somebody else has changed the file meanwhile.
    fn cut(&mut self, len: u64) -> io::Result<bool> {
        let Writer::File(file) = &mut self.writer else { return Ok(false) };
        let (metadata, end) = (file.metadata()?, file.stream_position()?);
        if !metadata.is_file() || metadata.len() != end || end < len {
            return Ok(false);
        }
        file.set_len(end - len)?;
        file.seek(SeekFrom::Start(end - len))?;
        Ok(true)
    }
}

impl Sink for Output {
    fn write(&mut self, chunk: &[u8], lines: u64) -> Written {
        let (whole, result) = self.write_whole(chunk);
        let lines = if whole == chunk.len() { lines } else { self.framing.whole(&chunk[..whole]).1 };
        Written { lines, result }
    }
}

impl Framing {
    /// How many of these bytes are whole lines or blocks, and how many those are.
    pub fn whole(self, bytes: &[u8]) -> (usize, u64) {
        match self {
            Framing::Lines => {
                let ends = memchr::memchr_iter(b'\n', bytes);
                ends.fold((0, 0), |(_, count), end| (end + 1, count + 1))
            }
            Framing::Blocks => {
                let (mut len, mut count) = (0, 0);
                while let Some(block) = block_len(&bytes[len..]) {
                    (len, count) = (len + block, count + 1);
                }
                (len, count)
            }
        }
    }
}

/// The length of the first block, if it is whole: it follows the type (draft-ietf-opsawg-pcapng §3.1).
pub fn block_len(blocks: &[u8]) -> Option<usize> {
    let &[_, _, _, _, a, b, c, d] = blocks.first_chunk()?;
    let len = u32::from_le_bytes([a, b, c, d]) as usize;
    (12..=blocks.len()).contains(&len).then_some(len)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Has room for so many bytes, which can be more later.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Disk {
        fn room(&self, room: usize) {
            self.0.lock().unwrap().1 = room;
        }

        fn bytes(&self) -> Vec<u8> {
            self.0.lock().unwrap().0.clone()
        }

        fn output(&self, framing: Framing) -> Output {
            Output::stream(Box::new(self.clone()), framing)
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (written, room) = &mut *self.0.lock().unwrap();
            let len = bytes.len().min(*room);
            *room -= len;
            written.extend_from_slice(&bytes[..len]);
            if len == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(len) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn block(body: &[u8]) -> Vec<u8> {
        let len = (12 + body.len() as u32).to_le_bytes();
        [&6_u32.to_le_bytes()[..], &len, body, &len].concat()
    }

    #[test]
    fn lines_are_whole_wherever_a_write_ends() {
        for room in 0..9 {
            let disk = Disk::default();
            disk.room(room);
            let mut output = disk.output(Framing::Lines);
            let Written { lines, result } = output.write(b"one\ntwo\n", 2);
            assert_eq!((lines, result.is_ok()), ((room / 4) as u64, room == 8), "{room}");
            disk.room(100);
            let Written { lines, result } = output.write(b"three\n", 1);
            assert!(lines == 1 && result.is_ok());
            let torn = ["", "o\n", "on\n", "one\n", "", "t\n", "tw\n", "two\n", ""][room];
            let whole = ["", "one\n", "one\ntwo\n"][room / 4];
            assert_eq!(String::from_utf8(disk.bytes()).unwrap(), format!("{whole}{torn}three\n"));
        }
    }

    #[test]
    fn behind_half_a_block_nothing_is_written() {
        let (first, second) = (block(b"1234"), block(b""));
        let both = [&first[..], &second].concat();
        for room in 0..=both.len() {
            let disk = Disk::default();
            disk.room(room);
            let mut output = disk.output(Framing::Blocks);
            let Written { lines, result } = output.write(&both, 2);
            let whole = u64::from(room >= first.len()) + u64::from(room == both.len());
            assert_eq!((lines, result.is_ok()), (whole, room == both.len()), "{room}");
            disk.room(100);
            let Written { lines, result } = output.write(&second, 1);
            let torn = ![0, first.len(), both.len()].contains(&room);
            assert_eq!((lines, result.is_ok()), (u64::from(!torn), !torn), "{room}");
        }
    }

    #[test]
    fn a_file_is_cut_back_unless_somebody_else_has_written_to_it() {
        let path = std::env::temp_dir().join(format!("sidetap-output-{}", std::process::id()));
        let open = || File::options().create(true).append(true).open(&path).unwrap();
        let mut output = Output::file(open(), Framing::Lines, false);
        assert!(output.write_whole(b"one\ntw").1.is_ok());
        assert!(output.cut(2).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"one\n");
        assert!(output.write_whole(b"three\n").1.is_ok());
        open().write_all(b"theirs\n").unwrap();
        assert!(!output.cut(2).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"one\nthree\ntheirs\n");
        std::fs::remove_file(&path).unwrap();
    }
}
