//! Records and handshake messages, to hellos and alerts (RFC 8446 §4, §5.1).
//!
//! A hello may be spread over records, and they over segments: with a post-quantum key share, two segments are usual.
//! Where a hello lies whole in one record and one piece it is read in place; else it is gathered in a buffer that
//! grows with what came, to at most [`MAX_HELLO`] and a header, and is freed once the hello is read. After the hello,
//! records are stepped over by their lengths and only alerts are looked at.

use std::marker::PhantomData;

use super::alert::{Alert, AlertLevel};
use super::client_hello::{self, ClientHello};
use super::server_hello::{self, ServerHello};
use crate::protocol::gathered::gather;

/// The longest hello that is read, in bytes.
pub const MAX_HELLO: usize = 16 * 1024;
/// The longest record: ciphertext may expand by 2 KiB up to TLS 1.2 (RFC 5246 §6.2.3).
const MAX_RECORD: usize = 16 * 1024 + 2048;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

const RECORD_HEADER: usize = 5;
/// Type and length of a handshake message.
const MESSAGE_HEADER: usize = 4;
/// The first memory that a gathered hello gets; most fit.
const FIRST_GROWTH: usize = 2048;

/// What a reader has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<H> {
    /// All bytes were taken; nothing more is known yet.
    NeedMore,
    /// A hello. There may be bytes left, and alerts in them.
    Hello(H),
    /// An alert in clear, before or after the hello. There may be bytes left.
    Alert(Alert),
    /// The hello was read and nothing in clear will follow. Takes all bytes from now on.
    Done,
    /// Not TLS, or no hello where one must be. Takes all bytes from now on.
    NotTls,
    /// The hello claims more than [`MAX_HELLO`] bytes. Takes all bytes from now on.
    TooLong,
}

/// Reads the hello of one direction, and the alerts around it.
#[derive(Debug)]
pub struct HelloReader<H> {
    phase: Phase,
    /// The header of the record that is about to begin, as far as it came.
    header: [u8; RECORD_HEADER],
    header_length: usize,
    /// What the current record holds, and how much of it is still to come.
    record: Option<(u8, usize)>,
    /// A hello that spans records or pieces, with its header.
    gathered: Vec<u8>,
    /// The first half of an alert.
    alert_level: Option<AlertLevel>,
    hello: PhantomData<fn() -> H>,
}

/// Reads what a client sends.
pub type ClientHelloReader = HelloReader<ClientHello>;
/// Reads what a server sends. After a HelloRetryRequest it reads on to the hello proper.
pub type ServerHelloReader = HelloReader<ServerHello>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before the hello.
    Hello,
    /// Between a HelloRetryRequest and the hello proper.
    Retry,
    /// After the hello, still in clear.
    Clear,
    Done,
    NotTls,
    TooLong,
}

/// A message that a reader looks for.
pub trait Hello: Sized + sealed::Sealed {}

mod sealed {
    pub trait Sealed: Sized {
        /// The number of the handshake message.
        const TYPE: u8;
        /// Reads the body of the message; `None` if it is none.
        fn parse(body: &[u8]) -> Option<Self>;
        /// Whether another one follows in the same direction.
        fn asks_for_another(&self) -> bool;
    }
}

impl Hello for ClientHello {}
impl sealed::Sealed for ClientHello {
    const TYPE: u8 = client_hello::MESSAGE_TYPE;

    fn parse(body: &[u8]) -> Option<Self> {
        Self::parse(body)
    }

    fn asks_for_another(&self) -> bool {
        false
    }
}

impl Hello for ServerHello {}
impl sealed::Sealed for ServerHello {
    const TYPE: u8 = server_hello::MESSAGE_TYPE;

    fn parse(body: &[u8]) -> Option<Self> {
        Self::parse(body)
    }

    fn asks_for_another(&self) -> bool {
        self.hello_retry_request
    }
}

impl<H: Hello> Default for HelloReader<H> {
    fn default() -> Self {
        Self {
            phase: Phase::Hello,
            header: [0; RECORD_HEADER],
            header_length: 0,
            record: None,
            gathered: Vec::new(),
            alert_level: None,
            hello: PhantomData,
        }
    }
}

impl<H: Hello> HelloReader<H> {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes off the front of `input` until there is something to say or nothing left.
    ///
    /// One piece may hold a hello and alerts: call again, with the same slice, until the answer is none of
    /// [`Progress::Hello`] and [`Progress::Alert`].
    pub fn push(&mut self, input: &mut &[u8]) -> Progress<H> {
        loop {
            if let Some(end) = self.end() {
                *input = &[];
                self.gathered = Vec::new();
                return end;
            }
            if input.is_empty() {
                return Progress::NeedMore;
            }
            let Some((kind, left)) = self.record else {
                self.read_record_header(input);
                continue;
            };
            let (payload, _) = input.split_at(left.min(input.len()));
            let (used, progress) = match (kind, self.phase) {
                (HANDSHAKE, Phase::Hello | Phase::Retry) => self.read_hello(payload),
                (ALERT, _) => self.read_alert(payload),
                _ => (payload.len(), None),
            };
            *input = input.get(used..).unwrap_or_default();
            self.record = Some((kind, left - used)).filter(|(_, left)| *left > 0);
            if let Some(progress) = progress {
                return progress;
            }
        }
    }

