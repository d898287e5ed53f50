//! Any segments between few ends: bytes are handed on in order, once, and as somebody sent them; none is lost track of.

#![no_main]

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use sidetap::flow::{
    Close, Content, Direction, EndKind, FlowTable, Identity, Interest, Limits, Piece, Reader, Summary,
};
use sidetap::packet::decode::Realm;
use sidetap::packet::tcp::{Flags, Segment};
use sidetap::packet::{Address, Timestamp};

const CONNECTIONS: usize = 3;
const EARLY_BYTES: usize = 16 << 10;
const SERVER_PORT: u16 = 80;
/// Of this client's connections nothing is wanted after so many bytes.
const DULL_PORT: u16 = 40_003;
const DULL_AFTER: u64 = 50;
const MOST_STEPS: usize = 400;

/// One segment.
#[derive(Debug, Arbitrary)]
struct Step {
    /// Client (2 bits), direction, interface, far away, acknowledgement far away.
    place: u8,
    /// Control bits; 0x20: not relative to what was sent last; 0x40: the same for the acknowledgement; 0x80: which of
    /// two contents.
    flags: u8,
    sequence: i16,
    acknowledgement: i16,
    length: u8,
    cut: u8,
    time: u8,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    ports: [u16; 2],
    sequence: u32,
    captured: u32,
    variant: u8,
}

/// What a byte of a stream is, in either of two contents.
fn byte(sequence: u32, variant: u8) -> u8 {
    let mixed = (u64::from(sequence) << 8 | u64::from(variant)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as u8
}

#[derive(Default)]
struct Checker {
    sent: Vec<Sent>,
    delivered: u64,
    gaps: u64,
    closed: u64,
}

#[derive(Default)]
struct State {
    offsets: [u64; 2],
    ended: [bool; 2],
    /// What the number of the first byte may be, once something was handed on.
    firsts: [Option<Vec<u32>>; 2],
    dull: bool,
    closed: bool,
}

impl Checker {
    fn is_sent(&self, ports: [u16; 2], mut sequence: u32, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let longest = self
                .sent
                .iter()
                .filter(|sent| sent.ports == ports && sequence.wrapping_sub(sent.sequence) < sent.captured)
                .map(|sent| {
                    let here = (sent.captured - sequence.wrapping_sub(sent.sequence)) as usize;
                    let same =
                        |(at, found): &(usize, &u8)| **found == byte(sequence.wrapping_add(*at as u32), sent.variant);
                    bytes.iter().take(here).enumerate().take_while(same).count()
                })
                .max();
            match longest {
                None | Some(0) => return false,
                Some(longest) => {
                    sequence = sequence.wrapping_add(longest as u32);
                    bytes = &bytes[longest..];
                }
            }
        }
        true
    }

    /// Where a stream may begin that has these bytes at this offset.
    fn possible(&self, ports: [u16; 2], offset: u64, bytes: &[u8]) -> Vec<u32> {
        let mut firsts: Vec<u32> = self
            .sent
            .iter()
            .filter(|sent| sent.ports == ports)
            .flat_map(|sent| (0..sent.captured).map(|at| (sent.sequence.wrapping_add(at), sent.variant)))
            .filter(|&(sequence, variant)| byte(sequence, variant) == bytes[0])
            .map(|(sequence, _)| sequence)
            .collect();
        firsts.sort_unstable();
        firsts.dedup();
        firsts.retain(|&sequence| self.is_sent(ports, sequence, bytes));
        firsts.iter().map(|sequence| sequence.wrapping_sub(offset as u32)).collect()
    }
}

fn ports(flow: &Identity, direction: Direction) -> [u16; 2] {
    [flow.source(direction).port, flow.source(direction.reverse()).port]
}

impl Reader for Checker {
    type State = State;

    fn piece(&mut self, flow: &Identity, state: &mut State, direction: Direction, piece: Piece<'_>) -> Interest {
        let place = direction.index();
        assert!(!state.closed, "after its close");
        assert!(!state.dull, "of what is not wanted");
        assert!(!state.ended[place], "after its end");
        assert!(!piece.content.is_empty());
        assert_eq!(piece.offset, state.offsets[place]);
        state.offsets[place] += piece.content.len();
        match piece.content {
            Content::Gap(length) => self.gaps += length,
            Content::Data(bytes) => {
                self.delivered += bytes.len() as u64;
                let ports = ports(flow, direction);
                let firsts = match state.firsts[place].take() {
                    None => self.possible(ports, piece.offset, bytes),
                    Some(mut firsts) => {
                        firsts.retain(|first| self.is_sent(ports, first.wrapping_add(piece.offset as u32), bytes));
                        firsts
                    }
                };
                assert!(!firsts.is_empty(), "nobody sent {} bytes at {}", bytes.len(), piece.offset);
                state.firsts[place] = Some(firsts);
            }
        }
        state.dull = ports(flow, direction).contains(&DULL_PORT) && state.offsets[place] > DULL_AFTER;
        if state.dull { Interest::Nothing } else { Interest::Bytes }
    }

