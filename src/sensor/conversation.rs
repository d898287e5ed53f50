//! What a connection speaks, and who reads it.

use super::dns::{self, DnsStream, Questions};
use super::egress::{Flow, Protocol};
use super::exchanges::{Exchanges, Upgrade};
use super::followed::{Followed, FollowedId, Standing};
use super::http1::{Http1, Room, Turn};
use super::http2::Http2;
use super::probe::{Finding, Probe};
use super::reporter::Reporter;
use super::tls::{Handshake, Tls};
use super::unread::Unread;
use super::web_socket::WebSocket;
use crate::flow::{Content, Direction, EndKind, Endpoint, Identity, Interest, Piece, Reader, Side, Summary};
use crate::packet::Timestamp;
use crate::packet::decode::Realm;
use crate::protocol::buffers::Buffers;
use crate::protocol::detect::Detected;
use crate::protocol::http1::Mark;
use crate::record::{self, Connection, TransactionLedger};

/// Divides what connections may hold beyond their place in the table: heads of HTTP/1 in parts, HTTP/2, and others.
pub(super) fn shares(bytes: usize) -> [usize; 3] {
    [25, 55, 20].map(|percent| bytes / 100 * percent)
}

/// Reads all connections, and hands their records on.
pub struct Conversations {
    exchanges: Exchanges,
    buffers: Buffers,
    http2: Followed,
    reporter: Reporter,
    questions: Questions,
    /// Bytes that other connections hold beyond their place in the table, and how many they may hold.
    held: usize,
    holdable: usize,
    counts: ConversationCounts,
    unread: Unread,
}

/// Connections by what they turned out to speak; one that changes from one protocol to another is counted for both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConversationCounts {
    pub http1: u64,
    pub http2: u64,
    pub tls: u64,
    pub web_socket: u64,
    pub dns: u64,
    /// With bytes of which nothing is known.
    pub unknown: u64,
    /// Connections of HTTP/2 that gave way to others, and what they carried since went unread.
    pub http2_given_up: u64,
    /// Connections of other kinds that were given up because all together held too much.
    pub shed: u64,
    /// Connections that were not read so that less CPU is used.
    pub spared: u64,
}

/// What is remembered of one connection.
#[derive(Debug, Default)]
pub enum Conversation {
    /// No byte was seen.
    #[default]
    New,
    /// Not enough bytes were seen, or none that tell.
    Undecided(Box<Probe>),
    Http1(Http1),
    Http2(FollowedId),
    Tls(Box<Tls>),
    WebSocket(Box<WebSocket>),
    Dns(Box<DnsStream>),
    /// Encrypted or unknown: counted by the flow table alone.
    Opaque,
}

impl Conversations {
    /// Room for so many exchanges that wait for their response, and so many bytes of what connections hold beyond their
    /// place in the table.
    pub fn new(exchanges: usize, buffer_bytes: usize, reporter: Reporter) -> Self {
        let [heads, http2, others] = shares(buffer_bytes);
        Conversations {
            exchanges: Exchanges::with_capacity(exchanges),
            buffers: Buffers::with_capacity(heads),
            http2: Followed::with_capacity(http2),
            reporter,
            questions: Questions::default(),
            held: 0,
            holdable: others,
            counts: ConversationCounts::default(),
            unread: Unread::default(),
        }
    }

    /// Who hands records on.
    pub fn reporter(&mut self) -> &mut Reporter {
        &mut self.reporter
    }

    /// Where every transaction went.
    pub fn ledger(&self) -> TransactionLedger {
        self.exchanges.ledger()
    }

    /// What connections turned out to speak.
    pub fn counts(&self) -> ConversationCounts {
        ConversationCounts { http2_given_up: self.http2.given_up(), ..self.counts }
    }

    /// Connections that give no transactions.
    pub fn unread(&self) -> &Unread {
        &self.unread
    }

