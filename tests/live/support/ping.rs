//! Echo requests, which every host answers: packets of which it is known how many there are.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, ipproto, recv, sendto, socket};

use super::lab::{Namespace, SERVER};

/// Sends so many requests from the client to the server, of so many bytes, and waits for the reply to each.
pub fn ping(client: &Namespace, count: u16, every: Duration, size: usize) {
    client.enter(|| (0..count).for_each(|number| echo(number, every, size)));
}

/// Requests without end, until it is dropped.
pub struct Pings {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pings {
    pub fn start(client: &Namespace) -> Pings {
        let stop = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&stop);
        // Started in there, it stays there.
        let thread = client.enter(|| {
            std::thread::spawn(move || {
                (0..u16::MAX).take_while(|_| !theirs.load(Ordering::Relaxed)).for_each(|number| {
                    echo(number, Duration::from_millis(50), 56);
                });
            })
        });
        Pings { stop, thread: Some(thread) }
    }
}

impl Drop for Pings {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn echo(number: u16, every: Duration, size: usize) {
    let socket = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP)).expect("root may");
    set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(5))).expect("a socket");
    // Type 8, code 0, checksum, identifier, sequence number (RFC 792).
    let mut request = vec![8, 0, 0, 0, 0x51, 0xde];
    request.extend(number.to_be_bytes());
    request.extend((0..size.max(2)).map(|at| at as u8));
    let sum: u32 = request.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    request[2..4].copy_from_slice(&(!folded as u16).to_be_bytes());
    let to = SocketAddrV4::new(SERVER.parse().expect("an address"), 0);
    sendto(&socket, &request, SendFlags::empty(), &to).expect("a route");
    let server: Ipv4Addr = SERVER.parse().expect("an address");
    let mut reply = vec![0; 70_000];
    loop {
        let (length, _) = recv(&socket, &mut reply[..], RecvFlags::empty()).expect("a reply");
        let reply = &reply[..length];
        if reply[12..16] == server.octets() && reply[20] == 0 && reply[26..28] == number.to_be_bytes() {
            break;
        }
    }
    std::thread::sleep(every);
}
