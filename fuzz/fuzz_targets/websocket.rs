//! WebSocket frames of both ends, with gaps: how the bytes are cut changes nothing, and totals are those of what was
//! told.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetap::flow::Side;
use sidetap::protocol::websocket::{Event, Extensions, MessageKind, Reader};
use sidetap_fuzz::script::{self, Step};

fn read(steps: &[Step<'_>], extensions: Extensions, mut cut: impl FnMut(&[u8]) -> Vec<&[u8]>) -> Vec<String> {
    let mut readers = [Side::Client, Side::Server].map(|side| Reader::new(side, extensions));
    let mut told = Vec::new();
    let mut totals = [[0; 5]; 2];
    let mut lost = [false; 2];
    for step in steps {
        let (Step::Data(side, _) | Step::Gap(side, _) | Step::End(side)) = *step;
        let (totals, lost) = (&mut totals[side.index()], &mut lost[side.index()]);
        let tell = |event: Event<'_>| {
            assert!(!*lost, "nothing comes after a loss");
            match event {
                Event::Message { kind: MessageKind::Text, frames, .. } => {
                    assert!(frames > 0);
                    totals[0] += 1;
                }
                Event::Message { frames, .. } => {
                    assert!(frames > 0);
                    totals[1] += 1;
                }
                Event::Ping => totals[2] += 1,
                Event::Pong => totals[3] += 1,
                Event::Anomaly(_) => totals[4] += 1,
                Event::Close { reason, .. } => assert!(reason.len() <= 123),
                Event::Lost => *lost = true,
            }
            told.push(format!("{side:?} {event:?}"));
        };
        let reader = &mut readers[side.index()];
        match *step {
            Step::Data(_, bytes) => {
                let mut tell = tell;
                cut(bytes).into_iter().for_each(|bytes| reader.push(bytes, &mut tell));
            }
            Step::Gap(_, length) => reader.gap(length.into(), tell),
            Step::End(_) => {}
        }
    }
    for (reader, told) in readers.iter().zip(totals) {
        let totals = reader.totals();
        let counted = [totals.text_messages, totals.binary_messages, totals.pings, totals.pongs, totals.anomalies];
        assert_eq!(counted, told);
        assert!(totals.text_messages + totals.binary_messages + totals.pings + totals.pongs <= totals.frames);
    }
    told.push(format!("{:?}", readers.map(|reader| *reader.totals())));
    told
}

fuzz_target!(|input: &[u8]| {
    let (mut dice, steps) = script::read(input);
    let extensions =
        ["", "permessage-deflate", "other", "other, permessage-deflate"].map(Extensions::from_header)[dice.below(4)];
    let whole = read(&steps, extensions, |bytes| vec![bytes]);
    assert_eq!(whole, read(&steps, extensions, |bytes| dice.cut(bytes)));
});
