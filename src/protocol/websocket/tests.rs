use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::flow::Side;

const DEFLATE: Extensions = Extensions { permessage_deflate: true, other: false };
const PLAIN: Extensions = Extensions { permessage_deflate: false, other: false };
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// One frame as an end sends it that obeys: masked where it is the client.
fn frame(side: Side, first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    let mask = if side == Side::Client { 0x80 } else { 0 };
    match payload.len() {
        length @ 0..=125 => frame.push(mask | length as u8),
        length @ 126..=0xffff => {
            frame.push(mask | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(mask | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    match side {
        Side::Server => frame.extend(payload),
        Side::Client => {
            frame.extend(MASK);
            frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        }
    }
    frame
}

/// Everything that is reported of a stream in pieces of these sizes, over and over, as text; and the sum of it.
fn read(side: Side, extensions: Extensions, stream: &[u8], sizes: &[usize]) -> (Vec<String>, Totals) {
    let (mut reader, mut events, mut rest) = (Reader::new(side, extensions), Vec::new(), stream);
    for size in sizes.iter().cycle() {
        let (piece, others) = rest.split_at((*size).min(rest.len()));
        reader.push(piece, |event| events.push(format!("{event:?}")));
        rest = others;
        if rest.is_empty() {
            break;
        }
    }
    (events, *reader.totals())
}

fn server(extensions: Extensions, frames: &[Vec<u8>]) -> Vec<String> {
    read(Side::Server, extensions, &frames.concat(), &[usize::MAX]).0
}

fn message(kind: MessageKind, bytes: u64, frames: u32, compressed: bool) -> String {
    format!("{:?}", Event::Message { kind, bytes, frames, compressed })
}

fn anomaly(anomaly: Anomaly) -> String {
    format!("{:?}", Event::Anomaly(anomaly))
}

fn close(code: Option<u16>, reason: &str) -> String {
    format!("{:?}", Event::Close { code, reason })
}

#[test]
fn the_examples_of_the_standard_are_read() {
    // RFC 6455 §5.7.
    let (client, totals) =
        read(Side::Client, PLAIN, &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], &[1]);
    assert_eq!(client, [message(MessageKind::Text, 5, 1, false)]);
    assert_eq!((totals.text_messages, totals.frames, totals.payload_bytes, totals.anomalies), (1, 1, 5, 0));

    let fragments = [vec![0x01, 3, b'H', b'e', b'l'], vec![0x80, 2, b'l', b'o'], vec![0x89, 1, 0], vec![0x8a, 1, 0]];
    assert_eq!(server(PLAIN, &fragments), [&message(MessageKind::Text, 5, 2, false), "Ping", "Pong"]);
    assert_eq!(server(PLAIN, &[frame(Side::Server, 0x82, &[0; 256])]), [message(MessageKind::Binary, 256, 1, false)]);
    assert_eq!(
        server(PLAIN, &[frame(Side::Server, 0x82, &[0; 65536])]),
        [message(MessageKind::Binary, 65536, 1, false)]
    );
}

#[test]
fn control_frames_may_interrupt_a_message() {
    let frames = [
        frame(Side::Server, 0x02, b"ab"),
        frame(Side::Server, 0x89, b""),
        frame(Side::Server, 0x00, b""),
        frame(Side::Server, 0x8a, b"x"),
        frame(Side::Server, 0x80, b"cde"),
    ];
    assert_eq!(server(PLAIN, &frames), ["Ping", "Pong", &message(MessageKind::Binary, 5, 3, false)]);
}

#[test]
fn a_close_says_why() {
    let payload = [&3001_u16.to_be_bytes()[..], "günther".as_bytes()].concat();
    for side in [Side::Client, Side::Server] {
        let (events, totals) = read(side, PLAIN, &frame(side, 0x88, &payload), &[1]);
        assert_eq!((events, totals.close_code), (vec![close(Some(3001), "günther")], Some(3001)));
    }
    assert_eq!(server(PLAIN, &[frame(Side::Server, 0x88, &[])]), [close(None, "")]);
    let longest = [&[3, 0xe8][..], &[b'r'; 123]].concat();
    assert_eq!(server(PLAIN, &[frame(Side::Server, 0x88, &longest)]), [close(Some(1000), &"r".repeat(123))]);
}

#[test]
fn an_invalid_close_is_an_anomaly() {
    let invalid = anomaly(Anomaly::InvalidClose);
    let read = |payload: &[u8]| server(PLAIN, &[frame(Side::Server, 0x88, payload)]);
    assert_eq!(read(&[3]), [invalid.clone(), close(None, "")]);
    for code in [0, 999, 1004, 1005, 1006, 1015, 5000] {
        assert_eq!(read(&u16::to_be_bytes(code)), [invalid.clone(), close(Some(code), "")]);
    }
    assert_eq!(read(b"\x03\xe8ok\xff"), [invalid, close(Some(1000), "ok")]);
    let long = read(&[&[3, 0xe8][..], &[b'r'; 200]].concat());
    assert_eq!(long, [anomaly(Anomaly::LongControl), close(Some(1000), &"r".repeat(123))]);
    let after = server(PLAIN, &[frame(Side::Server, 0x88, &[]), frame(Side::Server, 0x89, &[])]);
    assert_eq!(after, [close(None, ""), anomaly(Anomaly::AfterClose), "Ping".to_owned()]);
}

#[test]
fn what_breaks_the_framing_rules_is_named() {
    let text = |bytes| message(MessageKind::Text, bytes, 1, false);
    let check = |side, stream: &[u8], expected: &[String]| {
        assert_eq!(read(side, PLAIN, stream, &[usize::MAX]).0, expected);
    };
    check(Side::Client, &[0x81, 0], &[anomaly(Anomaly::UnmaskedClient), text(0)]);
    check(Side::Server, &[0x81, 0x80, 1, 2, 3, 4], &[anomaly(Anomaly::MaskedServer), text(0)]);
    check(Side::Server, &[0x83, 1, 0, 0x81, 0], &[anomaly(Anomaly::ReservedOpcode(3)), text(0)]);
    check(Side::Server, &[0x8f, 0], &[anomaly(Anomaly::ReservedOpcode(15))]);
    check(Side::Server, &[0x09, 0], &[anomaly(Anomaly::FragmentedControl), "Ping".to_owned()]);
    check(Side::Server, &frame(Side::Server, 0x8a, &[0; 126]), &[anomaly(Anomaly::LongControl), "Pong".to_owned()]);
    check(Side::Server, &[0x81, 126, 0, 1, 0], &[anomaly(Anomaly::NonMinimalLength), text(1)]);
    check(Side::Server, &[0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0], &[anomaly(Anomaly::NonMinimalLength), text(0)]);
    check(Side::Server, &[0x80, 1, 0, 0x81, 0], &[anomaly(Anomaly::StrayContinuation), text(0)]);
    check(Side::Server, &[0x01, 1, 0, 0x81, 0], &[anomaly(Anomaly::UnfinishedMessage), text(0)]);
    let lost = [anomaly(Anomaly::LengthTopBit), "Lost".to_owned()];
    check(Side::Server, &[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x81, 0], &lost);
}

#[test]
fn reserved_bits_belong_to_extensions() {
    let compressed = [frame(Side::Server, 0x41, b"ab"), frame(Side::Server, 0x80, b"c")];
    let bits = |bits| anomaly(Anomaly::ReservedBits(bits));
    assert_eq!(server(DEFLATE, &compressed), [message(MessageKind::Text, 3, 2, true)]);
    assert_eq!(server(PLAIN, &compressed), [bits(4), message(MessageKind::Text, 3, 2, false)]);
    // Only the first frame of a message says that it is compressed (RFC 7692 §6.1).
    let ill = [frame(Side::Server, 0x01, b""), frame(Side::Server, 0xf0, b""), frame(Side::Server, 0xc9, b"")];
    assert_eq!(server(DEFLATE, &ill), [bits(7), message(MessageKind::Text, 0, 2, false), bits(4), "Ping".to_owned()]);
    let other = Extensions { permessage_deflate: false, other: true };
    assert_eq!(server(other, &[frame(Side::Server, 0xf1, b"")]), [message(MessageKind::Text, 0, 1, false)]);
}

#[test]
fn a_gap_inside_a_payload_is_only_a_number() {
    let mut events = Vec::new();
    let mut reader = Reader::new(Side::Server, PLAIN);
    let stream = frame(Side::Server, 0x82, &[0; 1000]);
    reader.push(&stream[..10], |_| panic!());
    reader.gap(500, |_| panic!());
    reader.push(&stream[510..600], |_| panic!());
    reader.gap(404, |event| events.push(format!("{event:?}")));
    reader.push(&[0x89, 0], |event| events.push(format!("{event:?}")));
    assert_eq!(events, [&message(MessageKind::Binary, 1000, 1, false), "Ping"]);
    assert_eq!(reader.totals().payload_bytes, 1000);

    let close_frame = frame(Side::Server, 0x88, b"\x03\xe8half");
    reader.push(&close_frame[..6], |_| panic!());
    reader.gap(2, |event| assert_eq!(format!("{event:?}"), close(Some(1000), "ha")));
}

#[test]
fn a_gap_elsewhere_loses_the_reader() {
    for (before, missing) in [(0, 1), (1, 1), (2, 6), (7, 1)] {
        let mut reader = Reader::new(Side::Server, PLAIN);
        let mut events = Vec::new();
        reader.push(&frame(Side::Server, 0x82, &[0; 5])[..before], |_| {});
        reader.gap(0, |_| panic!());
        reader.gap(missing, |event| events.push(format!("{event:?}")));
        reader.gap(missing, |_| panic!());
        reader.push(&[0x89, 0], |_| panic!());
        assert_eq!(events, ["Lost"]);
    }
}

/// Frames of both kinds of ends that obey, mostly, and bytes of no kind.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        4 => prop::sample::select(vec![0x81_u8, 0x82, 0x01, 0x02, 0x00, 0x80, 0x88, 0x89, 0x8a, 0xc1, 0x42]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        6 => vec(any::<u8>(), 0..10),
        3 => vec(any::<u8>(), 120..140),
        1 => (65_530..65_540usize).prop_map(|length| vec![b'x'; length]),
    ];
    let frames = vec((any::<bool>(), first, payload), 0..8).prop_map(|frames| {
        let side = |client| if client { Side::Client } else { Side::Server };
        frames.into_iter().flat_map(|(client, first, payload)| frame(side(client), first, &payload)).collect()
    });
    prop_oneof![3 => frames, 1 => vec(any::<u8>(), 0..300)]
}

proptest! {
    #[test]
    fn pieces_do_not_matter(stream in stream(), sizes in vec(1..300usize, 1..6), deflate: bool, client: bool) {
        let side = if client { Side::Client } else { Side::Server };
        let extensions = if deflate { DEFLATE } else { PLAIN };
        let whole = read(side, extensions, &stream, &[usize::MAX]);
        prop_assert_eq!(&read(side, extensions, &stream, &sizes), &whole);
        prop_assert_eq!(&read(side, extensions, &stream, &[1]), &whole);
        prop_assert!(whole.1.frames <= stream.len() as u64 / 2);
        prop_assert!(whole.1.payload_bytes <= stream.len() as u64);
        // Six things at most can be wrong with one frame, beside what it is.
        prop_assert!(whole.0.len() as u64 <= 9 * whole.1.frames);
    }

    #[test]
    fn a_gap_in_a_payload_changes_no_count(length in 2..100_000usize, from: prop::sample::Index, to: prop::sample::Index) {
        let stream = [frame(Side::Server, 0x82, &vec![1; length]), frame(Side::Server, 0x89, b"")].concat();
        let header = stream.len() - 2 - length;
        let (from, to) = (header + from.index(length), header + to.index(length));
        let (from, to) = (from.min(to), from.max(to));
        let mut reader = Reader::new(Side::Server, PLAIN);
        reader.push(&stream[..from], |_| {});
        reader.gap((to - from) as u64, |_| {});
        reader.push(&stream[to..], |_| {});
        prop_assert_eq!(*reader.totals(), read(Side::Server, PLAIN, &stream, &[usize::MAX]).1);
    }

    #[test]
    fn any_gap_is_survived(stream in stream(), gaps in vec((0..50usize, any::<u64>()), 0..5)) {
        let mut reader = Reader::new(Side::Client, PLAIN);
        let mut rest = &stream[..];
        for (count, gap) in gaps {
            let (piece, others) = rest.split_at(count.min(rest.len()));
            rest = others;
            reader.push(piece, |_| {});
            reader.gap(gap, |_| {});
        }
        reader.push(rest, |_| {});
    }
}
