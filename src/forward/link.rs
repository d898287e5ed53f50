//! The sockets that are connected to one collector: one a source port.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, bind, connect, recv, sockopt};

use super::deliver::{Run, Wire, deliver};
use super::outcome::Outcome;
use super::ports::{PORTS, PortRange, keep_nothing, udp_socket};
use crate::packet::segment::Oversize;
use crate::packet::send::{report_full_queues, send_messages, take_queued_error};

/// What each socket may hold that the interface has not taken; the kernel grants `net.core.wmem_max` at most.
const SEND_BUFFER: usize = 4 << 20;

/// The headers of IP and UDP around a VXLAN header and a frame.
const HEADERS_V4: usize = 20 + 8;
const HEADERS_V6: usize = 40 + 8;
/// The most errors that are taken of a socket at a time: more than its receive buffer has room for.
const MOST_ERRORS: usize = 8;
/// The MTU of a route whose interface has gone or is down, in Linux (`ETH_MIN_MTU`, of its `blackhole_netdev`), until a
/// datagram looks for another route. No path has so little (RFC 791 §3.2 asks for 68 of every link, RFC 8200 §5 for 1,280).
const NOWHERE_MTU: usize = 68;
/// The header of VXLAN.
const VXLAN: usize = 8;

/// The sockets of one collector.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    sockets: Vec<Socket>,
}

/// A socket, and whether the kernel cuts messages apart on its way.
#[derive(Debug)]
struct Socket {
    socket: OwnedFd,
    segments: bool,
    is_v6: bool,
}

impl Link {
    /// Connects a socket for each port of the range. Takes no capability.
    pub fn open(address: SocketAddr, range: PortRange) -> io::Result<Self> {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        let sockets: io::Result<Vec<Socket>> = range.iter().map(|port| Socket::open(address, port)).collect();
        Ok(Link { address, sockets: sockets? })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes of IP, UDP and VXLAN around a frame.
    pub fn overhead(&self) -> usize {
        headers(self.address.is_ipv6()) + VXLAN
    }

    /// The largest IP packet that the path takes, as far as is known: no more than the interface's MTU. None while there is
    /// no path.
    pub fn path_mtu(&self) -> Option<usize> {
        self.sockets.iter().filter_map(Wire::path_mtu).min()
    }

    /// Sends the datagrams of one port. `oversize` is what is done with those for which the path has become too narrow.
    #[inline]
    pub fn send(&mut self, port: u8, runs: &[Run<'_>], oversize: Oversize, outcome: &mut Outcome) {
        let Some(socket) = self.sockets.get_mut(usize::from(port)) else { return };
        let mut segments = socket.segments;
        deliver(socket, &mut segments, runs, oversize, outcome);
        socket.segments = segments;
    }

    /// Asks every socket for errors that came since. The next datagram would meet the last of them at most, and that only
    /// at the head of a batch. `before` is what had been counted when they were last asked.
    pub fn take_errors(&mut self, before: &Outcome, outcome: &mut Outcome) {
        let (mut refusals, mut unreached) = (0, 0);
        let mut count = |error: i32| match error {
            libc::ECONNREFUSED => refusals += 1,
            libc::EHOSTUNREACH | libc::ENETUNREACH | libc::EHOSTDOWN => unreached += 1,
            _ => {}
        };
        for Socket { socket, .. } in &self.sockets {
            for _ in 0..MOST_ERRORS {
                match take_queued_error(socket) {
                    Ok(Some(error)) => count(error),
                    Ok(None) | Err(_) => break,
                }
            }
            match sockopt::socket_error(socket) {
                Ok(Err(Errno::MSGSIZE)) => outcome.narrowed += 1,
                Ok(Err(error)) => count(error.raw_os_error()),
                Ok(Ok(())) | Err(_) => {}
            }
            // What is sent to us would leave errors no room.
            for _ in 0..MOST_ERRORS {
                if recv(socket, &mut [0_u8; 0][..], RecvFlags::empty()).is_err() {
                    break;
                }
            }
        }
        // Those that a datagram has met were queued as well.
        outcome.refusals = outcome.refusals.max(before.refusals + refusals);
        outcome.unreached += unreached;
    }
}

impl Socket {
    fn open(address: SocketAddr, port: u16) -> io::Result<Self> {
        let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
        let socket = udp_socket(family)?;
        // The port is ours, by another socket of ours.
        sockopt::set_socket_reuseaddr(&socket, true)?;
        // An outer fragment is lost behind load balancers, and more of them cost more than cutting the frame.
        match address.is_ipv6() {
            true => {
                sockopt::set_ipv6_v6only(&socket, true)?;
                sockopt::set_ipv6_mtu_discover(&socket, sockopt::Ipv6PathMtuDiscovery::DO)?;
                bind(&socket, &SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)))?;
            }
            false => {
                sockopt::set_ip_mtu_discover(&socket, sockopt::Ipv4PathMtuDiscovery::DO)?;
                bind(&socket, &SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))?;
            }
        }
        sockopt::set_socket_send_buffer_size(&socket, SEND_BUFFER)?;
        // So is what is queued of errors.
        keep_nothing(&socket)?;
        report_full_queues(&socket, family)?;
        connect(&socket, &address)?;
        Ok(Socket { socket, segments: true, is_v6: address.is_ipv6() })
    }
}

