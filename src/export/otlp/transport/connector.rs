//! Makes connections that the engine knows for its own.
//!
//! The sensor sees its own packets. So each connection is entered in [`OwnSockets`] when it stands, before its first
//! byte. No connection is used for longer than about [`MOST_AGE`], so that a receiver that has moved to another address
//! is found, and load is spread anew. Its name is looked up for a connection, and not for each request over it.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Error, Timeout};

use crate::export::own_sockets::OwnSockets;

/// How long a connection is used, give or take a fifth.
pub const MOST_AGE: Duration = Duration::from_secs(300);

/// No address is tried for longer when there are others.
const LEAST_PATIENCE: Duration = Duration::from_millis(500);

/// Connects to the receiver or to the proxy before it.
#[derive(Debug)]
pub struct OwnConnector {
    resolver: Box<dyn Resolver>,
    own_sockets: Arc<OwnSockets>,
    interrupt: Interrupt,
    most_age: Duration,
}

/// Ends the connection that was made last, from another thread.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<Mutex<Weak<TcpStream>>>);

impl Interrupt {
    /// Whoever waits for the other side waits no longer.
    pub fn now(&self) {
        let stream = self.0.lock().ok().and_then(|stream| stream.upgrade());
        if let Some(stream) = stream {
            // Where it fails, the connection has ended already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl OwnConnector {
    /// Looks names up with this one, enters connections there, and uses them for so long.
    pub fn new(
        resolver: Box<dyn Resolver>,
        own_sockets: Arc<OwnSockets>,
        interrupt: Interrupt,
        most_age: Duration,
    ) -> Self {
        OwnConnector { resolver, own_sockets, interrupt, most_age }
    }

    fn connect_to_any(&self, addresses: &[SocketAddr], timeout: Option<Duration>) -> Result<TcpStream, Error> {
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut last = Error::ConnectionFailed;
        for (number, address) in addresses.iter().enumerate() {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Error::Timeout(Timeout::Connect));
            }
            let others = number + 1 < addresses.len();
            let connected = match left {
                Some(left) if others => TcpStream::connect_timeout(address, (left / 2).max(LEAST_PATIENCE).min(left)),
                Some(left) => TcpStream::connect_timeout(address, left),
                None => TcpStream::connect(address),
            };
            match connected {
                Ok(stream) => return Ok(stream),
                Err(error) if is_timeout(&error) => last = Error::Timeout(Timeout::Connect),
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }
}

impl<In: Transport> Connector<In> for OwnConnector {
    type Out = Either<In, OwnTransport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        if let Some(through_proxy) = chained {
            return Ok(Some(Either::A(through_proxy)));
        }
        let begun = Instant::now();
        let addresses = self.resolver.resolve(details.uri, details.config, details.timeout)?;
        let left = limit(details.timeout).map(|limit| limit.saturating_sub(begun.elapsed()));
        let stream = self.connect_to_any(&addresses, left)?;
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        let now = Instant::now();
        let entry = self.own_sockets.enter(local, peer, now);
        stream.set_nodelay(true)?;
        let stream = Arc::new(stream);
        if let Ok(mut last) = self.interrupt.0.lock() {
            *last = Arc::downgrade(&stream);
        }
        let spread = (RandomState::new().hash_one(local) % 401) as u32;
        let age = self.most_age.saturating_mul(800 + spread) / 1000;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        let own_sockets = Arc::clone(&self.own_sockets);
        Ok(Some(Either::B(OwnTransport { stream, buffers, until: now.checked_add(age), entry, own_sockets })))
    }
}

/// The resolver of an agent with an [`OwnConnector`], which looks nothing up: agents ask before each request, whether or
/// not it goes over a connection that stands.
///
/// A resolver is to find one address at least, or to fail: for connectors that take them as they come, which the chain here
/// has none of but [`OwnConnector`].
#[derive(Debug)]
pub struct LeftToConnector;

impl Resolver for LeftToConnector {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// A connection of ours.
#[derive(Debug)]
pub struct OwnTransport {
    stream: Arc<TcpStream>,
    buffers: LazyBuffers,
    /// When it has been used long enough.
    until: Option<Instant>,
    entry: Option<usize>,
    own_sockets: Arc<OwnSockets>,
}

impl Transport for OwnTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    /// The timeout is for all of it, however slowly the other side takes it.
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let limit = limit(timeout.for_write());
        let end = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut rest = self.buffers.output().get(..amount).unwrap_or_default();
        while !rest.is_empty() {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Error::Timeout(timeout.reason));
            }
            self.stream.set_write_timeout(left)?;
            match (&*self.stream).write(rest) {
                Ok(0) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => return Err(Error::Timeout(timeout.reason)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let limit = limit(timeout.for_read());
        let end = limit.and_then(|limit| Instant::now().checked_add(limit));
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Error::Timeout(timeout.reason));
            }
            self.stream.set_read_timeout(left)?;
            match (&*self.stream).read(self.buffers.input_append_buf()) {
                Ok(amount) => {
                    self.buffers.input_appended(amount);
                    return Ok(amount > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => return Err(Error::Timeout(timeout.reason)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether another request may go over it: the other side has not closed it, and has said nothing that was not asked.
    fn is_open(&mut self) -> bool {
        if self.until.is_some_and(|until| until <= Instant::now()) {
            return false;
        }
        let waits = self.stream.set_nonblocking(true).is_ok()
            && matches!(self.stream.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        waits && self.stream.set_nonblocking(false).is_ok()
    }
}

impl Drop for OwnTransport {
    fn drop(&mut self) {
        if let Some(entry) = self.entry {
            self.own_sockets.end(entry, Instant::now());
        }
    }
}

/// `None` is no limit.
fn limit(timeout: NextTimeout) -> Option<Duration> {
    (!timeout.after.is_not_happening()).then(|| *timeout.after)
}

/// A blocking socket whose time is up says either.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_receiver_that_does_not_read_does_not_hold_us_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (_receiver, _) = listener.accept().unwrap();
        let mut transport = OwnTransport {
            stream: Arc::new(stream),
            buffers: LazyBuffers::new(1 << 10, 1 << 20),
            until: None,
            entry: None,
            own_sockets: Arc::new(OwnSockets::new()),
        };
        let timeout = NextTimeout { after: Duration::from_millis(100).into(), ..Default::default() };
        transport.buffers.output().fill(1);
        // The system has room for some of it.
        let error = (0..100).find_map(|_| transport.transmit_output(1 << 20, timeout).err()).unwrap();
        assert!(matches!(error, Error::Timeout(_)), "{error}");
        let error = transport.await_input(timeout).unwrap_err();
        assert!(matches!(error, Error::Timeout(_)), "{error}");
    }

    #[test]
    fn the_next_address_is_tried_when_one_does_not_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let connector = OwnConnector::new(Box::new(LeftToConnector), Arc::default(), Interrupt::default(), MOST_AGE);
        let here = listener.local_addr().unwrap();
        for limit in [None, Some(Duration::from_secs(5))] {
            let stream = connector.connect_to_any(&[gone, here], limit).unwrap();
            assert_eq!(stream.peer_addr().unwrap(), here);
            assert!(matches!(connector.connect_to_any(&[gone], limit), Err(Error::Io(_))));
        }
        assert!(matches!(connector.connect_to_any(&[here], Some(Duration::ZERO)), Err(Error::Timeout(_))));
    }
}
