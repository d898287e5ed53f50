//! The beginnings of TLS: how the bytes are cut changes nothing, and no more than one hello is held.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetap::protocol::detect::{Detected, detect};
use sidetap::protocol::tls::reader::Hello;
use sidetap::protocol::tls::{ClientHello, HelloReader, MAX_HELLO, Progress, ServerHello};
use sidetap_fuzz::dice::Dice;

/// A handshake message's type and length.
const HEADER: usize = 4;

fn read<H: Hello + std::fmt::Debug>(pieces: &[&[u8]]) -> (Vec<H>, Vec<String>) {
    let mut reader = HelloReader::<H>::new();
    let (mut hellos, mut told) = (Vec::new(), Vec::new());
    for piece in pieces {
        let mut input = *piece;
        loop {
            let before = input.len();
            let progress = reader.push(&mut input);
            assert!(input.len() <= before);
            assert!(reader.buffered() <= MAX_HELLO + HEADER, "{}", reader.buffered());
            match progress {
                Progress::NeedMore => {
                    assert!(input.is_empty());
                    break;
                }
                Progress::Hello(hello) => {
                    told.push(format!("{hello:?}"));
                    hellos.push(hello);
                }
                Progress::Alert(alert) => told.push(format!("{alert:?} {:?}", alert.name())),
                end @ (Progress::Done | Progress::NotTls | Progress::TooLong) => {
                    assert!(input.is_empty());
                    told.push(format!("{end:?}"));
                    break;
                }
            }
            assert!(input.len() < before, "progress takes bytes");
        }
    }
    // A reader that is at its end says so for every piece.
    told.dedup();
    (hellos, told)
}

fuzz_target!(|input: &[u8]| {
    let Some((seed, bytes)) = input.split_first_chunk() else { return };
    let pieces = Dice::new(u32::from_be_bytes(*seed)).cut(bytes);
    let whole: &[&[u8]] = if bytes.is_empty() { &[] } else { &[bytes] };

    let (clients, told) = read::<ClientHello>(whole);
    assert_eq!(told, read::<ClientHello>(&pieces).1);
    let (servers, told) = read::<ServerHello>(whole);
    assert_eq!(told, read::<ServerHello>(&pieces).1);
    // An alert may come before a hello.
    if !clients.is_empty() || !servers.is_empty() {
        assert!(matches!(detect(bytes), Detected::Tls(_) | Detected::TlsMidstream));
    }
    for client in &clients {
        for alpn in &client.alpn {
            assert!(!alpn.to_string().contains(char::is_control));
        }
        for server in &servers {
            let _ = server.resumed(client);
        }
    }
});
