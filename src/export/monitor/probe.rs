//! Asks a running engine whether it lives, as a container's health check does.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// More than any answer to `/live` has.
const LONGEST: usize = 4 << 10;
/// The longest reason that is passed on, in characters.
const LONGEST_REASON: usize = 200;

/// Why it cannot be said to live.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error("nobody answers at {address}: {source}")]
    Absent { address: SocketAddr, source: io::Error },
    #[error("no answer from {address} in {} s", patience.as_secs_f32())]
    TooSlow { address: SocketAddr, patience: Duration },
    #[error("whoever listens on {address} is no sidetap")]
    Stranger { address: SocketAddr },
    #[error("not live: {why}")]
    NotLive { why: String },
}

/// Where somebody who listens there can be reached from this host.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Asks, and waits no longer than this.
pub fn probe(address: SocketAddr, patience: Duration) -> Result<(), ProbeError> {
    let answer = ask(address, Instant::now() + patience).map_err(|source| match source.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => ProbeError::TooSlow { address, patience },
        _ => ProbeError::Absent { address, source },
    })?;
    judge(&answer).unwrap_or(Err(ProbeError::Stranger { address }))
}

fn ask(address: SocketAddr, end: Instant) -> io::Result<Vec<u8>> {
    let left = || match end.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::Error::from(io::ErrorKind::TimedOut)),
        left => Ok(left),
    };
    let mut stream = TcpStream::connect_timeout(&address, left()?)?;
    stream.set_write_timeout(Some(left()?))?;
    stream.write_all(format!("GET /live HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let (mut answer, mut part) = (Vec::new(), [0; 1024]);
    while answer.len() < LONGEST {
        stream.set_read_timeout(Some(left()?))?;
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(read) => answer.extend(&part[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The end of an answer that is there.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset && !answer.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(answer)
}

/// What an answer means, if it is one of ours.
fn judge(answer: &[u8]) -> Option<Result<(), ProbeError>> {
    let answer = std::str::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let (version, rest) = head.split_once(' ')?;
    if !version.starts_with("HTTP/1.") {
        return None;
    }
    match (rest.get(..3)?, body.trim_end()) {
        ("200", "live") => Some(Ok(())),
        ("503", why) => {
            let why = why.chars().take_while(|c| !c.is_control()).take(LONGEST_REASON).collect();
            Some(Err(ProbeError::NotLive { why }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(300);

    /// What is said of somebody who answers this way.
    fn said(answer: impl FnOnce(TcpStream) + Send) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::scope(|scope| {
            let answering = scope.spawn(move || answer(listener.accept().unwrap().0));
            let since = Instant::now();
            let said =
                probe(address, PATIENCE).map_err(|error| error.to_string().replace(&address.to_string(), "HERE"));
            assert!(since.elapsed() < 4 * PATIENCE, "{:?}", since.elapsed());
            answering.join().unwrap();
            said
        })
    }

    fn answers(answer: &'static [u8]) -> Result<(), String> {
        said(move |mut stream| {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer);
        })
    }

    #[test]
    fn an_answer_is_judged_by_its_status_and_its_word() {
        assert_eq!(answers(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nlive\n"), Ok(()));
        let still = b"HTTP/1.1 503 Service Unavailable\r\n\r\nthe packet loop stands still since 7 s\n";
        assert_eq!(answers(still), Err("not live: the packet loop stands still since 7 s".to_owned()));
        let stranger = Err("whoever listens on HERE is no sidetap".to_owned());
        for answer in [
            &b"HTTP/1.1 200 OK\r\n\r\nhello"[..],
            b"HTTP/1.1 404 Not Found\r\n\r\nlive",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 2\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.2p1\r\n",
            b"\xff\xfe\r\n\r\n",
            b"",
        ] {
            assert_eq!(answers(answer), stranger, "{answer:?}");
        }
        assert_eq!(answers(&[b'x'; 100_000]), stranger);
    }

    #[test]
    fn nobody_waits_for_one_who_says_nothing_or_never_ends() {
        let slow = Err("no answer from HERE in 0.3 s".to_owned());
        assert_eq!(said(|_stream| std::thread::sleep(2 * PATIENCE)), slow);
        let trickle = |mut stream: TcpStream| {
            let end = Instant::now() + 2 * PATIENCE;
            while Instant::now() < end && stream.write_all(b"H").is_ok() {
                std::thread::sleep(PATIENCE / 10);
            }
        };
        assert_eq!(said(trickle), slow);
    }

    #[test]
    fn nobody_there_is_told() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(matches!(probe(address, PATIENCE), Err(ProbeError::Absent { .. })));
    }

    #[test]
    fn every_address_is_reached_at_this_host() {
        for (listening, reached) in
            [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:2", "[::1]:2"), ("10.0.0.7:3", "10.0.0.7:3"), ("[::1]:4", "[::1]:4")]
        {
            assert_eq!(reachable(listening.parse().unwrap()).to_string(), reached);
        }
    }
}
