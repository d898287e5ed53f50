//! A TLS connection, until its handshake is over or encrypted.

use crate::flow::{Content, Direction, Piece, Side};
use crate::packet::Timestamp;
use crate::protocol::tls::{ClientHello, ClientHelloReader, Progress, ServerHello, ServerHelloReader};
use crate::record::TlsHandshake;

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

    /// Takes a piece; whether all is known that will be.
    pub fn piece(&mut self, direction: Direction, piece: &Piece<'_>) -> bool {
        let side = if direction == self.client { Side::Client } else { Side::Server };
        let Content::Data(mut bytes) = piece.content else {
            self.over[side.index()] = true;
            return self.is_over();
        };
        if self.over[side.index()] {
            return self.is_over();
        }
        let ended = match side {
            Side::Client => read(|| self.client_reader.push(&mut bytes), &mut self.client_hello, &mut self.alert),
            Side::Server => read(|| self.server_reader.push(&mut bytes), &mut self.server_hello, &mut self.alert),
        };
        self.over[side.index()] |= ended;
        self.is_over()
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
            established: server.is_some() && self.alert.is_none(),
            alert: self.alert,
        })
    }

    fn is_over(&self) -> bool {
        let answered = self.server_hello.as_ref().is_some_and(|hello| !hello.hello_retry_request);
        (self.client_hello.is_some() && answered) || self.over == [true; 2]
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
