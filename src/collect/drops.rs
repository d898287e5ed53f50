//! Datagrams that the kernel dropped because a receive buffer was full, from the last column of `/proc/net/udp` and
//! `/proc/net/udp6`: the only place that tells it of a socket without a control message for each datagram.

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

/// The number by which the tables know a socket.
pub fn inode(socket: &UdpSocket) -> io::Result<u64> {
    Ok(File::from(OwnedFd::from(socket.try_clone()?)).metadata()?.ino())
}

/// How many datagrams these sockets lost, together, since they were opened. Nothing where `/proc` cannot be read.
pub fn dropped(inodes: &[u64]) -> u64 {
    TABLES.iter().filter_map(|table| fs::read_to_string(table).ok()).map(|table| dropped_of(&table, inodes)).sum()
}

fn dropped_of(table: &str, inodes: &[u64]) -> u64 {
    let drops = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let inode: u64 = columns.get(INODE)?.parse().ok()?;
        let drops = columns.get(COLUMNS - 1)?.parse::<u64>().ok()?;
        inodes.contains(&inode).then_some(drops)
    };
    table.lines().skip(1).filter_map(drops).sum()
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
        assert_eq!(dropped_of(table, &[4711, 4712]), 17 + 4_294_967_295);
        assert_eq!(dropped_of(table, &[99]), 0);
        assert_eq!(dropped_of("", &[99]), 0);
    }

    #[test]
    fn what_a_full_buffer_lost_is_counted() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        rustix::net::sockopt::set_socket_recv_buffer_size(&socket, 4096).unwrap();
        let inodes = [inode(&socket).unwrap()];
        assert_eq!(dropped(&inodes), 0);
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        (0..100).for_each(|_| drop(sender.send_to(&[0; 1000], socket.local_addr().unwrap())));
        socket.set_nonblocking(true).unwrap();
        let received = (0..100).take_while(|_| socket.recv(&mut [0; 2000]).is_ok()).count() as u64;
        assert_eq!(dropped(&inodes), 100 - received);
        assert!(received < 100);
    }
}
