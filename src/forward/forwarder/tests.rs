//! The sums hold, whatever is captured and whatever the kernel says of what is sent.

use std::cell::RefCell;
use std::net::UdpSocket;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::super::flow::tests::{ipv4, transport};
use super::super::status::State;
use super::*;
use crate::packet::LinkType;
use crate::packet::namespace::{Cable, in_namespace, ip};
use crate::packet::ring::{Checksum, GsoType, Offload, RingPacket};

fn options(destinations: &[&str]) -> Options {
    Options {
        destinations: destinations.iter().map(|destination| destination.parse().unwrap()).collect(),
        vni: Vni::new(1).unwrap(),
        mtu: None,
        oversize: Oversize::Split,
        rate_cap: None,
    }
}

/// A packet of the ring.
fn captured(bytes: &[u8], link: LinkType, offload: Option<Offload>) -> Captured<'_> {
    let packet = RingPacket {
        time: Timestamp::default(),
        bytes,
        wire_len: bytes.len() as u32,
        vlan: None,
        checksum: Checksum::Unknown,
        offload,
        outgoing: false,
    };
    Captured { packet, interface: 0, link }
}

/// TCP of so many bytes.
fn tcp(from: u16, length: usize) -> Vec<u8> {
    let header = transport(from, 80, &[0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0]);
    ipv4(6, [10, 7, 0, 1], [10, 7, 0, 2], &[&header[..], &vec![9; length]].concat())
}

fn super_frame(size: u16) -> Option<Offload> {
    Some(Offload {
        gso_type: GsoType::TcpV4,
        ecn: false,
        gso_size: size,
        hdr_len: 54,
        csum_start: 34,
        csum_offset: 16,
        needs_csum: true,
    })
}

