//! Packets that the capture missed: the engine is never wrong, only incomplete, and says so.

use sidetap::record::DropStage;
use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::chance::Chance;
use super::dialogue::{Closing, Dialogue, Pace, Shape, keeps, shape};
use super::metamorphic::cases;
use super::packet::{ACK, Packet};
use super::sensor::{Outcome, run};
use super::transform;

/// Which packets are missed.
#[derive(Debug, Clone, Copy)]
enum Loss {
    /// Any, so many in a hundred.
    Random(usize),
    /// Several stretches of up to so many.
    Bursts(usize, usize),
    /// The beginning of the capture.
    Start,
}

fn loss() -> impl Strategy<Value = Loss> {
    prop_oneof![
        prop::sample::select(vec![1, 5, 20, 50]).prop_map(Loss::Random),
        (1..4_usize, 1..30_usize).prop_map(|(count, len)| Loss::Bursts(count, len)),
        Just(Loss::Start),
    ]
}

/// What is left of a capture.
fn lose(packets: &[Packet], loss: Loss, chance: &mut Chance) -> Vec<Packet> {
    let mut kept = vec![true; packets.len()];
    match loss {
        Loss::Random(percent) => kept.iter_mut().for_each(|kept| *kept = !chance.percent(percent)),
        Loss::Bursts(count, len) => {
            for _ in 0..count {
                let start = chance.below(packets.len());
                let end = packets.len().min(start + chance.between(1, len));
                kept[start..end].fill(false);
            }
        }
        Loss::Start => {
            let end = chance.below(packets.len());
            kept[..end].fill(false);
        }
    }
    packets.iter().zip(kept).filter(|&(_, kept)| kept).map(|(packet, _)| packet.clone()).collect()
}

/// That each record is true, or a true part.
fn assert_never_wrong(dialogue: &Dialogue, outcome: &Outcome) {
    let truths: HashMap<_, _> = dialogue.truth.iter().map(|truth| (truth.id.as_str(), truth)).collect();
    let mut requests = HashSet::new();
    let mut responses = HashSet::new();
    for seen in &outcome.seen {
        let is_complete = matches!(seen.completeness, "complete" | "gap");
        if let Some(id) = &seen.request_id {
            let truth = truths[id.as_str()];
            assert!(requests.insert(id), "{id} asked twice");
            assert_eq!((seen.method.as_str(), seen.path.as_str()), (truth.method, truth.path.as_str()));
            assert!(seen.request_len <= truth.request_len);
            assert!(!is_complete || seen.request_len == truth.request_len, "{seen:?} {truth:?}");
        }
        if let Some(id) = &seen.response_id {
            let truth = truths[id.as_str()];
            assert!(responses.insert(id), "{id} answered twice");
            assert_eq!(seen.status, Some(truth.status));
            assert!(!is_complete || seen.response_len == truth.response_len, "{seen:?} {truth:?}");
        }
        match (&seen.request_id, &seen.response_id) {
            (Some(request), Some(response)) => assert_eq!(request, response, "a false pair: {seen:?}"),
            (Some(_), None) => assert_eq!((seen.completeness, seen.status), ("request_only", None)),
            (None, Some(_)) => assert_eq!((seen.completeness, seen.method.as_str()), ("response_only", "")),
            (None, None) => panic!("nobody sent this: {seen:?}"),
        }
    }
}

