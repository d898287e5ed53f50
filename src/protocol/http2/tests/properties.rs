use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Anomalies, Connection, Gap, Kind, MAX_MEMORY};
use super::NOW;
use super::conversation::{Conversation, Said, agrees, conversation};
use super::record::{Event, Record};
use super::writer;
use crate::flow::Side::{self, Client, Server};

fn read(conversation: &Conversation) -> Vec<Event> {
    let (mut connection, mut record) = (Connection::new(), Record::default());
    for (from, bytes) in &conversation.steps {
        connection.push(*from, bytes, NOW, &mut record);
    }
    record.events
}

/// Events as what was said, by stream and side.
fn said(events: &[Event]) -> BTreeMap<(u32, usize), Said> {
    let mut all: BTreeMap<(u32, usize), Said> = BTreeMap::new();
    for event in events {
        match event {
            Event::Headers { stream, from, fields, .. } => {
                let known =
                    fields.iter().map(|(name, value)| (name.clone().unwrap(), value.clone().unwrap())).collect();
                all.entry((*stream, from.index())).or_default().blocks.push(known);
            }
            Event::Data { stream, from, bytes } => all.entry((*stream, from.index())).or_default().data.extend(bytes),
            Event::End(end) => all.entry((end.stream, end.from.index())).or_default().ended = true,
            Event::Reset(reset) => all.entry((reset.stream, reset.from.index())).or_default().reset = true,
            other => panic!("{other:?}"),
        }
    }
    all
}

/// Whether `part` is `whole` with pieces left out.
fn is_subsequence(part: &[u8], whole: &[u8]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|octet| rest.any(|other| other == octet))
}

fn kind_fits(kind: Kind, from: Side, at: usize, truth: &Said) -> bool {
    let block = &truth.blocks[at];
    let status = block.iter().find(|field| field.0 == b":status").map(|field| field.1.as_slice());
    match kind {
        Kind::Unknown => true,
        Kind::Request => from == Client && at == 0,
        Kind::Informational => status == Some(b"103"),
        Kind::Response => status.is_some_and(|status| status != b"103"),
        Kind::Trailers => at > 0 && status.is_none(),
        Kind::PushPromise { .. } => false,
    }
}

