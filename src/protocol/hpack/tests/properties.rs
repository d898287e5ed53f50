use proptest::prelude::*;

use super::super::{Decoder, MAX_INSERTED, MAX_LIST, MAX_TABLE};
use super::encoder::{self, Block, Encoder, blocks};
use super::{Seen, decode, known};

fn truth(block: &Block) -> Vec<Seen> {
    block.fields.iter().map(|choice| (Some(choice.field.0.clone()), Some(choice.field.1.clone()))).collect()
}

proptest! {
    #[test]
    fn what_was_encoded_comes_out(blocks in blocks()) {
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
        decoder.allow(u32::MAX);
        for block in &blocks {
            let (fields, result) = decode(&mut decoder, &encoder.encode(block));
            prop_assert_eq!(fields, truth(block));
            let decoded = result.unwrap();
            prop_assert_eq!((decoded.unknown, decoded.late_size_update, decoded.size_not_allowed), (0, false, false));
        }
    }

    #[test]
    fn after_missed_blocks_what_is_called_known_is_true(
        blocks in blocks(),
        missed in prop::collection::vec(prop::bool::weighted(0.3), 20),
        from_the_start in any::<bool>(),
    ) {
        let mut encoder = Encoder::new();
        let mut decoder = if from_the_start { Decoder::new() } else { Decoder::midstream() };
        for (block, missed) in blocks.iter().zip(missed) {
            let bytes = encoder.encode(block);
            if missed {
                decoder.lose();
                continue;
            }
            let (fields, result) = decode(&mut decoder, &bytes);
            let decoded = result.unwrap();
            prop_assert_eq!(fields.len(), block.fields.len());
            let mut unknown = 0;
            for (seen, truth) in fields.iter().zip(truth(block)) {
                prop_assert!(seen.0.is_none() || seen.0 == truth.0, "{:?} for {:?}", seen, truth);
                prop_assert!(seen.1.is_none() || seen.1 == truth.1, "{:?} for {:?}", seen, truth);
                unknown += u32::from(seen.0.is_none() || seen.1.is_none());
            }
            prop_assert_eq!(decoded.unknown, unknown);
            if block.sizes.contains(&0) {
                prop_assert!(!decoder.is_partial());
                prop_assert_eq!(unknown, 0, "all that the table has was added after it was emptied");
            }
        }
    }

    #[test]
    fn a_block_cut_short_gives_the_fields_before_the_cut(blocks in blocks(), cut in any::<prop::sample::Index>()) {
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
        let (last, before) = blocks.split_last().unwrap();
        for block in before {
            decoder.decode(&encoder.encode(block), |_| ()).unwrap();
        }
        let bytes = encoder.encode(last);
        let cut = cut.index(bytes.len() + 1);
        let (fields, result) = decode(&mut decoder, &bytes[..cut]);
        prop_assert!(truth(last).starts_with(&fields));
        prop_assert!(cut < bytes.len() || result.is_ok());
        prop_assert_eq!(decoder.is_partial(), result.is_err());
    }

    #[test]
    fn nothing_makes_it_panic_or_grow(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20)) {
        let mut decoder = Decoder::new();
        for block in blocks {
            let _ = decoder.decode(&block, |_| ());
            prop_assert!(decoder.memory() <= 2 * MAX_TABLE as usize + (32 << 10));
        }
    }

    #[test]
    fn valid_blocks_with_octets_changed_do_not_make_it_panic(
        blocks in blocks(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
        for block in &blocks {
            let mut bytes = encoder.encode(block);
            for (at, octet) in &changes {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = *octet;
                }
            }
            let _ = decoder.decode(&bytes, |_| ());
        }
    }
}

#[test]
fn a_list_past_the_limit_is_cut_and_the_table_stays_right() {
    let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
    let long = "v".repeat(3000);
    decode(&mut decoder, &encoder.encode(&encoder::ordinary(&[("x-long", &long)]))).1.unwrap();
    // 3 octets of input for 3000 of output, the bomb of RFC 9113 §10.5.1; and one more entry at its end.
    let mut fields = vec![("x-long", long.as_str()); 1000];
    fields.push(("x-last", "1"));
    let (seen, result) = decode(&mut decoder, &encoder.encode(&encoder::ordinary(&fields)));
    let decoded = result.unwrap();
    assert!(decoded.list_too_large && decoded.list > 3_000_000);
    assert_eq!(seen.len(), MAX_LIST / (3000 + 6 + 32));
    let (seen, _) = decode(&mut decoder, &encoder.encode(&encoder::ordinary(&[("x-last", "1"), ("x-long", &long)])));
    assert_eq!(seen, known(&[("x-last", "1"), ("x-long", &long)]));
}

#[test]
fn a_block_that_adds_without_end_is_given_up() {
    let mut decoder = Decoder::new();
    let mut block = Vec::new();
    encoder::integer(&mut block, 0x20, 5, 65536);
    block.push(0x40);
    encoder::string(&mut block, "n".repeat(60_000).as_bytes(), false);
    encoder::string(&mut block, b"", false);
    // Each two octets add 60,000: the name of entry 62 with an empty value.
    block.extend([0x7e, 0x00].repeat(1000));
    let (_, result) = decode(&mut decoder, &block);
    let Err(super::Error::TooMuchAdded { octets }) = result else { panic!("{result:?}") };
    assert!((MAX_INSERTED..MAX_INSERTED + 70_000).contains(&octets));
    assert!(decoder.is_partial());
}

#[test]
fn size_updates_are_checked() {
    let mut decoder = Decoder::new();
    let decoded = decode(&mut decoder, &[0x20, 0x3f, 0xe1, 0x1f, 0x82]).1.unwrap();
    assert_eq!((decoded.late_size_update, decoded.size_not_allowed), (false, false), "0, then 4096, then GET");
    let decoded = decode(&mut decoder, &[0x3f, 0xe2, 0x1f]).1.unwrap();
    assert!(decoded.size_not_allowed, "4097 when 4096 is allowed");
    let decoded = decode(&mut decoder, &[0x82, 0x20]).1.unwrap();
    assert!(decoded.late_size_update);
}

#[test]
fn an_index_that_no_table_has_ends_the_block_and_loses_the_table() {
    let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
    decode(&mut decoder, &encoder.encode(&encoder::ordinary(&[("x-a", "1")]))).1.unwrap();
    assert_eq!(
        decode(&mut decoder, &[0x82, 0xbf]),
        (known(&[(":method", "GET")]), Err(super::Error::Index { index: 63 }))
    );
    assert_eq!(decode(&mut decoder, &[0xbe]).0, vec![(None, None)]);
    assert_eq!(decode(&mut decoder, &[0x80]).1, Err(super::Error::Index { index: 0 }));
}

#[test]
fn an_index_is_told_with_what_is_unknown() {
    let mut decoder = Decoder::midstream();
    let mut indices = Vec::new();
    // 62 whole; 63 as the name of a literal that is added; then that literal, whose name is still unknown.
    decoder
        .decode(&[0xbe, 0x7f, 0x00, 0x01, b'v', 0xbe], |field| indices.push((field.index, field.value.is_some())))
        .unwrap();
    assert_eq!(indices, [(62, false), (63, true), (62, true)]);
}
