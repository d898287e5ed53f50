//! The packets in a block of the ring, read without trust in what the block says.
//!
//! A block is bytes here: whatever its offsets, lengths and counts are, nothing outside of it is read, and reading
//! ends after at most one packet for every [`HEADER`] bytes of the block.
//!
//! The layout is that of `linux/if_packet.h`: a `tpacket_block_desc`, then for each packet a `tpacket3_hdr`, a
//! `sockaddr_ll`, and just before the frame a `virtio_net_hdr`; all in the byte order of the machine.

use std::mem::{offset_of, size_of};

use libc::{sockaddr_ll, tpacket_block_desc, tpacket_hdr_v1, tpacket3_hdr};

use super::filter::Ancillary;
use super::vlan::{self, VlanTag};
use super::{Frame, LinkType, Realm, Timestamp};

/// Where in a block its number of packets is, and where the offset of the first.
const COUNT: usize = offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, num_pkts);
const FIRST: usize = offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, offset_to_first_pkt);

/// Where the `sockaddr_ll` is: behind the header, aligned to `TPACKET_ALIGNMENT` (16).
const ADDRESS: usize = size_of::<tpacket3_hdr>().next_multiple_of(16);

/// What the kernel writes before a frame, without the `virtio_net_hdr`.
const HEADER: usize = ADDRESS + size_of::<sockaddr_ll>();

/// The length of `struct virtio_net_hdr` (virtio 1.0 §5.1.6, without `num_buffers`).
const VIRTIO: usize = 10;

/// `VIRTIO_NET_HDR_F_NEEDS_CSUM`, and the bit in the GSO type that says that TCP uses ECN.
const NEEDS_CHECKSUM: u8 = 1;
const GSO_ECN: u8 = 0x80;

/// One packet in the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingPacket<'a> {
    /// When the kernel saw it.
    pub time: Timestamp,
    /// What was captured of it, without a VLAN tag that the interface took off.
    pub bytes: &'a [u8],
    /// Its whole length, again without that tag. More than an MTU where segmentation is offloaded.
    pub wire_len: u32,
    /// The VLAN tag that the interface took off, or was to put on.
    pub vlan: Option<VlanTag>,
    /// What is known of its checksums.
    pub checksum: Checksum,
    /// What an interface was still to do to it, or had done.
    pub offload: Option<Offload>,
    /// Whether this machine sent it.
    pub outgoing: bool,
}

/// What the kernel says of a packet's checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// Nothing: it has to be computed to be known.
    Unknown,
    /// Not written yet (`TP_STATUS_CSUMNOTREADY`); what is in its place is not an error.
    NotReady,
    /// The interface, or the kernel, found it right (`TP_STATUS_CSUM_VALID`).
    Valid,
}

/// Work that was left to an interface; a `virtio_net_hdr` in words. Offsets count from the first byte of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offload {
    /// Into what it is to be segmented.
    pub gso_type: GsoType,
    /// Whether TCP's congestion flag (CWR) belongs only on the first segment.
    pub ecn: bool,
    /// Bytes of payload in each segment but the last.
    pub gso_size: u16,
    /// Bytes of headers to repeat before each; a hint, may be more or less than they are.
    pub hdr_len: u16,
    /// From where the checksum is computed, to the end of the frame.
    pub csum_start: u16,
    /// Where it is written, from `csum_start`.
    pub csum_offset: u16,
    /// Whether it still has to be. If not, the two offsets mean nothing.
    pub needs_csum: bool,
}

/// The kinds of segmentation that `virtio_net_hdr` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GsoType {
    /// It is one segment.
    None,
    /// TCP over IPv4.
    TcpV4,
    /// TCP over IPv6.
    TcpV6,
    /// One UDP datagram, to be sent in IP fragments.
    UdpFragments,
    /// UDP datagrams with one header.
    Udp,
    /// Any other number.
    Other(u8),
}

impl<'a> RingPacket<'a> {
    /// As a frame of this interface.
    pub fn frame(&self, interface: u32, link: LinkType) -> Frame<'a> {
        let RingPacket { time, bytes, wire_len, .. } = *self;
        Frame { time, interface, realm: Realm::OUTSIDE, link, bytes, wire_len }
    }

    /// What a filter that the kernel has no room for would have been told.
    pub fn ancillary(&self) -> Ancillary {
        Ancillary { packet_type: if self.outgoing { Ancillary::OUTGOING } else { 0 }, vlan: self.vlan }
    }
}

/// The packets of a block, in the order in which the kernel saw them.
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    block: &'a [u8],
    next: usize,
    left: u32,
    missing: u32,
}

impl<'a> Packets<'a> {
    /// Of a whole block, its descriptor included.
    pub(super) fn of(block: &'a [u8]) -> Self {
        let field = |at: usize| block.get(at..).and_then(|rest| rest.first_chunk().copied()).map(u32::from_ne_bytes);
        Packets { block, next: field(FIRST).unwrap_or(0) as usize, left: field(COUNT).unwrap_or(0), missing: 0 }
    }

