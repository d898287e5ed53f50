//! The datagrams of a UDP super-frame, and the IP fragments of a datagram that is longer than one packet.

use super::super::checksum::Sum;
use super::super::{ip, udp, vxlan};
use super::headers::Version;
use super::template::{Divided, put};
use super::{Parsed, Segmenter};

const HEADER_LEN: usize = 8;
const LENGTH: usize = 4;
const CHECKSUM: usize = 6;

/// Where the payload is in the captured frame, if it is UDP and its header was captured.
#[inline]
pub fn payload(frame: &Parsed) -> Option<usize> {
    let is_there = frame.headers.is(ip::UDP) && frame.headers.message(frame.bytes).len() >= HEADER_LEN;
    is_there.then_some(frame.headers.transport + HEADER_LEN)
}

/// Whether it carries a frame.
pub fn is_vxlan(frame: &Parsed) -> bool {
    let datagram = udp::parse(frame.headers.message(frame.bytes), (frame.headers.end - frame.headers.transport) as u32);
    datagram.is_ok_and(|datagram| datagram.destination_port == vxlan::PORT && vxlan::parse(datagram.payload).is_some())
}

impl Segmenter {
    /// Cuts a frame into datagrams of `size` bytes of payload; says whether that made more than one.
    ///
    /// A datagram cannot be made smaller than its sender made it: one that does not fit is truncated or dropped.
    pub(super) fn cut_udp<'b>(
        &mut self,
        frame: &Parsed<'b>,
        payload: usize,
        size: usize,
        out: &mut impl FnMut(&[u8], &'b [u8]),
    ) -> bool {
        let Some(divided) = Divided::of(frame, payload, CHECKSUM, &mut self.head) else { return false };
        let Divided { template, total, captured, addresses, left_checksum } = divided;
        if size == 0 || total <= size || size > template.max_payload() {
            return false;
        }
        let field = |at: usize| template.transport + at;
        // A sender that computes none says so with zero (RFC 768).
        let has_none = left_checksum == [0; 2] && !frame.unfinished && frame.headers.version == Version::V4;

        let (mut offset, mut number) = (0, 0_u16);
        loop {
            let length = size.min(total - offset);
            let part = &captured[offset..captured.len().min(offset + length)];
            let whole = part.len() == length;
            template.set_ip(&mut self.head, length, number);
            put(&mut self.head, field(LENGTH), ((HEADER_LEN + length) as u16).to_be_bytes());
            let checksum = if whole && !has_none {
                put(&mut self.head, field(CHECKSUM), [0; 2]);
                template.sum(&self.head, addresses, ip::UDP, length).and(Sum::of(part)).udp_checksum()
            } else {
                left_checksum
            };
            put(&mut self.head, field(CHECKSUM), checksum);
            self.count_made(frame, whole);
            self.fit(template.len, part, out);

            offset += length;
            number = number.wrapping_add(1);
            if offset >= captured.len() {
                break;
            }
            self.counts.bytes_added += template.len as u64;
        }
        self.count_lost(frame, payload, template.len, captured.len());
        true
    }

    /// Cuts a datagram into IPv4 fragments of at most `size` bytes; says whether that made more than one.
    ///
    /// Only for interfaces of virtual machines: Linux itself left this to no interface since 4.14.
    pub(super) fn fragment_udp<'b>(
        &mut self,
        frame: &Parsed<'b>,
        payload: usize,
        size: usize,
        out: &mut impl FnMut(&[u8], &'b [u8]),
    ) -> bool {
        if frame.headers.version != Version::V4 {
            return false;
        }
        let Some(divided) = Divided::of(frame, payload, CHECKSUM, &mut self.head) else { return false };
        let Divided { template, captured, addresses, .. } = divided;
        let total = HEADER_LEN + divided.total;
        // The offset counts in units of eight bytes.
        let size = size.min(self.budget.saturating_sub(template.transport)) & !7;
        if size < HEADER_LEN || total <= size || total - HEADER_LEN > template.max_payload() {
            return false;
        }
        let whole = HEADER_LEN + captured.len() == total;
        if frame.unfinished && whole {
            put(&mut self.head, template.transport + CHECKSUM, [0; 2]);
            let sum = template.sum(&self.head, addresses, ip::UDP, captured.len()).and(Sum::of(captured));
            put(&mut self.head, template.transport + CHECKSUM, sum.udp_checksum());
        }

        let mut offset = 0;
        loop {
            let length = size.min(total - offset);
            // The datagram's header is in the first fragment and part of its length.
            let (head, from) = match offset {
                0 => (template.len, 0),
                _ => (template.transport, offset - HEADER_LEN),
            };
            let part = &captured[from..captured.len().min(offset + length - HEADER_LEN)];
            template.set_fragment(&mut self.head, offset, length, offset + length < total);
            match offset {
                0 => self.count_made(frame, whole),
                _ => self.counts.segments += 1,
            }
            self.emit(head, part, out);

            offset += length;
            if offset - HEADER_LEN >= captured.len() {
                break;
            }
            self.counts.bytes_added += template.transport as u64;
        }
        self.count_lost(frame, payload, template.len, captured.len());
        true
    }
}
