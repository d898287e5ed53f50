//! TCP segments of what is longer than one, as an interface makes them that segmentation is left to.

use super::super::checksum::Sum;
use super::super::ip;
use super::super::ring::Offload;
use super::template::{Divided, put};
use super::{Parsed, Segmenter};

const HEADER_LEN: usize = 20;
const SEQUENCE: usize = 4;
const FLAGS: usize = 13;
const CHECKSUM: usize = 16;
const URGENT: usize = 18;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const URG: u8 = 0x20;
const CWR: u8 = 0x80;

/// Flags that belong on the first segment only.
const FIRST_ONLY: u8 = SYN | CWR;

/// The same for a super-frame, as Linux makes segments of it: a sender of classic ECN says that there is one CWR
/// (RFC 3168 §6.1.2). Where nobody does, it is part of AccECN's counter, which every segment carries (RFC 9768 §3.2.2).
fn first_only(offload: &Offload) -> u8 {
    if offload.ecn { FIRST_ONLY } else { SYN }
}

/// How a frame is cut into segments.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// Where the payload is in the captured frame.
    pub payload: usize,
    /// Bytes of payload for each segment, or what fits.
    pub size: usize,
    /// Flags that belong on the first segment only.
    pub first_only: u8,
    /// Whether the urgent pointer counts from where each segment begins. Linux repeats that of a super-frame as it is.
    pub moves_urgent: bool,
    /// What is wrong with the checksum, which is as wrong in each segment: to whom the frame was sent drops it, and who
    /// analyses it has to know.
    pub fault: Sum,
}

impl Cut {
    /// Of a super-frame, whose offload says where the payload is and how much of it a segment has.
    pub fn of_super(offload: &Offload, payload: usize, size: usize) -> Cut {
        Cut { payload, size, first_only: first_only(offload), moves_urgent: false, fault: Sum::default() }
    }

    /// Of a frame that was one segment for its sender, and has the payload at this place.
    pub fn of_one(frame: &Parsed, payload: usize) -> Cut {
        let message = frame.headers.message(frame.bytes);
        let sum = Sum::pseudo_header(frame.headers.addresses(frame.bytes), ip::TCP, message.len() as u32);
        let sum = sum.and(Sum::of(message));
        let is_known = !frame.unfinished && frame.headers.end <= frame.bytes.len();
        let fault = if is_known && sum.checksum() != [0, 0] { sum } else { Sum::default() };
        Cut { payload, size: usize::MAX, first_only: FIRST_ONLY, moves_urgent: true, fault }
    }
}

/// Where the payload is in the captured frame, if it is TCP and its header was captured.
#[inline]
pub fn payload(frame: &Parsed) -> Option<usize> {
    if !frame.headers.is(ip::TCP) {
        return None;
    }
    let message = frame.headers.message(frame.bytes);
    let header_len = usize::from(message.get(12)? >> 4) * 4;
    (HEADER_LEN..=message.len()).contains(&header_len).then_some(frame.headers.transport + header_len)
}

impl Segmenter {
    /// Cuts a frame into segments; says whether that made more than one.
    ///
    /// The identification counts on, FIN, PSH and RST are on the last segment, and on the first what is only there; the
    /// urgent pointer points to the same byte (RFC 9293 §3.1); the rest of the headers is repeated as it is. The last segment may not be captured whole: then its length is what it was on
    /// the wire. Segments of which nothing was captured are not made.
    pub(super) fn cut_tcp<'b>(&mut self, frame: &Parsed<'b>, cut: Cut, out: &mut impl FnMut(&[u8], &'b [u8])) -> bool {
        let Cut { payload, size, first_only, moves_urgent, fault } = cut;
        let Some(divided) = Divided::of(frame, payload, CHECKSUM, &mut self.head) else { return false };
        let Divided { template, total, captured, addresses, left_checksum } = divided;
        let size = size.min(self.budget.saturating_sub(template.len)).min(template.max_payload());
        if size == 0 || total <= size {
            return false;
        }
        let field = |at: usize| template.transport + at;
        let flags = self.head[field(FLAGS)];
        let urgent = u16::from_be_bytes([self.head[field(URGENT)], self.head[field(URGENT) + 1]]);
        let mut sequence = u32::from_be_bytes(std::array::from_fn(|at| self.head[field(SEQUENCE) + at]));

        let (mut offset, mut number) = (0, 0_u16);
        loop {
            let length = size.min(total - offset);
            let part = &captured[offset..captured.len().min(offset + length)];
            let first = if offset == 0 { 0 } else { first_only };
            let last = if offset + length == total { 0 } else { FIN | PSH | RST };
            template.set_ip(&mut self.head, length, number);
            put(&mut self.head, field(SEQUENCE), sequence.to_be_bytes());
            self.head[field(FLAGS)] = flags & !first & !last;
            if moves_urgent && flags & URG != 0 && offset > 0 {
                let urgent = usize::from(urgent).saturating_sub(offset) as u16;
                put(&mut self.head, field(URGENT), urgent.to_be_bytes());
                self.head[field(FLAGS)] &= if urgent == 0 { !URG } else { !0 };
            }
            let checksum = if part.len() == length {
                put(&mut self.head, field(CHECKSUM), [0; 2]);
                template.sum(&self.head, addresses, ip::TCP, length).and(Sum::of(part)).and(fault).checksum()
            } else {
                left_checksum
            };
            put(&mut self.head, field(CHECKSUM), checksum);
            self.count_made(frame, part.len() == length);
            self.emit(template.len, part, out);

            sequence = sequence.wrapping_add(length as u32 + u32::from(number == 0 && flags & SYN != 0));
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
}
