//! The classic format, pcap, as draft-ietf-opsawg-pcap describes it: one header, then records.
//!
//! Time stamps of micro- and nanoseconds, in both byte orders.

use super::error::FileError;
use super::interface::Interface;
use super::order::ByteOrder;
use super::window::Window;
use super::{MAX_CAPTURED, Packet, starts_capture};
use crate::packet::{LinkType, Timestamp};

/// The length of the file's header, with the magic number.
const FILE_HEADER: usize = 24;
/// The length of a packet record's header.
const RECORD_HEADER: usize = 16;

/// What the magic number says about the rest of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Magic {
    order: ByteOrder,
    /// Nanoseconds in one unit of a time stamp's fraction.
    fraction: u64,
}

impl Magic {
    /// Whether a file may start with these bytes: magic number and version. Versions after 2.4 have never been.
    pub fn starts_with_version(bytes: &[u8; 8]) -> bool {
        let version = |magic: Magic| (magic.order.u16(bytes, 4), magic.order.u16(bytes, 6));
        bytes
            .first_chunk()
            .and_then(|magic| Magic::of(*magic))
            .is_some_and(|magic| matches!(version(magic), (2, 0..=4)))
    }

    /// From the first four bytes of a file, if it is a pcap file.
    pub fn of(bytes: [u8; 4]) -> Option<Self> {
        let (order, fraction) = match bytes {
            [0xd4, 0xc3, 0xb2, 0xa1] => (ByteOrder::Little, 1000),
            [0xa1, 0xb2, 0xc3, 0xd4] => (ByteOrder::Big, 1000),
            [0x4d, 0x3c, 0xb2, 0xa1] => (ByteOrder::Little, 1),
            [0xa1, 0xb2, 0x3c, 0x4d] => (ByteOrder::Big, 1),
            _ => return None,
        };
        Some(Magic { order, fraction })
    }
}

/// A reader of packet records.
pub(super) struct Classic {
    magic: Magic,
    link: LinkType,
    lengths: Lengths,
}

/// In which order a record gives its two lengths.
#[derive(Clone, Copy)]
enum Lengths {
    /// Captured, then on the wire: since version 2.4.
    CapturedFirst,
    /// The greater is the one on the wire: writers of version 2.3 did not agree.
    SmallerIsCaptured,
    /// On the wire, then captured: before version 2.3.
    CapturedLast,
}

impl Classic {
    /// Reads the file's header; gives the reader of its records, and its only interface.
    pub fn open(magic: Magic, window: &mut Window) -> Result<(Self, Interface), FileError> {
        let offset = window.offset();
        let Some(header) = window.header::<FILE_HEADER>()? else { return Err(FileError::Truncated { offset }) };
        window.take(FILE_HEADER);

        let (major, minor) = (magic.order.u16(&header, 4), magic.order.u16(&header, 6));
        let lengths = match (major, minor) {
            (2, 0..=2) => Lengths::CapturedLast,
            (2, 3) => Lengths::SmallerIsCaptured,
            (2, _) => Lengths::CapturedFirst,
            _ => return Err(FileError::Version { offset, major, minor }),
        };
        let snap_len = magic.order.u32(&header, 16);
        // The upper half holds the length of the frame check sequence, and flags.
        let link = LinkType::from_number(magic.order.u32(&header, 20) as u16);
        Ok((Classic { magic, link, lengths }, Interface::new(None, link, snap_len)))
    }

    /// The next record.
    #[inline]
    pub fn next(&mut self, window: &mut Window) -> Result<Option<Packet>, FileError> {
        let Some(header) = window.header::<RECORD_HEADER>()? else { return Ok(None) };
        let field = |at| self.magic.order.u32(&header, at);
        let (captured, wire_len) = match self.lengths {
            Lengths::CapturedFirst => (field(8), field(12)),
            Lengths::SmallerIsCaptured => (field(8).min(field(12)), field(8).max(field(12))),
            Lengths::CapturedLast => (field(12), field(8)),
        };
        // A packet of which nothing was captured is rare, and what the header of another file looks like.
        if (captured == 0 || captured > MAX_CAPTURED) && header.first_chunk().is_some_and(starts_capture) {
            return Err(FileError::SecondCapture { offset: window.offset() });
        }
        if captured > MAX_CAPTURED {
            return Err(FileError::TooLong { offset: window.offset(), length: captured, limit: MAX_CAPTURED });
        }
        let length = RECORD_HEADER + captured as usize;
        window.need(length)?;
        let record = window.take(length);
        Ok(Some(Packet {
            time: Timestamp::from_parts(u64::from(field(0)), u64::from(field(4)) * self.magic.fraction),
            interface: 0,
            link: self.link,
            bytes: record.start + RECORD_HEADER..record.end,
            wire_len: wire_len.max(captured),
        }))
    }
}