    fn room(&mut self) -> Room<'_> {
        self.http2_and_room().1
    }

    fn http2_and_room(&mut self) -> (&mut Followed, Room<'_>) {
        let Conversations { exchanges, buffers, http2, reporter, .. } = self;
        (http2, Room { exchanges, buffers, reporter })
    }

    /// Reads a connection as HTTP/1 from here on. `whole` is as [`Http1::new`] has it; `unread` tells whether the server
    /// answers what is no request as far as could be seen.
    fn begin_http1(&mut self, client: Direction, whole: [bool; 2], unread: bool) -> Conversation {
        self.counts.http1 += 1;
        if unread {
            self.exchanges.unread();
        }
        Conversation::Http1(Http1::new(client, whole, unread))
    }

    /// Follows a connection of HTTP/2 from here on.
    fn follow(&mut self, connection: Http2) -> Conversation {
        self.counts.http2 += 1;
        let (http2, mut room) = self.http2_and_room();
        Conversation::Http2(http2.begin(connection, &mut room))
    }

    /// The first bytes, or the first that tell something.
    fn probe(
        &mut self,
        flow: &Identity,
        state: &mut Conversation,
        direction: Direction,
        mut piece: Piece<'_>,
    ) -> Interest {
        if let Conversation::New = state
            && !self.reporter.reads(&flow.key)
        {
            self.counts.spared += 1;
            *state = Conversation::Opaque;
            return Interest::Nothing;
        }
        if let Conversation::New = state
            && let Content::Data(bytes) = piece.content
            && dns::begins(flow, direction, bytes)
        {
            self.counts.dns += 1;
            *state = Conversation::Dns(Box::default());
            return self.hand_on(flow, state, direction, piece);
        }
        let mut probe = match std::mem::take(state) {
            Conversation::Undecided(probe) => probe,
            _ => Box::default(),
        };
        let finding = probe.look(flow, direction, &mut piece);
        let Finding::Known(detected) = finding else {
            if finding == Finding::Nothing {
                return self.give_up(flow, state, Unreadable::Unknown);
            }
            *state = Conversation::Undecided(probe);
            return Interest::Bytes;
        };
        let client = match detected {
            Detected::Http1(side) | Detected::Http2(side) | Detected::Tls(side) => match side {
                Side::Client => direction,
                Side::Server => direction.reverse(),
            },
            _ => {
                self.counts.tls += 1;
                return self.give_up(flow, state, Unreadable::Encrypted);
            }
        };
        *state = match detected {
            Detected::Tls(_) => {
                self.counts.tls += 1;
                Conversation::Tls(Box::new(Tls::new(client, piece.time)))
            }
            Detected::Http2(_) => self.follow(match probe.is_whole(flow, client) {
                true => Http2::new(flow, client),
                false => Http2::midstream(flow, client),
            }),
            _ => {
                let whole = [client, client.reverse()].map(|direction| probe.is_whole(flow, direction));
                self.begin_http1(client, whole, probe.is_unknown(client))
            }
        };
        for (direction, piece) in probe.kept(direction) {
            self.hand_on(flow, state, direction, piece);
        }
        self.hand_on(flow, state, direction, piece)
    }

    /// The connection speaks something else from here on.
    fn turn(
        &mut self,
        flow: &Identity,
        state: &mut Conversation,
        direction: Direction,
        piece: Piece<'_>,
        turn: Turn,
    ) -> Interest {
        let (Turn::To { upgrade, consumed }, Conversation::Http1(http1)) = (turn, &mut *state) else {
            return Interest::Bytes;
        };
        let client = http1.client();
        *state = match upgrade {
            // What goes through a tunnel is a connection of its own.
            Upgrade::No => Conversation::New,
            Upgrade::WebSocket => {
                self.counts.web_socket += 1;
                Conversation::WebSocket(Box::new(WebSocket::new(client, http1.web_socket(), piece.time)))
            }
            Upgrade::Http2 => self.follow(Http2::upgraded(flow, client, http1.handover(), &self.exchanges)),
            Upgrade::Other => return self.give_up(flow, state, Unreadable::Unknown),
        };
        let Content::Data(bytes) = piece.content else { return Interest::Bytes };
        match bytes.get(consumed..) {
            None | Some([]) => Interest::Bytes,
            Some(rest) => {
                let offset = piece.offset + consumed as u64;
                self.hand_on(flow, state, direction, Piece { offset, content: Content::Data(rest), ..piece })
            }
        }
    }

    /// Nothing more of the connection can be read.
    fn give_up(&mut self, flow: &Identity, state: &mut Conversation, why: Unreadable) -> Interest {
        let port = server_port(flow);
        match why {
            Unreadable::Encrypted => self.unread.encrypted(port, None),
            Unreadable::Unknown => {
                self.counts.unknown += 1;
                self.unread.unknown(port);
            }
        }
        *state = Conversation::Opaque;
        Interest::Nothing
    }

    /// Closes a connection of HTTP/2.
    fn stop_following(&mut self, state: &mut Conversation) {
        if let Conversation::Http2(id) = std::mem::replace(state, Conversation::Opaque) {
            let (http2, mut room) = self.http2_and_room();
            http2.close(id, &mut room);
        }
    }

    fn tls_over(&mut self, flow: &Identity, state: &mut Conversation) -> Interest {
        let Conversation::Tls(tls) = state else { return Interest::Nothing };
        let port = flow.source(tls.client().reverse()).port;
        let name = self.tell_handshake(flow, tls);
        self.unread.encrypted(port, name.as_deref());
        *state = Conversation::Opaque;
        Interest::Nothing
    }

    /// Hands on what is known of a handshake; what may be shown of the name that the client asked for.
    fn tell_handshake(&mut self, flow: &Identity, tls: &mut Tls) -> Option<String> {
        let handshake = tls.close()?;
        let connection = connection(flow, tls.client());
        self.reporter.tls(connection, handshake)
    }

    /// A message over UDP.
    pub fn datagram(&mut self, ends: (Realm, Endpoint, Endpoint), payload: &[u8], time: Timestamp) {
        if dns::is_datagram_port(ends.1.port) || dns::is_datagram_port(ends.2.port) {
            tell_answer(&mut self.questions, &mut self.reporter, payload, ends, time);
        }
    }

    /// Hands a piece to whoever reads the connection.
    fn hand_on(
        &mut self,
        flow: &Identity,
        state: &mut Conversation,
        direction: Direction,
        piece: Piece<'_>,
    ) -> Interest {
        match state {
            Conversation::Http1(http1) => {
                let turn = http1.piece(flow, direction, &piece, &mut self.room());
                self.turn(flow, state, direction, piece, turn)
            }
            Conversation::New | Conversation::Undecided(_) => self.probe(flow, state, direction, piece),
            Conversation::Http2(id) => {
                let (http2, mut room) = self.http2_and_room();
                match http2.piece(id, direction, &piece, &mut room) {
                    Standing::Followed => Interest::Bytes,
                    Standing::GivenUp => {
                        self.stop_following(state);
                        Interest::Nothing
                    }
                }
            }
            Conversation::Tls(tls) => match tls.piece(direction, &piece) {
                Handshake::GoesOn => Interest::Bytes,
                Handshake::Over => self.tls_over(flow, state),
                Handshake::AnsweredInHttp => {
                    let client = tls.client();
                    self.tell_handshake(flow, tls);
                    *state = self.begin_http1(client, [false, flow.from_start[direction.index()]], true);
                    self.hand_on(flow, state, direction, piece)
                }
            },
            Conversation::WebSocket(session) => {
                session.piece(direction, &piece);
                Interest::Bytes
            }
            Conversation::Dns(stream) => {
                let (questions, reporter) = (&mut self.questions, &mut self.reporter);
                let wanted = stream.piece(flow, direction, &piece, |message, ends| {
                    tell_answer(questions, reporter, message, ends, piece.time);
                });
                if wanted { Interest::Bytes } else { self.give_up(flow, state, Unreadable::Unknown) }
            }
            Conversation::Opaque => Interest::Nothing,
        }
    }

    /// Counts what a connection holds now, and gives it up if all of them hold too much.
    fn account(&mut self, before: usize, flow: &Identity, state: &mut Conversation, interest: Interest) -> Interest {
        self.held = (self.held + state.memory()).saturating_sub(before);
        if self.held <= self.holdable || state.memory() == 0 {
            return interest;
        }
        self.counts.shed += 1;
        self.held -= state.memory();
        if let Conversation::Undecided(_) = state {
            return self.give_up(flow, state, Unreadable::Unknown);
        }
        *state = Conversation::Opaque;
        Interest::Nothing
    }
}

