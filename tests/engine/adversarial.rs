//! Senders that mean harm, or behave as if they did.

use sidetap::packet::LinkType;
use sidetap::record::DropStage;

use proptest::prelude::*;

use super::chance::Chance;
use super::connection::{Connection, End::Client, End::Server};
use super::dialogue::shape;
use super::metamorphic::cases;
use super::packet::{ACK, Packet, SYN, Shot, shots};
use super::sensor::{LIMITS, Outcome, Seen, run, run_shots, run_with};
use super::transform;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// The one exchange of a request and a response.
fn exchange(request: &[u8], response: &[u8]) -> Outcome {
    let mut connection = Connection::plain();
    connection.handshake().exchange(request, response).close(Client);
    let whole = run(&connection.packets);
    let bytes = run(&transform::split(&connection.packets, || 1));
    assert_eq!(whole.seen, bytes.seen, "bytes and packets");
    whole
}

fn one(outcome: &Outcome) -> &Seen {
    assert_eq!(outcome.seen.len(), 1, "{:#?}", outcome.seen);
    &outcome.seen[0]
}

/// What a request or response is found odd for, by itself.
fn anomalies(request: &str, response: &str) -> Vec<&'static str> {
    one(&exchange(request.as_bytes(), response.as_bytes())).anomalies.clone()
}

