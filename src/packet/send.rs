//! Many messages in one call: datagrams, segmented by the kernel where they are equal in size, and frames.
//!
//! [`send_messages`] is `sendmmsg` with `UDP_SEGMENT` (Linux 4.18): one [`Message`] can be up to [`MOST_SEGMENTS`]
//! datagrams, which pass through the network stack as one. What is sent is borrowed for the call, in parts that need
//! not lie together, so that a frame goes from the capture ring to the interface without a copy of ours. At most
//! [`MOST_MESSAGES`] go a call; nothing is allocated.
//!
//! [`report_full_queues`] has the kernel say where a queue on the way out was full, and keep what ICMP errors say for
//! [`take_queued_error`]: a call that sends several messages forgets why it stopped before the last.
//!
//! [`FrameSender`] sends frames out of an interface as they are.

use std::io::{self, IoSlice};
use std::mem::{self, MaybeUninit};
use std::num::NonZeroU16;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use libc::{c_int, c_void};
use rustix::net::AddressFamily;

use super::interfaces::{self, InterfaceError};
use super::ring::{self, RingError};

/// The most messages that one call takes.
pub const MOST_MESSAGES: usize = 64;
/// The most datagrams of a message: `UDP_MAX_SEGMENTS` of `linux/udp.h`, as it was at first.
pub const MOST_SEGMENTS: usize = 64;
/// The most bytes of a message of several datagrams: what fits a UDP length, with room for headers.
pub const MOST_BYTES: usize = 65_000;

/// The space of one control message that holds a `u16`, in words, so that it is aligned as a `cmsghdr` has to be.
const CONTROL_WORDS: usize = control_space().div_ceil(size_of::<usize>());
type Control = [usize; CONTROL_WORDS];

/// One message: its parts follow one another.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// At most 1024 (`UIO_MAXIOV`).
    pub parts: &'a [IoSlice<'a>],
    /// Where this is several UDP datagrams: the bytes of each but the last, which may be shorter.
    pub segment: Option<NonZeroU16>,
}

impl<'a> AsRef<Message<'a>> for Message<'a> {
    fn as_ref(&self) -> &Message<'a> {
        self
    }
}

/// Sends messages over a connected or bound socket, in their order, up to [`MOST_MESSAGES`] of them; how many were sent.
///
/// # Errors
///
/// Why the first message could not be sent. If a later one cannot, those before it count as sent, and the next call
/// tells why.
pub fn send_messages<'a>(socket: impl AsFd, messages: &[impl AsRef<Message<'a>>]) -> io::Result<usize> {
    let messages = &messages[..messages.len().min(MOST_MESSAGES)];
    if messages.is_empty() {
        return Ok(0);
    }
    let mut controls = [const { MaybeUninit::<Control>::uninit() }; MOST_MESSAGES];
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; MOST_MESSAGES];
    for ((message, control), header) in messages.iter().zip(&mut controls).zip(&mut headers) {
        header.write(header_of(message.as_ref(), control));
    }
    let socket = socket.as_fd();
    let flags = libc::MSG_NOSIGNAL;
    // SAFETY: the first `messages.len()` headers were written above, and there are no more messages than headers. Each
    // points to parts that `messages` borrows and to a control message in `controls`, both of which live longer than
    // the call; `header_of` has written the control messages that it points to. The kernel reads what the headers point
    // to, and writes only `msg_len` of each. The pointer of an empty slice is not followed, since its length is 0.
    let sent =
        unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr().cast(), messages.len() as u32, flags as _) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(sent as usize) }
}

/// Has a UDP socket fail with `ENOBUFS` where an interface's queue drops what is sent (ip(7), `IP_RECVERR`): without this,
/// the kernel says that it was sent.
///
/// From then on, an ICMP error that tells of a passing trouble is an error of the next call, too, of which the datagram of
/// that call knows nothing. The errors are queued as well, in no more than the socket's receive buffer, for
/// [`take_queued_error`].
pub fn report_full_queues(socket: &OwnedFd, family: AddressFamily) -> io::Result<()> {
    let (level, name) = match family {
        AddressFamily::INET6 => (libc::IPPROTO_IPV6, libc::IPV6_RECVERR),
        _ => (libc::IPPROTO_IP, libc::IP_RECVERR),
    };
    ring::set_option(socket, level, name, &(1 as c_int))
}

