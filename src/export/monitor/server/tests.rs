use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use super::*;
use crate::export::monitor::report::Report;

struct Idle;

impl Subject for Idle {
    fn silent(&self) -> Duration {
        Duration::ZERO
    }

    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn describe(&self, report: &mut Report) {
        report.gauge("sidetap_answer", "The answer").is(42);
    }
}

/// Somebody who answers until the tests end.
fn begin() -> SocketAddr {
    let door = Door::open("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = door.address();
    door.serve(About::new("capture", 0, || None), Idle).unwrap();
    address
}

/// What these bytes are answered with, until the end.
fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request).unwrap();
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    // An answer to a request that was not read to its end may be followed by a reset.
    while let Ok(read @ 1..) = stream.read(&mut part) {
        answer.extend(&part[..read]);
    }
    String::from_utf8(answer).unwrap()
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or_default()
}

const LIVE: &[u8] = b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn one_request_a_connection_in_any_pieces_and_either_version() {
    let address = begin();
    let answer = exchange(address, LIVE);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nlive\n"), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n") && answer.contains("\r\ncontent-length: 5\r\n"), "{answer}");
    // What follows is not answered.
    let twice = exchange(address, &[LIVE, LIVE].concat());
    assert_eq!(twice.matches("HTTP/1.1").count(), 1, "{twice}");
    assert!(exchange(address, b"GET /live HTTP/1.0\r\n\r\n").ends_with("\r\n\r\nlive\n"));
    let head = exchange(address, b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(!head.contains("content-length: 0"), "{head}");

    let mut stream = TcpStream::connect(address).unwrap();
    for byte in LIVE {
        stream.write_all(&[*byte]).unwrap();
    }
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(status(&answer), "200");
}

#[test]
fn what_is_no_request_is_refused_and_harms_nobody() {
    let address = begin();
    let long = [&b"GET /live HTTP/1.1\r\nHost: x\r\nX: "[..], &vec![b'x'; 100_000], b"\r\n\r\n"].concat();
    let many = [&b"GET /live HTTP/1.1\r\n"[..], &b"A: b\r\n".repeat(1000), b"\r\n"].concat();
    let path = [&b"GET /"[..], &vec![b'x'; 100_000], b" HTTP/1.1\r\n\r\n"].concat();
    for request in [&long[..], &many, &path] {
        let answer = exchange(address, request);
        assert!(matches!(status(&answer), "431" | "414" | "400" | ""), "{answer}");
    }
    let body = b"POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc";
    assert_eq!(status(&exchange(address, body)), "405");
    for garbage in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"\0\0\0\0\r\n\r\n", b"\r\n\r\n\r\n\r\n", b"GET\r\n\r\n"]
    {
        assert!(matches!(status(&exchange(address, garbage)), "400" | ""));
    }
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    assert_ne!(status(&exchange(address, preface)), "200");
    assert_eq!(status(&exchange(address, LIVE)), "200");
}

#[test]
fn clients_that_say_nothing_keep_nobody_out_and_are_gone_after_a_while() {
    let address = begin();
    let slow: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(b"G").unwrap();
            stream
        })
        .collect();
    let since = Instant::now();
    assert_eq!(status(&exchange(address, LIVE)), "200");
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    // All but the last have given way; those are told to hurry, or hung up on.
    let wait = |mut stream: TcpStream| {
        stream.set_read_timeout(Some(2 * PATIENCE)).unwrap();
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(!matches!(&ended, Err(error) if error.kind() == io::ErrorKind::WouldBlock), "{ended:?}");
    };
    slow.into_iter().for_each(wait);
    assert!(since.elapsed() < PATIENCE + Duration::from_secs(3), "{:?}", since.elapsed());
}

#[test]
fn an_address_that_is_taken_says_what_to_do() {
    let taken = begin();
    let error = Door::open(taken).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot listen on {taken}")), "{error}");
    assert!(error.hints()[0].contains(&format!("sport = {}", taken.port())), "{:?}", error.hints());
    let elsewhere = Door::open("192.0.2.1:0".parse().unwrap()).unwrap_err();
    assert!(elsewhere.hints()[0].contains("this machine"), "{:?}", elsewhere.hints());
}

#[test]
fn clients_that_cannot_have_enough_are_let_in_one_after_the_other() {
    let address = begin();
    let since = Instant::now();
    let asked = 2 * BURST;
    (0..asked).for_each(|_| assert_eq!(status(&exchange(address, LIVE)), "200"));
    assert!(since.elapsed() + TURN >= (asked - BURST) * TURN, "{:?}", since.elapsed());
}
