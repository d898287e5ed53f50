//! The Internet checksum (RFC 1071) over bytes that lie in several places.
//!
//! A [`Sum`] is what a stretch of bytes adds to a checksum. Sums of stretches add up to that of the whole, so headers
//! that are written anew and a payload that is only borrowed need not be in one piece. The words are read in the
//! machine's own byte order, as the sum does not depend on it (RFC 1071 §2 B).
//!
//! Nothing here allocates. A stretch may be of any length up to 16 GiB.

/// The bytes that the inner loop takes at once.
const BLOCK: usize = 64;

/// The one's complement sum of 16-bit words, so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum(u32);

impl Sum {
    /// Of a stretch that begins at an even offset of what is summed. A last odd byte is padded with zero.
    #[inline]
    pub fn of(bytes: &[u8]) -> Sum {
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        // Words of 32 bits have 32 bits of room for carries; several sums at a time are what vector units want.
        let mut lanes = [0_u64; 8];
        for block in blocks {
            let (words, _) = block.as_chunks::<4>();
            for (index, word) in words.iter().enumerate() {
                lanes[index % 8] += u64::from(u32::from_ne_bytes(*word));
            }
        }
        let (words, rest) = rest.as_chunks::<4>();
        let mut total: u64 = lanes.iter().map(|lane| (lane & 0xffff_ffff) + (lane >> 32)).sum();
        for word in words {
            total += u64::from(u32::from_ne_bytes(*word));
        }
        total += match *rest {
            [a] => u64::from(u16::from_ne_bytes([a, 0])),
            [a, b] => u64::from(u16::from_ne_bytes([a, b])),
            [a, b, c] => u64::from(u16::from_ne_bytes([a, b])) + u64::from(u16::from_ne_bytes([c, 0])),
            _ => 0,
        };
        Sum::folded(total)
    }

    /// Of one 16-bit word.
    #[inline]
    pub fn word(word: u16) -> Sum {
        Sum(u32::from(word.to_be()))
    }

    /// Of what stands before a TCP, UDP or ICMPv6 message in the checksum: `addresses` is the source and the
    /// destination, 8 bytes for IPv4 (RFC 9293 §3.1) and 32 for IPv6 (RFC 8200 §8.1); `length` is the message's.
    #[inline]
    pub fn pseudo_header(addresses: &[u8], protocol: u8, length: u32) -> Sum {
        Sum::of(addresses).and(Sum::of(&length.to_be_bytes())).and(Sum::word(u16::from(protocol)))
    }

    /// With the sum of a stretch that begins at an even offset.
    #[inline]
    #[must_use]
    pub fn and(self, next: Sum) -> Sum {
        Sum::folded(u64::from(self.0) + u64::from(next.0))
    }

    /// With the sum of a stretch that begins at an odd offset: its bytes are in the other halves of their words.
    #[inline]
    #[must_use]
    pub fn and_odd(self, next: Sum) -> Sum {
        self.and(Sum(u32::from(next.fold().swap_bytes())))
    }

    /// What is written into the header, in network byte order. 0 for bytes that contain their right checksum.
    #[inline]
    pub fn checksum(self) -> [u8; 2] {
        (!self.fold()).to_ne_bytes()
    }

    /// What is written into a UDP header, where zero would say that there is none (RFC 768).
    #[inline]
    pub fn udp_checksum(self) -> [u8; 2] {
        match self.checksum() {
            [0, 0] => [0xff, 0xff],
            checksum => checksum,
        }
    }

    /// At most 17 bits.
    #[inline]
    fn folded(total: u64) -> Sum {
        let total = (total & 0xffff_ffff) + (total >> 32);
        let total = (total & 0xffff) + (total >> 16 & 0xffff) + (total >> 32);
        Sum(total as u32)
    }

    #[inline]
    fn fold(self) -> u16 {
        let once = (self.0 & 0xffff) + (self.0 >> 16);
        ((once & 0xffff) + (once >> 16)) as u16
    }
}

/// Two sums are equal if they give the same checksum.
impl PartialEq for Sum {
    fn eq(&self, other: &Sum) -> bool {
        self.fold() == other.fold()
    }
}

impl Eq for Sum {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Word by word, as RFC 1071 §1 says it.
    fn slowly(bytes: &[u8]) -> [u8; 2] {
        let mut sum = 0_u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        (!(sum as u16)).to_be_bytes()
    }

    #[test]
    fn the_example_of_the_rfc() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(Sum::of(&bytes).checksum(), [!0xdd, !0xf2]);
    }

    #[test]
    fn only_ones_and_nothing_at_all() {
        assert_eq!(Sum::of(&[0xff; 1 << 20]).checksum(), [0, 0]);
        assert_eq!(Sum::of(&[]).checksum(), [0xff, 0xff]);
        assert_eq!(Sum::of(&[0xff, 0xff]).udp_checksum(), [0xff, 0xff]);
        assert_eq!(Sum::word(0x1234).checksum(), [!0x12, !0x34]);
    }

    #[test]
    fn a_datagram_with_its_pseudo_header() {
        // A DNS query as a resolver sent it: 10.0.0.1:53000 to 10.0.0.2:53, "x".
        let datagram = [0xcf, 0x08, 0, 0x35, 0, 9, 0, 0, b'x'];
        let sum = Sum::pseudo_header(&[10, 0, 0, 1, 10, 0, 0, 2], 17, 9).and(Sum::of(&datagram));
        let whole = [&[10, 0, 0, 1, 10, 0, 0, 2, 0, 17, 0, 9][..], &datagram].concat();
        assert_eq!(sum.udp_checksum(), slowly(&whole));
    }

    proptest! {
        #[test]
        fn any_bytes_have_the_sum_of_the_rfc(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            prop_assert_eq!(Sum::of(&bytes).checksum(), slowly(&bytes));
        }

        /// However they are split.
        #[test]
        fn parts_add_up_to_the_whole(
            bytes in prop::collection::vec(any::<u8>(), 0..600),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let sum = cuts.windows(2).fold(Sum::default(), |sum, part| {
                let next = Sum::of(&bytes[part[0]..part[1]]);
                if part[0] % 2 == 0 { sum.and(next) } else { sum.and_odd(next) }
            });
            prop_assert_eq!(sum.checksum(), Sum::of(&bytes).checksum());
        }
    }
}