impl Conversation {
    /// Bytes that it holds beyond its place in the table, and that are not counted elsewhere.
    fn memory(&self) -> usize {
        match self {
            Conversation::Tls(tls) => tls.memory(),
            Conversation::WebSocket(session) => session.memory(),
            Conversation::Dns(stream) => stream.memory(),
            Conversation::Undecided(probe) => size_of_val(&**probe),
            Conversation::New | Conversation::Http1(_) | Conversation::Http2(_) | Conversation::Opaque => 0,
        }
    }
}

/// Why a connection is not read.
enum Unreadable {
    Encrypted,
    Unknown,
}

fn tell_answer(
    questions: &mut Questions,
    reporter: &mut Reporter,
    message: &[u8],
    ends: (Realm, Endpoint, Endpoint),
    time: Timestamp,
) {
    if let Some(answer) = questions.message(message, ends, time) {
        let (realm, server, client) = ends;
        let connection = Connection { client: end(client), server: end(server), realm };
        reporter.dns(connection, answer);
    }
}

impl Reader for Conversations {
    type State = Conversation;

    #[inline]
    fn piece(&mut self, flow: &Identity, state: &mut Conversation, direction: Direction, piece: Piece<'_>) -> Interest {
        // Most pieces by far, and they hold nothing.
        if let Conversation::Http1(http1) = state {
            let turn = http1.piece(flow, direction, &piece, &mut self.room());
            if turn == Turn::Stays {
                return Interest::Bytes;
            }
            let interest = self.turn(flow, state, direction, piece, turn);
            return self.account(0, flow, state, interest);
        }
        let before = state.memory();
        let interest = self.hand_on(flow, state, direction, piece);
        self.account(before, flow, state, interest)
    }

