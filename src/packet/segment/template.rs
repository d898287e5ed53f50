//! The headers that every frame made of a super-frame begins with, and what differs in them from one to the next.

use super::super::checksum::Sum;
use super::super::ip;
use super::Parsed;
use super::headers::{MAX_HEADERS, Version};

/// The longest IP packet without a jumbo payload option, and for IPv6 without the fixed header.
const MAX_LENGTH: usize = 65_535;
const IPV6_LEN: usize = 40;

/// A hop-by-hop header that holds nothing but a jumbo payload option.
const JUMBO_LEN: usize = 8;

/// Headers in a segmenter's array; offsets count from its start.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    version: Version,
    network: usize,
    pub transport: usize,
    /// All of them.
    pub len: usize,
    /// The identification of the first packet (IPv4).
    identification: u16,
}

/// A frame that becomes several: the headers before each, and what is divided among them.
#[derive(Debug, Clone, Copy)]
pub struct Divided<'b> {
    pub template: Template,
    /// Bytes of payload that there were, and those that were captured.
    pub total: usize,
    pub captured: &'b [u8],
    /// The sum of the addresses, for checksums.
    pub addresses: Sum,
    /// The checksum that was captured, for a part that is not there whole.
    pub left_checksum: [u8; 2],
}

impl<'b> Divided<'b> {
    /// Copies the headers before the payload, which is at this place in the captured frame; the transport's checksum is
    /// at that place in its header. Nothing if the headers are too long.
    pub fn of(
        frame: &Parsed<'b>,
        payload: usize,
        checksum: usize,
        head: &mut [u8; MAX_HEADERS],
    ) -> Option<Divided<'b>> {
        let end = frame.headers.end;
        let template = Template::of(frame, payload, head)?;
        let at = template.transport + checksum;
        Some(Divided {
            template,
            total: end - payload,
            captured: &frame.bytes[payload..end.min(frame.bytes.len())],
            addresses: Sum::of(frame.headers.addresses(frame.bytes)),
            left_checksum: [head[at], head[at + 1]],
        })
    }
}

impl Template {
    /// Copies the headers before the payload, which is at this place in the captured frame. Nothing if it is too much.
    ///
    /// A packet beyond 64 KiB has a jumbo payload option where Linux puts it (RFC 2675 §2); segments do not.
    pub fn of(frame: &Parsed, payload: usize, head: &mut [u8; MAX_HEADERS]) -> Option<Template> {
        let (link, headers) = (frame.link, frame.headers);
        let captured = frame.bytes.get(link.replaces..payload)?;
        let network = link.header + headers.network.checked_sub(link.replaces)?;
        let transport = link.header + headers.transport - link.replaces;
        let len = link.header + captured.len();
        head.get_mut(link.header..len)?.copy_from_slice(captured);

        let mut template = Template { version: headers.version, network, transport, len, identification: 0 };
        match headers.version {
            Version::V4 => template.identification = u16::from_be_bytes([head[network + 4], head[network + 5]]),
            Version::V6 => template.drop_jumbo_option(head),
        }
        Some(template)
    }

    fn drop_jumbo_option(&mut self, head: &mut [u8; MAX_HEADERS]) {
        let (packet, option) = (self.network, self.network + IPV6_LEN);
        if self.transport < option + JUMBO_LEN || head[packet + 4..packet + 7] != [0, 0, ip::HOP_BY_HOP] {
            return;
        }
        if let [next, 0, 0xc2, 4, ..] = head[option..] {
            head[packet + 6] = next;
            head.copy_within(option + JUMBO_LEN..self.len, option);
            self.transport -= JUMBO_LEN;
            self.len -= JUMBO_LEN;
        }
    }

    /// The longest payload that the lengths can hold.
    pub fn max_payload(&self) -> usize {
        let fixed = if self.version == Version::V4 { 0 } else { IPV6_LEN };
        (MAX_LENGTH + fixed).saturating_sub(self.len - self.network)
    }

    /// Writes the IP header's length for so much payload, and for IPv4 which packet it is in a row, and the checksum.
    #[inline]
    pub fn set_ip(&self, head: &mut [u8; MAX_HEADERS], payload: usize, number: u16) {
        // Both lengths were checked against `max_payload`.
        let length = self.len - self.network + payload;
        match self.version {
            Version::V4 => {
                let identification = self.identification.wrapping_add(number);
                put(head, self.network + 2, (length as u16).to_be_bytes());
                put(head, self.network + 4, identification.to_be_bytes());
                self.set_ip_checksum(head);
            }
            Version::V6 => put(head, self.network + 4, ((length - IPV6_LEN) as u16).to_be_bytes()),
        }
    }

    /// Writes the place of a fragment of so many bytes into an IPv4 header (RFC 791 §3.1).
    pub fn set_fragment(&self, head: &mut [u8; MAX_HEADERS], offset: usize, bytes: usize, more: bool) {
        let length = self.transport - self.network + bytes;
        put(head, self.network + 2, (length as u16).to_be_bytes());
        put(head, self.network + 6, ((offset / 8) as u16 | u16::from(more) << 13).to_be_bytes());
        self.set_ip_checksum(head);
    }

    fn set_ip_checksum(&self, head: &mut [u8; MAX_HEADERS]) {
        put(head, self.network + 10, [0; 2]);
        let checksum = Sum::of(&head[self.network..self.transport]).checksum();
        put(head, self.network + 10, checksum);
    }

    /// The sum of the pseudo-header and of the transport's header, before so much payload. Its checksum has to be zero.
    #[inline]
    pub fn sum(&self, head: &[u8; MAX_HEADERS], addresses: Sum, protocol: u8, payload: usize) -> Sum {
        let length = self.len - self.transport + payload;
        addresses.and(Sum::pseudo_header(&[], protocol, length as u32)).and(Sum::of(&head[self.transport..self.len]))
    }
}

/// Writes a field.
#[inline]
pub fn put<const N: usize>(head: &mut [u8; MAX_HEADERS], at: usize, field: [u8; N]) {
    head[at..at + N].copy_from_slice(&field);
}
