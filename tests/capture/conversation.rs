//! Writes a TCP conversation as a capture file, and has it read.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 40_000);
const SERVER: [u8; 4] = [10, 0, 0, 2];

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// A connection, from its first packet to its last, a millisecond apart.
pub struct Conversation {
    file: Vec<u8>,
    port: u16,
    packets: u32,
    /// What each side sends next.
    next: [u32; 2],
}

/// Who speaks.
#[derive(Clone, Copy)]
enum From {
    Client,
    Server,
}

/// What was printed.
pub struct Told {
    pub records: Vec<Value>,
    pub summary: String,
}

impl Conversation {
    /// A connection to this port of the server.
    pub fn with_port(port: u16) -> Self {
        let begun = Conversation { port, ..Conversation::midstream() };
        begun.segment(From::Client, SYN, b"").segment(From::Server, SYN | ACK, b"").segment(From::Client, ACK, b"")
    }

    pub fn new() -> Self {
        Conversation::with_port(80)
    }

    /// A connection whose beginning is not in the capture.
    pub fn midstream() -> Self {
        let mut file = Vec::new();
        for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65535, 1_u32] {
            file.extend(word.to_le_bytes());
        }
        Conversation { file, port: 80, packets: 0, next: [1000, 5000] }
    }

    pub fn client(self, bytes: impl AsRef<[u8]>) -> Self {
        self.segment(From::Client, ACK, bytes.as_ref())
    }

    pub fn server(self, bytes: impl AsRef<[u8]>) -> Self {
        self.segment(From::Server, ACK, bytes.as_ref())
    }

    /// Bytes that the server sends and the client acknowledges, and that are not in the capture.
    pub fn server_missed(mut self, len: u32) -> Self {
        self.next[1] += len;
        self.segment(From::Client, ACK, b"")
    }

    /// Both sides close: the capture file.
    pub fn file(self) -> Vec<u8> {
        self.segment(From::Server, FIN | ACK, b"").segment(From::Client, FIN | ACK, b"").file
    }

    /// Both sides close, and the file is read.
    pub fn read(self) -> Told {
        let file = self.file();
        let mut sidetap = Command::new(env!("CARGO_BIN_EXE_sidetap"))
            .args(["capture", "--read", "-", "--export", "ndjson:-", "--privacy-level", "redacted"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        sidetap.stdin.take().unwrap().write_all(&file).unwrap();
        let output = sidetap.wait_with_output().unwrap();
        let summary = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{summary}");
        let records = String::from_utf8(output.stdout).unwrap();
        Told { records: records.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), summary }
    }

    fn segment(mut self, from: From, flags: u8, payload: &[u8]) -> Self {
        let server = (SERVER, self.port);
        let (side, source, destination) = match from {
            From::Client => (0, CLIENT, server),
            From::Server => (1, server, CLIENT),
        };
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
        frame.extend((40 + payload.len() as u16).to_be_bytes());
        frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        frame.extend(source.0);
        frame.extend(destination.0);
        frame.extend(source.1.to_be_bytes());
        frame.extend(destination.1.to_be_bytes());
        frame.extend(self.next[side].to_be_bytes());
        let acknowledged = if flags & ACK == 0 { 0 } else { self.next[1 - side] };
        frame.extend(acknowledged.to_be_bytes());
        frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        frame.extend(payload);
        for word in [1_700_000_000, self.packets * 1000, frame.len() as u32, frame.len() as u32] {
            self.file.extend(word.to_le_bytes());
        }
        self.file.extend(frame);
        self.packets += 1;
        self.next[side] += payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self
    }
}

impl Told {
    /// Of each exchange: method, host, path, status, completeness and anomalies; `-` where there is none.
    pub fn exchanges(&self) -> Vec<String> {
        const MEMBERS: [&str; 6] = [
            "http.request.method",
            "server.address",
            "url.path",
            "http.response.status_code",
            "sidetap.transaction.completeness",
            "sidetap.anomalies",
        ];
        let text = |value: Option<&Value>| match value {
            None => "-".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            Some(other) => other.to_string(),
        };
        let told = |record: &Value, member: &str| match member {
            "http.request.method" => record.get("http.request.method_original").or(record.get(member)).cloned(),
            _ => record.get(member).cloned(),
        };
        let exchange = |record: &Value| MEMBERS.map(|member| text(told(record, member).as_ref())).join(" ");
        self.records.iter().filter(|record| record["type"] == "http").map(exchange).collect()
    }
}
