//! Builders of capture files in either byte order.

use super::super::order::ByteOrder;
use super::super::pcapng::{
    BYTE_ORDER_MAGIC, ENHANCED_PACKET, INTERFACE_DESCRIPTION, PACKET, SECTION_HEADER, SIMPLE_PACKET,
};

pub const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];
pub const MICROS: u32 = 0xa1b2_c3d4;
pub const NANOS: u32 = 0xa1b2_3c4d;

/// Numbers in one byte order.
pub trait Put: Sized {
    fn order(&self) -> ByteOrder;
    fn bytes(&mut self) -> &mut Vec<u8>;

    fn u16(mut self, number: u16) -> Self {
        let little = self.order() == ByteOrder::Little;
        self.bytes().extend(if little { number.to_le_bytes() } else { number.to_be_bytes() });
        self
    }

    fn u32(mut self, number: u32) -> Self {
        let little = self.order() == ByteOrder::Little;
        self.bytes().extend(if little { number.to_le_bytes() } else { number.to_be_bytes() });
        self
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes().extend(bytes);
        self
    }
}

/// A pcap file.
pub struct Pcap {
    order: ByteOrder,
    pub bytes: Vec<u8>,
}

impl Put for Pcap {
    fn order(&self) -> ByteOrder {
        self.order
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Pcap {
    pub fn new(order: ByteOrder, magic: u32) -> Self {
        Self::with_header(order, magic, (2, 4), 1)
    }

    pub fn with_header(order: ByteOrder, magic: u32, (major, minor): (u16, u16), link: u32) -> Self {
        let file = Pcap { order, bytes: Vec::new() };
        file.u32(magic).u16(major).u16(minor).u32(0).u32(0).u32(65_535).u32(link)
    }

    pub fn record(self, seconds: u32, fraction: u32, bytes: &[u8]) -> Self {
        let length = bytes.len() as u32;
        self.header(seconds, fraction, length, length).raw(bytes)
    }

    pub fn header(self, seconds: u32, fraction: u32, captured: u32, wire: u32) -> Self {
        self.u32(seconds).u32(fraction).u32(captured).u32(wire)
    }
}

/// A pcapng file, or a part of it.
pub struct Ng {
    order: ByteOrder,
    pub bytes: Vec<u8>,
}

impl Put for Ng {
    fn order(&self) -> ByteOrder {
        self.order
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Ng {
    /// A section without interfaces.
    pub fn section(order: ByteOrder) -> Self {
        Ng { order, bytes: Vec::new() }.then_section(order)
    }

    /// A section with one Ethernet interface that counts microseconds.
    pub fn ethernet(order: ByteOrder) -> Self {
        Ng::section(order).interface(1, 0, &[])
    }

    pub fn then_section(mut self, order: ByteOrder) -> Self {
        self.order = order;
        self.block(SECTION_HEADER, |block| {
            block.u32(BYTE_ORDER_MAGIC).u16(1).u16(0).raw(&[0xff; 8]).option(4, b"made by hand").option(0, b"")
        })
    }

    pub fn interface(self, link: u16, snap_len: u32, options: &[(u16, &[u8])]) -> Self {
        self.block(INTERFACE_DESCRIPTION, |block| {
            let block = block.u16(link).u16(0).u32(snap_len);
            options.iter().fold(block, |block, (code, value)| block.option(*code, value))
        })
    }

    pub fn enhanced(self, interface: u32, ticks: u64, bytes: &[u8]) -> Self {
        self.enhanced_with(interface, ticks, bytes, bytes.len() as u32, &[])
    }

    pub fn enhanced_with(self, interface: u32, ticks: u64, bytes: &[u8], wire: u32, options: &[(u16, &[u8])]) -> Self {
        self.block(ENHANCED_PACKET, |block| {
            let block = block.u32(interface).u32((ticks >> 32) as u32).u32(ticks as u32);
            let block = block.u32(bytes.len() as u32).u32(wire).raw(bytes).pad();
            options.iter().fold(block, |block, (code, value)| block.option(*code, value))
        })
    }

    pub fn obsolete(self, interface: u16, drops: u16, ticks: u64, bytes: &[u8]) -> Self {
        self.block(PACKET, |block| {
            let block = block.u16(interface).u16(drops).u32((ticks >> 32) as u32).u32(ticks as u32);
            block.u32(bytes.len() as u32).u32(bytes.len() as u32).raw(bytes).pad()
        })
    }

    pub fn simple(self, wire: u32, bytes: &[u8]) -> Self {
        self.block(SIMPLE_PACKET, |block| block.u32(wire).raw(bytes).pad())
    }

    pub fn option(self, code: u16, value: &[u8]) -> Self {
        self.u16(code).u16(value.len() as u16).raw(value).pad()
    }

    /// A block; its body is padded, its lengths are filled in.
    pub fn block(self, kind: u32, body: impl FnOnce(Ng) -> Ng) -> Self {
        let body = body(Ng { order: self.order, bytes: Vec::new() }).pad();
        let length = body.bytes.len() as u32 + 12;
        self.u32(kind).u32(length).raw(&body.bytes).u32(length)
    }

    fn pad(mut self) -> Self {
        let length = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(length, 0);
        self
    }
}
