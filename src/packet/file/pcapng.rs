//! The block format, pcapng, as draft-ietf-opsawg-pcapng describes it; section numbers below are that draft's.
//!
//! Read are sections in both byte orders, their interfaces, and packets in all three blocks that have them. Every
//! other block is skipped as it passes, whatever its length, and so are the options of packets. At most
//! [`MAX_INTERFACES`] interfaces are kept: those of a section, and of those before it as far as there is room.

use super::error::{FileError, Problem};
use super::interface::Interface;
use super::order::ByteOrder;
use super::window::Window;
use super::{MAX_CAPTURED, Packet, starts_capture};
use crate::packet::Timestamp;

/// The most interfaces that a section may describe.
pub const MAX_INTERFACES: usize = 16_384;

/// Section Header Block (§4.1); the same in both byte orders.
pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
/// Interface Description Block (§4.2).
pub(super) const INTERFACE_DESCRIPTION: u32 = 1;
/// Packet Block (appendix A), obsolete.
pub(super) const PACKET: u32 = 2;
/// Simple Packet Block (§4.4).
pub(super) const SIMPLE_PACKET: u32 = 3;
/// Enhanced Packet Block (§4.3).
pub(super) const ENHANCED_PACKET: u32 = 6;
/// What a section starts with, after its length (§4.1).
pub(super) const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// The length of the total length at the end of every block.
const TRAILER: u32 = 4;

/// A reader of blocks.
pub(super) struct Pcapng {
    order: ByteOrder,
    /// Where the section's first interface is among those that are kept, and how many before them are not any more.
    first_interface: usize,
    forgotten: u32,
    /// The block whose end has not been read yet.
    open: Option<OpenBlock>,
    /// The latest time stamp that was read.
    time: Timestamp,
}

/// A block that has been started.
#[derive(Clone, Copy)]
struct OpenBlock {
    offset: u64,
    /// The total length, as its start states it.
    length: u32,
}

/// Where a packet block has what.
struct Layout {
    /// The length of everything before the captured bytes.
    header: u32,
    /// What has been captured.
    captured: u32,
    wire_len: u32,
    /// The number of its interface within the section.
    interface: u32,
    /// In the units of its interface, where it has any.
    ticks: Option<u64>,
}

impl Pcapng {
    /// Whether a file starts as pcapng does.
    pub fn starts(magic: [u8; 4]) -> bool {
        magic == SECTION_HEADER.to_le_bytes()
    }

    /// Reads the first section's header.
    pub fn open(window: &mut Window) -> Result<Self, FileError> {
        let mut reader = Pcapng {
            order: ByteOrder::Little,
            first_interface: 0,
            forgotten: 0,
            open: None,
            time: Timestamp::default(),
        };
        reader.section(window, 0)?;
        Ok(reader)
    }

    /// The next packet; the interfaces that are described before it are added to `interfaces`.
    #[inline]
    pub fn next(&mut self, window: &mut Window, interfaces: &mut Vec<Interface>) -> Result<Option<Packet>, FileError> {
        loop {
            self.close_block(window)?;
            let offset = window.offset();
            let Some(header) = window.header::<8>()? else { return Ok(None) };
            let (kind, length) = (self.order.u32(&header, 0), self.order.u32(&header, 4));
            if kind == SECTION_HEADER {
                self.section(window, interfaces.len())?;
                continue;
            }
            if !matches!(kind, INTERFACE_DESCRIPTION..=ENHANCED_PACKET) && starts_capture(&header) {
                return Err(FileError::SecondCapture { offset });
            }
            if length < 12 || !length.is_multiple_of(4) {
                return Err(FileError::Malformed { offset, problem: Problem::Length(length) });
            }
            let block = OpenBlock { offset, length };
            let section = interfaces.get(self.first_interface..).unwrap_or_default();
            let layout = match kind {
                ENHANCED_PACKET => self.enhanced_packet(window, length)?,
                SIMPLE_PACKET => self.simple_packet(window, length, section)?,
                PACKET => self.obsolete_packet(window, length)?,
                INTERFACE_DESCRIPTION => {
                    self.interface(window, length, interfaces)?;
                    self.open = Some(block);
                    continue;
                }
                _ => {
                    self.open = Some(block);
                    continue;
                }
            };
            return self.packet(window, length, &layout, section).map(Some);
        }
    }

    /// Reads on to the end of the block that is open, and compares its two lengths.
    #[inline]
    fn close_block(&mut self, window: &mut Window) -> Result<(), FileError> {
        let Some(OpenBlock { offset, length }) = self.open else { return Ok(()) };
        let rest = (offset + u64::from(length - TRAILER)).saturating_sub(window.offset());
        let Some(last) = window.skip(rest)?.then(|| window.header::<4>()) else {
            return Err(FileError::Truncated { offset });
        };
        let last = match last {
            Ok(Some(last)) => self.order.u32(&last, 0),
            Ok(None) | Err(FileError::Truncated { .. }) => return Err(FileError::Truncated { offset }),
            Err(error) => return Err(error),
        };
        if last != length {
            return Err(FileError::Malformed { offset, problem: Problem::Lengths { first: length, last } });
        }
        window.take(TRAILER as usize);
        self.open = None;
        Ok(())
    }