fn get_with(fields: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

const OK_TEXT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

pub fn head_of(len: usize) -> Vec<u8> {
    let mut head = b"GET /long HTTP/1.1\r\nHost: a\r\nX: ".to_vec();
    head.resize(len - 4, b'x');
    head.extend(b"\r\n\r\n");
    head
}

#[test]
fn a_head_of_nearly_64_kib_is_read_and_a_longer_one_is_counted() {
    const MOST: usize = (64 << 10) - 24;
    for mss in [1, 1460, 65_495] {
        let mut connection = Connection::plain();
        connection.mss = mss;
        connection.acks_every = 1_000_000;
        connection.handshake().exchange(&head_of(MOST), OK).exchange(GET, OK).close(Client);
        let outcome = run(&connection.packets);
        assert_eq!(outcome.lines(), ["GET /long 200 complete", "GET / 200 complete"], "{mss}");

        let mut connection = Connection::plain();
        connection.mss = mss;
        connection.acks_every = 1_000_000;
        connection.handshake().exchange(&head_of(MOST + 1), OK).close(Client);
        let outcome = run(&connection.packets);
        assert_eq!(outcome.lines(), ["-  200 response_only"], "{mss}");
        assert_eq!(outcome.counts.transactions.dropped(DropStage::UnreadHead), 1);
    }
}

#[test]
fn a_short_head_whose_end_comes_with_a_long_body_is_read() {
    let mut request = head_of(20_000);
    request.truncate(request.len() - 2);
    let body_at = request.len() + b"Content-Length: 60000\r\n\r\n".len();
    request.extend(b"Content-Length: 60000\r\n\r\n");
    request.resize(body_at + 60_000, b'b');
    let mut connection = Connection::plain();
    connection.mss = 65_000;
    connection.handshake();
    connection.push(Client, ACK, &request[..15_000]);
    connection.push(Client, ACK, &request[15_000..]);
    connection.receive(Server).send(Server, OK).receive(Client).close(Client);
    assert_eq!(run(&connection.packets).lines(), ["GET /long 200 complete"]);
}

#[test]
fn a_body_of_a_billion_bytes_is_walked_and_not_kept() {
    let mut connection = Connection::plain();
    connection.handshake();
    connection.exchange(GET, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    for _ in 0..1_000 {
        connection.push(Server, ACK, &[b'x'; 60_000]);
    }
    connection.receive(Client).close(Client);
    let outcome = run(&connection.packets);
    assert_eq!(one(&outcome).line(), "GET / 200 truncated");
    assert_eq!(one(&outcome).response_len, 60_000_000);
}

#[test]
fn lengths_that_no_number_holds_have_no_end() {
    for length in ["18446744073709551616", "-1", "+1", "1 2", "0x10", "99999999999999999999999999"] {
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nok");
        let outcome = exchange(GET, response.as_bytes());
        assert_eq!(one(&outcome).line(), "GET / 200 truncated", "{length}");
        assert_eq!(one(&outcome).anomalies, ["invalid_content_length"], "{length}");
    }
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nok";
    assert_eq!(one(&exchange(GET, response.as_bytes())).line(), "GET / 200 truncated");
}

#[test]
fn chunks_that_no_number_holds_are_invalid() {
    for size in ["10000000000000000", "fffffffffffffffff", "-1", "", "0x5", "g"] {
        let response = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\nhello\r\n0\r\n\r\n");
        let outcome = exchange(GET, response.as_bytes());
        assert_eq!(one(&outcome).line(), "GET / 200 truncated", "{size}");
        assert_eq!(one(&outcome).anomalies, ["invalid_chunk"], "{size}");
    }
}

#[test]
fn ten_thousand_pipelined_requests_find_their_responses() {
    let mut connection = Connection::plain();
    connection.handshake();
    let requests: Vec<u8> = (0..10_000)
        .flat_map(|n| format!("GET /{n} HTTP/1.1\r\nHost: a\r\nX-Request-Id: {n}\r\n\r\n").into_bytes())
        .collect();
    let responses: Vec<u8> = (0..10_000)
        .flat_map(|n| format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Request-Id: {n}\r\n\r\n").into_bytes())
        .collect();
    connection.acks_every = usize::MAX;
    connection.exchange(&requests, &responses).close(Client);
    let outcome = run(&connection.packets);
    assert_eq!(outcome.complete(), 10_000);
    assert!(outcome.seen.iter().all(|seen| seen.request_id == seen.response_id));

    let mut limits = LIMITS;
    limits.exchanges = 100;
    let outcome = run_with(limits, shots(&connection.packets).into_iter());
    assert!(outcome.seen.iter().all(|seen| !seen.is_pair() || seen.request_id == seen.response_id));
    assert!(outcome.counts.transactions.dropped(DropStage::TableFull) > 0);
}

#[test]
fn what_should_not_be_there_is_reported() {
    let none: [&str; 0] = [];
    assert_eq!(anomalies(&get_with(""), OK_TEXT), none);
    assert_eq!(anomalies(&get_with("X: a\r\n b\r\n"), OK_TEXT), ["obs_fold"]);
    assert_eq!(anomalies(&get_with("X : a\r\n"), OK_TEXT), ["space_before_colon"]);
    assert_eq!(anomalies(&get_with("X: a\n"), OK_TEXT), ["bare_lf"]);
    assert_eq!(anomalies("GET / HTTP/1.1\nHost: a\n\n", OK_TEXT), ["bare_lf"]);
    assert_eq!(anomalies("GET / HTTP/1.1\r\n\r\n", OK_TEXT), ["missing_or_repeated_host"]);
    assert_eq!(anomalies(&get_with("Host: b\r\n"), OK_TEXT), ["missing_or_repeated_host"]);
    let chunked = get_with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n";
    assert_eq!(anomalies(&chunked, OK_TEXT), ["content_length_and_transfer_encoding"]);
    assert_eq!(
        anomalies(&(get_with("Content-Length: 3\r\nContent-Length: 3\r\n") + "abc"), OK_TEXT),
        ["repeated_content_length"]
    );
    assert_eq!(anomalies(&(get_with("Content-Length: 3, 3\r\n") + "abc"), OK_TEXT), ["repeated_content_length"]);
    assert_eq!(
        anomalies(&(get_with("Content-Length: 3\r\nContent-Length: 4\r\n") + "abcd"), OK_TEXT),
        ["invalid_content_length"]
    );
    assert_eq!(anomalies(&(get_with("Transfer-Encoding: gzip\r\n") + "abcd"), OK_TEXT), ["unknown_transfer_encoding"]);
    let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(anomalies(old, OK_TEXT), ["transfer_encoding_in_http_1_0"]);
}

#[test]
fn three_hundred_fields_are_too_many_and_two_hundred_are_not() {
    let fields = |count: usize| (0..count).map(|n| format!("X-{n}: {n}\r\n")).collect::<String>();
    assert_eq!(one(&exchange(get_with(&fields(200)).as_bytes(), OK)).line(), "GET / 200 complete");
    let outcome = exchange(get_with(&fields(300)).as_bytes(), OK);
    assert_eq!(outcome.lines(), ["-  200 response_only"]);
    assert_eq!(outcome.counts.transactions.dropped(DropStage::UnreadHead), 1);
}

#[test]
fn an_answer_without_a_head_leaves_the_request_alone() {
    let outcome = exchange(b"GET /old HTTP/1.0\r\n\r\n", b"<html>old</html>");
    assert_eq!(outcome.lines(), ["GET /old - request_only"]);
    let outcome = exchange(b"GET /older\r\n", b"<html>older</html>");
    assert_eq!(outcome.lines(), [""; 0]);
}

#[test]
fn the_same_ends_may_connect_again() {
    let mut packets = Vec::new();
    let mut now = 0;
    for (turn, close) in [true, false, true].into_iter().enumerate() {
        let isn = 1_000_000 * turn as u32;
        let mut connection = Connection::plain().isn(isn, isn + 77);
        connection.now += now;
        let path = format!("GET /{turn} HTTP/1.1\r\nHost: a\r\n\r\n");
        connection.handshake().exchange(path.as_bytes(), OK);
        if close {
            connection.close(Client);
        }
        now += 10_000_000;
        packets.extend(connection.packets);
    }
    let outcome = run(&packets);
    let mut lines = outcome.lines();
    lines.sort();
    assert_eq!(lines, ["GET /0 200 complete", "GET /1 200 complete", "GET /2 200 complete"]);
    assert_eq!(outcome.counts.flows.opened, 3);
}

#[test]
fn probes_carry_nothing() {
    let mut connection = Connection::plain();
    connection.handshake().exchange(GET, OK);
    let probe = |packet: &Packet, seq: u32, payload: &[u8]| Packet {
        seq,
        flags: ACK,
        payload: payload.to_vec(),
        ..packet.clone()
    };
    let sample = connection.packets[2].clone();
    // A keep-alive repeats the byte before the next; some stacks send none at all.
    let keep_alive = probe(&sample, connection.next(Client).wrapping_sub(1), b"\0");
    let empty = probe(&sample, connection.next(Client).wrapping_sub(1), b"");
    connection.packets.extend([keep_alive.clone(), empty, keep_alive]);
    // A zero-window probe sends the next byte early, again and again.
    let window = probe(&sample, connection.next(Client), &GET[..1]);
    connection.packets.extend([window.clone(), window]);
    connection.exchange(GET, OK).close(Client);
    let outcome = run(&connection.packets);
    assert_eq!(outcome.lines(), ["GET / 200 complete", "GET / 200 complete"]);
    assert_eq!(outcome.counts.flows.gaps, 0);
}

#[test]
fn data_on_a_syn_is_read() {
    for server in [5, 0x7fff_ffff, 0x8000_0005, 0xffff_fff0] {
        let mut connection = Connection::plain().isn(9, server);
        connection.push(Client, SYN, GET);
        connection.receive(Server);
        connection.push(Server, SYN | ACK, b"");
        connection.receive(Client).send(Server, OK).receive(Client).exchange(GET, OK).close(Client);
        let outcome = run(&connection.packets);
        assert_eq!(outcome.lines(), ["GET / 200 complete", "GET / 200 complete"], "{server:x}");
        assert_eq!(outcome.times[0][0], connection.packets[0].time);
        assert_eq!(outcome.counts.flows.gaps, 0);
    }
}

#[test]
fn a_million_syns_leave_the_table_bounded() {
    let mut connection = Connection::plain();
    connection.handshake().exchange(GET, OK);
    let template = connection.packets[0].clone();
    let flood = (0..1_000_000_u32).map(|n| {
        let from = (std::net::Ipv4Addr::from(0x0b00_0000 + n / 60_000), 1_024 + (n % 60_000) as u16).into();
        Packet { from, seq: n.wrapping_mul(0x9e37_79b9), time: template.time + u64::from(n) * 100, ..template.clone() }
            .shot()
    });
    let last = Connection::from_port(9).handshake().exchange(GET, OK).close(Client).packets.clone();
    let all = shots(&connection.packets).into_iter().chain(flood).chain(shots(&last));
    let outcome = run_with(LIMITS, all);
    assert_eq!(outcome.lines(), ["GET / 200 complete", "GET / 200 complete"]);
    let flows = outcome.counts.flows;
    assert_eq!(flows.opened, 1_000_002);
    assert!(flows.evicted >= 1_000_002 - LIMITS.flows.connections as u64 - 1);
}

#[test]
fn wild_acknowledgements_change_nothing() {
    let chance = &mut Chance::new(3);
    let mut connection = Connection::plain();
    connection.handshake();
    for turn in 0..200 {
        connection.exchange(GET, OK);
        for place in 0..10 {
            let mut storm = connection.packets[if (turn + place) % 2 == 0 { 2 } else { 1 }].clone();
            storm.flags = ACK;
            storm.time = connection.now;
            storm.seq = if storm.from.port() == 80 { connection.next(Server) } else { connection.next(Client) };
            storm.ack = chance.number() as u32;
            connection.packets.push(storm);
        }
        connection.wait(30);
    }
    connection.close(Client);
    let outcome = run(&connection.packets);
    assert_eq!(outcome.lines(), vec!["GET / 200 complete"; 200]);
}

#[test]
fn cut_frames_give_what_they_hold() {
    for snaplen in [68, 96, 128, 200] {
        let mut connection = Connection::plain();
        connection.handshake();
        for _ in 0..5 {
            let body = [&b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n"[..], &[b'x'; 3000]].concat();
            connection.exchange(GET, &body);
        }
        connection.close(Client);
        let cut = connection.packets.iter().map(|packet| {
            let mut shot = packet.shot();
            shot.bytes.truncate(snaplen);
            shot
        });
        let outcome = run_with(LIMITS, cut);
        match snaplen {
            // The heads are there, the bodies are not.
            96.. => assert_eq!(outcome.lines(), vec!["GET / 200 gap"; 5], "{snaplen}"),
            _ => {
                assert!(outcome.seen.is_empty(), "{:#?}", outcome.seen);
                assert!(
                    outcome.counts.transactions.dropped(DropStage::UnreadHead) > 0 && outcome.counts.flows.gaps > 0
                );
            }
        }
    }
}

#[test]
fn an_upgrade_before_its_request_ends_gives_its_slot_back() {
    let mut connection = Connection::plain();
    connection.handshake();
    connection
        .send(Client, b"POST /up HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nContent-Length: 100\r\n\r\nhalf")
        .receive(Server);
    connection.send(Server, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n").receive(Client);
    connection.send(Client, &[b'z'; 200]).close(Client);
    let outcome = run(&connection.packets);
    assert_eq!(outcome.lines(), ["POST /up 101 truncated"]);
}

#[test]
fn a_false_message_in_a_body_is_not_read() {
    let lure = b"GET /evil HTTP/1.1\r\nHost: a\r\n\r\n";
    let request =
        [format!("POST /real HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", lure.len()).as_bytes(), lure].concat();
    let mut connection = Connection::plain();
    connection.mss = request.len() - lure.len();
    connection.handshake().exchange(&request, OK).close(Client);
    assert_eq!(run(&connection.packets).lines(), ["POST /real 200 complete"]);
}

fn link() -> impl Strategy<Value = LinkType> {
    (0..300_u16).prop_map(LinkType::from_number)
}

fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let beginnings: Vec<Vec<u8>> = vec![
        vec![],
        vec![0; 12],
        [&[0; 12][..], &[8, 0, 0x45]].concat(),
        [&[0; 12][..], &[0x86, 0xdd, 0x60]].concat(),
        [&[0; 12][..], &[0x81, 0]].concat(),
        vec![0x45, 0],
        vec![0x60],
        Connection::plain().handshake().packets[0].shot().bytes,
        transform::carry(&Connection::plain().handshake().packets, transform::Carrier::Vxlan { depth: 3, tags: 2 })[0]
            .bytes
            .clone(),
    ];
    (prop::sample::select(beginnings), prop::collection::vec(any::<u8>(), 0..200))
        .prop_map(|(beginning, rest)| [beginning, rest].concat())
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn garbage_of_every_link_type_is_counted(frames in prop::collection::vec((link(), garbage(), any::<u32>()), 1..60)) {
        let shots: Vec<_> = frames
            .into_iter()
            .enumerate()
            .map(|(at, (link, bytes, wire_len))| Shot { time: at as u64 * 50_000_000, interface: wire_len % 3, link, bytes, wire_len })
            .collect();
        let packets = run_shots(&shots).counts.packets;
        let decoded = packets.tcp + packets.udp + packets.other_transport;
        let undecoded = packets.not_ip + packets.truncated + packets.malformed + packets.unknown_link + packets.too_deep;
        assert!(packets.frames <= decoded + undecoded + packets.fragments);
    }

    #[test]
    fn mangled_connections_are_counted(shape in shape(6), seed in any::<u64>()) {
        let chance = &mut Chance::new(seed);
        let mut packets = shape.dialogue().packets;
        for packet in &mut packets {
            if chance.percent(15) {
                match chance.below(6) {
                    0 => packet.seq = chance.number() as u32,
                    1 => packet.ack = chance.number() as u32,
                    2 => packet.flags = chance.number() as u8,
                    3 => packet.seq = packet.seq.wrapping_add(chance.below(3_000) as u32).wrapping_sub(1_500),
                    4 => packet.cut = chance.below(70_000) as u32,
                    _ => packet.time = chance.number() >> chance.below(30),
                }
            }
            if chance.percent(10) && !packet.payload.is_empty() {
                let at = chance.below(packet.payload.len());
                packet.payload[at] = chance.one_of(b"\r\n :0aHGZ\xff\0");
            }
        }
        let mut shots = shots(&packets);
        for shot in &mut shots {
            if chance.percent(10) {
                let len = chance.below(shot.bytes.len());
                shot.bytes.truncate(len);
            } else if chance.percent(10) {
                let at = chance.below(shot.bytes.len().min(80));
                shot.bytes[at] = chance.number() as u8;
            }
        }
        run_shots(&shots);
    }
}
