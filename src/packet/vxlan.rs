//! VXLAN (RFC 7348 §5).

/// The port that IANA gave VXLAN.
pub const PORT: u16 = 4789;

const HEADER_LEN: usize = 8;
const VNI_IS_VALID: u8 = 0x08;

/// The network that an encapsulated frame belongs to, and the frame.
///
/// Reserved bits are not looked at, as RFC 7348 asks of receivers; without the I flag it is not VXLAN.
#[inline]
pub fn parse(payload: &[u8]) -> Option<(u32, &[u8])> {
    let (header, frame) = payload.split_first_chunk::<HEADER_LEN>()?;
    if header[0] & VNI_IS_VALID == 0 {
        return None;
    }
    Some((u32::from_be_bytes([0, header[4], header[5], header[6]]), frame))
}
