//! Capture files made by hand, byte by byte, and what is read of them.

mod build;
mod classic;
mod oracles;
mod pcapng;
mod robust;
mod streams;
mod written;

use std::io::{self, Cursor, ErrorKind, Read};

use super::*;

/// A frame that does not borrow.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owned {
    nanos: u64,
    interface: u32,
    link: LinkType,
    bytes: Vec<u8>,
    wire_len: u32,
}

/// All frames of an input, its interfaces, and the error that it ended with.
#[derive(Debug)]
struct Reading {
    frames: Vec<Owned>,
    interfaces: Vec<Interface>,
    error: Option<FileError>,
}

fn read(bytes: &[u8]) -> Reading {
    read_from(Cursor::new(bytes.to_vec()))
}

/// Gives pieces of these sizes in turn, with an interruption before each.
struct Pieces {
    bytes: Cursor<Vec<u8>>,
    sizes: Vec<usize>,
    reads: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        if self.reads % 2 == 1 {
            return Err(ErrorKind::Interrupted.into());
        }
        let size = self.sizes[self.reads / 2 % self.sizes.len()].min(buffer.len());
        self.bytes.read(&mut buffer[..size])
    }
}

fn pieces(bytes: &[u8], sizes: &[usize]) -> Reading {
    read_from(Pieces { bytes: Cursor::new(bytes.to_vec()), sizes: sizes.to_vec(), reads: 0 })
}

/// Reads all there is, and checks what holds for every input.
fn read_from(source: impl Read + Send + 'static) -> Reading {
    let mut file = match CaptureFile::from_reader(Box::new(source)) {
        Ok(file) => file,
        Err(error) => return Reading { frames: Vec::new(), interfaces: Vec::new(), error: Some(error) },
    };
    let mut frames = Vec::new();
    let error = loop {
        match file.next() {
            Ok(Some(Frame { time, interface, link, bytes, wire_len, .. })) => {
                assert!(bytes.len() <= wire_len as usize, "captured more than there was");
                let (nanos, bytes) = (time.nanos(), bytes.to_vec());
                // Further on, those of sections that are over have given way.
                if (interface as usize) < MAX_INTERFACES / 2 {
                    assert_eq!(file.interfaces().get(interface as usize).map(|it| it.link), Some(link));
                }
                frames.push(Owned { nanos, interface, link, bytes, wire_len });
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(matches!(file.next(), Ok(None)), "the end is not the end");
    Reading { frames, interfaces: file.interfaces().to_vec(), error }
}

impl Reading {
    /// The captured bytes of each frame, if the input has been read to its end.
    fn whole(&self) -> Vec<&[u8]> {
        assert!(self.error.is_none(), "{:?}", self.error);
        self.frames.iter().map(|frame| frame.bytes.as_slice()).collect()
    }

    /// The captured bytes of each frame, and where the input was found to be cut.
    fn cut(&self) -> (Vec<&[u8]>, u64) {
        let Some(FileError::Truncated { offset }) = self.error else { panic!("not truncated: {:?}", self.error) };
        (self.frames.iter().map(|frame| frame.bytes.as_slice()).collect(), offset)
    }
}