    /// The bytes of memory that hold a hello which is not whole yet.
    pub fn buffered(&self) -> usize {
        self.gathered.capacity()
    }

    fn end(&self) -> Option<Progress<H>> {
        match self.phase {
            Phase::Hello | Phase::Retry | Phase::Clear => None,
            Phase::Done => Some(Progress::Done),
            Phase::NotTls => Some(Progress::NotTls),
            Phase::TooLong => Some(Progress::TooLong),
        }
    }

    /// Ends on bytes that make no sense here: after the hello they may be ciphertext.
    fn stop(&mut self) {
        self.phase = if self.phase == Phase::Hello { Phase::NotTls } else { Phase::Done };
    }

    fn read_record_header(&mut self, input: &mut &[u8]) {
        let wanted = &mut self.header[self.header_length..];
        let (taken, rest) = input.split_at(wanted.len().min(input.len()));
        wanted[..taken.len()].copy_from_slice(taken);
        *input = rest;
        self.header_length += taken.len();
        if self.header_length < RECORD_HEADER {
            return;
        }
        self.header_length = 0;
        let [kind, major, minor, length @ ..] = self.header;
        let length = usize::from(u16::from_be_bytes(length));
        let fits = match (kind, self.phase) {
            (HANDSHAKE | ALERT, _) => length > 0,
            // A server in the middle of a retry may send one for the sake of middleboxes (RFC 8446 §D.4).
            (CHANGE_CIPHER_SPEC, Phase::Retry) => length == 1,
            _ => false,
        };
        if fits && major == 3 && minor <= 4 && length <= MAX_RECORD {
            self.record = Some((kind, length));
        } else {
            self.stop();
        }
    }

    /// Reads a hello, or gathers what is there of it. Gives how much of the payload it took.
    fn read_hello(&mut self, payload: &[u8]) -> (usize, Option<Progress<H>>) {
        if self.gathered.is_empty()
            && let Some(header) = payload.first_chunk()
            && let Some(length) = self.read_message_header(header)
            && let Some(body) = payload.get(MESSAGE_HEADER..MESSAGE_HEADER + length)
        {
            return (MESSAGE_HEADER + length, self.parse(body));
        }
        let mut used = 0;
        loop {
            let mut wanted = MESSAGE_HEADER;
            if let Some(&kind) = self.gathered.first()
                && kind != H::TYPE
            {
                self.stop();
            } else if let Some(header) = self.gathered.first_chunk().copied() {
                wanted += self.read_message_header(&header).unwrap_or_default();
            }
            if self.end().is_some() {
                return (payload.len(), None);
            }
            let rest = payload.get(used..).unwrap_or_default();
            let missing = wanted.saturating_sub(self.gathered.len());
            if missing == 0 {
                let gathered = std::mem::take(&mut self.gathered);
                return (used, self.parse(gathered.get(MESSAGE_HEADER..).unwrap_or_default()));
            }
            if rest.is_empty() {
                return (used, None);
            }
            let (taken, _) = rest.split_at(missing.min(rest.len()));
            gather(&mut self.gathered, taken, FIRST_GROWTH, wanted);
            used += taken.len();
        }
    }

    /// The length of the message's body. Ends the reader on a header that no hello has.
    fn read_message_header(&mut self, header: &[u8; MESSAGE_HEADER]) -> Option<usize> {
        let [kind, length @ ..] = *header;
        let length = length.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        if kind != H::TYPE || length == 0 {
            self.stop();
            return None;
        }
        if length > MAX_HELLO {
            self.phase = Phase::TooLong;
            return None;
        }
        Some(length)
    }

    fn parse(&mut self, body: &[u8]) -> Option<Progress<H>> {
        let Some(hello) = H::parse(body) else {
            self.stop();
            return None;
        };
        self.phase = if self.phase == Phase::Hello && hello.asks_for_another() { Phase::Retry } else { Phase::Clear };
        Some(Progress::Hello(hello))
    }

    /// Reads one alert. Up to TLS 1.2, one may be split over records, and a record may hold several.
    fn read_alert(&mut self, payload: &[u8]) -> (usize, Option<Progress<H>>) {
        let mut used = 0;
        for &byte in payload {
            used += 1;
            if let Some(level) = self.alert_level.take() {
                return (used, Some(Progress::Alert(Alert { level, description: byte })));
            }
            self.alert_level = AlertLevel::from_number(byte);
            if self.alert_level.is_none() {
                self.stop();
                break;
            }
        }
        (used, None)
    }
}
