//! The HTTP/2 connections that are followed, in a share of memory.
//!
//! Such a connection holds header tables for as long as it lives, however idle it is. When all together hold more than
//! their share, the one that was idle for longest gives way; one that takes a quarter of the share by itself gives way
//! before others. It is not read any further: without its tables little of it could be told.

use super::http1::Room;
use super::http2::Http2;
use crate::flow::{Direction, Piece};
use crate::packet::Timestamp;
use crate::protocol::by_age::{ByAge, Place};
use crate::protocol::http2::Scratch;

/// The connections.
#[derive(Debug)]
pub struct Followed {
    connections: ByAge<Box<Connection>>,
    /// Bytes that they hold together.
    held: usize,
    limit: usize,
    /// What only the one needs that is being read.
    scratch: Scratch,
    given_up: u64,
}

#[derive(Debug)]
struct Connection {
    http2: Http2,
    /// Bytes that it was last seen to hold.
    held: usize,
}

/// A connection that is, or was, followed. Whoever has it closes it.
#[derive(Debug)]
pub struct FollowedId(Place);

/// Whether a connection is still read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Followed,
    GivenUp,
}

impl Followed {
    /// Connections that hold at most so many bytes together.
    pub fn with_capacity(bytes: usize) -> Self {
        Followed { connections: ByAge::default(), held: 0, limit: bytes, scratch: Scratch::default(), given_up: 0 }
    }

    /// Connections that gave way so far.
    pub fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Bytes that are held.
    pub fn memory(&self) -> usize {
        self.held + self.connections.memory()
    }

    /// Follows a connection from here on.
    pub fn begin(&mut self, http2: Http2, room: &mut Room<'_>) -> FollowedId {
        let held = http2.memory();
        self.held += held;
        let place = self.connections.lend(Box::new(Connection { http2, held }));
        self.shed(&place, room);
        FollowedId(place)
    }

    /// Reads a piece.
    pub fn piece(
        &mut self,
        FollowedId(place): &FollowedId,
        direction: Direction,
        piece: &Piece<'_>,
        room: &mut Room<'_>,
    ) -> Standing {
        let Some(connection) = self.connections.use_mut(place) else { return Standing::GivenUp };
        connection.http2.piece(direction, piece, &mut self.scratch, room);
        let before = std::mem::replace(&mut connection.held, connection.http2.memory());
        self.held = self.held - before + connection.held;
        self.shed(place, room)
    }

    /// A direction has ended.
    pub fn end(&mut self, FollowedId(place): &FollowedId, direction: Direction, time: Timestamp, room: &mut Room<'_>) {
        if let Some(connection) = self.connections.get_mut(place) {
            connection.http2.end(direction, time, &mut self.scratch, room);
            let before = std::mem::replace(&mut connection.held, connection.http2.memory());
            self.held = self.held - before + connection.held;
        }
    }

    /// The connection is over, or of no interest any more.
    pub fn close(&mut self, FollowedId(place): FollowedId, room: &mut Room<'_>) {
        if let Some(mut connection) = self.connections.give_back(place) {
            self.held -= connection.held;
            connection.http2.close(room);
        }
    }

