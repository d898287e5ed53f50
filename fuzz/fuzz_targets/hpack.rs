//! Header blocks, some of which one of two readers misses: what both know, they agree on, and nothing grows.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetap::protocol::hpack::{DEFAULT_TABLE, Decoded, Decoder, Error, MAX_LIST, MAX_TABLE};

/// Two tables' worth of text, the entries, and room for what grows by doubling.
const MOST_MEMORY: usize = 6 * MAX_TABLE as usize;

type Seen = (Option<Vec<u8>>, Option<Vec<u8>>);

fn decode(decoder: &mut Decoder, block: &[u8]) -> (Vec<Seen>, Result<Decoded, Error>) {
    let (mut fields, mut octets, mut unknown) = (Vec::new(), 0, 0);
    let result = decoder.decode(block, |field| {
        octets += field.name.map_or(0, <[u8]>::len) + field.value.map_or(0, <[u8]>::len) + 32;
        unknown += u32::from(field.name.is_none() || field.value.is_none());
        fields.push((field.name.map(<[u8]>::to_vec), field.value.map(<[u8]>::to_vec)));
    });
    assert!(octets <= MAX_LIST, "{octets}");
    assert!(decoder.memory() <= MOST_MEMORY, "{}", decoder.memory());
    if let Ok(decoded) = &result {
        assert_eq!(decoded.unknown, unknown);
        assert_eq!(decoded.list > MAX_LIST, decoded.list_too_large);
        assert!(decoded.list_too_large || decoded.list == octets);
    }
    (fields, result)
}

fuzz_target!(|input: &[u8]| {
    let mut whole = Decoder::new();
    whole.allow(DEFAULT_TABLE);
    let mut partial = Decoder::midstream();
    // Whether the first reader has seen all that it needs.
    let mut exact = true;
    let mut rest = input;
    while let Some((&[how, high, low], after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high & 0x0f, low])).min(after.len());
        let (block, after) = after.split_at(length);
        rest = after;
        let (truth, result) = decode(&mut whole, block);
        exact &= result.is_ok() && !whole.is_partial();
        assert!(!exact || truth.iter().all(|(name, value)| name.is_some() && value.is_some()));
        if result.is_err() || how & 7 == 0 {
            partial.lose();
            continue;
        }
        let (seen, result) = decode(&mut partial, block);
        if exact {
            assert!(result.is_ok(), "{result:?}");
            // What is unknown counts less, so that more may fit.
            assert!(seen.len() >= truth.len());
        }
        for (seen, truth) in seen.iter().zip(&truth) {
            assert!(seen.0.is_none() || truth.0.is_none() || seen.0 == truth.0, "{seen:?} for {truth:?}");
            assert!(seen.1.is_none() || truth.1.is_none() || seen.1 == truth.1, "{seen:?} for {truth:?}");
        }
    }
});
