//! VXLAN (RFC 7348 §5): the header that stands between a UDP datagram and the Ethernet frame in it.

/// The port that IANA gave VXLAN.
pub const PORT: u16 = 4789;

/// The length of the header.
pub const HEADER_LEN: usize = 8;

const VNI_IS_VALID: u8 = 0x08;

/// A VXLAN network identifier: 24 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vni(u32);

impl Vni {
    /// Nothing for a number of more than 24 bits.
    pub const fn new(number: u32) -> Option<Self> {
        if number >> 24 == 0 { Some(Vni(number)) } else { None }
    }

    /// The number.
    #[inline]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The header of a VXLAN datagram: the I flag, the network's identifier, and zero in every reserved bit, without which
/// a strict receiver refuses it.
#[inline]
pub const fn header(vni: Vni) -> [u8; HEADER_LEN] {
    let [_, high, middle, low] = vni.0.to_be_bytes();
    [VNI_IS_VALID, 0, 0, 0, high, middle, low, 0]
}

/// The network that an encapsulated frame belongs to, and the frame.
///
/// Reserved bits are not looked at, as RFC 7348 asks of receivers; without the I flag it is not VXLAN.
#[inline]
pub fn parse(payload: &[u8]) -> Option<(Vni, &[u8])> {
    let (header, frame) = payload.split_first_chunk::<HEADER_LEN>()?;
    if header[0] & VNI_IS_VALID == 0 {
        return None;
    }
    Some((Vni(u32::from_be_bytes([0, header[4], header[5], header[6]])), frame))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_24_bits() {
        assert_eq!(Vni::new(0xff_ffff).map(Vni::get), Some(0xff_ffff));
        assert_eq!(Vni::new(0x100_0000), None);
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let vni = Vni::new(0x12_3456).unwrap();
        assert_eq!(header(vni), [0x08, 0, 0, 0, 0x12, 0x34, 0x56, 0]);
        let datagram = [&header(vni)[..], b"frame"].concat();
        assert_eq!(parse(&datagram), Some((vni, &b"frame"[..])));
        assert_eq!(parse(&datagram[..7]), None);
    }

    #[test]
    fn reserved_bits_do_not_matter_to_a_receiver_and_the_flag_does() {
        assert_eq!(parse(&[0xff, 1, 2, 3, 0, 0, 5, 9]), Some((Vni(5), &[][..])));
        assert_eq!(parse(&[0xf7, 0, 0, 0, 0, 0, 5, 0]), None);
    }
}
