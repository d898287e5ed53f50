use std::net::{Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::*;
use crate::export::{Export, ExportError, Exports, QueueCounts};
use crate::packet::Address;
use crate::packet::Timestamp;
use crate::record::{Content, PrivacyLevel, Record, Source};
use crate::sensor::Budget;
use crate::sensor::privacy::Privacy;
use crate::sensor::reporter::{Reporter, Settings};

/// Source, method, path and status of each exchange.
type Told = Arc<Mutex<Vec<(Option<Source>, String, Option<u16>)>>>;

struct Listener(Told);

impl Export for Listener {
    fn record(&mut self, record: &Record<'_>) {
        if let Content::Exchange(exchange, _) = record.content {
            let path = String::from_utf8_lossy(exchange.get(exchange.path)).into_owned();
            self.0.lock().unwrap().push((record.source.copied(), path, exchange.status));
        }
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        Ok(())
    }

    fn counts(&self) -> QueueCounts {
        QueueCounts::default()
    }

    fn target(&self) -> &str {
        "test"
    }
}

fn engine() -> (Engine, Told) {
    let told = Told::default();
    let exports = Exports::new(vec![Box::new(Listener(Arc::clone(&told)))]);
    let privacy = Privacy::new(PrivacyLevel::Redacted);
    let reporter = Reporter::new(Settings { privacy, ..Settings::default() }, exports);
    (Engine::new(Budget::new(32 << 20).unwrap().engine(Duration::from_secs(10)), reporter), told)
}

fn intake(sources: usize) -> Intake {
    Intake::new(Networks::default(), sources, None)
}

/// A mirrored segment from the client (10.0.0.1) or the server (10.0.0.2).
fn mirrored(vni: u8, from_client: bool, (sequence, acknowledgement): (u32, u32), flags: u8, payload: &str) -> Vec<u8> {
    let mut datagram = vec![8, 0, 0, 0, 0, 0, vni, 0];
    datagram.extend([2; 12]);
    datagram.extend([8, 0, 0x45, 0]);
    datagram.extend((40 + payload.len() as u16).to_be_bytes());
    datagram.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    let (ends, ports) = match from_client {
        true => ([10, 0, 0, 1, 10, 0, 0, 2], [40_000_u16, 80]),
        false => ([10, 0, 0, 2, 10, 0, 0, 1], [80, 40_000]),
    };
    datagram.extend(ends);
    ports.iter().for_each(|port| datagram.extend(port.to_be_bytes()));
    datagram.extend(sequence.to_be_bytes());
    datagram.extend(acknowledgement.to_be_bytes());
    // A checksum that is wrong.
    datagram.extend([0x50, flags, 0xff, 0xff, 0xde, 0xad, 0, 0]);
    datagram.extend(payload.as_bytes());
    datagram
}

/// A connection with one exchange. Sequence numbers are the same whoever has it.
fn conversation(vni: u8, path: &str) -> Vec<Vec<u8>> {
    const SYN: u8 = 2;
    const ACK: u8 = 16;
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let response = "HTTP/1.1 204 No Content\r\n\r\n";
    let asked = 101 + request.len() as u32;
    vec![
        mirrored(vni, true, (100, 0), SYN, ""),
        mirrored(vni, false, (500, 101), SYN | ACK, ""),
        mirrored(vni, true, (101, 501), ACK, &request),
        mirrored(vni, false, (501, asked), ACK, response),
        mirrored(vni, true, (asked, 501 + response.len() as u32), ACK, ""),
    ]
}

fn take(intake: &mut Intake, engine: &mut Engine, time: u64, address: u8, bytes: &[u8]) {
    let time = Timestamp::from_nanos(1_700_000_000_000_000_000 + time * 1000);
    intake.take(&Datagram { time, source: Address::v4([192, 0, 2, address]), bytes }, engine);
}

#[test]
fn the_same_addresses_behind_two_sources_are_two_connections() {
    let (mut engine, told) = engine();
    let mut intake = intake(8);
    // Who has it: an address and a network. Each packet of one is followed by the same of the others.
    let all = [(1, 5, "/one"), (2, 5, "/two"), (1, 6, "/three")];
    let conversations = all.map(|(_, vni, path)| conversation(vni, path));
    for step in 0..5 {
        for ((address, ..), conversation) in all.iter().zip(&conversations) {
            take(&mut intake, &mut engine, step as u64, *address, &conversation[step]);
        }
    }
    engine.finish();
    let mut told = told.lock().unwrap().clone();
    told.sort_by(|(.., one, _), (.., other, _)| one.cmp(other));
    let source = |last, vni| Some(Source { address: Ipv4Addr::new(192, 0, 2, last).into(), vni });
    let expected = [
        (source(1, 5), "/one".to_owned(), Some(204)),
        (source(1, 6), "/three".to_owned(), Some(204)),
        (source(2, 5), "/two".to_owned(), Some(204)),
    ];
    assert_eq!(told, expected);
    assert_eq!(intake.counts.refused.total(), 0);
    let packets: Vec<u64> = intake.sources.counts().iter().map(|counts| counts.packets).collect();
    assert_eq!(packets, [5, 5, 5]);
}

#[test]
fn a_source_too_many_is_refused_and_the_others_go_on() {
    let (mut engine, told) = engine();
    let mut intake = intake(2);
    for step in 0..5 {
        for address in 1..=3 {
            let conversation = conversation(5, &format!("/{address}"));
            take(&mut intake, &mut engine, step as u64, address, &conversation[step]);
        }
    }
    engine.finish();
    assert_eq!(intake.counts.refused.of(Refusal::TooManySources), 5);
    assert_eq!(told.lock().unwrap().len(), 2);
}

#[test]
fn memory_is_divided_so_that_it_suffices() {
    for (bytes, addresses, cpus) in
        [(1 << 20, 1, 1), (5 << 20, 1, 2), (15 << 20, 1, 64), (15 << 20, 8, 4), (64 << 20, 3, 8)]
    {
        let memory = Memory::divide(bytes, addresses, cpus, true);
        assert!((1..=SOCKETS).contains(&memory.sockets) && memory.sources > 0 && memory.sources <= sources::MOST);
        let ours =
            memory.sockets * addresses * Receiver::BUFFER_BYTES + memory.sources * sources::BYTES + Replay::BYTES;
        let all = ours as u64 + memory.kernel * addresses as u64;
        // Each address has a socket and the least of a buffer, however little there is.
        let least = addresses as u64 * (Receiver::BUFFER_BYTES as u64 + LEAST_KERNEL_BYTES) + Replay::BYTES as u64;
        assert!(all <= bytes.max(least + bytes / 4), "{bytes} {addresses}: {memory:?}");
    }
    let usual = Memory::divide(Budget::new(25 << 20).unwrap().ring_bytes, 1, 2, false);
    assert_eq!((usual.sockets, usual.sources > 4000, usual.kernel > 2 << 20), (2, true, true), "{usual:?}");
}

#[test]
fn what_is_sent_before_the_end_is_in_the_counts() {
    let (mut engine, told) = engine();
    let listen = ["127.0.0.1:0".parse().unwrap()];
    let options = Options {
        listen: &listen,
        networks: Networks::default(),
        filter: "tcp port 80",
        to_interface: None,
        bytes: 8 << 20,
    };
    let mut collector = Collector::open(options).unwrap();
    let address = collector.addresses()[0];
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut sent = false;
    let counts = collector
        .run(&mut engine, |_, _, _| {
            // In the tick that ends it, so that it is read in the end.
            if !std::mem::replace(&mut sent, true) {
                for datagram in conversation(5, "/last") {
                    socket.send_to(&datagram, address).unwrap();
                }
                let other = mirrored(5, true, (1, 1), 16, "")
                    .iter()
                    .map(|&byte| byte ^ u8::from(byte == 80))
                    .collect::<Vec<u8>>();
                socket.send_to(&other, address).unwrap();
                socket.send_to(b"short", address).unwrap();
            }
            ControlFlow::Break(())
        })
        .unwrap();
    engine.finish();
    assert_eq!((counts.datagrams, counts.filtered, counts.refused.of(Refusal::TooShort)), (7, 1, 1));
    assert_eq!((counts.sources, counts.dropped, counts.unread), (1, 0, 0));
    assert_eq!(told.lock().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_opened_is_told() {
    let open = |listen: &str, filter: &str, to_interface: Option<&str>| {
        let listen = [listen.parse().unwrap()];
        let options = Options { listen: &listen, networks: Networks::default(), filter, to_interface, bytes: 1 << 20 };
        Collector::open(options).err().unwrap()
    };
    let error = open("192.0.2.1:4789", "", None);
    assert!(matches!(&error, CollectError::Listen { source, .. } if source.kind() == io::ErrorKind::AddrNotAvailable));
    assert!(error.hints()[0].contains("0.0.0.0"));
    let error = open("127.0.0.1:0", "tcp prot 80", None);
    assert!(matches!(error, CollectError::Filter(_)) && error.hints()[0].contains("Ethernet"));
    let error = CollectError::Receive(io::ErrorKind::OutOfMemory.into());
    assert!(error.hints()[0].contains("udp_mem"));
    assert!(matches!(open("127.0.0.1:0", "", Some("none")), CollectError::Replay { .. }));
}

proptest! {
    #[test]
    fn every_datagram_is_a_packet_or_refused_once(
        datagrams in prop::collection::vec(
            (
                0_u8..5,
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..120),
                    (0_u8..3, prop::collection::vec(any::<u8>(), 0..120))
                        .prop_map(|(vni, frame)| [&[8, 0, 0, 0, 0, 0, vni, 0][..], &frame].concat()),
                    (0_u8..3, any::<bool>(), any::<(u32, u32)>(), any::<u8>(), ".{0,40}")
                        .prop_map(|(vni, client, numbers, flags, text)| mirrored(vni, client, numbers, flags, &text)),
                ],
            ),
            0..60,
        ),
    ) {
        let (mut engine, _) = engine();
        let mut intake = intake(4);
        for (time, (address, bytes)) in datagrams.iter().enumerate() {
            take(&mut intake, &mut engine, time as u64, *address, bytes);
        }
        engine.finish();
        let counts = intake.counts;
        prop_assert_eq!(counts.datagrams, datagrams.len() as u64);
        let packets: u64 = intake.sources.counts().iter().map(|counts| counts.packets).sum();
        prop_assert_eq!(counts.datagrams, packets + counts.refused.total());
        prop_assert_eq!(engine.counts().packets.frames, packets);
        prop_assert!(engine.counts().bytes.balances());
    }
}