/// What an ICMP error said of a datagram, as an error of the system; the oldest that waits, where
/// [`report_full_queues`] was called. None if none waits. An error that the kernel queued on its own account is 0.
pub fn take_queued_error(socket: &OwnedFd) -> io::Result<Option<i32>> {
    // A control message with a `sock_extended_err` and the address of whoever sent the error.
    let mut control = [0_usize; 16];
    // SAFETY: pointers and numbers, for which zeroes are values: no address, no parts, no control message.
    let mut header: libc::msghdr = unsafe { mem::zeroed() };
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control) as _;
    let flags = libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT;
    // SAFETY: the kernel writes at most `msg_controllen` bytes to `control`, which lives longer than the call; there are
    // no parts that it could write to.
    let read = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, flags) };
    if read < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::WouldBlock { Ok(None) } else { Err(error) };
    }
    // SAFETY: `header` has pointed to `control` all the while, which is aligned as a `cmsghdr` has to be; the kernel has
    // set the length to what it wrote there. The result is null or a whole `cmsghdr` inside of `control`.
    let first = unsafe { libc::CMSG_FIRSTHDR(&raw const header).as_ref() };
    let kinds = [(libc::IPPROTO_IP, libc::IP_RECVERR), (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)];
    let Some(first) = first.filter(|first| kinds.contains(&(first.cmsg_level, first.cmsg_type))) else {
        return Ok(Some(0));
    };
    // SAFETY: the message is at the start of `control`, which has room for what is read behind a `cmsghdr` and was filled
    // with zeroes before. The data may be less aligned than its type; any bytes are a value of it.
    let told = unsafe { libc::CMSG_DATA(first).cast::<libc::sock_extended_err>().read_unaligned() };
    let by_icmp = [libc::SO_EE_ORIGIN_ICMP, libc::SO_EE_ORIGIN_ICMP6].contains(&told.ee_origin);
    Ok(Some(if by_icmp { told.ee_errno as i32 } else { 0 }))
}

/// The header of a message. It points to the message's parts and to `control`.
#[inline]
fn header_of(message: &Message<'_>, control: &mut MaybeUninit<Control>) -> libc::mmsghdr {
    // SAFETY: pointers and numbers, for which zeroes are values: no address, no parts, no control message.
    let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
    let inner = &mut header.msg_hdr;
    // `IoSlice` has the layout of `iovec`, as the standard library promises; the kernel does not write to what a
    // message to be sent points to.
    inner.msg_iov = message.parts.as_ptr().cast_mut().cast();
    inner.msg_iovlen = message.parts.len() as _;
    if let Some(segment) = message.segment {
        let control = control.write([0; CONTROL_WORDS]);
        write_segment(control, segment.get());
        inner.msg_control = control.as_mut_ptr().cast::<c_void>();
        inner.msg_controllen = control_space() as _;
    }
    header
}

/// A control message that has the kernel cut into datagrams of this size (udp(7)).
#[inline]
fn write_segment(control: &mut Control, size: u16) {
    let header = control.as_mut_ptr().cast::<libc::cmsghdr>();
    const { assert!(size_of::<Control>() >= control_space()) };
    const { assert!(align_of::<Control>() >= align_of::<libc::cmsghdr>()) };
    // SAFETY: `control` is borrowed for the call, aligned as a `cmsghdr` and long enough for one with a `u16` behind it,
    // as was just asserted; `CMSG_DATA` of such a one is inside of it. The data may be less aligned than a `u16`.
    unsafe {
        (*header).cmsg_level = libc::SOL_UDP;
        (*header).cmsg_type = libc::UDP_SEGMENT;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<u16>() as u32) as _;
        libc::CMSG_DATA(header).cast::<u16>().write_unaligned(size);
    }
}

const fn control_space() -> usize {
    // SAFETY: this computes with a number and follows no pointer.
    unsafe { libc::CMSG_SPACE(size_of::<u16>() as u32) as usize }
}

/// Sends frames out of an interface, each with its link's header. Takes `CAP_NET_RAW`, and that only to open.
///
/// What it sends, a capture on that interface sees like any other outgoing frame.
#[derive(Debug)]
pub struct FrameSender {
    socket: OwnedFd,
}

