//! Datagrams that the kernel dropped because a receive buffer was full or their checksum was wrong, from the last column
//! of `/proc/net/udp` and `/proc/net/udp6`: the only place that tells it of a socket without a control message for each
//! datagram. It does not tell the two causes apart.

use std::fs::{self, File};
use std::io;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;

/// The tables of this thread's network namespace.
const TABLES: [&str; 2] = ["/proc/thread-self/net/udp", "/proc/thread-self/net/udp6"];
/// Columns of a line that names a socket; its inode, and the drops at the end.
const COLUMNS: usize = 13;
const INODE: usize = 9;

/// Adds up what sockets lost. The kernel counts with 32 bits and begins again at zero.
#[derive(Debug, Default)]
pub struct Drops {
    /// By inode, with what the kernel's count was.
    sockets: Vec<(u64, u32)>,
    total: u64,
}

impl Drops {
    /// Counts this socket's as well, from its first on.
    pub fn add(&mut self, socket: &UdpSocket) -> io::Result<()> {
        self.sockets.push((inode(socket)?, 0));
        Ok(())
    }

    /// How many datagrams the sockets have lost together. No more than before where `/proc` cannot be read.
    ///
    /// Has to be asked before a count has gone round.
    pub fn now(&mut self) -> u64 {
        TABLES.iter().filter_map(|table| fs::read_to_string(table).ok()).for_each(|table| self.read(&table));
        self.total
    }

    fn read(&mut self, table: &str) {
        for (inode, count) in table.lines().skip(1).filter_map(line) {
            if let Some((_, last)) = self.sockets.iter_mut().find(|(known, _)| *known == inode) {
                self.total += u64::from(count.wrapping_sub(*last));
                *last = count;
            }
        }
    }
}

/// The number by which the tables know a socket.
fn inode(socket: &UdpSocket) -> io::Result<u64> {
    Ok(File::from(OwnedFd::from(socket.try_clone()?)).metadata()?.ino())
}

/// The socket of a line, and what it lost.
fn line(line: &str) -> Option<(u64, u32)> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    Some((columns.get(INODE)?.parse().ok()?, columns.get(COLUMNS - 1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_is_added_up_for_the_sockets_that_are_named() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops             
  204: 00000000:12B5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 17          
  205: 00000000:12B5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 4294967295  
  206: 00000000:12B6 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4713 2 0000000000000000 5           
";
        let read = |table: &str, inodes: &[u64]| {
            let mut drops = Drops { sockets: inodes.iter().map(|inode| (*inode, 0)).collect(), total: 0 };
            drops.read(table);
            drops.total
        };
        assert_eq!(read(table, &[4711, 4712]), 17 + 4_294_967_295);
        assert_eq!(read(table, &[99]), 0);
        assert_eq!(read("", &[99]), 0);
    }

    #[test]
    fn a_count_that_begins_again_goes_on() {
        let mut drops = Drops { sockets: vec![(4711, 0)], total: 0 };
        let mut total_with = |count: u32| {
            drops.read(&format!("heading\n 204: a b 07 c 00:0 0 0 0 4711 2 0 {count}\n"));
            drops.total
        };
        assert_eq!(total_with(4_294_967_290), 4_294_967_290);
        assert_eq!(total_with(4), 4_294_967_300);
        assert_eq!(total_with(4), 4_294_967_300);
    }

    #[test]
    fn what_a_full_buffer_lost_is_counted() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        rustix::net::sockopt::set_socket_recv_buffer_size(&socket, 4096).unwrap();
        let mut drops = Drops::default();
        drops.add(&socket).unwrap();
        assert_eq!(drops.now(), 0);
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        (0..100).for_each(|_| drop(sender.send_to(&[0; 1000], socket.local_addr().unwrap())));
        socket.set_nonblocking(true).unwrap();
        let received = (0..100).take_while(|_| socket.recv(&mut [0; 2000]).is_ok()).count() as u64;
        assert_eq!(drops.now(), 100 - received);
        assert!(received < 100);
    }
}
