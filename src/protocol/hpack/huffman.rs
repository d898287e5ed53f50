//! The Huffman code of RFC 7541, Appendix B.
//!
//! The code is canonical: codes of one length are consecutive numbers in the order of their symbols, and follow on
//! from those of the length before. So the lengths below are all the data there is, and the rest is computed from them
//! when the crate is compiled: a table of 1024 entries that decodes any code of up to 10 bits in one step (all of
//! letters, digits and most punctuation), and for the longer ones the first code of each length.

use super::Error;

/// Symbols: the 256 octets and the end of string.
const SYMBOLS: usize = 257;
/// The symbol that is never sent whole; its first bits are the padding.
const END_OF_STRING: u16 = 256;
const LONGEST: usize = 30;
/// Codes of at most this many bits are decoded in one step.
const DIRECT_BITS: usize = 10;

/// The length in bits of each symbol's code.
#[rustfmt::skip]
const LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

struct Code {
    /// By the next 10 bits: symbol and length; length 0 for a longer code.
    direct: [(u8, u8); 1 << DIRECT_BITS],
    /// By length: one past its last code, aligned to the left of 32 bits.
    limit: [u64; LONGEST + 1],
    /// By length: what to add to a code (modulo 2^32) for its place in `symbols`.
    place: [u32; LONGEST + 1],
    /// Symbols in the order of their codes.
    symbols: [u16; SYMBOLS],
}

static CODE: Code = derive();

const fn derive() -> Code {
    let mut code = Code {
        direct: [(0, 0); 1 << DIRECT_BITS],
        limit: [0; LONGEST + 1],
        place: [0; LONGEST + 1],
        symbols: [0; 257],
    };
    let mut next: u32 = 0;
    let mut placed: usize = 0;
    let mut length = 1;
    while length <= LONGEST {
        next <<= 1;
        code.place[length] = (placed as u32).wrapping_sub(next);
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if LENGTHS[symbol] as usize == length {
                code.symbols[placed] = symbol as u16;
                placed += 1;
                if length <= DIRECT_BITS {
                    let first = (next as usize) << (DIRECT_BITS - length);
                    let mut entry = first;
                    while entry < first + (1 << (DIRECT_BITS - length)) {
                        code.direct[entry] = (symbol as u8, length as u8);
                        entry += 1;
                    }
                }
                next += 1;
            }
            symbol += 1;
        }
        code.limit[length] = (next as u64) << (32 - length);
        length += 1;
    }
    code
}

/// Appends what `encoded` says to `out`: at most 8 octets for every 5 of `encoded`.
///
/// # Errors
/// [`Error::Huffman`] if the end of string is in it, or its padding is longer than 7 bits or not of ones.
pub(super) fn decode(encoded: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    out.reserve(encoded.len() * 8 / 5);
    // The next bits, the first of them topmost; below them ones, as padding has.
    let mut window = u64::MAX;
    let mut bits = 0_u32;
    let mut input = encoded;
    loop {
        if bits <= 32 {
            if let Some((word, rest)) = input.split_first_chunk::<4>() {
                let word = (u64::from(u32::from_be_bytes(*word)) << 32 | 0xffff_ffff) >> bits;
                window &= word | !(u64::MAX >> bits);
                bits += 32;
                input = rest;
            } else {
                while let Some((&octet, rest)) = input.split_first() {
                    let hole = 0xff_u64 << 56 >> bits;
                    window = window & !hole | u64::from(octet) << 56 >> bits;
                    bits += 8;
                    input = rest;
                }
            }
        }
        let (symbol, length) = CODE.direct[(window >> (64 - DIRECT_BITS)) as usize];
        let (symbol, length) = if length != 0 { (symbol, u32::from(length)) } else { long(window, bits)? };
        if length > bits || length == 0 {
            break;
        }
        out.push(symbol);
        window = window << length | !(u64::MAX << length);
        bits -= length;
    }
    // What is left is padding: the window is ones below `bits`, so all of it must be.
    if bits < 8 && window == u64::MAX { Ok(()) } else { Err(Error::Huffman) }
}

/// The symbol and the length of a code of more than 10 bits; length 0 where the window begins with the end of string,
/// which is what padding looks like.
#[cold]
fn long(window: u64, bits: u32) -> Result<(u8, u32), Error> {
    let head = window >> 32;
    for length in DIRECT_BITS + 1..=LONGEST {
        if head < CODE.limit[length] {
            let code = (head >> (32 - length)) as u32;
            let place = code.wrapping_add(CODE.place[length]) as usize;
            return match CODE.symbols.get(place) {
                Some(&END_OF_STRING) if (length as u32) <= bits => Err(Error::Huffman),
                Some(&END_OF_STRING) | None => Ok((0, 0)),
                Some(&symbol) => Ok((symbol as u8, length as u32)),
            };
        }
    }
    Ok((0, 0))
}

/// The code of an octet and its length in bits, for the encoder of the tests.
#[cfg(test)]
pub(super) fn code_of(octet: u8) -> (u32, u32) {
    let place = CODE.symbols.iter().position(|&symbol| symbol == u16::from(octet)).expect("every octet has a code");
    let length = usize::from(LENGTHS[usize::from(octet)]);
    ((place as u32).wrapping_sub(CODE.place[length]), length as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoded: &[u8]) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        decode(encoded, &mut out).map(|()| out)
    }

    #[test]
    fn codes_are_those_of_appendix_b() {
        // First and last of some lengths, and the only one whose neighbours are far away.
        for (octet, code, length) in [
            (b'0', 0x0, 5),
            (b't', 0x9, 5),
            (b' ', 0x14, 6),
            (b':', 0x5c, 7),
            (b'&', 0xf8, 8),
            (b'!', 0x3f8, 10),
            (b'\'', 0x7fa, 11),
            (b'\\', 0x7fff0, 19),
            (0x00, 0x1ff8, 13),
            (0x80, 0xfffe6, 20),
            (0xff, 0x3ffffee, 26),
            (0xf9, 0xffffffe, 28),
            (b'\n', 0x3ffffffc, 30),
            (0x16, 0x3ffffffe, 30),
        ] {
            assert_eq!(code_of(octet), (code, length), "octet {octet:#x}");
        }
    }

    #[test]
    fn the_codes_fill_the_space_and_no_more() {
        let filled: u64 = LENGTHS.iter().map(|&length| 1_u64 << (LONGEST - usize::from(length))).sum();
        assert_eq!(filled, 1 << LONGEST);
    }

    #[test]
    fn every_octet_decodes_alone_and_among_others() {
        for octet in 0..=255 {
            for text in [vec![octet], vec![b'a', octet, b'b'], vec![octet; 9]] {
                assert_eq!(decoded(&super::super::tests::encoder::huffman(&text)), Ok(text));
            }
        }
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(decoded(&[]), Ok(vec![]));
    }

    #[test]
    fn padding_is_of_ones_and_shorter_than_an_octet() {
        assert_eq!(decoded(&[0b0001_1111]), Ok(b"a".to_vec()));
        assert_eq!(decoded(&[0b0001_1110]), Err(Error::Huffman), "zeros");
        assert_eq!(decoded(&[0b0001_1111, 0xff]), Err(Error::Huffman), "eleven bits");
        assert_eq!(decoded(&[0xff]), Err(Error::Huffman), "eight bits");
        assert_eq!(decoded(&[0xff; 8]), Err(Error::Huffman), "the end of string itself");
    }
}