    /// Gives connections up until there is room for the rest; what becomes of the one that has just grown.
    fn shed(&mut self, latest: &Place, room: &mut Room<'_>) -> Standing {
        while self.memory() > self.limit {
            let modest = self.connections.get(latest).is_none_or(|latest| latest.held <= self.limit / 4);
            let oldest = if modest { self.connections.give_up_oldest(Some(latest)) } else { None };
            let Some(mut given_up) = oldest.or_else(|| self.connections.give_up(latest)) else {
                return Standing::GivenUp;
            };
            self.given_up += 1;
            self.held -= given_up.held;
            given_up.http2.close(room);
        }
        match self.connections.get(latest) {
            Some(_) => Standing::Followed,
            None => Standing::GivenUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::exchanges::Exchanges;
    use super::super::reporter::Reporter;
    use super::*;
    use crate::flow::{Content, Endpoint, Identity, Key};
    use crate::packet::Address;
    use crate::packet::decode::Realm;
    use crate::protocol::buffers::Buffers;

    /// All that the connections of a test take.
    struct Bench {
        followed: Followed,
        ids: Vec<FollowedId>,
        exchanges: Exchanges,
        buffers: Buffers,
        reporter: Reporter,
    }

    fn flow() -> (Identity, Direction) {
        let end = |host, port| Endpoint { address: Address::v4([10, 0, 0, host]), port };
        let (key, client) = Key::new(Realm::OUTSIDE, end(1, 40_000), end(2, 80));
        (
            Identity {
                key,
                initiator: Some(client),
                from_start: [true; 2],
                first_sequence: [0; 2],
                opened: Timestamp::default(),
            },
            client,
        )
    }

    impl Bench {
        fn new(limit: usize) -> Self {
            Bench {
                followed: Followed::with_capacity(limit),
                ids: Vec::new(),
                exchanges: Exchanges::with_capacity(1_000),
                buffers: Buffers::with_capacity(0),
                reporter: Reporter::default(),
            }
        }

        fn room(&mut self) -> (&mut Followed, &mut Vec<FollowedId>, Room<'_>) {
            let Bench { followed, ids, exchanges, buffers, reporter } = self;
            (followed, ids, Room { exchanges, buffers, reporter })
        }

        fn begin(&mut self) {
            let (flow, client) = flow();
            let (followed, ids, mut room) = self.room();
            ids.push(followed.begin(Http2::new(&flow, client), &mut room));
            let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
            self.send(self.ids.len() - 1, preface);
        }

        fn send(&mut self, at: usize, bytes: &[u8]) -> Standing {
            let (_, client) = flow();
            let (followed, ids, mut room) = self.room();
            let piece = Piece { time: Timestamp::default(), offset: 0, acknowledged: 0, content: Content::Data(bytes) };
            followed.piece(&ids[at], client, &piece, &mut room)
        }

        /// A request whose last field is added to the table.
        fn ask(&mut self, at: usize, stream: u32, value: usize) -> Standing {
            let field = [&[0x82, 0x86, 0x84, 0x40, 1, b'n', 127, (value - 127) as u8][..], &vec![b'v'; value]].concat();
            let head = [&(field.len() as u32).to_be_bytes()[1..], &[1, 5], &stream.to_be_bytes()].concat();
            self.send(at, &[head, field].concat())
        }

        fn close(&mut self, at: usize) {
            let (followed, ids, mut room) = self.room();
            followed.close(ids.swap_remove(at), &mut room);
        }
    }

    #[test]
    fn the_longest_idle_gives_way_and_hands_on_what_it_has() {
        let mut bench = Bench::new(24 << 10);
        bench.begin();
        assert_eq!(bench.ask(0, 1, 200), Standing::Followed);
        let mut asked = 1;
        while bench.followed.given_up() == 0 {
            assert_eq!(bench.exchanges.ledger().emitted, 0);
            bench.begin();
            let latest = bench.ids.len() - 1;
            (0..3).for_each(|turn| assert_eq!(bench.ask(latest, turn * 2 + 1, 200), Standing::Followed));
            asked += 3;
        }
        assert!(bench.ids.len() > 8, "{}", bench.ids.len());
        assert_eq!(bench.ask(0, 3, 200), Standing::GivenUp);
        assert_eq!(bench.followed.given_up(), 1);
        let ledger = bench.exchanges.ledger();
        assert_eq!((ledger.emitted, ledger.pending), (1, asked - 1));
    }

    #[test]
    fn one_that_takes_much_gives_way_before_those_that_take_little() {
        let mut bench = Bench::new(16 << 10);
        (0..5).for_each(|_| bench.begin());
        // A table of 16 KiB.
        bench.send(4, &[0, 0, 3, 1, 5, 0, 0, 0, 1, 0x3f, 0xe1, 0x7f]);
        let standing = (1..60).map(|turn| bench.ask(4, turn * 2 + 1, 200)).find(|&now| now == Standing::GivenUp);
        assert_eq!((standing, bench.followed.given_up()), (Some(Standing::GivenUp), 1));
        assert!((0..4).all(|at| bench.ask(at, 1, 200) == Standing::Followed));
        (0..5).rev().for_each(|at| bench.close(at));
        assert_eq!(bench.followed.held, 0);
    }

    proptest! {
        #[test]
        fn the_limit_holds_and_every_exchange_is_handed_on(
            limit in 0..20_000_usize,
            steps in prop::collection::vec((0..8_u8, any::<prop::sample::Index>(), 127..254_usize), 0..150),
        ) {
            let mut bench = Bench::new(limit);
            for (turn, (step, which, value)) in (1_u32..).zip(steps) {
                match (step, bench.ids.len()) {
                    (0, _) | (_, 0) => bench.begin(),
                    (1, len) => bench.close(which.index(len)),
                    (_, len) => {
                        bench.ask(which.index(len), turn * 2 + 1, value);
                    }
                }
                prop_assert!(bench.followed.memory() <= limit.max(bench.followed.connections.memory()));
            }
            (0..bench.ids.len()).rev().for_each(|at| bench.close(at));
            let ledger = bench.exchanges.ledger();
            prop_assert!(ledger.balances() && ledger.pending == 0);
            prop_assert_eq!(bench.followed.held, 0);
        }
    }
}
