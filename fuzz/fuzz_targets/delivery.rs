//! An honest conversation whose packets are captured out of order and more than once: both ends' bytes are handed on
//! whole, and none before what its sender had received.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sidetap::flow::{Content, Direction, EndKind, FlowTable, Identity, Interest, Limits, Piece, Reader, Side, Summary};
use sidetap::packet::decode::Realm;
use sidetap::packet::tcp::{Flags, Segment};
use sidetap::packet::{Address, Timestamp};
use sidetap_fuzz::packets::{ACK, FIN, SYN};
use sidetap_fuzz::script::{self, Step};

const PORTS: [u16; 2] = [40_000, 80];
/// Packets fewer than those that reassembly has the patience for.
const MOST_PACKETS: usize = 300;
/// By so many places a packet comes too early or too late.
const SHUFFLED: usize = 6;

#[derive(Clone)]
struct Packet {
    from: Side,
    flags: u8,
    sequence: u32,
    acknowledgement: u32,
    payload: Vec<u8>,
    interface: u32,
}

#[derive(Default)]
struct Keeper {
    streams: [Vec<u8>; 2],
    closed: u32,
}

fn side(flow: &Identity, direction: Direction) -> Side {
    if flow.source(direction).port == PORTS[0] { Side::Client } else { Side::Server }
}

impl Reader for Keeper {
    type State = ();

    fn piece(&mut self, flow: &Identity, _: &mut (), direction: Direction, piece: Piece<'_>) -> Interest {
        let side = side(flow, direction);
        let Content::Data(bytes) = piece.content else { panic!("nothing is missing of {side:?}: {piece:?}") };
        assert!(flow.from_start[direction.index()]);
        assert_eq!(piece.offset, self.streams[side.index()].len() as u64);
        assert!(piece.acknowledged <= self.streams[side.peer().index()].len() as i64 + 1, "{side:?} {piece:?}");
        self.streams[side.index()].extend_from_slice(bytes);
        Interest::Bytes
    }

    fn end(&mut self, _: &Identity, _: &mut (), _: Direction, _: EndKind, _: Timestamp) {}

    fn close(&mut self, _: &Identity, _: &mut (), _: &Summary) {
        self.closed += 1;
    }
}

fuzz_target!(|input: &[u8]| {
    let (mut dice, steps) = script::read(input);
    // What is sent, in the order in which it is.
    let mut next = [u32::MAX - 20, 7];
    let mut streams = [Vec::new(), Vec::new()];
    let mut packets = Vec::new();
    let mut send = |from: Side, flags: u8, payload: &[u8], next: &mut [u32; 2]| {
        let [sequence, acknowledgement] = [next[from.index()], next[from.peer().index()]];
        next[from.index()] = sequence.wrapping_add(payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0));
        let payload = payload.to_vec();
        packets.push(Packet { from, flags, sequence, acknowledgement, payload, interface: 0 });
    };
    send(Side::Client, SYN, b"", &mut next);
    send(Side::Server, SYN | ACK, b"", &mut next);
    send(Side::Client, ACK, b"", &mut next);
    for step in &steps {
        if let Step::Data(side, bytes) = step {
            streams[side.index()].extend_from_slice(bytes);
            for bytes in dice.cut(bytes) {
                send(*side, ACK, bytes, &mut next);
            }
        }
    }
    for side in [Side::Client, Side::Server] {
        send(side, FIN | ACK, b"", &mut next);
    }
    if packets.len() > MOST_PACKETS {
        return;
    }
    // How it is captured.
    for _ in 0..dice.below(4) {
        let again = dice.below(packets.len());
        let packet = packets[again].clone();
        packets.insert(again + 1, packet);
    }
    let both = dice.below(2) == 1;
    if both {
        packets = packets.into_iter().flat_map(|packet| [packet.clone(), Packet { interface: 1, ..packet }]).collect();
    }
    let mut order: Vec<(usize, Packet)> = packets
        .into_iter()
        .enumerate()
        // The first packet says who opens.
        .map(|(place, packet)| (if place == 0 { 0 } else { place + dice.below(SHUFFLED) }, packet))
        .collect();
    order.sort_by_key(|(place, _)| *place);

    let limits = Limits { connections: 2, early_bytes: 4 << 20, hole_timeout: Duration::from_secs(2) };
    let (mut table, mut keeper) = (FlowTable::new(limits), Keeper::default());
    for (_, Packet { from, flags, sequence, acknowledgement, payload, interface }) in &order {
        let segment = Segment {
            source_port: PORTS[from.index()],
            destination_port: PORTS[from.peer().index()],
            sequence: *sequence,
            acknowledgement: *acknowledgement,
            flags: Flags::from_bits(*flags),
            payload,
            payload_len: payload.len() as u32,
        };
        let [source, destination] = [*from, from.peer()].map(|side| Address::v4([10, 0, 0, side.index() as u8]));
        let time = Timestamp::from_parts(1, 0);
        table.segment((Realm::OUTSIDE, source, destination), &segment, time, *interface, &mut keeper);
    }
    table.finish(&mut keeper);
    let ledger = table.ledger();
    assert!(ledger.balances() && ledger.held == 0 && ledger.gap == 0, "{ledger:?}");
    assert!(keeper.streams == streams, "{:?} is not {:?}", keeper.streams, streams);
    assert_eq!(keeper.closed, 1);
});