proptest! {
    #[test]
    fn what_was_said_is_what_is_told(conversation in conversation()) {
        let events = read(&conversation);
        for event in &events {
            if let Event::Headers { anomalies, truncated, hpack_lost, .. } = event {
                prop_assert!(anomalies.is_empty() && !truncated && !hpack_lost, "{:?}", event);
            }
        }
        let mut truth = conversation.truth;
        truth.retain(|_, said| *said != Said::default());
        prop_assert_eq!(said(&events), truth);
    }

    #[test]
    fn the_pieces_do_not_matter(
        conversation in conversation(),
        lengths in prop::collection::vec(1..40_usize, 1..20),
        bytewise in prop::bool::weighted(0.2),
    ) {
        let (mut connection, mut record) = (Connection::new(), Record::default());
        let mut lengths = lengths.iter().cycle();
        for (from, bytes) in &conversation.steps {
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let length = if bytewise { 1 } else { *lengths.next().unwrap() };
                let (piece, after) = rest.split_at(length.min(rest.len()));
                connection.push(*from, piece, NOW, &mut record);
                rest = after;
            }
        }
        prop_assert_eq!(record.events, read(&conversation));
    }

    #[test]
    fn after_losses_what_is_told_is_true_and_what_is_missing_is_flagged(
        conversation in conversation(),
        cuts in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), 1..600_usize), 1..5),
        late in any::<bool>(),
        lengths in prop::collection::vec(1..2000_usize, 1..20),
    ) {
        let (events, lossy) = read_with_losses(&conversation, &cuts, late, &lengths);
        let mut seen_blocks: BTreeMap<(u32, usize), usize> = BTreeMap::new();
        let mut data: BTreeMap<(u32, usize), Vec<u8>> = BTreeMap::new();
        let mut frames_lost = [late, late];
        for event in &events {
            match event {
                Event::Headers { stream, from, kind, fields, truncated, hpack_lost, end_stream, .. } => {
                    let truth = &conversation.truth[&(*stream, from.index())];
                    let next = seen_blocks.entry((*stream, from.index())).or_default();
                    let fits = |at: &usize| {
                        agrees(fields, &truth.blocks[*at])
                            && kind_fits(*kind, *from, *at, truth)
                            && (*truncated || fields.len() == truth.blocks[*at].len())
                    };
                    let Some(at) = (*next..truth.blocks.len()).find(fits) else {
                        panic!("{event:?} is none of {:?}", &truth.blocks[*next..]);
                    };
                    prop_assert!(at == *next || frames_lost[from.index()]);
                    *next = at + 1;
                    let unknown = fields.iter().any(|(name, value)| name.is_none() || value.is_none());
                    prop_assert_eq!(unknown, *hpack_lost);
                    prop_assert!(!end_stream || truth.ended);
                    prop_assert!(lossy[from.index()] || (!truncated && !hpack_lost));
                }
                Event::Data { stream, from, bytes } => {
                    data.entry((*stream, from.index())).or_default().extend(bytes);
                }
                Event::End(end) => {
                    let key = (end.stream, end.from.index());
                    let truth = &conversation.truth[&key];
                    prop_assert!(truth.ended);
                    if !end.gap {
                        prop_assert_eq!(data.get(&key).map_or(&[][..], Vec::as_slice), &truth.data[..]);
                    }
                }
                Event::Reset(reset) => prop_assert!(conversation.truth[&(reset.stream, reset.from.index())].reset),
                Event::Gap(from, gap) => {
                    prop_assert!(lossy[from.index()]);
                    frames_lost[from.index()] |= *gap == Gap::Frames;
                }
                Event::Anomaly { from, anomalies, .. } => {
                    // What the other side missed cannot be held against this one.
                    let excused = Anomalies::NO_REQUEST;
                    prop_assert!(anomalies.without(excused).is_empty(), "{:?} by {:?}", anomalies, from);
                }
                other => panic!("{other:?}"),
            }
        }
        for (key, data) in data {
            let truth = &conversation.truth[&key].data;
            prop_assert!(is_subsequence(&data, truth));
            prop_assert!(lossy[key.1] || lossy[1 - key.1] || data == *truth);
        }
    }

    #[test]
    fn arbitrary_octets_do_not_make_it_panic_or_grow(
        pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200), 0..300_u64), 0..40),
        start in 0..3_u8,
    ) {
        let mut record = Record::default();
        let mut connection = match start {
            0 => Connection::new(),
            1 => Connection::upgraded(b"GET", b"AAMAAABk"),
            _ => Connection::midstream(),
        };
        if start < 2 {
            connection.push(Client, &writer::opening(Client), NOW, &mut record);
            connection.push(Server, &writer::opening(Server), NOW, &mut record);
        }
        for (client, bytes, gap) in pieces {
            let from = if client { Client } else { Server };
            connection.push(from, &bytes, NOW, &mut record);
            if gap > 250 {
                connection.gap(from, gap, NOW, &mut record);
            }
            prop_assert!(connection.memory() <= MAX_MEMORY);
        }
        connection.end(Client, NOW, &mut record);
        connection.end(Server, NOW, &mut record);
    }

    #[test]
    fn frames_of_any_kind_do_not_make_it_panic_or_grow(
        frames in prop::collection::vec(
            (any::<bool>(), 0..11_u8, any::<u8>(), 0..12_u32, prop::collection::vec(any::<u8>(), 0..40)),
            0..60,
        ),
        length in 1..50_usize,
    ) {
        let (mut connection, mut record) = (Connection::new(), Record::default());
        connection.push(Client, &writer::opening(Client), NOW, &mut record);
        connection.push(Server, &writer::opening(Server), NOW, &mut record);
        for (client, kind, flags, stream, payload) in frames {
            let from = if client { Client } else { Server };
            for piece in writer::frame(kind, flags, stream, &payload).chunks(length) {
                connection.push(from, piece, NOW, &mut record);
            }
            prop_assert!(connection.memory() <= MAX_MEMORY);
        }
    }

    #[test]
    fn a_conversation_with_octets_changed_does_not_make_it_panic(
        conversation in conversation(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut conversation = conversation;
        for (step, at, octet) in changes {
            let bytes = &mut step.get_mut(&mut conversation.steps).1;
            let at = at.index(bytes.len());
            bytes[at] = octet;
        }
        read(&conversation);
    }
}

/// Reads a conversation with cuts of so many octets at places of either direction; says also which direction lost any.
fn read_with_losses(
    conversation: &Conversation,
    cuts: &[(bool, prop::sample::Index, usize)],
    late: bool,
    lengths: &[usize],
) -> (Vec<Event>, [bool; 2]) {
    let total = |side: Side| conversation.steps.iter().filter(|step| step.0 == side).map(|step| step.1.len()).sum();
    let mut lost = [Client, Server].map(|side| vec![false; total(side)]);
    for (client, place, length) in cuts {
        let direction = &mut lost[usize::from(!client)];
        let at = place.index(direction.len());
        direction.iter_mut().skip(at).take(*length).for_each(|octet| *octet = true);
    }
    let (mut connection, mut record) = (Connection::new(), Record::default());
    if late {
        connection = Connection::midstream();
        // What was before the start is missing without a gap.
        for direction in &mut lost {
            let until = direction.len() / 4;
            direction.iter_mut().take(until).for_each(|octet| *octet = true);
        }
    }
    let mut at = [0, 0];
    let mut started = [!late, !late];
    let mut lengths = lengths.iter().cycle();
    for (from, bytes) in &conversation.steps {
        let side = from.index();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let is_lost = lost[side][at[side]];
            let run = lost[side][at[side]..].iter().take_while(|octet| **octet == is_lost).count();
            let length = run.min(rest.len()).min(*lengths.next().unwrap());
            let (piece, after) = rest.split_at(length);
            match (is_lost, started[side]) {
                (true, true) => connection.gap(*from, length as u64, NOW, &mut record),
                (true, false) => {}
                (false, _) => {
                    started[side] = true;
                    connection.push(*from, piece, NOW, &mut record);
                }
            }
            at[side] += length;
            rest = after;
        }
    }
    (record.events, lost.map(|direction| direction.contains(&true)))
}
