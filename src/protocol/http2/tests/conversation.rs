//! Random conversations, and what a reader that misses nothing makes of them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::writer::{self, Layout, Writer, frame};
use crate::flow::Side::{self, Client, Server};
use crate::protocol::hpack::tests::encoder::{self, Block, ordinary};

/// What one end does on a stream, in order.
#[derive(Debug, Clone)]
pub enum Act {
    Headers(Block, Layout),
    Data(Vec<u8>, Option<u8>),
    Reset,
    /// Frames that say nothing of a message.
    Noise(u8),
}

#[derive(Debug, Clone)]
pub struct Exchange {
    client: Vec<Act>,
    server: Vec<Act>,
    /// Whether each end ends its half.
    ends: [bool; 2],
}

/// What was said on one half of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub blocks: Vec<Vec<(Vec<u8>, Vec<u8>)>>,
    pub data: Vec<u8>,
    pub ended: bool,
    pub reset: bool,
}

#[derive(Debug)]
pub struct Conversation {
    /// Who sends what, in order.
    pub steps: Vec<(Side, Vec<u8>)>,
    pub truth: BTreeMap<(u32, usize), Said>,
}

fn layout() -> impl Strategy<Value = Layout> {
    (
        prop::option::weighted(0.2, any::<u8>()),
        prop::bool::weighted(0.2),
        prop_oneof![4 => Just(0_usize), 1 => 20..200_usize],
    )
        .prop_map(|(padding, priority, fragment)| Layout { padding, priority, fragment })
}

