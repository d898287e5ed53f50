//! What a sensor that listens tells over HTTP, searched for secrets: `/metrics` and `/status.json`.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::capture_file::{Sent, Side};
use crate::leaks::{Left, expect_none};
use crate::traffic::Traffic;

const SECRETS: usize = 2_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// A sensor on the loopback interface, until it is dropped.
struct Sensor {
    process: Child,
    port: u16,
}

impl Sensor {
    fn start(level: &str) -> Self {
        // Free a moment ago.
        let port = listener().local_addr().expect("it is bound").port();
        let process = Command::new(env!("CARGO_BIN_EXE_sidetap"))
            .args(["capture", "--interface", "lo", "--privacy-level", level, "--export", "ndjson:/dev/null"])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let sensor = Sensor { process: process.expect("sidetap runs"), port };
        sensor.wait_for("/ready", "ready");
        sensor
    }

    /// What is told there now; nothing as long as nobody listens.
    fn get(&self, path: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return String::new() };
        let mut answer = Vec::new();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_end(&mut answer).map(drop));
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// What is told there once this is in it.
    #[track_caller]
    fn wait_for(&self, path: &str, part: &str) -> String {
        let start = Instant::now();
        loop {
            let answer = self.get(path);
            if answer.starts_with("HTTP/1.1 200") && answer.contains(part) {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "{path} does not say {part:?}: {answer}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("there are free ports")
}

/// Sends it all once more, between two sockets.
fn replay(listener: &TcpListener, sent: &[Sent]) {
    let mut client = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
    let (mut server, _) = listener.accept().expect("somebody connects");
    for (side, bytes) in sent {
        let (from, to) = match side {
            Side::Client => (&mut client, &mut server),
            Side::Server => (&mut server, &mut client),
        };
        // Less than what sockets hold.
        for part in bytes.chunks(8192) {
            from.write_all(part).expect("the other side reads");
            to.read_exact(&mut vec![0; part.len()]).expect("it comes");
        }
    }
}

#[test]
fn no_secret_is_told_over_http() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("NOT RUN: listening on an interface takes root");
        return;
    }
    let traffic = Traffic::with(0x11fe, SECRETS);
    for level in ["metadata", "redacted"] {
        let sensor = Sensor::start(level);
        let listener = listener();
        traffic.file.connections.iter().for_each(|sent| replay(&listener, sent));
        let mut left = Left::new();
        sensor.wait_for("/metrics", "sidetap_redactions_total{");
        // What was read last is in what is told a moment later.
        std::thread::sleep(Duration::from_secs(2));
        let metrics = sensor.wait_for("/metrics", "http_server_request_duration_seconds_count{");
        left.insert("/metrics", metrics.into_bytes());
        left.insert("/status.json", sensor.get("/status.json").into_bytes());
        expect_none(level, &traffic.placed, &left);
    }
}
