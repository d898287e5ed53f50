//! Whatever happens in whatever order, each item is accounted for and memory is bounded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::run::{Run, options};
use super::spooling::directory;
use crate::export::otlp::transport::answer::{Answer, Response};
use crate::export::otlp::transport::client::Post;
use crate::export::otlp::transport::{Batch, Class, Signal, SpoolOptions};

const QUEUE: usize = 256 << 10;

#[derive(Debug, Clone)]
enum Act {
    Push(usize, usize, Class, u16),
    Metrics(usize, usize),
    Pass(u64),
    Answer(u16),
}

fn act() -> impl Strategy<Value = Act> {
    let statuses = vec![0, 200, 200, 206, 400, 401, 404, 413, 429, 500, 503];
    prop_oneof![
        4 => (0..2_usize, 0..20_000_usize, prop::sample::select(&Class::ALL[..]), 0..3_u16)
            .prop_map(|(signal, len, class, resource)| Act::Push(signal, len, class, resource)),
        1 => (0..40_usize, 0..3000_usize).prop_map(|(items, len)| Act::Metrics(items, len)),
        2 => (1..200_000_u64).prop_map(Act::Pass),
        3 => prop::sample::select(statuses).prop_map(Act::Answer),
    ]
}

/// Answers in order, then no longer.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<VecDeque<u16>>>);

impl Post for Script {
    fn post(&mut self, _: Signal, _: &[u8], _: Duration) -> Answer {
        match self.0.lock().unwrap().pop_front().unwrap_or(0) {
            0 => Answer::Failed("away".into()),
            // A partial success: two are rejected.
            206 => Answer::Response(Response { status: 200, body: vec![0x0a, 2, 8, 2], ..Default::default() }),
            status => Answer::Response(Response { status, ..Default::default() }),
        }
    }
}

fn noise(len: usize) -> Vec<u8> {
    let mut state = len as u64 | 1;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(len)
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..Default::default() })]

    #[test]
    fn the_ledger_balances_and_memory_is_bounded(
        acts in prop::collection::vec(act(), 1..150),
        spooled in any::<bool>(),
    ) {
        let mut options = options("http://receiver");
        options.queue_bytes = QUEUE;
        let spool = directory("interleaving");
        options.spool = spooled.then(|| SpoolOptions { max_bytes: 200_000, ..SpoolOptions::new(spool.clone()) });
        let script = Script::default();
        let mut run = Run::posting(&options, Box::new(script.clone()), Default::default());
        let mut given = [0; 3];
        for act in acts {
            match act {
                Act::Push(signal, len, class, resource) => {
                    given[signal] += 1;
                    run.handle.push([Signal::Traces, Signal::Logs][signal], resource, &noise(len), class);
                }
                Act::Metrics(items, len) => {
                    let mut metrics = Batch::new(Signal::Metrics);
                    (0..items).for_each(|item| metrics.push(item as u16 % 2, &noise(len)));
                    given[2] += items as u64;
                    run.set_metrics(&metrics);
                }
                Act::Pass(millis) => drop(run.run_for(Duration::from_millis(millis))),
                Act::Answer(status) => script.0.lock().unwrap().push_back(status),
            }
            let counts = run.handle.counts();
            prop_assert!(counts.balances(), "{:?}", counts);
            prop_assert!(counts.held <= QUEUE, "{:?}", counts);
            prop_assert!(counts.signals.iter().map(|items| items.given).eq(given));
        }
        run.handle.finish(Duration::from_secs(5));
        let counts = run.run_for(Duration::from_secs(10));
        prop_assert!(counts.balances() && counts.held == 0, "{:?}", counts);
        for items in counts.signals.iter() {
            prop_assert_eq!(items.queued + items.in_flight, 0);
            prop_assert!(spooled || items.spooled == 0);
        }
        if spooled {
            std::fs::remove_dir_all(&spool).unwrap();
        }
    }
}
