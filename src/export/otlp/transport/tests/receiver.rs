//! A receiver that answers what a test wants.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::read::GzDecoder;

use crate::export::otlp::transport::envelope;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// After decompression.
    pub bytes: usize,
    pub items: Vec<String>,
    /// Which connection it came over, and from where.
    pub connection: usize,
    pub from: SocketAddr,
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status, headers with their line ends, body.
    Status(u16, &'static str, Vec<u8>),
    /// These bytes, and the connection is closed.
    Bytes(&'static str),
    /// Nothing, and the connection stays.
    Hang,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Reply::Status(status, "", Vec::new())
    }
}

/// What happens before the first byte of a connection is looked at.
pub type Peek = Arc<dyn Fn(&TcpStream) + Send + Sync>;

#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Answers each request as `reply` says.
    pub fn new(reply: impl FnMut(&Received) -> Reply + Send + 'static) -> Self {
        Self::peeking(Arc::new(|_| {}), reply)
    }

    /// Answers one after the other, then always the last one.
    pub fn answering(replies: impl IntoIterator<Item = Reply>) -> Self {
        let mut replies: Vec<_> = replies.into_iter().collect();
        replies.reverse();
        Self::new(move |_| if replies.len() > 1 { replies.pop().unwrap() } else { replies[0].clone() })
    }

    pub fn peeking(peek: Peek, reply: impl FnMut(&Received) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&received);
        let reply = Arc::new(Mutex::new(reply));
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().flatten().enumerate() {
                let (all, reply, peek) = (Arc::clone(&all), Arc::clone(&reply), Arc::clone(&peek));
                std::thread::spawn(move || {
                    let _ = stream.peek(&mut [0]);
                    peek(&stream);
                    let from = stream.peer_addr().unwrap();
                    serve(&stream, &stream, (connection, from), &all, &mut |request| (reply.lock().unwrap())(request));
                });
            }
        });
        Receiver { address, received }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// All items, in the order in which they came.
    pub fn items(&self) -> Vec<String> {
        self.received().into_iter().flat_map(|it| it.items).collect()
    }
}

/// Answers requests until the connection ends.
pub fn serve(
    from: impl Read,
    mut to: impl Write,
    (connection, peer): (usize, SocketAddr),
    all: &Mutex<Vec<Received>>,
    reply: &mut dyn FnMut(&Received) -> Reply,
) {
    let mut from = BufReader::new(from);
    while let Some((first, headers)) = head(&mut from) {
        let len = headers.get("content-length").map_or(0, |len| len.parse().unwrap());
        let mut body = vec![0; len];
        if from.read_exact(&mut body).is_err() {
            return;
        }
        let mut expanded = Vec::new();
        GzDecoder::new(&body[..]).read_to_end(&mut expanded).unwrap();
        let sections = envelope::read(&expanded).unwrap();
        let text = |item: &&[u8]| String::from_utf8_lossy(item).trim_end_matches('.').to_owned();
        let received = Received {
            path: first.split(' ').nth(1).unwrap().to_owned(),
            headers,
            bytes: expanded.len(),
            items: sections.iter().flat_map(|section| section.items.iter().map(text)).collect(),
            connection,
            from: peer,
        };
        let reply = reply(&received);
        all.lock().unwrap().push(received);
        let written = match reply {
            Reply::Status(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
                to.write_all(&[head.as_bytes(), &body].concat())
            }
            Reply::Bytes(bytes) => {
                let _ = to.write_all(bytes.as_bytes());
                return;
            }
            Reply::Hang => {
                std::thread::sleep(Duration::from_secs(60));
                return;
            }
        };
        if written.and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}

/// The first line and the headers of a request.
pub fn head(from: &mut impl BufRead) -> Option<(String, BTreeMap<String, String>)> {
    let mut line = || {
        let mut line = String::new();
        from.read_line(&mut line).ok().filter(|&len| len > 0)?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut headers = BTreeMap::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { return Some((first, headers)) };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
}