/// Why frames cannot be sent out of an interface.
#[derive(Debug, thiserror::Error)]
pub enum FrameSenderError {
    #[error(transparent)]
    Interface(#[from] InterfaceError),
    #[error(transparent)]
    Socket(#[from] RingError),
    #[error("cannot send out of the interface {interface}")]
    Bind {
        interface: String,
        #[source]
        source: io::Error,
    },
}

impl FrameSenderError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            FrameSenderError::Interface(error) => error.hints(),
            FrameSenderError::Socket(error) => error.hints(),
            FrameSenderError::Bind { interface, source } => match source.raw_os_error() {
                Some(libc::ENODEV | libc::ENXIO) => {
                    vec![format!("{interface} has gone just now: `ip link` shows what is there")]
                }
                Some(libc::ENETDOWN) => vec![format!("`ip link set {interface} up` switches it on")],
                _ => Vec::new(),
            },
        }
    }
}

impl FrameSender {
    /// For the interface of this name.
    pub fn open(interface: &str) -> Result<FrameSender, FrameSenderError> {
        let found = interfaces::by_name(interface)?;
        let socket = ring::packet_socket()?;
        // Protocol 0: nothing is received.
        let refused = |source| FrameSenderError::Bind { interface: interface.to_owned(), source };
        ring::bind(&socket, found.index, 0).map_err(refused)?;
        Ok(FrameSender { socket })
    }

    /// Sends out of another interface from here on: one that was deleted and made anew has another index. Takes no
    /// capability.
    pub fn rebind(&self, index: u32) -> io::Result<()> {
        ring::bind(&self.socket, index, 0)
    }

