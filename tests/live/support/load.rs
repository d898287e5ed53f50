//! An application that talks all the time, over TCP, and notices whatever goes wrong.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::lab::{Lab, SERVER};
use super::wait_for;

/// What is written at once: a super-frame.
const PART: usize = 48 << 10;
/// Parts of one connection.
const PARTS: u32 = 16;
/// Between two parts.
const PAUSE: Duration = Duration::from_millis(8);
/// Longest that either end waits for the other.
const PATIENCE: Duration = Duration::from_secs(15);

/// Connections from the client to the server, one after the other, until it is finished.
pub struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    client: JoinHandle<()>,
    server: JoinHandle<()>,
}

impl Load {
    pub fn start(lab: &Lab) -> Load {
        let listener = lab.server.enter(|| TcpListener::bind("0.0.0.0:0").expect("a port"));
        let port = listener.local_addr().expect("a bound socket").port();
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&done));
        let server = std::thread::spawn(move || {
            while !serve(listener.accept().expect("the client comes").0) {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        // Started in there, it stays there.
        let client = lab.client.enter(|| {
            std::thread::spawn(move || {
                let connect = || TcpStream::connect((SERVER, port)).expect("the server listens");
                (1..).take_while(|_| !stopped.load(Ordering::Relaxed)).for_each(|seed| talk(connect(), seed));
                // One that says nothing is the last.
                drop(connect());
            })
        });
        Load { stop, done, client, server }
    }

    /// Waits until so many more connections have ended well.
    pub fn goes_on(&self, connections: u64) {
        let end = self.done.load(Ordering::Relaxed) + connections;
        wait_for("connections to end", || {
            let ended = self.client.is_finished() || self.server.is_finished();
            (ended || self.done.load(Ordering::Relaxed) >= end).then_some(())
        });
    }

    /// Ends it. Every byte of every connection came as it was sent; how many connections there were.
    #[track_caller]
    pub fn finish(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.client.join().expect("the client is content");
        self.server.join().expect("the server is content");
        self.done.load(Ordering::Relaxed)
    }
}

/// Bytes that tell where they belong.
fn bytes(seed: u32, part: u32) -> Vec<u8> {
    let start = (seed ^ part << 20).wrapping_mul(0x9e37_79b9);
    (0..PART as u32).map(|at| (start ^ at).wrapping_mul(0x85eb_ca6b).to_be_bytes()[0]).collect()
}

fn talk(mut stream: TcpStream, seed: u32) {
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream.write_all(&seed.to_be_bytes()).expect("the server reads");
    for part in 0..PARTS {
        stream.write_all(&bytes(seed, part)).expect("the server reads");
        std::thread::sleep(PAUSE);
    }
    stream.shutdown(Shutdown::Write).expect("a connection");
    let mut got = Vec::new();
    stream.read_to_end(&mut got).expect("the server answers");
    assert!(got == bytes(!seed, 0), "the answer is another one");
}

/// Whether this connection was the last.
fn serve(mut stream: TcpStream) -> bool {
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let mut got = Vec::new();
    stream.read_to_end(&mut got).expect("the client sends");
    let Some((seed, rest)) = got.split_first_chunk() else { return true };
    let seed = u32::from_be_bytes(*seed);
    assert_eq!(rest.len(), PART * PARTS as usize);
    assert!(rest.chunks(PART).zip(0..).all(|(got, part)| got == bytes(seed, part)), "something else arrived");
    stream.write_all(&bytes(!seed, 0)).expect("the client reads");
    false
}
