use super::*;

const SOON: Duration = Duration::from_secs(2);

fn receiver(sockets: usize) -> (Receiver, SocketAddr) {
    let mut receiver = Receiver::new();
    receiver.listen("127.0.0.1:0".parse().unwrap(), true, sockets, 4 << 20).unwrap();
    let address = receiver.addresses()[0];
    // The kernel begins to stamp what it receives a moment after the first socket has asked for it.
    std::thread::sleep(Duration::from_millis(100));
    (receiver, address)
}

/// A sender with this address, so that there are several sources.
fn sender(last: u8) -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::new(127, 0, 0, last), 0)).unwrap()
}

/// What comes until there is nothing more, and so many datagrams at least.
fn received(receiver: &mut Receiver, least: usize) -> Vec<(Timestamp, Address, Vec<u8>)> {
    let (mut all, end) = (Vec::new(), Instant::now() + SOON);
    while all.len() < least && Instant::now() < end {
        receiver.wait(Duration::from_millis(50)).unwrap();
        let take = |datagram: Datagram<'_>| all.push((datagram.time, datagram.source, datagram.bytes.to_vec()));
        receiver.receive(end, take).unwrap();
    }
    all
}

#[test]
fn datagrams_of_all_sockets_come_in_the_order_in_which_the_kernel_had_them() {
    let (mut receiver, address) = receiver(4);
    assert_eq!(receiver.addresses(), [address]);
    let senders: Vec<UdpSocket> = (1..=40).map(sender).collect();
    for number in 0..400_u32 {
        senders[number as usize % 40].send_to(&number.to_be_bytes(), address).unwrap();
    }
    let all = received(&mut receiver, 400);
    let numbers: Vec<u32> = all.iter().map(|(.., bytes)| u32::from_be_bytes(bytes[..].try_into().unwrap())).collect();
    assert_eq!(numbers, (0..400).collect::<Vec<_>>());
    assert!(all.is_sorted_by_key(|(time, ..)| *time));
    for (number, (time, source, _)) in all.iter().enumerate() {
        assert_eq!(source.ip(), Ipv4Addr::new(127, 0, 0, (number % 40) as u8 + 1));
        assert!(now().since(*time) < SOON && time.since(now()) == Duration::ZERO);
    }
    assert_eq!(receiver.dropped(), 0);
}

#[test]
fn what_the_kernel_has_put_together_is_taken_apart() {
    use std::io::IoSlice;
    use std::num::NonZeroU16;

    use crate::packet::send::{Message, send_messages};

    let (mut receiver, address) = receiver(1);
    let sender = sender(1);
    sender.connect(address).unwrap();
    let bytes: Vec<u8> = (0..10_000_u32).map(|number| number as u8).collect();
    let parts = [IoSlice::new(&bytes)];
    send_messages(&sender, &[Message { parts: &parts, segment: NonZeroU16::new(1400) }]).unwrap();
    let all = received(&mut receiver, 8);
    let lengths: Vec<usize> = all.iter().map(|(.., bytes)| bytes.len()).collect();
    assert_eq!(lengths, [1400, 1400, 1400, 1400, 1400, 1400, 1400, 200]);
    assert_eq!(all.into_iter().flat_map(|(.., bytes)| bytes).collect::<Vec<_>>(), bytes);
}

#[test]
fn empty_datagrams_and_the_longest_are_datagrams() {
    let (mut receiver, address) = receiver(1);
    for length in [0, 1, 65_507, 0] {
        sender(1).send_to(&vec![7; length], address).unwrap();
    }
    let lengths: Vec<usize> = received(&mut receiver, 4).iter().map(|(.., bytes)| bytes.len()).collect();
    assert_eq!(lengths, [0, 1, 65_507, 0]);
}

#[test]
fn what_comes_after_the_end_is_not_read() {
    let (mut receiver, address) = receiver(2);
    let sender = sender(1);
    sender.send_to(b"before", address).unwrap();
    receiver.close();
    let _ = sender.send_to(b"after", address);
    let all: Vec<Vec<u8>> = received(&mut receiver, 2).into_iter().map(|(.., bytes)| bytes).collect();
    assert_eq!(all, [b"before"]);
}

#[test]
fn a_port_that_another_program_has_is_not_shared() {
    let (_receiver, address) = receiver(2);
    let error = Receiver::new().listen(address, true, 2, 1 << 20).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}

#[test]
fn ipv6_is_an_address_like_another() {
    let mut receiver = Receiver::new();
    let Ok(_) = receiver.listen("[::1]:0".parse().unwrap(), true, 2, 1 << 20) else { return };
    let sender = UdpSocket::bind("[::1]:0").unwrap();
    sender.send_to(b"six", receiver.addresses()[0]).unwrap();
    let all = received(&mut receiver, 1);
    assert_eq!(all[0].1.ip(), Ipv6Addr::LOCALHOST);
    receiver.close();
}

#[test]
fn any_address_of_ipv6_is_any_of_ipv4_too() {
    let mut receiver = Receiver::new();
    let Ok(_) = receiver.listen("[::]:0".parse().unwrap(), false, 2, 1 << 20) else { return };
    let port = receiver.addresses()[0].port();
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"four", ("127.0.0.1", port)).unwrap();
    assert_eq!(received(&mut receiver, 1)[0].1.ip(), Ipv4Addr::LOCALHOST);
    receiver.close();
}