    /// Sends frames, in their order; how many were sent. Never waits: at a full queue it sends less than all.
    ///
    /// # Errors
    ///
    /// Why the first frame could not be sent: `EMSGSIZE` where it is longer than the interface's MTU allows, `ENOBUFS`
    /// or `EAGAIN` where a queue is full, `ENETDOWN` where the interface is down.
    pub fn send(&self, frames: &[&[u8]]) -> io::Result<usize> {
        let mut sent = 0;
        for chunk in frames.chunks(MOST_MESSAGES) {
            let mut parts = [IoSlice::new(&[]); MOST_MESSAGES];
            for (part, frame) in parts.iter_mut().zip(chunk) {
                *part = IoSlice::new(frame);
            }
            let mut messages = [Message { parts: &[], segment: None }; MOST_MESSAGES];
            for (message, part) in messages.iter_mut().zip(parts.chunks(1)) {
                message.parts = part;
            }
            match send_messages(&self.socket, &messages[..chunk.len()]) {
                Ok(taken) => sent += taken,
                Err(error) if sent == 0 => return Err(error),
                Err(_) => break,
            }
            if !sent.is_multiple_of(MOST_MESSAGES) {
                break;
            }
        }
        Ok(sent)
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::{Duration, Instant};

    use super::super::namespace::{Cable, in_namespace, ip};
    use super::*;

    fn pair() -> (UdpSocket, UdpSocket) {
        let [left, right] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
        left.connect(right.local_addr().unwrap()).unwrap();
        right.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        (left, right)
    }

    fn received(socket: &UdpSocket) -> Vec<u8> {
        let mut buffer = [0; 2048];
        let length = socket.recv(&mut buffer).unwrap();
        buffer[..length].to_vec()
    }

    #[test]
    fn what_a_user_can_do_about_an_interface_is_said() {
        let hints = |code| {
            let source = io::Error::from_raw_os_error(code);
            FrameSenderError::Bind { interface: "tap0".into(), source }.hints().concat()
        };
        assert!(hints(libc::ENODEV).contains("ip link"));
        assert_eq!(hints(libc::ENETDOWN), "`ip link set tap0 up` switches it on");
        assert_eq!(hints(libc::EIO), "");
    }

    #[test]
    fn parts_become_datagrams_and_equal_ones_are_cut_apart_by_the_kernel() {
        let (left, right) = pair();
        let parts = [&b"ab"[..], b"cde", b"", b"f", b"g", b"hijk", b"l"].map(IoSlice::new);
        let messages = [
            Message { parts: &parts[..3], segment: None },
            Message { parts: &parts[3..], segment: NonZeroU16::new(3) },
            Message { parts: &[], segment: None },
        ];
        assert_eq!(send_messages(&left, &messages).unwrap(), 3);
        let all: Vec<Vec<u8>> = (0..5).map(|_| received(&right)).collect();
        assert_eq!(all, [&b"abcde"[..], b"fgh", b"ijk", b"l", b""]);
    }

    #[test]
    fn no_more_than_so_many_go_at_once_and_none_is_no_error() {
        let (left, right) = pair();
        assert_eq!(send_messages(&left, &[Message { parts: &[], segment: None }; 0]).unwrap(), 0);
        let parts = [IoSlice::new(b"x")];
        let messages = [Message { parts: &parts, segment: None }; 70];
        assert_eq!(send_messages(&left, &messages).unwrap(), MOST_MESSAGES);
        (0..MOST_MESSAGES).for_each(|_| assert_eq!(received(&right), b"x"));
    }

    #[test]
    fn a_message_that_cannot_go_is_told_when_it_is_the_first() {
        let (left, right) = pair();
        let long = vec![0; 70_000];
        let (small, long) = ([IoSlice::new(b"x")], [IoSlice::new(&long)]);
        let messages = [&small, &long].map(|parts| Message { parts, segment: None });
        assert_eq!(send_messages(&left, &messages).unwrap(), 1);
        assert_eq!(received(&right), b"x");
        let error = send_messages(&left, &messages[1..]).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
    }

    #[test]
    fn what_icmp_says_waits_though_a_call_of_several_messages_forgets_it() {
        in_namespace(|| {
            let _ = std::fs::write("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "0");
            for (family, address) in [(AddressFamily::INET, "127.0.0.1"), (AddressFamily::INET6, "::1")] {
                let Ok(socket) = UdpSocket::bind((address, 0)) else { continue };
                socket.connect((address, 9)).unwrap();
                let socket = OwnedFd::from(socket);
                report_full_queues(&socket, family).unwrap();
                assert_eq!(take_queued_error(&socket).unwrap(), None);
                let parts = [IoSlice::new(b"x")];
                // As a rule the answer is there before the second goes out, which then does not.
                let sent = send_messages(&socket, &[Message { parts: &parts, segment: None }; 2]).unwrap();
                assert!((1..=2).contains(&sent));
                let end = Instant::now() + Duration::from_secs(5);
                let mut told = None;
                while told.is_none() && Instant::now() < end {
                    told = take_queued_error(&socket).unwrap();
                }
                assert_eq!(told, Some(libc::ECONNREFUSED), "{address}");
            }
        });
    }

    #[test]
    fn frames_leave_as_they_are_and_in_order() {
        in_namespace(|| {
            let cable = Cable::new();
            let sender = FrameSender::open("left").unwrap();
            let listener = cable.there(|| {
                let socket = UdpSocket::bind("0.0.0.0:9").unwrap();
                socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
                socket
            });
            // To everybody, so that no address of the other end is needed.
            let frames: Vec<Vec<u8>> = (0..150).map(datagram).collect();
            let borrowed: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
            assert_eq!(sender.send(&borrowed).unwrap(), 150);
            (0..150).for_each(|number| assert_eq!(received(&listener), [number; 4]));

            let long = [0; 1600];
            let error = sender.send(&[&long]).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
            ip("link set left down");
            assert_eq!(sender.send(&borrowed[..1]).unwrap_err().raw_os_error(), Some(libc::ENETDOWN));
            assert!(matches!(FrameSender::open("none"), Err(FrameSenderError::Interface(_))));
        });
    }

    /// A frame with a UDP datagram to port 9 of 10.9.0.2, which holds this byte four times.
    fn datagram(number: u8) -> Vec<u8> {
        let mut ip = vec![0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 9, 0, 7, 10, 9, 0, 2];
        let sum = ip.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum::<u32>();
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        [&[0xff; 6][..], &[2, 0, 0, 0, 0, 7], &[8, 0], &ip, &[0, 7, 0, 9, 0, 12, 0, 0], &[number; 4]].concat()
    }
}
