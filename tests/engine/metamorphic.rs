//! Whatever keeps the bytes of the connections keeps the records.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::chance::Chance;
use super::dialogue::{Dialogue, shape};
use super::packet::{Packet, shots};
use super::sensor::{Outcome, run, run_shots};
use super::transform::{self, Carrier, Stamps};

/// The same cases in every run; `SIDETAP_CASES` asks for more.
pub fn cases(usual: u32) -> ProptestConfig {
    let cases = std::env::var("SIDETAP_CASES").ok().and_then(|cases| cases.parse::<u32>().ok());
    let factor = cases.unwrap_or(1);
    let rng_seed = match factor {
        1 => proptest::test_runner::RngSeed::Fixed(0x5eed),
        _ => proptest::test_runner::RngSeed::Random,
    };
    ProptestConfig {
        cases: usual * factor,
        rng_seed,
        failure_persistence: None::<Box<FileFailurePersistence>>.map(|none| none as _),
        ..ProptestConfig::default()
    }
}

/// How a capture is changed, and what then goes into the engine.
type Change = fn(&[Packet], &mut Chance) -> Vec<super::packet::Shot>;

/// Every change that keeps the records, by name.
pub const CHANGES: &[(&str, Change)] = &[
    ("nothing", |packets, _| shots(packets)),
    ("split at every byte", |packets, _| shots(&transform::split(packets, || 1))),
    ("split anywhere", |packets, chance| shots(&transform::split(packets, || chance.between(1, 400)))),
    ("coalesced", |packets, _| shots(&transform::coalesce(packets, 65_000))),
    ("coalesced beyond 64 KiB", |packets, _| shots(&transform::coalesce(packets, 150_000))),
    ("reordered by 1", |packets, chance| shots(&transform::reorder(packets, 1, Stamps::Stay, chance))),
    ("reordered by 8", |packets, chance| shots(&transform::reorder(packets, 8, Stamps::Stay, chance))),
    ("reordered by 8, with stamps", |packets, chance| shots(&transform::reorder(packets, 8, Stamps::Travel, chance))),
    ("reordered by 32", |packets, chance| shots(&transform::reorder(packets, 32, Stamps::Stay, chance))),
    ("duplicated", |packets, chance| shots(&transform::duplicate(packets, 30, 20, chance))),
    ("retransmitted", |packets, chance| shots(&transform::retransmit(packets, 30, chance))),
    ("sequences wrapped", |packets, _| shots(&transform::wrap_sequences(packets))),
    ("tagged", |packets, _| transform::carry(packets, Carrier::Tags(1))),
    ("tagged four times", |packets, _| transform::carry(packets, Carrier::Tags(4))),
    ("in VXLAN", |packets, _| transform::carry(packets, Carrier::Vxlan { depth: 1, tags: 0 })),
    ("in VXLAN in VXLAN, tagged", |packets, _| transform::carry(packets, Carrier::Vxlan { depth: 2, tags: 2 })),
    ("cooked", |packets, _| transform::carry(packets, Carrier::Cooked)),
    ("cooked, version 2", |packets, _| transform::carry(packets, Carrier::Cooked2)),
    ("raw", |packets, _| transform::carry(packets, Carrier::Raw)),
    ("raw by version", |packets, _| transform::carry(packets, Carrier::Version)),
    ("loopback", |packets, _| transform::carry(packets, Carrier::Null)),
    ("OpenBSD loopback", |packets, _| transform::carry(packets, Carrier::Loop)),
    ("fragmented", |packets, chance| transform::fragment(packets, 256, false, chance)),
    ("fragmented in VXLAN", |packets, chance| transform::fragment(packets, 64, true, chance)),
    ("two interfaces", |packets, chance| shots(&transform::on_two_interfaces(packets, 12, chance))),
    ("checksums blanked", |packets, chance| transform::blank_checksums(packets, chance)),
    ("everything", |packets, chance| {
        let packets = transform::split(packets, || chance.between(1, 3_000));
        let packets = transform::wrap_sequences(&packets);
        let packets = transform::reorder(&packets, 8, Stamps::Stay, chance);
        let packets = transform::retransmit(&packets, 10, chance);
        let packets = transform::duplicate(&packets, 10, 5, chance);
        transform::carry(&packets, Carrier::Vxlan { depth: 1, tags: 1 })
    }),
];

/// That two runs reported the same, times aside.
pub fn assert_same(change: &str, before: &Outcome, after: &Outcome) {
    if before.seen == after.seen {
        return;
    }
    let gone: Vec<_> = before.seen.iter().filter(|seen| !after.seen.contains(seen)).collect();
    let new: Vec<_> = after.seen.iter().filter(|seen| !before.seen.contains(seen)).collect();
    panic!("{change}: gone {gone:#?}, new {new:#?}, of {} and {}", before.seen.len(), after.seen.len());
}

/// That the engine reports what was.
pub fn assert_true(dialogue: &Dialogue, outcome: &Outcome) {
    assert_eq!(outcome.seen.len(), dialogue.truth.len(), "{:#?}", outcome.seen);
    for (place, truth) in dialogue.truth.iter().enumerate() {
        let seen = outcome.seen.iter().find(|seen| seen.index == place as u32).expect("an index for each");
        assert_eq!(seen.request_id.as_ref(), Some(&truth.id));
        assert_eq!(seen.response_id.as_ref(), Some(&truth.id));
        assert_eq!((seen.method.as_str(), seen.path.as_str()), (truth.method, truth.path.as_str()));
        assert_eq!((seen.status, seen.version), (Some(truth.status), truth.version));
        assert_eq!((seen.request_len, seen.response_len), (truth.request_len, truth.response_len), "{truth:?}");
        assert_eq!(seen.completeness, "complete");
        assert_eq!((seen.query.as_str(), seen.host.as_str()), (format!("q={place}").as_str(), "api.test"));
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn dialogues_are_reported_as_they_were(shape in shape(12)) {
        let dialogue = shape.dialogue();
        let outcome = run(&dialogue.packets);
        assert_true(&dialogue, &outcome);
        assert_eq!(outcome.counts.flows.gaps, 0);
    }

    #[test]
    fn changes_that_keep_the_bytes_keep_the_records(shape in shape(8), seed in any::<u64>()) {
        let dialogue = shape.dialogue();
        let before = run(&dialogue.packets);
        for (name, change) in CHANGES {
            let shots = change(&dialogue.packets, &mut Chance::new(seed));
            let after = run_shots(&shots);
            assert_same(name, &before, &after);
            assert_eq!(after.counts.flows.gaps, 0, "{name}");
        }
    }

    /// Where packets keep their stamps, shuffling moves no message in time; otherwise by no more than the shuffling.
    #[test]
    fn shuffling_keeps_times(shape in shape(8), seed in any::<u64>()) {
        let packets = transform::without_silence(&shape.dialogue().packets);
        let before = run(&packets);
        let travelled = run(&transform::reorder(&packets, 8, Stamps::Travel, &mut Chance::new(seed)));
        let stayed = run(&transform::reorder(&packets, 8, Stamps::Stay, &mut Chance::new(seed)));
        for (before, (travelled, stayed)) in before.times.iter().zip(travelled.times.iter().zip(&stayed.times)) {
            prop_assert_eq!([before[0], before[2]], [travelled[0], travelled[2]]);
            for (before, stayed) in before.iter().zip(stayed) {
                prop_assert!(before.abs_diff(*stayed) <= 20 * 1_000_000);
            }
        }
    }
}