    /// How many packets the block announces that it does not hold, known at the end: 0 unless the kernel errs.
    pub fn missing(&self) -> u32 {
        self.missing
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = RingPacket<'a>;

    #[inline]
    fn next(&mut self) -> Option<RingPacket<'a>> {
        if self.left == 0 {
            return None;
        }
        let Some((packet, step)) = read(self.block, self.next) else {
            self.missing = self.left;
            self.left = 0;
            return None;
        };
        self.left -= 1;
        // The last packet's step is 0. Any other must leave this packet's header behind, or reading might not end.
        if self.left > 0 && step < HEADER {
            self.missing = self.left;
            self.left = 0;
        }
        self.next = self.next.saturating_add(step);
        Some(packet)
    }
}

/// The packet whose header is at `start`, and how far behind that the next one's is. Nothing if it leaves the block.
#[inline]
fn read(block: &[u8], start: usize) -> Option<(RingPacket<'_>, usize)> {
    let header: &[u8; HEADER] = block.get(start..)?.first_chunk()?;
    let status = u32_at(header, offset_of!(tpacket3_hdr, tp_status));
    let offset = u16_at(header, offset_of!(tpacket3_hdr, tp_mac)) as usize;
    let captured = u32_at(header, offset_of!(tpacket3_hdr, tp_snaplen)) as usize;

    let from = start.checked_add(offset)?;
    let bytes = block.get(from..from.checked_add(captured)?)?;
    // There is always room for it; should the kernel say otherwise, the bytes there are not a virtio header.
    let virtio = match offset >= HEADER + VIRTIO {
        true => block.get(from - VIRTIO..)?.first_chunk(),
        false => None,
    };

    let packet = RingPacket {
        time: Timestamp::from_parts(
            u32_at(header, offset_of!(tpacket3_hdr, tp_sec)).into(),
            u32_at(header, offset_of!(tpacket3_hdr, tp_nsec)).into(),
        ),
        bytes,
        wire_len: u32_at(header, offset_of!(tpacket3_hdr, tp_len)),
        vlan: vlan_tag(header, status),
        checksum: checksum(status),
        offload: virtio.and_then(offload),
        outgoing: header[ADDRESS + offset_of!(sockaddr_ll, sll_pkttype)] == libc::PACKET_OUTGOING,
    };
    Some((packet, u32_at(header, offset_of!(tpacket3_hdr, tp_next_offset)) as usize))
}

#[inline]
fn vlan_tag(header: &[u8; HEADER], status: u32) -> Option<VlanTag> {
    if status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    const VARIANT: usize = offset_of!(tpacket3_hdr, hv1);
    let tci = u32_at(header, VARIANT + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tci)) as u16;
    let tpid = match status & libc::TP_STATUS_VLAN_TPID_VALID {
        // Older kernels report a tag without its type.
        0 => vlan::CUSTOMER,
        _ => u16_at(header, VARIANT + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tpid)),
    };
    Some(VlanTag { tpid, tci })
}

#[inline]
fn checksum(status: u32) -> Checksum {
    if status & libc::TP_STATUS_CSUMNOTREADY != 0 {
        Checksum::NotReady
    } else if status & libc::TP_STATUS_CSUM_VALID != 0 {
        Checksum::Valid
    } else {
        Checksum::Unknown
    }
}

/// Most packets that nothing is left to do to say so in the first two bytes.
#[inline]
fn offload(virtio: &[u8; VIRTIO]) -> Option<Offload> {
    let [flags, gso, ..] = *virtio;
    let needs_csum = flags & NEEDS_CHECKSUM != 0;
    let gso_type = match gso & !GSO_ECN {
        0 => GsoType::None,
        1 => GsoType::TcpV4,
        3 => GsoType::UdpFragments,
        4 => GsoType::TcpV6,
        5 => GsoType::Udp,
        other => GsoType::Other(other),
    };
    if gso_type == GsoType::None && !needs_csum {
        return None;
    }
    Some(Offload {
        gso_type,
        ecn: gso & GSO_ECN != 0,
        hdr_len: u16_at(virtio, 2),
        gso_size: u16_at(virtio, 4),
        csum_start: u16_at(virtio, 6),
        csum_offset: u16_at(virtio, 8),
        needs_csum,
    })
}

