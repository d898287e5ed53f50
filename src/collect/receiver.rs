//! UDP sockets that mirrored packets come to, read many datagrams at a time.
//!
//! Each address has several sockets (`SO_REUSEPORT`): the kernel limits the receive buffer of one socket
//! (`net.core.rmem_max`), and what comes while the reader is busy waits in several. One thread reads all of them, and
//! hands datagrams on in the order in which the kernel stamped them.
//!
//! A call of `recvmmsg` fills up to [`BATCH`] buffers of 64 KiB, each with up to 64 datagrams of one sender that the
//! kernel has put together (`UDP_GRO`). The memory is [`Receiver::BUFFER_BYTES`] a socket, and the receive buffers,
//! whose size the kernel is asked for and may cut.

use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use quinn_udp::{RecvMeta, UdpSocketState};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};

use super::drops::Drops;
use crate::packet::{Address, Timestamp};

/// Messages of one call.
const BATCH: usize = 8;
/// What the kernel puts together is at most this long, and so is a datagram.
const MESSAGE: usize = 64 << 10;
/// Datagrams handed on between two looks at the clock.
const LOOK: u32 = 1024;

/// The sockets.
pub struct Receiver {
    sockets: Vec<Socket>,
    drops: Drops,
}

/// One datagram.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// When the kernel had it.
    pub time: Timestamp,
    /// Who sent it.
    pub source: Address,
    pub bytes: &'a [u8],
}

struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
    buffers: Box<[u8]>,
    messages: [RecvMeta; BATCH],
    /// Messages in the buffers, and how many of them have been handed on.
    filled: usize,
    taken: usize,
    /// Whether the kernel may have more.
    ready: bool,
}

impl Receiver {
    /// Memory of ours for each socket.
    pub const BUFFER_BYTES: usize = BATCH * MESSAGE;

    /// Opens so many sockets for an address, beside those that there are, with receive buffers that together take so
    /// much of the kernel's memory; how much it granted. `[::]` is for IPv4 as well, unless it is told to be for IPv6
    /// only.
    pub fn listen(
        &mut self,
        address: SocketAddr,
        only_v6: bool,
        sockets: usize,
        buffer_bytes: usize,
    ) -> io::Result<usize> {
        let (mut granted, mut address) = (0, address);
        for number in 0..sockets.max(1) {
            let socket = open(address, only_v6, number > 0)?;
            // Port 0 is any port, and the same for all.
            address = socket.local_addr()?;
            granted += enlarge(&socket, buffer_bytes / sockets.max(1))?;
            self.drops.add(&socket)?;
            let state = UdpSocketState::new((&socket).into())?;
            let buffers = vec![0; Receiver::BUFFER_BYTES].into_boxed_slice();
            let messages = [RecvMeta::default(); BATCH];
            self.sockets.push(Socket { socket, state, buffers, messages, filled: 0, taken: 0, ready: false });
        }
        Ok(granted)
    }

    /// No sockets yet.
    pub fn new() -> Self {
        Receiver { sockets: Vec::new(), drops: Drops::default() }
    }

    /// Where they listen, each address once.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let mut addresses: Vec<SocketAddr> =
            self.sockets.iter().filter_map(|socket| socket.socket.local_addr().ok()).collect();
        addresses.dedup();
        addresses
    }

    /// Datagrams that the kernel dropped so far because a receive buffer was full or their checksum was wrong.
    pub fn dropped(&mut self) -> u64 {
        self.drops.now()
    }

    /// Waits for datagrams, so long at most.
    pub fn wait(&mut self, timeout: Duration) -> io::Result<()> {
        let timeout = Timespec::try_from(timeout).ok();
        let mut descriptors: Vec<PollFd<'_>> =
            self.sockets.iter().map(|socket| PollFd::new(&socket.socket, PollFlags::IN)).collect();
        match poll(&mut descriptors, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<bool> = descriptors.iter().map(|descriptor| !descriptor.revents().is_empty()).collect();
        for (socket, ready) in self.sockets.iter_mut().zip(ready) {
            socket.ready |= ready;
        }
        Ok(())
    }

    /// Hands on the datagrams that have come, the earliest first, until there are no more or this time has come;
    /// whether there may be more.
    pub fn receive(&mut self, until: Instant, mut take: impl FnMut(Datagram<'_>)) -> io::Result<bool> {
        let mut handed_on = 0_u32;
        loop {
            for socket in &mut self.sockets {
                socket.fill()?;
            }
            let heads = self.sockets.iter_mut().filter_map(|socket| Some((socket.head()?.timestamp, socket)));
            let Some((_, earliest)) = heads.min_by_key(|(time, _)| *time) else { return Ok(false) };
            handed_on += earliest.take(&mut take);
            if handed_on >= LOOK {
                handed_on = 0;
                if Instant::now() >= until {
                    return Ok(true);
                }
            }
        }
    }

    /// Has nothing more come: what is here can be read, and there is an end to it.
    ///
    /// A socket that is connected takes datagrams of its peer only, and nobody sends from the discard port of this
    /// machine to us.
    pub fn close(&mut self) {
        for socket in &mut self.sockets {
            let Ok(own) = socket.socket.local_addr() else { continue };
            let peer = match own {
                SocketAddr::V4(own) if own.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, 9).into(),
                SocketAddr::V6(own) if own.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, 9).into(),
                own => SocketAddr::new(own.ip(), 9),
            };
            // Without it, what comes until the end is read, too.
            let _ = socket.socket.connect(peer);
            socket.ready = true;
        }
    }
}

