//! The thread that answers, and what it grants its clients.
//!
//! A connection has one request and [`PATIENCE`], and there are [`MOST_CONNECTIONS`]: the one that has been there for
//! longest gives way to a new one, so that clients that say nothing keep nobody else out. One is let in every [`TURN`],
//! after [`BURST`] of them at once, so that clients that cannot have enough get no more than a small part of a CPU. What a connection takes is [`BUFFER`],
//! the answer, and the kernel's buffers.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::own;
use super::routes::Routes;
use super::subject::{About, Subject};

/// Connections at a time.
pub const MOST_CONNECTIONS: usize = 16;
/// How long a connection may last.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// How long the head of a request may take.
const HEAD_PATIENCE: Duration = Duration::from_secs(3);
/// The longest head of a request, in bytes; the least that hyper takes.
const BUFFER: usize = 8 << 10;
const MOST_HEADERS: usize = 64;
/// How often somebody is let in, where many want to be.
const TURN: Duration = Duration::from_millis(2);
/// How many are let in at once.
const BURST: u32 = 128;
/// Connections that wait for their turn; the kernel ignores others, which try again after a second.
#[cfg(target_os = "linux")]
const WAITING: i32 = 128;
/// How long nobody is let in once that has failed, for want of file descriptors say.
const PAUSE: Duration = Duration::from_millis(100);
/// Of the thread: hyper's futures are on the heap.
const STACK: usize = 512 << 10;
/// How much less the thread's turn counts than that of the packet path.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// Why nobody can ask.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    #[error("cannot listen on {address} for health checks and metrics")]
    Listen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("cannot start the thread that answers health checks")]
    Start(#[source] io::Error),
}

impl MonitorError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        let MonitorError::Listen { address, source } = self else { return Vec::new() };
        let hint = match source.kind() {
            io::ErrorKind::AddrInUse => {
                format!("`ss -lntp sport = {}` shows who listens there; another port does as well", address.port())
            }
            io::ErrorKind::PermissionDenied => "ports below 1024 take CAP_NET_BIND_SERVICE".to_owned(),
            io::ErrorKind::AddrNotAvailable => {
                "the address has to be one of this machine's; 127.0.0.1 is for itself alone, 0.0.0.0 for everybody"
                    .to_owned()
            }
            _ if address.is_ipv6() => "this machine may be without IPv6".to_owned(),
            _ => return Vec::new(),
        };
        vec![hint]
    }
}

/// Where is listened, with nobody let in yet.
#[derive(Debug)]
pub struct Door {
    listener: std::net::TcpListener,
    address: SocketAddr,
}

impl Door {
    /// Listens.
    pub fn open(address: SocketAddr) -> Result<Self, MonitorError> {
        let open = || {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            keep_little(&listener)?;
            let address = listener.local_addr()?;
            Ok(Door { listener, address })
        };
        open().map_err(|source| MonitorError::Listen { address, source })
    }

    /// Where it listens, with the port that the system chose if none was named.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a user wants of what is captured, without the packets that go through here, as a pcap-filter expression. If
    /// it listens on every address, these are the host's.
    pub fn exclude_from(&self, user: &str, host: impl IntoIterator<Item = IpAddr>) -> String {
        own::exclude_from(self.address, user, host)
    }

    /// Answers, on a thread of its own, until the process ends. The thread has the rights that this one has.
    pub fn serve(self, about: About, subject: impl Subject) -> Result<(), MonitorError> {
        let routes = Arc::new(Routes::new(about, subject));
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(MonitorError::Start)?;
        let listener = {
            let _entered = runtime.enter();
            TcpListener::from_std(self.listener).map_err(MonitorError::Start)?
        };
        let work = move || {
            step_back();
            runtime.block_on(let_in(listener, routes));
        };
        std::thread::Builder::new()
            .name("monitor".to_owned())
            .stack_size(STACK)
            .spawn(work)
            .map_err(MonitorError::Start)?;
        Ok(())
    }
}

/// The kernel is to keep little of what clients send, which counts as this container's memory, and few of those who
/// wait. Requests are short, and connections inherit the buffer.
#[cfg(target_os = "linux")]
fn keep_little(listener: &std::net::TcpListener) -> io::Result<()> {
    rustix::net::sockopt::set_socket_recv_buffer_size(listener, BUFFER)?;
    Ok(rustix::net::listen(listener, WAITING)?)
}

#[cfg(not(target_os = "linux"))]
fn keep_little(_listener: &std::net::TcpListener) -> io::Result<()> {
    Ok(())
}

/// Lets the packet path go first, where both want the same CPU.
fn step_back() {
    // It is a thread's on Linux. Elsewhere it would be the whole process's.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICE);
}

async fn let_in<S: Subject>(listener: TcpListener, routes: Arc<Routes<S>>) {
    let mut guests: VecDeque<JoinHandle<()>> = VecDeque::with_capacity(MOST_CONNECTIONS);
    // Each takes a turn of the time that has passed; of the past, a burst of turns is remembered.
    let mut taken = Instant::now();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        guests.retain(|guest| !guest.is_finished());
        if guests.len() >= MOST_CONNECTIONS
            && let Some(oldest) = guests.pop_front()
        {
            oldest.abort();
        }
        guests.push_back(tokio::spawn(serve(stream, Arc::clone(&routes))));
        let now = Instant::now();
        taken = now.checked_sub(BURST * TURN).map_or(taken, |least| taken.max(least)) + TURN;
        if taken > now {
            tokio::time::sleep_until(taken).await;
        }
    }
}

async fn serve<S: Subject>(stream: TcpStream, routes: Arc<Routes<S>>) {
    let service = service_fn(|request| {
        let response = routes.answer(&request);
        async { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .keep_alive(false)
        .half_close(true)
        .max_buf_size(BUFFER)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    // Whatever goes wrong with a client is the client's.
    let _ = tokio::time::timeout(PATIENCE, connection).await;
}

#[cfg(test)]
mod tests;
