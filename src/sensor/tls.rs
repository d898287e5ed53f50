//! A TLS connection, until its handshake is over or encrypted. Up to TLS 1.2 that is not before both ends turn to
//! ciphertext: a certificate is refused by an alert in the clear.

use crate::flow::{Content, Direction, Piece, Side};
use crate::packet::Timestamp;
use crate::protocol::http1;
use crate::protocol::tls::{ClientHello, ClientHelloReader, Progress, ServerHello, ServerHelloReader};
use crate::record::TlsHandshake;

/// How a handshake stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    GoesOn,
    /// All is known that will be.
    Over,
    /// The server does not speak TLS: its first bytes are a response of HTTP/1.
    AnsweredInHttp,
}

/// What is remembered of a handshake.
#[derive(Debug)]
pub struct Tls {
    client: Direction,
    client_reader: ClientHelloReader,
    server_reader: ServerHelloReader,
    client_hello: Option<ClientHello>,
    server_hello: Option<ServerHello>,
    alert: Option<&'static str>,
    start: Timestamp,
    /// Bytes of this direction were seen.
    begun: [bool; 2],
    /// Nothing more can be read in this direction.
    over: [bool; 2],
}

impl Tls {
    /// A handshake whose client sends in this direction.
    pub fn new(client: Direction, start: Timestamp) -> Self {
        Tls {
            client,
            client_reader: ClientHelloReader::new(),
            server_reader: ServerHelloReader::new(),
            client_hello: None,
            server_hello: None,
            alert: None,
            start,
            begun: [false; 2],
            over: [false; 2],
        }
    }

    /// Which direction the client sends in.
    pub fn client(&self) -> Direction {
        self.client
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.client_reader.buffered() + self.server_reader.buffered()
    }

    /// Takes a piece.
    pub fn piece(&mut self, direction: Direction, piece: &Piece<'_>) -> Handshake {
        let side = if direction == self.client { Side::Client } else { Side::Server };
        let Content::Data(mut bytes) = piece.content else {
            self.over[side.index()] = true;
            return self.standing();
        };
        if self.over[side.index()] {
            return self.standing();
        }
        let first = !std::mem::replace(&mut self.begun[side.index()], true);
        if first && side == Side::Server && http1::begins_message(bytes, side) == Some(true) {
            return Handshake::AnsweredInHttp;
        }
        let ended = match side {
            Side::Client => read(|| self.client_reader.push(&mut bytes), &mut self.client_hello, &mut self.alert),
            Side::Server => read(|| self.server_reader.push(&mut bytes), &mut self.server_hello, &mut self.alert),
        };
        self.over[side.index()] |= ended;
        self.standing()
    }

    /// The record, as far as anything is known; `None` if not even one hello was read.
    pub fn close(&mut self) -> Option<TlsHandshake> {
        let client = self.client_hello.take();
        let server = self.server_hello.take();
        if client.is_none() && server.is_none() {
            return None;
        }
        let resumed = matches!((&client, &server), (Some(client), Some(server)) if server.resumed(client));
        let (server_name, offered_protocols) = match client {
            Some(client) => (client.server_name, client.alpn.iter().map(ToString::to_string).collect()),
            None => (None, Vec::new()),
        };
        Some(TlsHandshake {
            time_unix_nanos: self.start.nanos(),
            server_name,
            offered_protocols,
            // `TLS 1.3` is the version 1.3 of the protocol TLS.
            version: server.as_ref().and_then(|server| server.version.name()?.split(' ').next_back()),
            cipher: server.as_ref().map(|server| server.cipher_suite.to_string()),
            next_protocol: server.as_ref().and_then(|server| server.alpn.as_ref().map(ToString::to_string)),
            resumed,
            established: server.is_some_and(|server| !server.hello_retry_request) && self.alert.is_none(),
            alert: self.alert,
        })
    }

