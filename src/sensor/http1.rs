//! An HTTP/1 connection: two readers and the pairing between them.

use super::exchanges::{Exchanges, Upgrade};
use super::pairing::{ClientEnd, Desk, Pairing};
use super::reporter::Reporter;
use super::web_socket::Agreed;
use crate::flow::{Direction, EndKind, Identity, Piece, Side};
use crate::protocol::buffers::Buffers;
use crate::protocol::http1::{Mark, Progress, Reader};

/// What is remembered of it.
#[derive(Debug)]
pub struct Http1 {
    readers: [Reader; 2],
    pairing: Pairing,
}

/// What the connection turns to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It goes on.
    Stays,
    /// After so many bytes of the piece it speaks this, as the server has agreed. [`Upgrade::No`] is the tunnel that
    /// CONNECT asks for.
    To { upgrade: Upgrade, consumed: usize },
}

/// What all conversations share.
pub struct Room<'a> {
    pub exchanges: &'a mut Exchanges,
    pub buffers: &'a mut Buffers,
    pub reporter: &'a mut Reporter,
}

impl Http1 {
    /// A connection whose client sends in this direction. `whole` tells whether each of the client's and the server's
    /// direction was seen from its first byte on, and `unread` whether the client began with what is no request.
    pub fn new(client: Direction, whole: [bool; 2], unread: bool) -> Self {
        let reader = |side: Side| match whole[side.index()] {
            true => Reader::new(side),
            false => Reader::midstream(side),
        };
        Http1 {
            readers: [reader(Side::Client), reader(Side::Server)],
            pairing: Pairing::new(client, whole == [true; 2], unread),
        }
    }

    /// Which direction the client sends in.
    pub fn client(&self) -> Direction {
        self.pairing.client
    }

    /// What both ends agreed on for the WebSocket that it turns to.
    pub fn web_socket(&mut self) -> Agreed {
        self.pairing.web_socket.take().map_or_else(Agreed::default, |agreed| *agreed)
    }

    /// The exchange that HTTP/2 will answer.
    pub fn handover(&self) -> u32 {
        self.pairing.handover
    }

    /// Takes a piece.
    #[inline]
    pub fn piece(&mut self, flow: &Identity, direction: Direction, piece: &Piece<'_>, room: &mut Room<'_>) -> Turn {
        let side = self.side(direction);
        let (mut desk, readers, buffers) = self.desk(flow, room);
        let progress = readers[side.index()].push(piece, buffers, &mut desk);
        let Progress::Leaves { consumed } = progress else { return Turn::Stays };
        readers[side.peer().index()].leave(buffers);
        desk.close();
        Turn::To { upgrade: self.pairing.turn, consumed }
    }

    /// A direction has ended.
    pub fn end(&mut self, flow: &Identity, direction: Direction, end: EndKind, mark: Mark, room: &mut Room<'_>) {
        let side = self.side(direction);
        let (mut desk, readers, buffers) = self.desk(flow, room);
        readers[side.index()].finish(Some(end), mark, buffers, &mut desk);
        if side == Side::Server {
            let client = if readers[Side::Client.index()].has_ended() { ClientEnd::Before } else { ClientEnd::Open };
            desk.server_ended(client);
        }
    }

    /// The connection is over.
    pub fn close(&mut self, flow: &Identity, mark: Mark, room: &mut Room<'_>) {
        let (mut desk, readers, buffers) = self.desk(flow, room);
        for reader in readers {
            reader.finish(None, mark, buffers, &mut desk);
        }
        desk.close();
    }

    fn side(&self, direction: Direction) -> Side {
        if direction == self.pairing.client { Side::Client } else { Side::Server }
    }

    fn desk<'d>(
        &'d mut self,
        flow: &'d Identity,
        room: &'d mut Room<'_>,
    ) -> (Desk<'d>, &'d mut [Reader; 2], &'d mut Buffers) {
        let Http1 { readers, pairing } = self;
        let desk = Desk { pairing, exchanges: room.exchanges, reporter: room.reporter, flow };
        (desk, readers, room.buffers)
    }
}
