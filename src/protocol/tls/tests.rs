mod captures;

use proptest::collection::vec;
use proptest::prelude::*;

use super::reader::Hello;
use super::*;
use crate::flow::Side;
use crate::protocol::detect::{Detected, detect};
use captures::bytes;

/// All that a reader says about a stream cut into pieces of these sizes, over and over.
fn read<H: Hello>(stream: &[u8], sizes: &[usize]) -> Vec<Progress<H>> {
    let (mut reader, mut said, mut rest) = (HelloReader::<H>::new(), Vec::new(), stream);
    for size in sizes.iter().cycle() {
        let (mut piece, others) = rest.split_at((*size).min(rest.len()));
        rest = others;
        loop {
            let progress = reader.push(&mut piece);
            assert!(reader.buffered() <= MAX_HELLO + 4);
            match progress {
                Progress::NeedMore => break,
                Progress::Hello(_) | Progress::Alert(_) => said.push(progress),
                end => {
                    assert!(piece.is_empty());
                    said.push(end);
                    return said;
                }
            }
        }
        assert!(piece.is_empty());
        if rest.is_empty() {
            break;
        }
    }
    said
}

fn whole<H: Hello>(stream: &[u8]) -> Vec<Progress<H>> {
    read(stream, &[usize::MAX])
}

fn client(stream: &[u8]) -> ClientHello {
    match whole(stream).swap_remove(0) {
        Progress::Hello(hello) => hello,
        other => panic!("{other:?}"),
    }
}

fn server(stream: &[u8]) -> ServerHello {
    match whole(stream).swap_remove(0) {
        Progress::Hello(hello) => hello,
        other => panic!("{other:?}"),
    }
}

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[kind, 3, 1], &(payload.len() as u16).to_be_bytes()[..], payload].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &(body.len() as u32).to_be_bytes()[1..], body].concat()
}

fn vector16(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u16).to_be_bytes()[..], body].concat()
}

/// A ClientHello message with these extensions.
fn client_hello(extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let extensions: Vec<u8> =
        extensions.iter().flat_map(|(kind, body)| [kind.to_be_bytes().to_vec(), vector16(body)].concat()).collect();
    let suites = [0x1a, 0x1a, 0x13, 0x01];
    message(1, &[&[3, 3], &[7; 32][..], &[0], &vector16(&suites), &[1, 0], &vector16(&extensions)].concat())
}

fn name_extension(name: &[u8]) -> (u16, Vec<u8>) {
    (0, vector16(&[&[0][..], &vector16(name)].concat()))
}

fn client_with(extensions: &[(u16, Vec<u8>)]) -> ClientHello {
    client(&record(22, &client_hello(extensions)))
}

const FATAL_UNKNOWN_CA: [u8; 7] = [21, 3, 3, 0, 2, 2, 48];

#[test]
fn a_captured_client_of_tls_1_3_is_read() {
    let hello = client(&bytes(captures::CLIENT_1_3));
    assert_eq!(hello.legacy_version, Version::TLS_1_2);
    assert_eq!(
        hello.supported_versions,
        [Version::TLS_1_3, Version::TLS_1_2, Version::TLS_1_1, Version::TLS_1_0].to_vec()
    );
    assert_eq!(hello.server_name.as_deref(), Some("cap.example"));
    assert_eq!(hello.alpn.iter().map(ToString::to_string).collect::<Vec<_>>(), ["h2", "http/1.1"]);
    assert_eq!(hello.cipher_suites.len(), 31);
    assert_eq!(hello.cipher_suites[..3], [0x1302, 0x1303, 0x1301]);
    assert_eq!(hello.extensions, [0, 11, 10, 35, 16, 22, 23, 13, 43, 45, 51]);
    assert_eq!(hello.supported_groups, [29, 23, 30, 25, 24, 256, 257, 258, 259, 260]);
    assert_eq!(hello.point_formats, [0, 1, 2]);
    assert_eq!(hello.signature_algorithms.len(), 20);
    assert_eq!(hello.session_id.as_bytes().len(), 32);
    assert_eq!((hello.resumption, hello.encrypted_client_hello, hello.grease), (None, false, false));
    assert!(!hello.anomalies.any());
}