/// That what is missing shows in a counter or in a record, if any packet that was captured tells of it.
fn assert_loss_shows(dialogue: &Dialogue, kept: &[Packet], outcome: &Outcome) {
    let flows = outcome.counts.flows;
    let unread = outcome.counts.transactions.dropped(DropStage::UnreadHead);
    let shows =
        flows.gaps + flows.midstream + unread > 0 || outcome.seen.iter().any(|seen| seen.completeness != "complete");
    // Packets without data or SYN open no connection.
    if flows.opened == 0 || shows || outcome.complete() == dialogue.truth.len() {
        return;
    }
    let (client, server) = (dialogue.packets[0].from, dialogue.packets[0].to);
    let first = dialogue.packets[0].seq;
    let data_end = |packets: &[Packet]| {
        let ends = packets.iter().filter(|packet| packet.from == client).map(|packet| packet.end().wrapping_sub(first));
        ends.max().unwrap_or(0)
    };
    let acks = kept.iter().filter(|packet| packet.from == server && packet.has(ACK));
    let told = acks.map(|packet| packet.ack.wrapping_sub(first)).max().unwrap_or(0).max(data_end(kept));
    // Where the requests that were reported end at most.
    let reported: Vec<_> = outcome.seen.iter().filter_map(|seen| seen.request_id.as_deref()).collect();
    let ends = |id: &str| {
        let line = format!("/item/{id}?");
        dialogue.packets.iter().any(|packet| {
            packet.from == client
                && packet.payload.windows(line.len()).any(|window| window == line.as_bytes())
                && packet.start().wrapping_sub(first) < told
        })
    };
    for truth in &dialogue.truth {
        assert!(reported.contains(&truth.id.as_str()) || !ends(&truth.id), "{truth:?} is missing without a trace");
    }
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn what_is_missed_makes_nothing_wrong(shape in shape(25), loss in loss(), seed in any::<u64>()) {
        let dialogue = shape.dialogue();
        let chance = &mut Chance::new(seed);
        let kept = lose(&dialogue.packets, loss, chance);
        let outcome = run(&kept);
        assert_never_wrong(&dialogue, &outcome);
        assert_loss_shows(&dialogue, &kept, &outcome);
    }

    #[test]
    fn what_is_missed_among_shuffled_packets_makes_nothing_wrong(
        shape in shape(25), loss in loss(), seed in any::<u64>(),
    ) {
        let dialogue = shape.dialogue();
        let chance = &mut Chance::new(seed);
        let kept = lose(&dialogue.packets, loss, chance);
        let kept = transform::reorder(&kept, 8, transform::Stamps::Stay, chance);
        let kept = transform::retransmit(&kept, 5, chance);
        assert_never_wrong(&dialogue, &run(&kept));
    }
}

proptest! {
    #![proptest_config(cases(600))]

    /// As it seems, each of the client's requests follows the response to the last one.
    #[test]
    fn a_steady_pipeline_is_not_taken_for_a_client_that_waits(
        shape in shape(100), pace in keeps(), loss in loss(), simple in any::<bool>(), seed in any::<u64>(),
    ) {
        let dialogue = Shape { pace, simple, ..shape }.dialogue();
        let kept = lose(&dialogue.packets, loss, &mut Chance::new(seed));
        assert_never_wrong(&dialogue, &run(&kept));
    }
}

/// How many of a hundred exchanges are reported complete of a client that waits for responses.
fn recall(loss: Loss, max_body: usize, simple: bool) -> f64 {
    let (mut complete, mut all) = (0, 0);
    for seed in 0..8 {
        let shape = Shape {
            seed,
            exchanges: 200,
            pace: Pace::One,
            closing: Closing::Client,
            mss: 1460,
            max_body,
            v6: false,
            port: 40_000,
            simple,
        };
        let dialogue = shape.dialogue();
        let outcome = run(&lose(&dialogue.packets, loss, &mut Chance::new(seed)));
        assert_never_wrong(&dialogue, &outcome);
        complete += outcome.complete();
        all += dialogue.truth.len();
    }
    100.0 * complete as f64 / all as f64
}

#[test]
fn most_exchanges_survive_stretches_that_were_missed() {
    for (bursts, len, max_body, least) in
        [(1, 30, 300, 97.0), (3, 30, 300, 92.0), (10, 10, 300, 63.0), (3, 30, 5_000, 95.0)]
    {
        let recall = recall(Loss::Bursts(bursts, len), max_body, false);
        assert!(recall >= least, "{recall:.1} % with {bursts} stretches of {len} packets, bodies up to {max_body}");
    }
}

#[test]
fn most_exchanges_survive_some_loss() {
    for (percent, max_body, simple, least) in [
        (0, 300, false, 100.0),
        (1, 300, true, 86.0),
        (1, 5_000, true, 95.0),
        (1, 300, false, 91.0),
        (1, 5_000, false, 83.0),
        (5, 300, true, 47.0),
        (5, 5_000, false, 52.0),
        (20, 300, false, 8.0),
    ] {
        let recall = recall(Loss::Random(percent), max_body, simple);
        let what = if simple { "GET alone" } else { "all methods" };
        assert!(recall >= least, "{recall:.1} % with {percent} % missed, bodies up to {max_body}, {what}");
    }
}