impl Default for Receiver {
    fn default() -> Self {
        Receiver::new()
    }
}

impl Socket {
    /// Fetches messages if all have been handed on.
    #[inline]
    fn fill(&mut self) -> io::Result<()> {
        if self.taken < self.filled || !self.ready {
            return Ok(());
        }
        (self.taken, self.filled) = (0, 0);
        let mut buffers = self.buffers.chunks_mut(MESSAGE);
        let mut buffers: [IoSliceMut<'_>; BATCH] =
            std::array::from_fn(|_| IoSliceMut::new(buffers.next().unwrap_or_default()));
        match self.state.recv((&self.socket).into(), &mut buffers, &mut self.messages) {
            Ok(received) => {
                self.filled = received;
                // Fewer than there was room for: there were no more.
                self.ready = received == BATCH;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.ready = false;
                Ok(())
            }
            // What a socket that only receives is told of the network is no failure of ours.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
            Err(error) => Err(error),
        }
    }

    #[inline]
    fn head(&self) -> Option<&RecvMeta> {
        self.messages.get(self.taken..self.filled)?.first()
    }

    /// Hands on the datagrams of the next message; how many.
    #[inline]
    fn take(&mut self, take: &mut impl FnMut(Datagram<'_>)) -> u32 {
        let Some(&RecvMeta { addr, len, stride, timestamp, .. }) = self.head() else { return 0 };
        let start = self.taken * MESSAGE;
        self.taken += 1;
        let bytes = &self.buffers[start..start + len.min(MESSAGE)];
        let time = timestamp.map_or_else(now, time_of);
        let source = Address::from(addr.ip().to_canonical());
        if bytes.is_empty() {
            take(Datagram { time, source, bytes });
            return 1;
        }
        let datagrams = bytes.chunks(stride.max(1));
        let count = datagrams.len() as u32;
        datagrams.for_each(|bytes| take(Datagram { time, source, bytes }));
        count
    }
}

/// The time that the kernel stamps datagrams with.
pub(super) fn now() -> Timestamp {
    time_of(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn time_of(since_epoch: Duration) -> Timestamp {
    Timestamp::from_parts(since_epoch.as_secs(), since_epoch.subsec_nanos().into())
}

/// A socket that is bound. The first of an address is bound without sharing the port, so that another program there is
/// noticed, and shares it from then on with those that follow.
fn open(address: SocketAddr, only_v6: bool, further: bool) -> io::Result<UdpSocket> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = net::socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, only_v6)?;
    }
    if further {
        sockopt::set_socket_reuseport(&socket, true)?;
        net::bind(&socket, &address)?;
    } else {
        net::bind(&socket, &address)?;
        sockopt::set_socket_reuseport(&socket, true)?;
    }
    Ok(socket.into())
}

/// Has the kernel keep so many bytes of datagrams, or as many as it allows; how many.
fn enlarge(socket: &UdpSocket, bytes: usize) -> io::Result<usize> {
    // The kernel doubles what it is given, to count its own structures.
    let asked = bytes / 2;
    if sockopt::set_socket_recv_buffer_size_force(socket, asked).is_err() {
        sockopt::set_socket_recv_buffer_size(socket, asked)?;
    }
    Ok(sockopt::socket_recv_buffer_size(socket)?)
}

#[cfg(test)]
mod tests;