#[test]
fn captured_servers_are_read() {
    let hello = server(&bytes(captures::SERVER_1_3));
    assert_eq!((hello.version, hello.legacy_version), (Version::TLS_1_3, Version::TLS_1_2));
    assert_eq!(hello.cipher_suite.to_string(), "TLS_AES_256_GCM_SHA384");
    assert_eq!(hello.extensions, [43, 51]);
    assert!(!hello.hello_retry_request && !hello.anomalies.any() && hello.alpn.is_none());

    let hello = server(&bytes(captures::SERVER_1_2_ALPN));
    assert_eq!(hello.version.to_string(), "TLS 1.2");
    assert_eq!(hello.cipher_suite.to_string(), "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
    assert_eq!(hello.alpn.unwrap().as_bytes(), b"h2");
}

#[test]
fn resumption_is_told_from_a_new_session() {
    let (old, new) = (client(&bytes(captures::CLIENT_1_2_SESSION)), client(&bytes(captures::CLIENT_1_3)));
    assert_eq!(old.resumption, Some(Resumption::SessionId));
    assert!(server(&bytes(captures::SERVER_1_2_SESSION)).resumed(&old));
    assert!(!server(&bytes(captures::SERVER_1_2_SESSION)).resumed(&new));
    // TLS 1.3 echoes every session id.
    assert_eq!(server(&bytes(captures::SERVER_1_3)).session_id, new.session_id);
    assert!(!server(&bytes(captures::SERVER_1_3)).resumed(&new));
    assert!(server(&bytes(captures::SERVER_1_3_PSK)).resumed(&new));

    assert_eq!(client_with(&[(35, vec![])]).resumption, None);
    assert_eq!(client_with(&[(35, vec![1])]).resumption, Some(Resumption::Ticket));
    assert_eq!(client_with(&[(41, vec![1]), (35, vec![1])]).resumption, Some(Resumption::PreSharedKey));
}

#[test]
fn a_retry_is_followed_by_the_hello_proper() {
    let said = whole::<ServerHello>(&bytes(captures::SERVER_RETRY));
    let retries: Vec<_> = said
        .iter()
        .map(|progress| match progress {
            Progress::Hello(hello) => hello.hello_retry_request,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(retries, [true, false]);
}

#[test]
fn alerts_before_and_after_the_hello_are_reported() {
    let alert = Alert { level: AlertLevel::Fatal, description: 48 };
    assert_eq!(alert.to_string(), "unknown_ca");
    assert_eq!(whole::<ServerHello>(&FATAL_UNKNOWN_CA), [Progress::Alert(alert)]);

    let hello = bytes(captures::SERVER_1_2_ALPN);
    let said = whole::<ServerHello>(&[&hello[..], &record(22, &message(11, &[0; 3000])), &FATAL_UNKNOWN_CA].concat());
    assert!(matches!(said[..], [Progress::Hello(_), Progress::Alert(heard)] if heard == alert));

    // One alert in two records, and two in one, as TLS 1.2 allows.
    let split = [record(21, &[2]), record(21, &[48, 1, 0])].concat();
    let close = Alert { level: AlertLevel::Warning, description: 0 };
    assert_eq!(whole::<ClientHello>(&split), [Progress::Alert(alert), Progress::Alert(close)]);
}

#[test]
fn nothing_is_read_from_ciphertext() {
    let said = whole::<ServerHello>(&[bytes(captures::SERVER_1_2_SESSION), FATAL_UNKNOWN_CA.to_vec()].concat());
    assert!(matches!(said[..], [Progress::Hello(_), Progress::Done]));
    let data = [&bytes(captures::CLIENT_1_3)[..], &[23, 3, 3, 0, 1, 0], &FATAL_UNKNOWN_CA].concat();
    assert!(matches!(whole::<ClientHello>(&data)[..], [Progress::Hello(_), Progress::Done]));
}

#[test]
fn other_protocols_are_not_tls() {
    let sslv2 = [0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10];
    let other_version = [22, 3, 5, 0, 4, 1, 0, 0, 0];
    let ciphertext = [23, 3, 3, 0, 1, 0];
    for start in [&sslv2[..], b"GET / HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n", &ciphertext, &other_version, &[0; 9]] {
        assert_eq!(whole::<ClientHello>(start), [Progress::NotTls]);
    }
    // A record of the right shape with the other side's hello, or one that ends too soon.
    assert_eq!(whole::<ServerHello>(&bytes(captures::CLIENT_1_3)), [Progress::NotTls]);
    assert_eq!(whole::<ClientHello>(&record(22, &message(1, &[3, 3]))), [Progress::NotTls]);
}

#[test]
fn odd_server_names_are_anomalies() {
    for name in [&b""[..], b"a b", b"a\0b", &[b'a'; 300], b"\xff"] {
        let hello = client_with(&[name_extension(name)]);
        assert!(hello.server_name.is_none() && hello.anomalies.invalid_server_name, "{name:?}");
    }
    let hello = client_with(&[(0, vec![0, 9, 0])]);
    assert!(hello.anomalies.malformed_extension && !hello.anomalies.invalid_server_name);
    let hello = client_with(&[name_extension(b"one.example"), name_extension(b"two.example")]);
    assert_eq!(hello.server_name.as_deref(), Some("one.example"));
    assert!(hello.anomalies.duplicate_extension);
}

#[test]
fn grease_and_ech_are_noticed() {
    let hello = client_with(&[
        (0x8a8a, vec![]),
        (16, vec![0, 6, 2, 0x2a, 0x2a, 2, b'h', b'2']),
        (43, vec![6, 0x3a, 0x3a, 3, 4, 3, 3]),
        (0xfe0d, vec![0; 40]),
        (10, vec![0, 4, 0x4a, 0x4a, 0x11, 0xec]),
    ]);
    assert!(hello.grease && hello.encrypted_client_hello && !hello.anomalies.any());
    assert_eq!(hello.cipher_suites, [0x1301]);
    assert_eq!(hello.extensions, [16, 43, 0xfe0d, 10]);
    assert_eq!(hello.supported_groups, [0x11ec]);
    assert_eq!(format!("{:?}", hello.alpn), "[\"h2\"]");
    assert_eq!(format!("{:?}", hello.supported_versions), "[TLS 1.3, TLS 1.2]");
    assert!((0..=15).all(|nibble| is_grease(nibble * 0x1010 + 0x0a0a)));
    assert!(!is_grease(0x0a1a) && !is_grease(0x1301));
}

#[test]
fn lists_are_cut_at_their_limits() {
    let many: Vec<_> = (0x4000..0x4000 + 1000).map(|kind| (kind, vec![])).collect();
    let hello = client_with(&[&many[..], &[name_extension(b"late.example")]].concat());
    assert_eq!(hello.extensions.len(), MAX_EXTENSIONS);
    assert!(hello.anomalies.list_cut);
    assert_eq!(hello.server_name.as_deref(), Some("late.example"));

    let protocols = vector16(&[1, b'x'].repeat(40));
    assert_eq!(client_with(&[(16, protocols)]).alpn.len(), MAX_ALPN_PROTOCOLS);
    let groups = vector16(&[1, 2].repeat(2000));
    assert_eq!(client_with(&[(10, groups)]).supported_groups.len(), MAX_NUMBERS);
}

#[test]
fn a_hello_may_be_sixteen_kibibytes_long_and_no_more() {
    let padding = |length: usize| client_hello(&[name_extension(b"a.example"), (21, vec![0; length])]);
    let longest = padding(MAX_HELLO - 67);
    assert_eq!(longest.len(), MAX_HELLO + 4);
    // In a record for every byte, which is as long as it gets.
    let stream: Vec<u8> = longest.iter().flat_map(|&byte| record(22, &[byte])).collect();
    let Some(Progress::Hello(hello)) = read::<ClientHello>(&stream, &[1]).pop() else { panic!() };
    assert_eq!(hello.server_name.as_deref(), Some("a.example"));

    let records: Vec<u8> = padding(MAX_HELLO - 66).chunks(1000).flat_map(|fragment| record(22, fragment)).collect();
    assert_eq!(read::<ClientHello>(&records, &[1]), [Progress::TooLong]);
    assert_eq!(whole::<ClientHello>(&records), [Progress::TooLong]);
}

#[test]
fn memory_grows_with_what_came_and_is_given_back() {
    let mut reader = ClientHelloReader::new();
    let mut claim: &[u8] = &[22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xff];
    assert_eq!(reader.push(&mut claim), Progress::NeedMore);
    assert!(reader.buffered() <= 2048);

    let stream = bytes(captures::CLIENT_1_3);
    let mut reader = ClientHelloReader::new();
    assert!(matches!(reader.push(&mut &stream[..]), Progress::Hello(_)));
    assert_eq!(reader.buffered(), 0);
    let mut reader = ClientHelloReader::new();
    assert_eq!(reader.push(&mut &stream[..200]), Progress::NeedMore);
    assert!(matches!(reader.push(&mut &stream[200..]), Progress::Hello(_)));
    assert_eq!(reader.buffered(), 0);
}

/// Streams that are right, nearly right, or begin right.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let captured = prop::sample::select(vec![
        captures::CLIENT_1_3,
        captures::CLIENT_1_2_SESSION,
        captures::SERVER_1_3,
        captures::SERVER_1_2_SESSION,
        captures::SERVER_1_2_ALPN,
        captures::SERVER_RETRY,
    ])
    .prop_map(bytes);
    let tail = prop_oneof![Just(vec![]), Just(FATAL_UNKNOWN_CA.to_vec()), vec(any::<u8>(), 0..40)];
    let changed = (captured, vec((any::<prop::sample::Index>(), any::<u8>()), 0..3), tail).prop_map(
        |(mut stream, changes, tail)| {
            for (index, byte) in changes {
                let index = index.index(stream.len());
                stream[index] = byte;
            }
            [stream, tail].concat()
        },
    );
    let extensions = vec((prop_oneof![0..60u16, any::<u16>()], vec(any::<u8>(), 0..40)), 0..12);
    let fragments = (extensions, 1..200usize).prop_map(|(extensions, size)| {
        client_hello(&extensions).chunks(size).flat_map(|fragment| record(22, fragment)).collect()
    });
    let noise = (0..3u8, vec(any::<u8>(), 0..300)).prop_map(|(kind, noise)| record(20 + kind, &noise));
    prop_oneof![changed, fragments, noise, vec(any::<u8>(), 0..100)]
}

proptest! {
    #[test]
    fn pieces_do_not_matter(stream in stream(), sizes in vec(1..400usize, 1..8)) {
        prop_assert_eq!(read::<ClientHello>(&stream, &sizes), whole::<ClientHello>(&stream));
        prop_assert_eq!(read::<ServerHello>(&stream, &sizes), whole::<ServerHello>(&stream));
        prop_assert_eq!(read::<ServerHello>(&stream, &[1]), whole::<ServerHello>(&stream));
    }

    #[test]
    fn what_is_read_is_detected(stream in stream()) {
        if let Some(Progress::Hello(_)) = whole::<ClientHello>(&stream).first() {
            prop_assert_eq!(detect(&stream), Detected::Tls(Side::Client));
        }
        if let Some(Progress::Hello(_)) = whole::<ServerHello>(&stream).first() {
            prop_assert_eq!(detect(&stream), Detected::Tls(Side::Server));
        }
    }
}