fn block(first: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = Block> {
    let more = prop::collection::vec(("x-[a-c]{1,2}", "[a-z0-9]{0,30}"), 0..5);
    let size = prop_oneof![12 => Just(vec![]), 1 => Just(vec![0, 4096]), 1 => Just(vec![200]), 1 => Just(vec![4096])];
    (more, size).prop_map(move |(more, sizes)| {
        let more = more.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<(&str, &str)> = first.iter().copied().chain(more).collect();
        Block { sizes, ..ordinary(&fields) }
    })
}

fn headers(first: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = Act> {
    (block(first), layout()).prop_map(|(block, layout)| Act::Headers(block, layout))
}

fn middle() -> impl Strategy<Value = Vec<Act>> {
    let length = prop_oneof![6 => 0..300_usize, 1 => 300..9000_usize];
    let data = (length, any::<u64>(), prop::option::weighted(0.2, any::<u8>()))
        .prop_map(|(length, seed, padding)| Act::Data(noise(length, seed), padding));
    prop::collection::vec(prop_oneof![5 => data, 1 => any::<u8>().prop_map(Act::Noise)], 0..4)
}

/// Octets among which no frame headers are.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let request = prop_oneof![headers(super::GET), headers(super::POST)];
    let informational = prop::option::weighted(0.2, headers(&[(":status", "103"), ("link", "<a>")]));
    let response = prop_oneof![headers(super::OK), headers(&[(":status", "302")]), headers(&[(":status", "404")])];
    let trailers = || prop::option::weighted(0.3, headers(&[("grpc-status", "0"), ("grpc-message", "")]));
    let reset = || prop::bool::weighted(0.1);
    (
        (request, middle(), trailers(), reset()),
        (informational, response, middle(), trailers(), reset()),
        any::<[bool; 2]>(),
    )
        .prop_map(|(client, server, ends)| {
            let finish = |mut acts: Vec<Act>, trailers: Option<Act>, reset: bool| {
                acts.extend(trailers);
                acts.extend(reset.then_some(Act::Reset));
                acts
            };
            let first = std::iter::once(client.0).chain(client.1).collect();
            let second = server.0.into_iter().chain([server.1]).chain(server.2).collect();
            let ends = [ends[0] || client.2.is_some(), ends[1] || server.3.is_some()];
            Exchange { client: finish(first, client.2, client.3), server: finish(second, server.3, server.4), ends }
        })
}

pub fn conversation() -> impl Strategy<Value = Conversation> {
    (prop::collection::vec(exchange(), 1..8), any::<u64>()).prop_map(|(exchanges, seed)| play(exchanges, seed))
}

/// A stream on its way.
struct Playing {
    number: u32,
    acts: [std::vec::IntoIter<Act>; 2],
    ends: [bool; 2],
}

/// Lets up to four exchanges go on at a time, a step of any of them at a time.
fn play(exchanges: Vec<Exchange>, seed: u64) -> Conversation {
    let mut writers = [Writer::new(), Writer::new()];
    let mut conversation = Conversation {
        steps: [Client, Server].map(|side| (side, writer::opening(side))).to_vec(),
        truth: BTreeMap::new(),
    };
    let mut waiting = exchanges.into_iter();
    let mut playing: Vec<Playing> = Vec::new();
    let mut number = 1;
    for choice in noise(10_000, seed) {
        if playing.len() < 4
            && (choice.is_multiple_of(3) || playing.is_empty())
            && let Some(exchange) = waiting.next()
        {
            let acts = [exchange.client.into_iter(), exchange.server.into_iter()];
            playing.push(Playing { number, acts, ends: exchange.ends });
            number += 2;
            step(&mut conversation, &mut writers, playing.last_mut().unwrap(), Client);
            continue;
        }
        if playing.is_empty() {
            break;
        }
        let at = usize::from(choice >> 2) % playing.len();
        let side = if choice & 2 == 0 { Client } else { Server };
        if !step(&mut conversation, &mut writers, &mut playing[at], side) {
            playing.remove(at);
        }
    }
    conversation
}

/// One act of one end; whether the stream goes on.
fn step(conversation: &mut Conversation, writers: &mut [Writer; 2], playing: &mut Playing, side: Side) -> bool {
    let stream = playing.number;
    let acts = &mut playing.acts[side.index()];
    let Some(act) = acts.next() else {
        return playing.acts.iter().any(|acts| acts.len() > 0);
    };
    let ends = playing.ends[side.index()];
    let end_stream = ends && acts.as_slice().iter().all(|act| matches!(act, Act::Reset | Act::Noise(_)));
    let said = conversation.truth.entry((stream, side.index())).or_default();
    if said.ended && !matches!(act, Act::Reset | Act::Noise(_)) {
        return true;
    }
    let bytes = match act {
        Act::Headers(block, layout) => {
            said.blocks.push(block.fields.iter().map(|choice| choice.field.clone()).collect());
            said.ended |= end_stream;
            writers[side.index()].headers_of(stream, &block, end_stream, &layout)
        }
        Act::Data(bytes, padding) => {
            said.data.extend(&bytes);
            said.ended |= end_stream;
            let mut payload = Vec::from_iter(padding);
            payload.extend(&bytes);
            payload.resize(payload.len() + usize::from(padding.unwrap_or(0)), 0);
            frame(0, u8::from(end_stream) | if padding.is_some() { 8 } else { 0 }, stream, &payload)
        }
        Act::Reset => {
            // Not on a stream that both ends have ended.
            let other = conversation.truth.get(&(stream, side.peer().index())).is_some_and(|other| other.ended);
            let said = conversation.truth.entry((stream, side.index())).or_default();
            if said.ended && other {
                return false;
            }
            said.reset = true;
            conversation.steps.push((side, frame(3, 0, stream, &[0, 0, 0, 8])));
            return false;
        }
        Act::Noise(choice) => match choice % 4 {
            0 => frame(6, 0, 0, &[choice; 8]),
            1 => frame(8, 0, stream, &[0, 0, 1, 0]),
            2 => frame(2, 0, stream, &[0, 0, 0, 0, choice]),
            _ => [writer::settings(&[(3, 100), (1, 4096)]), frame(0xb, choice, 0, &[choice; 20])].concat(),
        },
    };
    conversation.steps.push((side, bytes));
    true
}

/// A block's fields as a reader could see them.
pub fn agrees(seen: &[super::record::Seen], truth: &[encoder::Pair]) -> bool {
    seen.len() <= truth.len()
        && seen.iter().zip(truth).all(|((name, value), truth)| {
            name.as_ref().is_none_or(|name| *name == truth.0) && value.as_ref().is_none_or(|value| *value == truth.1)
        })
}
