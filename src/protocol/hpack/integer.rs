//! Integers with a prefix, RFC 7541 §5.1.
//!
//! Everything that HPACK counts (indices, lengths, table sizes) fits `u32` here; a larger one is an error, and no more
//! than five continuation octets are looked at.

use super::Error;

/// Reads the integer whose first `prefix` bits (1 to 8) are the low ones of the next octet, and moves `input` past it.
#[inline]
pub(super) fn read(input: &mut &[u8], prefix: u32) -> Result<u32, Error> {
    let (&first, mut rest) = input.split_first().ok_or(Error::Truncated)?;
    let mask = 0xff_u8 >> (8 - prefix);
    let low = first & mask;
    if low < mask {
        *input = rest;
        return Ok(u32::from(low));
    }

    let mut value = u64::from(mask);
    for shift in (0..35).step_by(7) {
        let (&octet, tail) = rest.split_first().ok_or(Error::Truncated)?;
        rest = tail;
        value += u64::from(octet & 0x7f) << shift;
        if octet & 0x80 == 0 {
            *input = rest;
            return u32::try_from(value).map_err(|_| Error::IntegerTooLarge);
        }
    }
    Err(Error::IntegerTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8], prefix: u32) -> Result<u32, Error> {
        let mut input = bytes;
        let value = read(&mut input, prefix)?;
        assert!(input.is_empty(), "{} octets were left", input.len());
        Ok(value)
    }

    #[test]
    fn the_examples_of_appendix_c_1() {
        assert_eq!(whole(&[0b1110_1010], 5), Ok(10));
        assert_eq!(whole(&[0b0001_1111, 0b1001_1010, 0b0000_1010], 5), Ok(1337));
        assert_eq!(whole(&[42], 8), Ok(42));
    }

    #[test]
    fn the_largest_is_that_of_u32() {
        assert_eq!(whole(&[0xff, 0x80, 0xfe, 0xff, 0xff, 0x0f], 8), Ok(u32::MAX));
        assert_eq!(whole(&[0xff, 0x81, 0xfe, 0xff, 0xff, 0x0f], 8), Err(Error::IntegerTooLarge));
    }

    #[test]
    fn leading_zeros_do_not_go_on_for_ever() {
        assert_eq!(whole(&[0x7f, 0x80, 0x80, 0x80, 0x00], 7), Ok(127));
        assert_eq!(whole(&[0x7f, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], 7), Err(Error::IntegerTooLarge));
    }

    #[test]
    fn an_integer_cut_short_is_said_to_be() {
        assert_eq!(whole(&[], 7), Err(Error::Truncated));
        assert_eq!(whole(&[0x7f], 7), Err(Error::Truncated));
        assert_eq!(whole(&[0x7f, 0x80], 7), Err(Error::Truncated));
    }
}