    fn standing(&self) -> Handshake {
        let encrypted =
            self.server_hello.as_ref().is_some_and(|hello| !hello.hello_retry_request && hello.version.is_tls_1_3());
        match (self.client_hello.is_some() && encrypted) || self.over == [true; 2] {
            true => Handshake::Over,
            false => Handshake::GoesOn,
        }
    }
}

/// Reads until the bytes are used up; whether the reader has come to its end. Of several hellos the last one counts: it
/// comes after a HelloRetryRequest.
fn read<H>(mut push: impl FnMut() -> Progress<H>, hello: &mut Option<H>, alert: &mut Option<&'static str>) -> bool {
    loop {
        match push() {
            Progress::NeedMore => return false,
            Progress::Hello(found) => *hello = Some(found),
            Progress::Alert(found) => *alert = alert.or(found.name()),
            Progress::Done | Progress::NotTls | Progress::TooLong => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Direction;

    fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
        [&[kind, 3, 3][..], &(payload.len() as u16).to_be_bytes(), payload].concat()
    }

    fn hello(kind: u8, random: u8, rest: &[u8]) -> Vec<u8> {
        let body = [&[3, 3][..], &[random; 32], &[0], rest].concat();
        record(22, &[&[kind, 0, 0, body.len() as u8][..], &body].concat())
    }

    /// One suite, ECDHE-RSA with AES-128-GCM, and no compression.
    fn client_hello() -> Vec<u8> {
        hello(1, 7, &[0, 2, 0xc0, 0x2f, 1, 0])
    }

    fn server_hello() -> Vec<u8> {
        hello(2, 8, &[0xc0, 0x2f, 0])
    }

    /// The handshake of what the client and the server send in turns, and after which of these it is over.
    fn read(turns: &[Vec<u8>]) -> (Option<TlsHandshake>, Option<usize>) {
        let client = Direction::Up;
        let mut tls = Tls::new(client, Timestamp::default());
        let over = turns.iter().enumerate().position(|(turn, bytes)| {
            let content = Content::Data(bytes);
            let piece = Piece { time: Timestamp::default(), offset: 0, acknowledged: 0, content };
            tls.piece(if turn % 2 == 0 { client } else { client.reverse() }, &piece) == Handshake::Over
        });
        (tls.close(), over)
    }

    #[test]
    fn a_client_that_refuses_the_certificate_has_no_connection() {
        let certificate = record(22, &[11, 0, 0, 3, 0, 0, 0]);
        let refusal = record(21, &[2, 48]);
        let (handshake, _) = read(&[client_hello(), [server_hello(), certificate].concat(), refusal]);
        let handshake = handshake.unwrap();
        assert_eq!(
            (handshake.version, handshake.established, handshake.alert),
            (Some("1.2"), false, Some("unknown_ca"))
        );
    }

    #[test]
    fn ciphertext_of_both_ends_ends_the_handshake() {
        let cipher = [record(20, &[1]), record(22, &[0xee; 40])].concat();
        let turns = [client_hello(), server_hello(), cipher.clone(), cipher];
        let (handshake, over) = read(&turns);
        let handshake = handshake.unwrap();
        assert_eq!((handshake.established, handshake.alert, over), (true, None, Some(3)));
    }

    #[test]
    fn with_tls_1_3_nothing_in_clear_follows_the_servers_hello() {
        let server = hello(2, 8, &[0x13, 0x01, 0, 0, 6, 0, 43, 0, 2, 3, 4]);
        let (handshake, over) = read(&[client_hello(), server]);
        assert_eq!((handshake.unwrap().version, over), (Some("1.3"), Some(1)));
    }

    #[test]
    fn a_client_that_is_asked_for_another_hello_and_goes_has_no_connection() {
        // The random that stands for the question (RFC 8446 §4.1.3).
        let question = [
            0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2,
            0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
        ];
        let mut retry = hello(2, 0, &[0x13, 0x01, 0, 0, 6, 0, 43, 0, 2, 3, 4]);
        retry[11..43].copy_from_slice(&question);
        let (handshake, over) = read(&[client_hello(), retry]);
        assert_eq!((handshake.unwrap().established, over), (false, None));
    }
}
