//! `receiver.py`, which takes OTLP and fails as it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A receiver that runs until the test ends.
pub struct Receiver {
    child: Child,
    /// Where it takes what is sent.
    pub port: u16,
    asked: u16,
}

/// What it was sent.
#[derive(Debug, Clone)]
pub struct Seen(pub Value);

impl Receiver {
    /// One whose command is this, the script and its words included.
    pub fn start(command: &mut Command) -> Receiver {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("Python runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it was asked for");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let mut ports = line.split_whitespace().map(|port| port.parse().expect("a port"));
        let port = ports.next().expect("a port");
        Receiver { child, port, asked: ports.next().unwrap_or(port) }
    }

    /// The export to it.
    pub fn export(&self) -> String {
        format!("otlp:http://127.0.0.1:{}", self.port)
    }

    /// How the next requests go wrong.
    pub fn fault(&self, fault: &Value) {
        let (status, _) = self.ask("POST", "/fault", fault.to_string().as_bytes());
        assert_eq!(status, 200);
    }

    /// What it was sent.
    pub fn seen(&self) -> Seen {
        Seen(serde_json::from_slice(&self.get("/seen")).expect("JSON"))
    }

    /// Waits until what it was sent is enough.
    #[track_caller]
    pub fn wait_for(&self, what: &str, enough: impl Fn(&Seen) -> bool) -> Seen {
        let end = Instant::now() + PATIENCE;
        loop {
            let seen = self.seen();
            if enough(&seen) {
                return seen;
            }
            assert!(
                Instant::now() < end,
                "waited for {what} in vain: {} spans, {}",
                seen.spans().len(),
                seen.0["requests"]
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What is at a path: at `/bytes` every byte that was in a body.
    pub fn get(&self, path: &str) -> Vec<u8> {
        self.ask("GET", path, b"").1
    }

    fn ask(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.asked)).expect("the receiver listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
        let status = std::str::from_utf8(&answer[9..12]).ok().and_then(|text| text.parse().ok());
        (status.expect("a status"), answer[end + 4..].to_vec())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Seen {
    /// All `logs`, `resources` and so on.
    pub fn list(&self, name: &str) -> &[Value] {
        self.0[name].as_array().map_or(&[], |list| &list[..])
    }

    /// Every span that was accepted, as often as it was.
    pub fn spans(&self) -> &[Value] {
        self.list("spans")
    }

    pub fn unique_spans(&self) -> u64 {
        self.0["unique_spans"].as_u64().expect("a number")
    }

    pub fn duplicate_spans(&self) -> u64 {
        self.0["duplicate_spans"].as_u64().expect("a number")
    }

    /// Requests to a path, or of a mode of failing.
    pub fn requests(&self, of: &str) -> u64 {
        self.0["requests"][of].as_u64().unwrap_or(0)
    }

    /// The sum of a metric over its points.
    pub fn metric(&self, name: &str) -> f64 {
        let points = self.0["metrics"].as_object().expect("an object");
        points
            .iter()
            .filter(|(point, _)| point.split('{').next() == Some(name))
            .filter_map(|(_, value)| value.as_f64())
            .sum()
    }

    /// Nothing of what was accepted is against any rule.
    #[track_caller]
    pub fn is_right(&self) -> &Self {
        assert_eq!(self.0["problems"], serde_json::json!([]));
        self
    }
}

/// An attribute of a span or log record.
pub fn attribute<'a>(of: &'a Value, name: &str) -> &'a Value {
    &of["attributes"][name]
}
