//! Writes pcapng (draft-ietf-opsawg-pcapng; section numbers below are that draft's).
//!
//! Sections are little-endian on every machine, with time stamps in nanoseconds. A block is written in up to four
//! pieces and not held back, so the output wants to be a [`std::io::BufWriter`]. Memory is bounded by one block's
//! options, three texts of [`MAX_TEXT`] bytes at most.

use std::io::Write;

use super::MAX_CAPTURED;
use super::error::FileError;
use super::interface::Interface;
use super::pcapng::{BYTE_ORDER_MAGIC, ENHANCED_PACKET, INTERFACE_DESCRIPTION, SECTION_HEADER};
use crate::packet::Frame;

/// The longest text that fits in an option, in bytes; a longer one is cut before the character that does not fit.
pub const MAX_TEXT: usize = 65_535;

const OPT_ENDOFOPT: u16 = 0;
const OPT_COMMENT: u16 = 1;
const SHB_OS: u16 = 3;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;

/// What a file says about itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Section<'a> {
    /// The operating system that captured.
    pub os: Option<&'a str>,
    /// The program that captured.
    pub application: Option<&'a str>,
    /// Anything else.
    pub comment: Option<&'a str>,
}

/// A writer of pcapng sections, one after the other.
///
/// Every method gives how many bytes it wrote, so that a caller can start another file at a certain size. After an
/// error of the output, the last block may be there in part.
pub struct PcapngWriter<W: Write> {
    out: W,
    interfaces: u32,
    written: u64,
    /// What follows a block's fixed fields and captured bytes; kept for its memory.
    tail: Vec<u8>,
}

impl<W: Write> PcapngWriter<W> {
    /// Starts a file with its Section Header Block (§4.1).
    ///
    /// # Errors
    ///
    /// [`FileError::Io`] from the output.
    pub fn new(out: W, section: &Section) -> Result<Self, FileError> {
        let mut writer = PcapngWriter { out, interfaces: 0, written: 0, tail: Vec::new() };
        writer.section(section)?;
        Ok(writer)
    }

    /// Begins another section (§4.1), in which no interface has been described yet.
    ///
    /// # Errors
    ///
    /// [`FileError::Io`] from the output.
    pub fn section(&mut self, section: &Section) -> Result<u64, FileError> {
        self.tail.clear();
        self.text(OPT_COMMENT, section.comment);
        self.text(SHB_OS, section.os);
        self.text(SHB_USERAPPL, section.application);

        let mut header = [0; 24];
        header[..4].copy_from_slice(&SECTION_HEADER.to_le_bytes());
        header[8..12].copy_from_slice(&BYTE_ORDER_MAGIC.to_le_bytes());
        header[12..14].copy_from_slice(&1_u16.to_le_bytes());
        // Nobody knows yet how long the section will be.
        header[16..24].copy_from_slice(&(-1_i64).to_le_bytes());
        let written = self.block(header, &[])?;
        self.interfaces = 0;
        Ok(written)
    }

    /// Describes an interface (§4.2). The first one is number 0 in [`Frame::interface`], the next 1, and so on.
    ///
    /// # Errors
    ///
    /// [`FileError::Io`] from the output.
    pub fn interface(&mut self, interface: &Interface) -> Result<u64, FileError> {
        self.tail.clear();
        self.text(IF_NAME, interface.name.as_deref());
        self.option(IF_TSRESOL, &[9]);

        let mut header = [0; 16];
        header[..4].copy_from_slice(&INTERFACE_DESCRIPTION.to_le_bytes());
        header[8..10].copy_from_slice(&interface.link.number().to_le_bytes());
        header[12..16].copy_from_slice(&interface.snap_len.to_le_bytes());
        let written = self.block(header, &[])?;
        self.interfaces += 1;
        Ok(written)
    }

    /// Writes a packet as an Enhanced Packet Block (§4.3), with a comment if there is one, which analysers show beside the
    /// packet. Its link type is that of its interface.
    ///
    /// # Errors
    ///
    /// [`FileError::NoInterface`] if its interface has not been described, [`FileError::TooLong`] if more than
    /// [`MAX_CAPTURED`] bytes were captured, and [`FileError::Io`] from the output. Offsets are in the output.
    pub fn packet(&mut self, frame: &Frame, comment: Option<&str>) -> Result<u64, FileError> {
        let (offset, interface) = (self.written, frame.interface);
        if interface >= self.interfaces {
            return Err(FileError::NoInterface { offset, interface });
        }
        let captured = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
        if captured > MAX_CAPTURED {
            return Err(FileError::TooLong { offset, length: captured, limit: MAX_CAPTURED });
        }

        self.tail.clear();
        self.text(OPT_COMMENT, comment);

        let ticks = frame.time.nanos();
        let mut header = [0; 28];
        header[..4].copy_from_slice(&ENHANCED_PACKET.to_le_bytes());
        header[8..12].copy_from_slice(&interface.to_le_bytes());
        header[12..16].copy_from_slice(&((ticks >> 32) as u32).to_le_bytes());
        header[16..20].copy_from_slice(&(ticks as u32).to_le_bytes());
        header[20..24].copy_from_slice(&captured.to_le_bytes());
        header[24..28].copy_from_slice(&frame.wire_len.max(captured).to_le_bytes());
        self.block(header, frame.bytes)
    }

    /// How many bytes have been written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Flushes the output.
    ///
    /// # Errors
    ///
    /// [`FileError::Io`] from the output.
    pub fn flush(&mut self) -> Result<(), FileError> {
        Ok(self.out.flush()?)
    }

    /// The output; a buffer in it has not been flushed.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Adds an option with a text to the block that is being made; an absent or empty one is left out.
    fn text(&mut self, code: u16, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.option(code, &text.as_bytes()[..text.floor_char_boundary(MAX_TEXT)]);
        }
    }

    /// Adds an option of at most [`MAX_TEXT`] bytes to the block that is being made (§3.5).
    fn option(&mut self, code: u16, value: &[u8]) {
        self.tail.extend_from_slice(&code.to_le_bytes());
        self.tail.extend_from_slice(&(value.len() as u16).to_le_bytes());
        self.tail.extend_from_slice(value);
        self.tail.resize(self.tail.len().next_multiple_of(4), 0);
    }

    /// Writes a block: its fixed fields with room for the length, `body` padded to four bytes, and the options in
    /// `tail`.
    fn block<const N: usize>(&mut self, mut header: [u8; N], body: &[u8]) -> Result<u64, FileError> {
        if !self.tail.is_empty() {
            self.option(OPT_ENDOFOPT, &[]);
        }
        let padding = body.len().next_multiple_of(4) - body.len();
        // At most 256 KiB, three texts and a few dozen bytes.
        let length = (N + body.len() + padding + self.tail.len() + 4) as u32;
        header[4..8].copy_from_slice(&length.to_le_bytes());
        self.tail.extend_from_slice(&length.to_le_bytes());

        self.out.write_all(&header)?;
        self.out.write_all(body)?;
        self.out.write_all(&[0; 3][..padding])?;
        self.out.write_all(&self.tail)?;
        self.tail.clear();
        self.written += u64::from(length);
        Ok(u64::from(length))
    }
}
