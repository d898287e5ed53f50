//! One TCP connection as two stacks make it.

use std::net::SocketAddr;

use super::packet::{ACK, FIN, Packet, RST, SYN};

/// Which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Client,
    Server,
}

use End::{Client, Server};

impl End {
    pub fn peer(self) -> End {
        match self {
            Client => Server,
            Server => Client,
        }
    }
}

/// Makes packets. What an end sends carries what it has received so far; it receives what the other has sent when told.
#[derive(Debug, Clone)]
pub struct Connection {
    ends: [SocketAddr; 2],
    next: [u32; 2],
    received: [u32; 2],
    pub now: u64,
    pub mss: usize,
    pub packets: Vec<Packet>,
    /// A receiver acknowledges every so many segments.
    pub acks_every: usize,
}

impl Connection {
    pub fn new(client: SocketAddr, server: SocketAddr) -> Self {
        Connection {
            ends: [client, server],
            next: [1_000, 3_000_000_000],
            received: [0; 2],
            now: 1_700_000_000_000_000_000,
            mss: 1460,
            packets: Vec::new(),
            acks_every: 2,
        }
    }

    /// Between 10.0.0.1 and 10.0.0.2.
    pub fn plain() -> Self {
        Connection::from_port(40_000)
    }

    pub fn from_port(port: u16) -> Self {
        Connection::new(([10, 0, 0, 1], port).into(), ([10, 0, 0, 2], 80).into())
    }

    /// Begins at these sequence numbers.
    pub fn isn(mut self, client: u32, server: u32) -> Self {
        self.next = [client, server];
        self
    }

    pub fn next(&self, end: End) -> u32 {
        self.next[end as usize]
    }

    pub fn push(&mut self, end: End, flags: u8, payload: &[u8]) {
        self.now += 20_000;
        let seq = self.next[end as usize];
        let packet = Packet {
            time: self.now,
            interface: 0,
            vni: None,
            from: self.ends[end as usize],
            to: self.ends[end.peer() as usize],
            seq,
            ack: if flags & ACK != 0 { self.received[end as usize] } else { 0 },
            flags,
            payload: payload.to_vec(),
            cut: 0,
        };
        self.next[end as usize] = packet.end();
        self.packets.push(packet);
    }

    pub fn handshake(&mut self) -> &mut Self {
        self.push(Client, SYN, b"");
        self.receive(Server);
        self.push(Server, SYN | ACK, b"");
        self.receive(Client);
        self.push(Client, ACK, b"");
        self
    }

    /// An end takes in all that was sent to it.
    pub fn receive(&mut self, end: End) -> &mut Self {
        self.received[end as usize] = self.next[end.peer() as usize];
        self
    }

    /// An end sends data in segments; the other acknowledges now and then, without taking in the last of it.
    pub fn send(&mut self, end: End, bytes: &[u8]) -> &mut Self {
        let segments = bytes.chunks(self.mss).count();
        for (place, chunk) in bytes.chunks(self.mss).enumerate() {
            self.push(end, ACK, chunk);
            if (place + 1) % self.acks_every == 0 && place + 1 < segments {
                self.receive(end.peer());
                self.push(end.peer(), ACK, b"");
            }
        }
        self
    }

    /// An end takes in all and says so.
    pub fn ack(&mut self, end: End) -> &mut Self {
        self.receive(end);
        self.push(end, ACK, b"");
        self
    }

    /// A request and its response, without delay and without an acknowledgement of its own.
    pub fn exchange(&mut self, request: &[u8], response: &[u8]) -> &mut Self {
        self.send(Client, request).receive(Server).send(Server, response).receive(Client)
    }

    /// Both ends close, `first` before the other.
    pub fn close(&mut self, first: End) -> &mut Self {
        self.receive(first);
        self.push(first, FIN | ACK, b"");
        self.receive(first.peer());
        self.push(first.peer(), FIN | ACK, b"");
        self.ack(first)
    }

    pub fn reset(&mut self, end: End) -> &mut Self {
        self.receive(end);
        self.push(end, RST | ACK, b"");
        self
    }

    pub fn wait(&mut self, millis: u64) -> &mut Self {
        self.now += millis * 1_000_000;
        self
    }
}
