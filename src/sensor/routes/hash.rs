//! One hash for words, templates and clients: quick, the same in every run, and usable at compile time.
//!
//! Nothing trusts it: where two keys with the same hash would matter, the keys themselves are compared.

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Of some bytes.
#[inline]
pub const fn of(bytes: &[u8]) -> u64 {
    let mut hash = (bytes.len() as u64).wrapping_mul(MULTIPLIER);
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        hash = stir(hash ^ u64::from_le_bytes(*word));
        rest = behind;
    }
    // At most seven bytes are left, in two halves that may overlap, or in three bytes that may be the same.
    let word = match (rest.first_chunk::<4>(), rest.last_chunk::<4>(), rest) {
        (Some(first), Some(last), _) => (u32::from_le_bytes(*first) as u64) << 32 | u32::from_le_bytes(*last) as u64,
        (_, _, [first, .., last]) => (*first as u64) << 16 | (rest[rest.len() / 2] as u64) << 8 | *last as u64,
        (_, _, [only]) => *only as u64,
        _ => 0,
    };
    stir(hash ^ word)
}

/// Of a number.
#[inline]
pub const fn stir(value: u64) -> u64 {
    let product = (value ^ MULTIPLIER) as u128 * (MULTIPLIER as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_have_hashes_of_their_own() {
        let texts = (0..100_000).map(|number| number.to_string());
        let hashes: std::collections::HashSet<_> = texts.map(|text| of(text.as_bytes())).collect();
        assert_eq!(hashes.len(), 100_000);
    }

    #[test]
    fn texts_that_differ_in_one_place_have_other_hashes() {
        for length in 0..40 {
            let text = vec![b'a'; length];
            for place in 0..length {
                let mut other = text.clone();
                other[place] = b'b';
                assert_ne!(of(&text), of(&other), "{length} {place}");
            }
            assert_ne!(of(&text), of(&vec![b'a'; length + 1]));
        }
    }
}