fn take(forwarder: &mut Forwarder, packets: &[Captured<'_>]) -> Counts {
    forwarder.take(packets.iter().copied());
    let counts = forwarder.counts();
    assert!(counts.add_up(forwarder.collectors.len()), "{counts:?}");
    counts
}

#[test]
fn each_packet_ends_somewhere() {
    in_namespace(|| {
        let cable = Cable::new();
        let _collector = cable.there(|| UdpSocket::bind("10.9.0.2:4789").unwrap());
        let mut forwarder = Forwarder::open(options(&["10.9.0.2"])).unwrap();
        assert_eq!((forwarder.mtu, forwarder.budget), (1500, 1464));
        let small = tcp(1000, 10);
        let bulk = tcp(1001, 60_000);
        let own = ipv4(17, [10, 9, 0, 1], [10, 9, 0, 2], &transport(forwarder.ports().first(), 4789, &[0; 12]));
        let counts = take(
            &mut forwarder,
            &[
                captured(&small, LinkType::Ethernet, None),
                captured(&bulk, LinkType::Ethernet, super_frame(1448)),
                captured(&own, LinkType::Ethernet, None),
                captured(&small, LinkType::Other(147), None),
                captured(&small[14..], LinkType::Raw, None),
            ],
        );
        assert_eq!((counts.captured.packets, counts.encapsulated.packets), (5, 3));
        assert_eq!((counts.own.packets, counts.dropped.packets, counts.segments.unknown_link), (1, 1, 1));
        // The path takes less than the segments were to have: 1,410 bytes with these headers.
        assert_eq!(counts.frames, 2 + 60_000_u64.div_ceil(1410));
        assert_eq!(counts.outcome.sent.datagrams, counts.frames);
        assert_eq!(counts.outcome.unsegmented, 0, "the kernel cuts");
    });
}

#[test]
fn the_rate_cap_counts_what_is_sent_of_a_super_frame() {
    in_namespace(|| {
        let cable = Cable::new();
        let _collector = cable.there(|| UdpSocket::bind("10.9.0.2:4789").unwrap());
        let cap = Options { rate_cap: Some(800_000), ..options(&["10.9.0.2"]) };
        let mut forwarder = Forwarder::open(cap).unwrap();
        let header = transport(1000, 80, &[0xea, 0x68, 0, 0]);
        let datagrams = ipv4(17, [10, 7, 0, 1], [10, 7, 0, 2], &[&header[..], &[9; 60_000]].concat());
        let offload = super_frame(100).map(|offload| Offload { gso_type: GsoType::Udp, csum_offset: 6, ..offload });
        let counts = take(&mut forwarder, &[captured(&datagrams, LinkType::Ethernet, offload); 10]);
        assert!(counts.frames >= 600 && counts.shed.packets > 0, "{counts:?}");
        // What a second allows, and as much owed.
        let sent = counts.segments.bytes_out + counts.frames * 36;
        assert!(sent <= 200_000, "{sent} bytes of {} frames", counts.frames);
    });
}

#[test]
fn what_goes_nowhere_is_counted_for_each_collector() {
    in_namespace(|| {
        let cable = Cable::new();
        let mut forwarder =
            Forwarder::open(options(&["10.9.0.2", "10.9.0.3:1", "nobody.invalid", "10.9.0.2"])).unwrap();
        assert_eq!(forwarder.collectors.len(), 3, "named twice is once");
        let packet = tcp(1000, 100);
        let packets = [captured(&packet, LinkType::Ethernet, None); 10];
        // Nobody listens at the first; answers come after the first batch.
        let mut rounds = 0;
        let counts = loop {
            let counts = take(&mut forwarder, &packets);
            rounds += 1;
            if counts.outcome.refusals > 0 {
                break counts;
            }
            assert!(rounds < 100, "{counts:?}");
            std::thread::sleep(Duration::from_millis(50));
        };
        assert_eq!(counts.outcome.no_address.datagrams, 10 * rounds);
        forwarder.inspect(Instant::now());
        assert_eq!(forwarder.status(LiveCounts::default()).collectors[0].state, State::Refusing);
        ip("link del left");
        let counts = take(&mut forwarder, &packets);
        assert!(counts.outcome.unreachable.datagrams >= 10, "{counts:?}");
        drop(cable);
    });
}

#[test]
fn over_the_cap_packets_are_shed_and_counted() {
    in_namespace(|| {
        let _cable = Cable::new();
        let cap = Some(1_000_000);
        let mut forwarder = Forwarder::open(Options { rate_cap: cap, ..options(&["10.9.0.2"]) }).unwrap();
        let packets: Vec<Vec<u8>> = (0..500).map(|port| tcp(port, 1000)).collect();
        let captured: Vec<Captured<'_>> =
            packets.iter().map(|packet| captured(packet, LinkType::Ethernet, None)).collect();
        let counts = take(&mut forwarder, &captured);
        // 125,000 bytes, and as many owed.
        assert!((200..260).contains(&counts.encapsulated.packets), "{counts:?}");
        assert_eq!(counts.shed.packets, 500 - counts.encapsulated.packets);
    });
}

#[test]
fn the_sums_hold_for_any_bytes() {
    in_namespace(|| {
        let _cable = Cable::new();
        let forwarder = RefCell::new(Forwarder::open(options(&["10.9.0.2", "10.9.0.3"])).unwrap());
        let packet = (prop::collection::vec(any::<u8>(), 0..200), 0..3000_usize, 0..4_u8, any::<bool>(), 0..2000_u16);
        let mut runner = TestRunner::new(ProptestConfig::with_cases(200));
        let outcome = runner.run(&prop::collection::vec(packet, 0..20), |packets| {
            let frames: Vec<(Vec<u8>, LinkType, Option<Offload>)> = packets
                .into_iter()
                .map(|(bytes, length, link, is_tcp, size)| {
                    let link =
                        [LinkType::Ethernet, LinkType::Ethernet, LinkType::Raw, LinkType::Other(1)][usize::from(link)];
                    let bytes = if is_tcp { [&tcp(size, length)[..], &bytes].concat() } else { bytes };
                    (bytes, link, if size % 3 == 0 { super_frame(size) } else { None })
                })
                .collect();
            let captured: Vec<Captured<'_>> =
                frames.iter().map(|(bytes, link, offload)| captured(bytes, *link, *offload)).collect();
            forwarder.borrow_mut().take(captured.iter().copied());
            let counts = forwarder.borrow().counts();
            prop_assert!(counts.add_up(2), "{counts:?}");
            Ok(())
        });
        outcome.unwrap();
    });
}

#[test]
fn every_error_says_what_to_do_next() {
    let error = |code| std::io::Error::from_raw_os_error(code);
    let hinted = |error: ForwardError| error.hints().join("\n");
    assert!(hinted(ForwardError::Ports(error(libc::EADDRINUSE))).contains("`ss -anu`"));
    assert!(hinted(ForwardError::Ports(error(libc::EMFILE))).contains("`ulimit -n`"));
    assert!(hinted(ForwardError::Thread(error(libc::EAGAIN))).contains("`pids.max`"));
}

#[test]
fn an_own_address_is_refused() {
    in_namespace(|| {
        let _cable = Cable::new();
        for own in ["10.9.0.1", "127.0.0.1:1", "[::1]", "0.0.0.0"] {
            let refused = Forwarder::open(options(&["10.9.0.2", own])).err();
            assert!(matches!(refused, Some(ForwardError::OwnAddress { .. })), "{own}: {refused:?}");
        }
        assert!(matches!(Forwarder::open(options(&[])).err(), Some(ForwardError::NoDestination)));
    });
}
