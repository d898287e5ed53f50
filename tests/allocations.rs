//! In steady state no packet costs an allocation.
//!
//! One test in a binary of its own, so that nothing else allocates while it counts.

mod counting;

use std::time::Duration;

use sidetap::export::{Export, ExportError, Exports, QueueCounts};
use sidetap::flow::Limits;
use sidetap::packet::{Frame, LinkType, Realm, Timestamp};
use sidetap::record::Record;
use sidetap::sensor::{Engine, EngineLimits};

/// Counts records and keeps nothing.
struct Counter;

impl Export for Counter {
    fn record(&mut self, _: &Record<'_>) {}

    fn finish(&mut self) -> Result<(), ExportError> {
        Ok(())
    }

    fn counts(&self) -> QueueCounts {
        QueueCounts::default()
    }

    fn target(&self) -> &str {
        "none"
    }
}

/// One direction of a connection, whose frames are written into one buffer again and again.
struct Sender {
    ends: [(u8, u16); 2],
    seq: u32,
    ack: u32,
}

impl Sender {
    fn write(&mut self, frame: &mut Vec<u8>, flags: u8, payload: &[u8]) {
        frame.clear();
        frame.extend([0; 12]);
        frame.extend([8, 0, 0x45, 0]);
        frame.extend((40 + payload.len() as u16).to_be_bytes());
        frame.extend([0, 0, 0, 0, 64, 6, 0, 0]);
        for (host, _) in self.ends {
            frame.extend([10, 0, 0, host]);
        }
        for (_, port) in self.ends {
            frame.extend(port.to_be_bytes());
        }
        frame.extend(self.seq.to_be_bytes());
        frame.extend(self.ack.to_be_bytes());
        frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        frame.extend(payload);
        self.seq = self.seq.wrapping_add(payload.len() as u32 + u32::from(flags & 0x03 != 0));
    }
}

struct Tap {
    engine: Engine,
    frame: Vec<u8>,
    now: u64,
}

impl Tap {
    fn send(&mut self, sender: &mut Sender, receiver: &mut Sender, flags: u8, payload: &[u8]) {
        sender.ack = receiver.seq;
        sender.write(&mut self.frame, flags, payload);
        self.now += 10_000;
        self.engine.frame(&Frame {
            time: Timestamp::from_nanos(self.now),
            interface: 0,
            realm: Realm::OUTSIDE,
            link: LinkType::Ethernet,
            bytes: &self.frame,
            wire_len: self.frame.len() as u32,
        });
    }

    /// A request in two segments, and a chunked response in two.
    fn exchange(&mut self, client: &mut Sender, server: &mut Sender) {
        self.send(client, server, 0x10, b"POST /path/of/some/length?key=value HTTP/1.1\r\nHost: api.test\r\n");
        self.send(
            client,
            server,
            0x10,
            b"User-Agent: test\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
        );
        self.send(server, client, 0x10, b"");
        self.send(server, client, 0x10, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
        self.send(server, client, 0x10, b"lo\r\n0\r\n\r\n");
        self.send(client, server, 0x10, b"");
    }
}

#[test]
fn steady_connections_cost_no_allocation() {
    let limits = EngineLimits {
        flows: Limits { connections: 1024, early_bytes: 1 << 20, hole_timeout: Duration::from_secs(3) },
        exchanges: 1024,
        buffer_bytes: 1 << 20,
    };
    let engine = Engine::new(limits, Exports::new(vec![Box::new(Counter)]));
    let mut tap = Tap { engine, frame: Vec::with_capacity(2_048), now: 1_000_000_000 };
    let mut connections: Vec<_> = (0..50_u16)
        .map(|port| {
            let mut client = Sender { ends: [(1, 40_000 + port), (2, 80)], seq: 1, ack: 0 };
            let mut server = Sender { ends: [(2, 80), (1, 40_000 + port)], seq: u32::MAX - 1_000, ack: 0 };
            tap.send(&mut client, &mut server, 0x02, b"");
            tap.send(&mut server, &mut client, 0x12, b"");
            tap.send(&mut client, &mut server, 0x10, b"");
            (client, server)
        })
        .collect();
    for _ in 0..20 {
        connections.iter_mut().for_each(|(client, server)| tap.exchange(client, server));
    }
    let before = counting::allocations();
    for _ in 0..200 {
        connections.iter_mut().for_each(|(client, server)| tap.exchange(client, server));
    }
    let allocations = counting::allocations() - before;
    let counts = tap.engine.counts();
    assert_eq!(counts.transactions.emitted, 220 * 50);
    assert_eq!(counts.flows.gaps, 0);
    assert_eq!(allocations, 0, "for {} packets", 200 * 50 * 6);
}