impl Wire for Socket {
    #[inline]
    fn send(&self, runs: &[Run<'_>]) -> io::Result<usize> {
        send_messages(&self.socket, runs)
    }

    fn path_mtu(&self) -> Option<usize> {
        let mtu = match self.is_v6 {
            true => sockopt::ipv6_mtu(&self.socket),
            false => sockopt::ip_mtu(&self.socket),
        };
        mtu.ok().map(|mtu| mtu as usize).filter(|mtu| *mtu > NOWHERE_MTU)
    }

    fn headers(&self) -> usize {
        headers(self.is_v6)
    }
}

/// Bytes of the headers of IP and UDP.
pub const fn headers(is_v6: bool) -> usize {
    if is_v6 { HEADERS_V6 } else { HEADERS_V4 }
}

const _: () = assert!(PORTS as usize <= u8::MAX as usize);

#[cfg(test)]
mod tests {
    use std::io::IoSlice;
    use std::net::UdpSocket;
    use std::time::Duration;

    use super::super::ports::Claim;
    use super::*;
    use crate::packet::namespace::{Cable, in_namespace, ip};

    #[test]
    fn ipv6_has_longer_headers() {
        let Ok(collector) = UdpSocket::bind("[::1]:0") else { return };
        let claim = Claim::new(u64::from(std::process::id()) << 3).unwrap();
        let mut link = Link::open(collector.local_addr().unwrap(), claim.range).unwrap();
        assert_eq!(link.overhead(), 56);
        assert!(link.path_mtu().is_some_and(|mtu| mtu >= 1280), "{:?}", link.path_mtu());
        let parts = [&b"head"[..], b"body", b"head", b"rest"].map(IoSlice::new);
        let mut outcome = Outcome::default();
        link.send(3, &[Run::new(&parts)], Oversize::Split, &mut outcome);
        assert_eq!((outcome.sent.datagrams, outcome.sent.bytes), (2, 2 * (8 + 48)));
        let mut buffer = [0; 64];
        for expected in [b"headbody", b"headrest"] {
            let (length, from) = collector.recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..length], from.port()), (&expected[..], claim.range.first() + 3));
        }
    }

    #[test]
    fn each_port_of_the_range_sends_to_the_collector_beside_other_links() {
        let claim = Claim::new(std::process::id().into()).unwrap();
        let collectors = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
        for collector in &collectors {
            collector.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        }
        let mut links: Vec<Link> = collectors
            .iter()
            .map(|collector| Link::open(collector.local_addr().unwrap(), claim.range).unwrap())
            .collect();
        // Again, as after a name has been looked up once more, with the old sockets still there.
        links.push(Link::open(collectors[0].local_addr().unwrap(), claim.range).unwrap());
        let parts = [b"head", b"body"].map(|part| IoSlice::new(part));
        for link in &mut links {
            assert!(link.path_mtu().is_some_and(|mtu| mtu >= 1280), "{:?}", link.path_mtu());
            assert_eq!(link.overhead(), 36);
            for port in 0..PORTS as u8 {
                let mut outcome = Outcome::default();
                link.send(port, &[Run::new(&parts)], Oversize::Split, &mut outcome);
                assert_eq!((outcome.sent.datagrams, outcome.sent.bytes), (1, 8 + 28));
            }
        }
        for (collector, times) in collectors.iter().zip([2, 1]) {
            for _ in 0..times {
                for port in claim.range.iter() {
                    let mut buffer = [0; 64];
                    let (length, from) = collector.recv_from(&mut buffer).unwrap();
                    assert_eq!((&buffer[..length], from.port()), (&b"headbody"[..], port));
                }
            }
        }
    }

    #[test]
    fn what_an_interfaces_queue_drops_is_counted_of_both_versions_of_ip() {
        in_namespace(|| {
            let cable = Cable::new();
            let with_ipv6 = |interface: &str, address: &str| {
                std::fs::write(format!("/proc/sys/net/ipv6/conf/{interface}/disable_ipv6"), "0").unwrap();
                ip(&format!("addr add {address}/64 dev {interface} nodad"));
            };
            with_ipv6("left", "fd09::1");
            cable.there(move || with_ipv6("right", "fd09::2"));
            let addresses: [SocketAddr; 2] = ["10.9.0.2:4789", "[fd09::2]:4789"].map(|text| text.parse().unwrap());
            let listeners = addresses.map(|address| {
                let listener = cable.there(move || UdpSocket::bind(address).unwrap());
                // Until the neighbour is known, packets wait elsewhere.
                let from = if address.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" };
                UdpSocket::bind(from).unwrap().send_to(b"x", address).unwrap();
                listener.recv(&mut [0; 8]).unwrap();
                listener
            });
            // Three messages, however long they are, and next to nothing goes on from there.
            for words in [
                "qdisc add dev left root handle 1: htb default 1",
                "class add dev left parent 1: classid 1:1 htb rate 8kbit burst 1600",
                "qdisc add dev left parent 1:1 handle 2: pfifo limit 3",
            ] {
                let done = std::process::Command::new("tc").args(words.split(' ')).output().unwrap();
                assert!(done.status.success(), "tc {words}: {done:?}");
            }
            let claim = Claim::new(1).unwrap();
            let body = [0; 500];
            let several: Vec<IoSlice<'_>> = (0..40).map(|_| IoSlice::new(&body)).collect();
            let runs = [Run::new(&several[..2]), Run::new(&several), Run::new(&several[..2]), Run::new(&several)];
            for address in addresses {
                let mut link = Link::open(address, claim.range).unwrap();
                let mut outcome = Outcome::default();
                for round in 1..=5 {
                    link.send(0, &runs, Oversize::Split, &mut outcome);
                    assert_eq!(outcome.all().datagrams, round * 42, "{outcome:?}");
                }
                assert!(outcome.full.datagrams > 150, "{address}: {outcome:?}");
                assert_eq!(outcome.sent.datagrams + outcome.full.datagrams, outcome.all().datagrams, "{outcome:?}");
            }
            drop(listeners);
        });
    }
}
