use proptest::prelude::*;

use super::*;
use crate::packet::Address;
use crate::packet::decode::{Realm, Transport};
use crate::packet::ip::{self, FragmentInfo};

fn part(identification: u32, offset: usize, more: bool, payload: &[u8]) -> Fragment<'_> {
    Fragment {
        realm: Realm::OUTSIDE,
        source: Address::v4([10, 0, 0, 1]),
        destination: Address::v4([10, 0, 0, 2]),
        protocol: ip::UDP,
        info: FragmentInfo { identification, offset: offset as u32, more },
        payload,
        depth: 0,
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_parts(seconds, 0)
}

/// A UDP datagram of this length, with its header.
fn datagram(len: usize) -> Vec<u8> {
    let mut bytes = vec![0, 1, 0, 2];
    bytes.extend((len as u16).to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend((0..len - 8).map(|place| place as u8));
    bytes
}

/// The payload of the datagram that a part completes.
fn completed(result: Option<Result<Decoded<'_>, Undecoded>>) -> Option<Vec<u8>> {
    match result? {
        Ok(Decoded::Packet(packet)) => match packet.transport {
            Transport::Udp(datagram) => Some(datagram.payload.to_vec()),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn parts_in_any_order_and_repeated_make_the_whole(
        len in 9..3_000_usize,
        step in 1..40_usize,
        order in prop::collection::vec(any::<u32>(), 400),
        repeated in prop::collection::vec(any::<bool>(), 400),
    ) {
        let whole = datagram(len);
        let step = (step * 8).max(len.div_ceil(50).next_multiple_of(8));
        let mut parts: Vec<_> = (0..len).step_by(step).enumerate().collect();
        parts.sort_by_key(|&(place, _)| order[place]);
        let mut fragments = Fragments::default();
        let mut found = Vec::new();
        let last = parts.len() - 1;
        for (turn, &(place, offset)) in parts.iter().enumerate() {
            let end = len.min(offset + step);
            let part = part(7, offset, end < len, &whole[offset..end]);
            found.extend(completed(fragments.add(&part, at(1))));
            if repeated[place] && turn < last {
                found.extend(completed(fragments.add(&part, at(1))));
            }
        }
        prop_assert_eq!(found, vec![whole[8..].to_vec()]);
        prop_assert_eq!((fragments.waiting.len(), fragments.bytes, fragments.counts.completed), (0, 0, 1));
    }

    #[test]
    fn nothing_that_is_sent_exceeds_the_limits(
        parts in prop::collection::vec((0..400_u32, 0..8_200_usize, any::<bool>(), 0..2_000_usize), 1..400),
    ) {
        let bytes = [5; 2_000];
        let mut fragments = Fragments::default();
        for (turn, (identification, offset, more, len)) in parts.into_iter().enumerate() {
            let _ = fragments.add(&part(identification, offset * 8, more, &bytes[..len]), at(turn as u64 / 50));
            prop_assert!(fragments.waiting.len() <= MAX_PACKETS && fragments.bytes <= MAX_BYTES);
            let held: usize = fragments.waiting.iter().map(|waiting| waiting.bytes.capacity()).sum();
            prop_assert_eq!(held, fragments.bytes);
            prop_assert!(fragments.waiting.iter().all(|waiting| waiting.ranges.len() <= MAX_RANGES));
        }
    }
}

#[test]
fn an_overlap_that_changes_bytes_makes_the_packet_worthless() {
    let whole = datagram(64);
    let mut fragments = Fragments::default();
    assert!(fragments.add(&part(1, 0, true, &whole[..32]), at(1)).is_none());
    assert!(fragments.add(&part(1, 16, true, &[0xee; 24]), at(1)).is_none());
    assert_eq!((fragments.counts.abandoned, fragments.waiting.len()), (1, 0));
    // What is left of it completes nothing.
    assert!(fragments.add(&part(1, 32, false, &whole[32..]), at(1)).is_none());
}

#[test]
fn two_ends_of_one_packet_make_it_worthless() {
    let whole = datagram(64);
    let mut fragments = Fragments::default();
    assert!(fragments.add(&part(1, 32, false, &whole[32..]), at(1)).is_none());
    assert!(fragments.add(&part(1, 32, false, &whole[32..48]), at(1)).is_none());
    assert_eq!(fragments.counts.abandoned, 1);
    // A part behind the end.
    assert!(fragments.add(&part(2, 8, false, &whole[8..16]), at(1)).is_none());
    assert!(fragments.add(&part(2, 32, true, &whole[32..64]), at(1)).is_none());
    assert_eq!(fragments.counts.abandoned, 2);
}

#[test]
fn the_last_part_may_not_take_for_ever() {
    let whole = datagram(64);
    let mut fragments = Fragments::default();
    assert!(fragments.add(&part(1, 0, true, &whole[..32]), at(1)).is_none());
    assert!(fragments.add(&part(2, 0, true, &whole[..32]), at(12)).is_none());
    assert_eq!(fragments.counts.abandoned, 1);
    assert!(fragments.add(&part(1, 32, false, &whole[32..]), at(12)).is_none());
}