    fn end(&mut self, flow: &Identity, state: &mut Conversation, direction: Direction, end: EndKind, time: Timestamp) {
        match state {
            Conversation::Http1(http1) => {
                http1.end(flow, direction, end, Mark { time, ..Mark::default() }, &mut self.room());
            }
            Conversation::Http2(id) => {
                let (http2, mut room) = self.http2_and_room();
                http2.end(id, direction, time, &mut room);
            }
            _ => {}
        }
    }

    fn close(&mut self, flow: &Identity, state: &mut Conversation, summary: &Summary) {
        self.held = self.held.saturating_sub(state.memory());
        let (between, spoken) = flow_of(flow, state, summary);
        match state {
            Conversation::Http1(http1) => {
                http1.close(flow, Mark { time: summary.last, ..Mark::default() }, &mut self.room());
            }
            Conversation::Http2(_) => self.stop_following(state),
            Conversation::Tls(_) => {
                self.tls_over(flow, state);
            }
            Conversation::WebSocket(session) => {
                let record = session.close(summary);
                let connection = connection(flow, session.client());
                self.reporter.web_socket(connection, &record);
            }
            _ => {}
        }
        // What ends with the connection may name the site.
        self.reporter.flow(&between, &spoken);
    }
}

/// A connection that is over, and what it came to.
fn flow_of(flow: &Identity, state: &Conversation, summary: &Summary) -> (Connection, Flow) {
    let (protocol, client) = match state {
        Conversation::Http1(http1) => (Protocol::Http, Some(http1.client())),
        Conversation::Http2(_) | Conversation::WebSocket(_) => (Protocol::Http, None),
        Conversation::Tls(tls) => (Protocol::Tls, Some(tls.client())),
        Conversation::Dns(_) => (Protocol::Dns, None),
        Conversation::New | Conversation::Undecided(_) | Conversation::Opaque => (Protocol::Tcp, None),
    };
    let client = client.or(flow.initiator).unwrap_or_else(|| likely_client(flow));
    let bytes = |direction: Direction| summary.directions[direction.index()].bytes;
    let spoken = Flow {
        protocol,
        sent_bytes: bytes(client),
        received_bytes: bytes(client.reverse()),
        first: flow.opened,
        last: summary.last,
    };
    (connection(flow, client), spoken)
}

/// Who asks, where nobody has seen who opened the connection: servers have the lower ports, as a rule.
fn likely_client(flow: &Identity) -> Direction {
    match flow.source(Direction::Up).port >= flow.source(Direction::Down).port {
        true => Direction::Up,
        false => Direction::Down,
    }
}

/// The two ends as records name them.
pub fn connection(flow: &Identity, client: Direction) -> Connection {
    let [client, server] = [client, client.reverse()].map(|direction| end(flow.source(direction)));
    Connection { client, server, realm: flow.key.realm() }
}

fn end(endpoint: Endpoint) -> record::Endpoint {
    record::Endpoint { address: endpoint.address.ip(), port: endpoint.port }
}

/// The server's port, as far as that can be told: of the end that did not open the connection, else the lower one.
fn server_port(flow: &Identity) -> u16 {
    match flow.initiator {
        Some(initiator) => flow.source(initiator.reverse()).port,
        None => flow.source(likely_client(flow).reverse()).port,
    }
}