/// A field at a constant place; both arrays are longer than that place, which the compiler sees.
#[inline(always)]
fn u32_at<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[inline(always)]
fn u16_at<const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DESCRIPTOR: usize = size_of::<tpacket_block_desc>();
    const FRAME_AT: usize = 82;

    fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
        bytes[at..at + value.len()].copy_from_slice(value);
    }

    /// A block as the kernel would write it, with these frames.
    fn block(frames: &[&[u8]]) -> Vec<u8> {
        let mut block = vec![0; 4096];
        put(&mut block, COUNT, &(frames.len() as u32).to_ne_bytes());
        put(&mut block, FIRST, &(DESCRIPTOR as u32).to_ne_bytes());
        let mut at = DESCRIPTOR;
        for (index, frame) in frames.iter().enumerate() {
            let step = if index + 1 == frames.len() { 0 } else { (FRAME_AT + frame.len()).next_multiple_of(16) };
            put(&mut block, at, &(step as u32).to_ne_bytes());
            put(&mut block, at + offset_of!(tpacket3_hdr, tp_sec), &7_u32.to_ne_bytes());
            put(&mut block, at + offset_of!(tpacket3_hdr, tp_snaplen), &(frame.len() as u32).to_ne_bytes());
            put(&mut block, at + offset_of!(tpacket3_hdr, tp_len), &9000_u32.to_ne_bytes());
            put(&mut block, at + offset_of!(tpacket3_hdr, tp_mac), &(FRAME_AT as u16).to_ne_bytes());
            put(&mut block, at + FRAME_AT, frame);
            at += step;
        }
        block
    }

    #[test]
    fn packets_come_in_order_and_none_is_missing() {
        let block = block(&[b"one", b"two-two", b""]);
        let mut packets = Packets::of(&block);
        let read: Vec<_> = packets.by_ref().collect();
        assert_eq!(read.iter().map(|packet| packet.bytes).collect::<Vec<_>>(), [&b"one"[..], b"two-two", b""]);
        assert_eq!(read[0].wire_len, 9000);
        assert_eq!(read[0].time, Timestamp::from_parts(7, 0));
        assert_eq!(packets.missing(), 0);
    }

    #[test]
    fn tags_checksums_offloads_and_direction_are_read() {
        let mut block = block(&[b"frame"]);
        let status = libc::TP_STATUS_VLAN_VALID | libc::TP_STATUS_VLAN_TPID_VALID | libc::TP_STATUS_CSUMNOTREADY;
        put(&mut block, DESCRIPTOR + offset_of!(tpacket3_hdr, tp_status), &status.to_ne_bytes());
        put(&mut block, DESCRIPTOR + 32, &0x2064_u32.to_ne_bytes());
        put(&mut block, DESCRIPTOR + 36, &0x88a8_u16.to_ne_bytes());
        put(&mut block, DESCRIPTOR + ADDRESS + 10, &[libc::PACKET_OUTGOING]);
        put(&mut block, DESCRIPTOR + FRAME_AT - VIRTIO, &[NEEDS_CHECKSUM, 1 | GSO_ECN]);
        for (index, value) in [66_u16, 1448, 34, 16].into_iter().enumerate() {
            put(&mut block, DESCRIPTOR + FRAME_AT - 8 + 2 * index, &value.to_ne_bytes());
        }

        let packet = Packets::of(&block).next().unwrap();
        assert_eq!(packet.vlan, Some(VlanTag { tpid: 0x88a8, tci: 0x2064 }));
        assert_eq!(packet.checksum, Checksum::NotReady);
        assert!(packet.outgoing);
        let expected = Offload {
            gso_type: GsoType::TcpV4,
            ecn: true,
            gso_size: 1448,
            hdr_len: 66,
            csum_start: 34,
            csum_offset: 16,
            needs_csum: true,
        };
        assert_eq!(packet.offload, Some(expected));
    }

    #[test]
    fn a_packet_that_leaves_the_block_is_missing_and_so_is_what_follows() {
        let good = block(&[b"one", b"two", b"three"]);
        let second = DESCRIPTOR + 96;
        for (at, value) in [
            (second + offset_of!(tpacket3_hdr, tp_snaplen), u32::MAX),
            (second + offset_of!(tpacket3_hdr, tp_snaplen), 4096),
            (second + offset_of!(tpacket3_hdr, tp_mac), u32::MAX),
            (DESCRIPTOR, u32::MAX),
            (DESCRIPTOR, 1),
            (DESCRIPTOR, 0),
        ] {
            let mut bad = good.clone();
            put(&mut bad, at, &value.to_ne_bytes());
            let mut packets = Packets::of(&bad);
            assert_eq!(packets.by_ref().count(), 1, "{at} {value}");
            assert_eq!(packets.missing(), 2);
        }
        assert_eq!(Packets::of(&[]).count(), 0);
    }

    proptest! {
        /// Reading stays in the block (a slice would panic) and ends.
        #[test]
        fn any_bytes_are_a_block(mut bytes in prop::collection::vec(any::<u8>(), 0..2048), first in 0_u32..2048) {
            if bytes.len() >= DESCRIPTOR {
                put(&mut bytes, FIRST, &first.to_ne_bytes());
            }
            prop_assert!(Packets::of(&bytes).count() <= bytes.len() / HEADER + 1);
        }

        /// A block with one word overwritten.
        #[test]
        fn any_word_may_be_wrong(at in 0_usize..1000, value in any::<u32>()) {
            let mut block = block(&[&[1; 200], &[2; 300], &[3; 100]]);
            put(&mut block, at, &value.to_ne_bytes());
            let mut packets = Packets::of(&block);
            let read = packets.by_ref().count() as u64;
            let announced = u32::from_ne_bytes(*block[COUNT..].first_chunk().unwrap());
            prop_assert_eq!(read + u64::from(packets.missing()), u64::from(announced));
        }
    }
}