    /// Opens a Section Header Block, which sets the byte order for itself too; its options are skipped.
    fn section(&mut self, window: &mut Window, first_interface: usize) -> Result<(), FileError> {
        let offset = window.offset();
        let Some(header) = window.header::<16>()? else { return Err(FileError::Truncated { offset }) };
        self.order = match ByteOrder::Little.u32(&header, 8) {
            BYTE_ORDER_MAGIC => ByteOrder::Little,
            magic if magic == BYTE_ORDER_MAGIC.swap_bytes() => ByteOrder::Big,
            magic => return Err(FileError::Malformed { offset, problem: Problem::ByteOrder(magic) }),
        };
        let (major, minor) = (self.order.u16(&header, 12), self.order.u16(&header, 14));
        if major != 1 {
            return Err(FileError::Version { offset, major, minor });
        }
        let length = self.order.u32(&header, 4);
        if length < 28 || !length.is_multiple_of(4) {
            return Err(FileError::Malformed { offset, problem: Problem::Length(length) });
        }
        self.first_interface = first_interface;
        self.open = Some(OpenBlock { offset, length });
        Ok(())
    }

    /// Adds the interface that an Interface Description Block describes. Where there is no room for it, those of the
    /// sections before are forgotten: no packet is of them any more.
    fn interface(
        &mut self,
        window: &mut Window,
        length: u32,
        interfaces: &mut Vec<Interface>,
    ) -> Result<(), FileError> {
        let offset = window.offset();
        if length < 20 {
            return Err(FileError::Malformed { offset, problem: Problem::Length(length) });
        }
        if length > MAX_CAPTURED {
            return Err(FileError::TooLong { offset, length, limit: MAX_CAPTURED });
        }
        if interfaces.len() - self.first_interface >= MAX_INTERFACES {
            return Err(FileError::TooManyInterfaces { offset, limit: MAX_INTERFACES });
        }
        let body_end = (length - TRAILER) as usize;
        window.need(body_end)?;
        if interfaces.len() >= MAX_INTERFACES {
            interfaces.drain(..self.first_interface);
            // The numbers of a file that is as long as that begin again.
            self.forgotten = self.forgotten.wrapping_add(self.first_interface as u32);
            self.first_interface = 0;
        }
        let body = window.unread().get(8..body_end).unwrap_or_default();
        interfaces.push(Interface::parse(self.order, body));
        Ok(())
    }

    /// The header of an Enhanced Packet Block.
    #[inline]
    fn enhanced_packet(&self, window: &mut Window, length: u32) -> Result<Layout, FileError> {
        let header = packet_header::<28>(window, length)?;
        let field = |at| self.order.u32(&header, at);
        Ok(Layout {
            header: 28,
            captured: field(20),
            wire_len: field(24),
            interface: field(8),
            ticks: Some(u64::from(field(12)) << 32 | u64::from(field(16))),
        })
    }

    /// The header of a Packet Block: as the enhanced one's, with a short number of the interface and a count of drops.
    fn obsolete_packet(&self, window: &mut Window, length: u32) -> Result<Layout, FileError> {
        let layout = self.enhanced_packet(window, length)?;
        let header = packet_header::<12>(window, length)?;
        Ok(Layout { interface: u32::from(self.order.u16(&header, 8)), ..layout })
    }

    /// The header of a Simple Packet Block: no time, the section's first interface, whose snapshot length tells how
    /// much was captured.
    fn simple_packet(&self, window: &mut Window, length: u32, section: &[Interface]) -> Result<Layout, FileError> {
        let offset = window.offset();
        let header = packet_header::<12>(window, length)?;
        let wire_len = self.order.u32(&header, 8);
        let Some(interface) = section.first() else { return Err(FileError::NoInterface { offset, interface: 0 }) };
        let captured = match interface.snap_len {
            0 => wire_len,
            limit => wire_len.min(limit),
        };
        Ok(Layout { header: 12, captured, wire_len, interface: 0, ticks: None })
    }

    /// The packet of a block that is laid out so. Its options are skipped when the block is closed.
    #[inline]
    fn packet(
        &mut self,
        window: &mut Window,
        length: u32,
        layout: &Layout,
        section: &[Interface],
    ) -> Result<Packet, FileError> {
        let &Layout { header, captured, wire_len, interface, ticks } = layout;
        let offset = window.offset();
        // No header is longer than its block: `packet_header` saw to that.
        if captured > length - header - TRAILER {
            return Err(FileError::Malformed { offset, problem: Problem::Captured { captured, length } });
        }
        if captured > MAX_CAPTURED {
            return Err(FileError::TooLong { offset, length: captured, limit: MAX_CAPTURED });
        }
        let Some(description) = section.get(interface as usize) else {
            return Err(FileError::NoInterface { offset, interface });
        };
        if let Some(ticks) = ticks {
            self.time = description.time(ticks);
        }
        let read = header + captured;
        window.need(read as usize)?;
        let block = window.take(read as usize);
        self.open = Some(OpenBlock { offset, length });
        Ok(Packet {
            // A packet without a time was captured no earlier than the one before it.
            time: self.time,
            // No more than `MAX_INTERFACES` of them are kept.
            interface: self.forgotten.wrapping_add(self.first_interface as u32 + interface),
            link: description.link,
            bytes: block.start + header as usize..block.end,
            wire_len: wire_len.max(captured),
        })
    }
}

/// The first `N` bytes of a packet's block, which must be long enough for them and its trailer.
#[inline]
fn packet_header<const N: usize>(window: &mut Window, length: u32) -> Result<[u8; N], FileError> {
    let offset = window.offset();
    if (length as usize) < N + TRAILER as usize {
        return Err(FileError::Malformed { offset, problem: Problem::Length(length) });
    }
    window.header()?.ok_or(FileError::Truncated { offset })
}
