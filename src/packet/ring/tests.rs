//! Rings in network namespaces of their own, on real interfaces.

use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::num::NonZeroU32;
use std::process::Command;
use std::thread;
use std::time::Instant;

use rustix::thread::{CapabilitySet, CapabilitySets};

use super::super::interfaces;
use super::super::namespace::{Cable, in_namespace, ip, skip, try_ip};
use super::super::vlan::VlanTag;
use super::*;

/// What a test keeps of a packet.
struct Seen {
    bytes: Vec<u8>,
    wire_len: u32,
    outgoing: bool,
    vlan: Option<VlanTag>,
    checksum: Checksum,
    offload: Option<Offload>,
    time: u64,
}

impl Seen {
    /// Whether it is IPv4 with this protocol: 6 is TCP, 17 UDP.
    fn is(&self, protocol: u8) -> bool {
        self.bytes[12..14] == [0x08, 0x00] && self.bytes[23] == protocol
    }

    fn has(&self, text: &str) -> bool {
        self.bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

fn options(interface: &str) -> RingOptions {
    let index = interfaces::by_name(interface).unwrap().index;
    RingOptions { retire: Duration::from_millis(5), ..RingOptions::new(index, interface) }
}

fn open(interface: &str) -> Ring {
    Ring::open(&options(interface), &[]).unwrap()
}

/// Everything until nothing has come for a while.
fn drain(ring: &mut Ring) -> Vec<Seen> {
    let mut all = Vec::new();
    loop {
        while let Some(block) = ring.next_block() {
            let mut packets = block.packets();
            all.extend(packets.by_ref().map(|packet| Seen {
                bytes: packet.bytes.to_vec(),
                wire_len: packet.wire_len,
                outgoing: packet.outgoing,
                vlan: packet.vlan,
                checksum: packet.checksum,
                offload: packet.offload,
                time: packet.time.nanos(),
            }));
            assert_eq!(packets.missing(), 0);
        }
        if ring.wait(Duration::from_millis(150)).unwrap() == RingEvent::Idle {
            return all;
        }
    }
}

/// Sends datagrams to a port of this machine.
fn send<P: AsRef<[u8]>>(port: u16, payloads: &[P]) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    // A refusal of an earlier datagram is none of ours.
    payloads.iter().for_each(|payload| drop(socket.send_to(payload.as_ref(), ("127.0.0.1", port))));
}

fn take(length: u32) -> Instruction {
    Instruction { code: 0x06, jt: 0, jf: 0, k: length }
}

#[test]
fn a_frame_on_lo_is_seen_once_or_as_it_goes_and_comes() {
    in_namespace(|| {
        let mut once = Ring::open(&RingOptions { direction: Direction::Incoming, ..options("lo") }, &[]).unwrap();
        let mut twice = open("lo");
        assert_eq!((once.link_type(), once.interface(), once.index()), (LinkType::Ethernet, "lo", 1));
        for number in 0..50 {
            send(9, &[format!("ping-{number:03}").as_bytes()]);
        }
        let (once, twice) = (drain(&mut once), drain(&mut twice));
        for number in 0..50 {
            // The refusals quote the datagram; they are longer.
            let is_ping = |seen: &&Seen| seen.wire_len == 14 + 20 + 8 + 8 && seen.has(&format!("ping-{number:03}"));
            let seen: Vec<_> = once.iter().filter(is_ping).collect();
            assert_eq!(seen.iter().map(|seen| seen.outgoing).collect::<Vec<_>>(), [false]);
            let seen: Vec<_> = twice.iter().filter(is_ping).collect();
            assert_eq!(seen.iter().map(|seen| seen.outgoing).collect::<Vec<_>>(), [true, false]);
            // Nobody computes a checksum between two ends of the same machine.
            assert_eq!(seen[0].checksum, Checksum::NotReady);
        }
        assert!(once.is_sorted_by_key(|seen| seen.time));
    });
}

#[test]
fn both_directions_of_a_cable_are_seen() {
    in_namespace(|| {
        let cable = Cable::new();
        let mut ring = open("left");
        let here = UdpSocket::bind("10.9.0.1:7000").unwrap();
        let mut seen = Vec::new();
        let directions = |seen: &[Seen], text: &str| -> Vec<bool> {
            let is_udp = |seen: &&Seen| seen.has(text) && seen.is(17);
            seen.iter().filter(is_udp).map(|seen| seen.outgoing).collect()
        };
        // A new cable may lose what comes before its ends know each other.
        for _ in 0..50 {
            cable.there(|| {
                let socket = UdpSocket::bind("10.9.0.2:7000").unwrap();
                socket.send_to(b"from there", "10.9.0.1:7000").unwrap();
            });
            here.send_to(b"from here", "10.9.0.2:7000").unwrap();
            seen.extend(drain(&mut ring));
            if ["from there", "from here"].iter().all(|text| !directions(&seen, text).is_empty()) {
                break;
            }
        }
        let (there, here) = (directions(&seen, "from there"), directions(&seen, "from here"));
        assert!(!there.is_empty() && there.iter().all(|outgoing| !outgoing), "{there:?}");
        assert!(!here.is_empty() && here.iter().all(|outgoing| *outgoing), "{here:?}");
    });
}

#[test]
fn a_filter_filters_from_the_first_frame_on() {
    in_namespace(|| {
        let load = |code, k| Instruction { code, jt: 0, jf: 0, k };
        let unless = |k, jf| Instruction { code: 0x15, jt: 0, jf, k };
        // UDP over IPv4 without options, to port 5353.
        let filter = [
            load(0x28, 12),
            unless(0x0800, 5),
            load(0x30, 23),
            unless(17, 3),
            load(0x28, 36),
            unless(5353, 1),
            take(65535),
            take(0),
        ];
        let mut ring = Ring::open(&options("lo"), &filter).unwrap();
        send(5353, &[b"wanted"; 20]);
        send(5354, &[b"unwanted"; 20]);
        let seen = drain(&mut ring);
        assert_eq!(seen.len(), 2 * 20);
        assert!(seen.iter().all(|seen| seen.has("wanted") && !seen.has("unwanted")));
        assert_eq!(ring.statistics().unwrap().packets, 40);
    });
}

#[test]
fn a_filter_is_replaced_on_the_open_ring_unless_it_is_locked() {
    in_namespace(|| {
        let options = RingOptions { filter: FilterLock::Replaceable, direction: Direction::Incoming, ..options("lo") };
        let mut ring = Ring::open(&options, &[take(0)]).unwrap();
        send(1000, &["unseen"]);
        ring.replace_filter(&[]).unwrap();
        send(1000, &["all of it"]);
        ring.replace_filter(&[take(42)]).unwrap();
        send(1000, &["only headers"]);
        let seen: Vec<usize> =
            drain(&mut ring).iter().filter(|seen| seen.is(17)).map(|seen| seen.bytes.len()).collect();
        assert_eq!(seen, [42 + 9, 42]);

        let mut locked = open("lo");
        assert!(matches!(locked.replace_filter(&[]), Err(RingError::System { call: "SO_ATTACH_FILTER", .. })));
    });
}

#[test]
fn the_snap_length_cuts_and_the_wire_length_does_not() {
    in_namespace(|| {
        let snap_length = NonZeroU32::new(60).unwrap();
        let mut ring = Ring::open(&RingOptions { snap_length, ..options("lo") }, &[take(65535)]).unwrap();
        send(9, &[&[7; 1000][..], b"short"]);
        let udp: Vec<_> = drain(&mut ring).into_iter().filter(|seen| seen.is(17)).collect();
        let lengths: Vec<_> = udp.iter().map(|seen| (seen.bytes.len(), seen.wire_len)).collect();
        assert_eq!(lengths, [(60, 1042), (60, 1042), (47, 47), (47, 47)]);
    });
}

#[test]
fn bulk_tcp_is_seen_as_it_is_before_segmentation() {
    const BYTES: usize = 8 << 20;
    in_namespace(|| {
        let cable = Cable::new();
        let big = RingOptions { block_size: 1 << 20, block_count: 24, ..options("left") };
        let mut ring = Ring::open(&big, &[]).unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        cable.start(move || {
            let listener = TcpListener::bind("10.9.0.2:8080").unwrap();
            tell.send(0).unwrap();
            let received = std::io::copy(&mut listener.accept().unwrap().0, &mut std::io::sink());
            tell.send(received.unwrap()).unwrap();
        });
        told.recv().unwrap();
        // Opened here, because a socket belongs to the namespace of the thread that opens it.
        let mut stream = TcpStream::connect("10.9.0.2:8080").unwrap();
        let writer = thread::spawn(move || stream.write_all(&vec![b'x'; BYTES]));
        let mut seen = Vec::new();
        // TCP may pause for longer than `drain` waits.
        let received = loop {
            seen.extend(drain(&mut ring));
            if let Ok(received) = told.try_recv() {
                break received;
            }
        };
        seen.extend(drain(&mut ring));
        writer.join().unwrap().unwrap();
        assert_eq!(received, BYTES as u64);
        let statistics = ring.statistics().unwrap();
        assert_eq!((statistics.packets, statistics.drops), (seen.len() as u64, 0));

        let sent: Vec<_> = seen.iter().filter(|seen| seen.outgoing && seen.is(6)).collect();
        let payload = |seen: &Seen| seen.wire_len as usize - 34 - usize::from(seen.bytes[46] >> 4) * 4;
        let bytes: usize = sent.iter().map(|seen| payload(seen)).sum();
        assert!(bytes >= BYTES, "{bytes} of {BYTES}");
        let segmented: Vec<_> = sent.iter().filter(|seen| seen.wire_len > 1514).collect();
        assert!(!segmented.is_empty(), "no frame larger than the MTU among {}", sent.len());
        for seen in segmented {
            assert_eq!(seen.bytes.len(), seen.wire_len as usize, "a block holds a whole frame");
            assert_eq!(seen.checksum, Checksum::NotReady);
            let offload = seen.offload.expect("the kernel says how it will be segmented");
            assert_eq!(offload.gso_type, GsoType::TcpV4);
            assert!((500..=1460).contains(&offload.gso_size), "{offload:?}");
            assert!(payload(seen) > usize::from(offload.gso_size));
            assert_eq!((offload.needs_csum, offload.csum_start, offload.csum_offset), (true, 34, 16));
        }
    });
}

#[test]
fn what_finds_no_room_is_counted_and_the_totals_add_up() {
    const SENT: usize = 3000;
    in_namespace(|| {
        let tiny = RingOptions { block_size: 4096, block_count: 2, direction: Direction::Incoming, ..options("lo") };
        let mut ring = Ring::open(&tiny, &[]).unwrap();
        let receiver = UdpSocket::bind("127.0.0.1:9999").unwrap();
        let mut read = 0;
        for _ in 0..3 {
            send(9999, &[[1; 400]; SENT / 3]);
            read += drain(&mut ring).len();
            // Asked more than once, because the kernel forgets what it has told.
            ring.statistics().unwrap();
        }
        drop(receiver);
        let statistics = ring.statistics().unwrap();
        assert_eq!(statistics.packets, SENT as u64);
        assert!(statistics.drops > 0 && statistics.freezes > 0, "{statistics:?}");
        assert_eq!(statistics.captured(), read as u64);
        assert!(read > 0);
    });
}

#[test]
fn a_deleted_interface_is_said_once_and_then_waiting_waits() {
    in_namespace(|| {
        let cable = Cable::new();
        let mut ring = open("left");
        UdpSocket::bind("10.9.0.1:0").unwrap().send_to(b"last words", "10.9.0.2:9").unwrap();
        thread::sleep(Duration::from_millis(30));
        ip("link del left");

        assert_eq!(ring.wait(Duration::from_secs(2)).unwrap(), RingEvent::Down);
        let mut words = 0;
        while let Some(block) = ring.next_block() {
            words += block.packets().filter(|packet| packet.bytes.ends_with(b"last words")).count();
        }
        assert!(words >= 1, "what was captured before can still be read");
        let start = Instant::now();
        for _ in 0..4 {
            assert_eq!(ring.wait(Duration::from_millis(50)).unwrap(), RingEvent::Idle);
        }
        assert!(start.elapsed() >= Duration::from_millis(190), "{:?}", start.elapsed());
        assert!(ring.next_block().is_none());
        ring.statistics().unwrap();
        let gone = RingOptions::new(ring.index(), "left");
        assert!(matches!(Ring::open(&gone, &[]), Err(RingError::NoInterface { .. })));
        drop(cable);
    });
}

#[test]
fn an_interface_that_comes_up_again_is_captured_again() {
    in_namespace(|| {
        let _cable = Cable::new();
        ip("link set left down");
        let mut ring = open("left");
        assert_eq!(ring.wait(Duration::from_secs(1)).unwrap(), RingEvent::Down, "opened while it was down");
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        for text in ["first", "second"] {
            ip("link set left up");
            // A cable takes up to a second to carry again, and what is sent before is lost.
            let comes_back = (0..50).any(|_| {
                let _ = socket.send_to(text.as_bytes(), "10.9.0.2:9");
                drain(&mut ring).iter().any(|seen| seen.has(text))
            });
            assert!(comes_back, "{text}");
            ip("link set left down");
            assert_eq!(ring.wait(Duration::from_secs(1)).unwrap(), RingEvent::Down);
        }
    });
}

#[test]
fn what_came_before_the_close_is_read_and_nothing_after_it() {
    in_namespace(|| {
        let mut ring = Ring::open(&RingOptions { direction: Direction::Incoming, ..options("lo") }, &[]).unwrap();
        send(9, &["before"]);
        ring.close().unwrap();
        send(9, &["after"]);
        let seen = drain(&mut ring);
        assert!(seen.iter().any(|seen| seen.has("before")));
        assert!(!seen.iter().any(|seen| seen.has("after")));
        ip("link set lo down");
        ring.close().expect("again, and on an interface that is down");
    });
}

#[test]
fn asking_an_empty_ring_changes_nothing() {
    in_namespace(|| {
        let small = RingOptions { block_size: 4096, block_count: 3, direction: Direction::Incoming, ..options("lo") };
        let mut ring = Ring::open(&small, &[]).unwrap();
        let _receiver = UdpSocket::bind("127.0.0.1:9999").unwrap();
        for number in 0..20_usize {
            for _ in 0..number {
                assert!(ring.next_block().is_none());
            }
            send(9999, &[number.to_string()]);
            assert_eq!(ring.wait(Duration::from_secs(1)).unwrap(), RingEvent::Ready);
            let block = ring.next_block().unwrap();
            let packets: Vec<_> = block.packets().collect();
            assert_eq!(packets.len(), 1);
            assert!(packets[0].bytes.ends_with(number.to_string().as_bytes()));
        }
        assert_eq!(ring.statistics().unwrap(), RingStatistics { packets: 20, drops: 0, freezes: 0 });
    });
}

#[test]
fn two_rings_have_a_block_out_at_a_time() {
    in_namespace(|| {
        let _cable = Cable::new();
        let (mut lo, mut left) = (open("lo"), open("left"));
        send(9, &[b"on lo"]);
        UdpSocket::bind("10.9.0.1:0").unwrap().send_to(b"on left", "10.9.0.2:9").unwrap();
        for ring in [&lo, &left] {
            assert_eq!(ring.wait(Duration::from_secs(1)).unwrap(), RingEvent::Ready);
        }
        let (lo, left) = (lo.next_block().unwrap(), left.next_block().unwrap());
        let mut merged: Vec<_> = lo.packets().chain(left.packets()).collect();
        merged.sort_by_key(|packet| packet.time);
        assert!(merged.len() >= 3);
    });
}

#[test]
fn a_tag_that_the_kernel_takes_off_is_reported() {
    in_namespace(|| {
        let cable = Cable::new();
        let mut ring = open("left");
        cable.there(|| {
            let right = open("right");
            for tag in [[0x81, 0x00, 0x20, 0x05], [0x88, 0xa8, 0x00, 0x06]] {
                // A socket with virtio headers wants one before what it sends, too.
                let frame = [&[0; 10][..], &[0xff; 6], &[2, 0, 0, 0, 0, 1], &tag, &[0x88, 0xb5], b"tagged"].concat();
                rustix::net::send(&right, &frame, rustix::net::SendFlags::empty()).unwrap();
            }
        });
        let seen = drain(&mut ring);
        let tagged: Vec<_> = seen.iter().filter(|seen| seen.has("tagged")).collect();
        let tags: Vec<_> = tagged.iter().map(|seen| seen.vlan.unwrap()).collect();
        assert_eq!(tags, [VlanTag { tpid: 0x8100, tci: 0x2005 }, VlanTag { tpid: 0x88a8, tci: 6 }]);
        assert!(tagged.iter().all(|seen| seen.bytes[12..] == *b"\x88\xb5tagged"));
    });
}

#[test]
fn the_link_type_is_the_interfaces_or_an_error_that_names_it() {
    in_namespace(|| {
        assert_eq!(link_of(libc::ARPHRD_ETHER), Some(LinkType::Ethernet));
        assert_eq!(link_of(libc::ARPHRD_IEEE80211), None);
        match try_ip("tuntap add dev tunnel mode tun") {
            Ok(()) => assert_eq!(open("tunnel").link_type(), LinkType::Raw),
            Err(error) => eprintln!("skipped: no TUN interfaces: {error}"),
        }
        match try_ip("link add monitor type nlmon") {
            Ok(()) => assert!(matches!(Ring::open(&options("monitor"), &[]).unwrap_err(),
                RingError::LinkType { interface, arphrd: 824 } if interface == "monitor")),
            Err(error) => eprintln!("skipped: no netlink monitors: {error}"),
        }
    });
}

#[test]
fn a_filter_that_the_kernel_refuses_is_told_from_one_that_is_too_long() {
    in_namespace(|| {
        let open = |filter: &[Instruction]| Ring::open(&options("lo"), filter).map(drop);
        let load = Instruction { code: 0x28, jt: 0, jf: 0, k: 12 };
        let mut long = vec![load; 4000];
        long.push(take(1));
        assert!(matches!(open(&long), Err(RingError::FilterTooLong { instructions: 4001 })));
        long.resize(70_000, take(1));
        for refused in [&[load][..], &[Instruction { code: 0xffff, ..load }, take(1)], &long[..5000], &long] {
            assert!(matches!(open(refused), Err(RingError::FilterRefused { .. })));
        }
        for index in [0, 999, u32::MAX] {
            assert!(matches!(
                Ring::open(&RingOptions { index, ..options("lo") }, &[]),
                Err(RingError::NoInterface { .. })
            ));
        }
        for (block_size, block_count) in [(100, 1), (4096, 0), (1 << 30, 1 << 20)] {
            let error = Ring::open(&RingOptions { block_size, block_count, ..options("lo") }, &[]).unwrap_err();
            assert!(matches!(error, RingError::Layout { .. } | RingError::Memory { .. }), "{error:?}");
        }
    });
}

#[test]
fn without_the_capability_it_is_not_permitted() {
    in_namespace(|| {
        let none = CapabilitySet::empty();
        let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
        rustix::thread::set_capabilities(None, sets).unwrap();
        assert!(matches!(Ring::open(&options("lo"), &[]), Err(RingError::NotPermitted)));
    });
}

#[test]
fn nobody_with_net_raw_and_nothing_else_captures() {
    const CHILD: &str = "SIDETAP_TEST_RING_CHILD";
    if std::env::var_os(CHILD).is_some() {
        assert!(rustix::process::geteuid().as_raw() == 65534);
        let effective = rustix::thread::capabilities(None).unwrap().effective;
        assert_eq!(effective, CapabilitySet::NET_RAW);
        let mut ring = Ring::open(&RingOptions { direction: Direction::Incoming, ..options("lo") }, &[]).unwrap();
        send(9, &[b"seen by nobody"]);
        assert!(drain(&mut ring).iter().any(|seen| seen.has("seen by nobody")));
        return;
    }
    in_namespace(|| {
        // Nobody may not be able to reach where the test was built. Another program makes the copy, because a program
        // that another test starts meanwhile could hold ours open for writing, and then it cannot run.
        let program = std::env::temp_dir().join(format!("sidetap-ring-test-{}", std::process::id()));
        let here = std::env::current_exe().unwrap();
        let copied = Command::new("install").args(["-m", "755"]).arg(here).arg(&program).status();
        assert!(copied.unwrap().success());
        let output = Command::new("setpriv")
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all,+net_raw"])
            .args(["--ambient-caps", "-all,+net_raw", "--bounding-set", "-all,+net_raw"])
            .arg(&program)
            .args(["--exact", "packet::ring::tests::nobody_with_net_raw_and_nothing_else_captures", "--nocapture"])
            .env(CHILD, "1")
            .output();
        std::fs::remove_file(&program).unwrap();
        match output {
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stdout);
                assert!(said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
            }
            Err(error) => skip(&format!("setpriv: {error}")),
        }
    });
}

#[test]
fn interfaces_are_listed_with_their_addresses() {
    in_namespace(|| {
        let _cable = Cable::new();
        ip("addr add 10.9.0.7/24 dev left label left:7");
        ip("link set left mtu 8500");
        ip("link add idle type veth peer name other");
        let list = interfaces::list().unwrap();
        let left = list.iter().find(|interface| interface.name == "left").unwrap();
        assert_eq!(left.mtu, Some(8500));
        assert_eq!(left.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.9.0.1", "10.9.0.7"]);
        let names = |list: Vec<interfaces::Interface>| -> Vec<String> {
            let mut names: Vec<_> = list.into_iter().map(|interface| interface.name).collect();
            names.sort();
            names
        };
        assert_eq!(names(list.clone()), ["idle", "left", "lo", "other"]);
        assert_eq!(names(interfaces::every_up(list)), ["left", "lo"]);
        assert_eq!(mtu("a name that is too long for an interface"), None);
    });
}