    fn end(&mut self, _: &Identity, state: &mut State, direction: Direction, _: EndKind, _: Timestamp) {
        assert!(!state.closed && !state.dull && !state.ended[direction.index()]);
        state.ended[direction.index()] = true;
    }

    fn close(&mut self, _: &Identity, state: &mut State, summary: &Summary) {
        assert!(!state.closed);
        state.closed = true;
        self.closed += 1;
        if summary.how == Close::Fin && !state.dull {
            assert_eq!(state.ended, [true; 2]);
        }
        let gaps: u64 = summary.directions.iter().map(|direction| direction.gap_bytes).sum();
        assert!(gaps <= state.offsets.iter().sum());
    }
}

fuzz_target!(|input: &[u8]| {
    let mut input = Unstructured::new(input);
    let mut table = FlowTable::new(Limits {
        connections: CONNECTIONS,
        early_bytes: EARLY_BYTES,
        hole_timeout: Duration::from_secs(2),
    });
    let mut checker = Checker::default();
    // What each client and the server sent last to each other: near the end of the numbers for the clients.
    let mut next = [[u32::MAX - 300, 5_000]; 4];
    let mut time = Timestamp::from_parts(1_000_000, 0);
    let mut captured = 0;
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        let Ok(step) = Step::arbitrary(&mut input) else { break };
        let client = usize::from(step.place & 3);
        let from = usize::from(step.place >> 2 & 1);
        let ports =
            if from == 0 { [40_000 + client as u16, SERVER_PORT] } else { [SERVER_PORT, 40_000 + client as u16] };
        let scale = |number: i16, far: bool| if far { (number as u32) << 16 } else { number as u32 };
        let [sent, received] = [next[client][from], next[client][1 - from]];
        let relative =
            |last: u32, otherwise: bool, number: u32| if otherwise { last.wrapping_add(number) } else { last };
        let sequence = relative(sent, step.flags & 0x20 != 0, scale(step.sequence, step.place & 0x10 != 0));
        let acknowledgement =
            relative(received, step.flags & 0x40 != 0, scale(step.acknowledgement, step.place & 0x20 != 0));
        let length = match u32::from(step.length) {
            short @ ..200 => short,
            long => (long - 199) * 100,
        };
        let kept = if step.cut & 0x80 == 0 { length } else { length.saturating_sub(u32::from(step.cut & 0x7f)) };
        let variant = step.flags >> 7;
        let flags = Flags::from_bits(step.flags & 0x17);
        let first = sequence.wrapping_add(u32::from(flags.has(Flags::SYN)));
        let payload: Vec<u8> = (0..kept).map(|at| byte(first.wrapping_add(at), variant)).collect();
        next[client][from] = first.wrapping_add(length).wrapping_add(u32::from(flags.has(Flags::FIN)));
        time = time.after(match step.time {
            short @ ..128 => Duration::from_micros(short.into()),
            255 => Duration::from_secs(4_000),
            long => Duration::from_millis(u64::from(long - 127).pow(2)),
        });
        checker.sent.push(Sent { ports, sequence: first, captured: kept, variant });
        captured += u64::from(kept);
        let segment = Segment {
            source_port: ports[0],
            destination_port: ports[1],
            sequence,
            acknowledgement,
            flags,
            payload: &payload,
            payload_len: length,
        };
        let address = |end: usize| Address::v4([10, 0, 0, 1 + end as u8]);
        let ends = (Realm::OUTSIDE, address(from), address(1 - from));
        table.segment(ends, &segment, time, u32::from(step.place >> 3 & 1), &mut checker);

        let (ledger, counts) = (table.ledger(), table.counts());
        assert!(ledger.balances(), "{ledger:?}");
        assert_eq!([ledger.delivered, ledger.gap], [checker.delivered, checker.gaps]);
        assert_eq!(ledger.bytes_in, captured + ledger.gap);
        assert!(ledger.held <= EARLY_BYTES as u64);
        assert!(table.open_connections() <= CONNECTIONS);
        assert_eq!(counts.opened, checker.closed + table.open_connections() as u64);
    }
    table.finish(&mut checker);
    let ledger = table.ledger();
    assert!(ledger.balances() && ledger.held == 0, "{ledger:?}");
    assert_eq!([ledger.delivered, ledger.gap], [checker.delivered, checker.gaps]);
    assert_eq!(table.open_connections(), 0);
    assert_eq!(table.counts().opened, checker.closed);
});
