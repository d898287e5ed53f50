//! Small servers that the tests write themselves: ports that refuse, a proxy, the metadata endpoint of ECS.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A port that was free a moment ago, where nobody listens.
pub fn closed_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound socket").port()
}

/// Serves each connection by a thread of its own; where it listens.
fn serve(work: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    let work = Arc::new(work);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let work = Arc::clone(&work);
            std::thread::spawn(move || work(stream));
        }
    });
    port
}

/// A proxy that opens tunnels.
pub struct Proxy {
    pub port: u16,
    tunnels: Arc<AtomicU32>,
}

impl Proxy {
    pub fn start() -> Proxy {
        let tunnels = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tunnels);
        let port = serve(move |stream| {
            let mut client = BufReader::new(stream.try_clone().expect("a socket"));
            let request = head(&mut client);
            let mut words = request.split_whitespace();
            let (Some("CONNECT"), Some(target)) = (words.next(), words.next()) else { return };
            let Ok(upstream) = TcpStream::connect(target) else { return };
            counted.fetch_add(1, Ordering::Relaxed);
            let mut stream = stream;
            let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
            let (mut from, mut to) = (upstream.try_clone().expect("a socket"), stream);
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            let mut upstream = upstream;
            let _ = std::io::copy(&mut client, &mut upstream);
        });
        Proxy { port, tunnels }
    }

    pub fn tunnels(&self) -> u32 {
        self.tunnels.load(Ordering::Relaxed)
    }
}

/// The metadata endpoint of ECS, version 4, which answers after a while.
pub struct MetadataEndpoint {
    port: u16,
}

impl MetadataEndpoint {
    pub fn start(after: Duration) -> MetadataEndpoint {
        let port = serve(move |mut stream| {
            let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
            let request = head(&mut reader);
            std::thread::sleep(after);
            let path = request.split_whitespace().nth(1).unwrap_or_default();
            let body = match path {
                "/v4/0a1b" => CONTAINER,
                "/v4/0a1b/task" => TASK,
                _ => return,
            };
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length";
            let _ = stream.write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes());
        });
        MetadataEndpoint { port }
    }

    /// As ECS names it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v4/0a1b", self.port)
    }
}

/// The lines of a head.
fn head(reader: &mut impl BufRead) -> String {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(length) if length > 2 => head.push_str(&line),
            _ => return head,
        }
    }
}

const CONTAINER: &str = r#"{
  "DockerId": "0a1b-sensor", "Name": "sidetap", "Type": "NORMAL", "KnownStatus": "RUNNING",
  "ContainerARN": "arn:aws:ecs:eu-central-1:123456789012:container/main/0a1b/2"
}"#;

const TASK: &str = r#"{
  "Cluster": "main", "TaskARN": "arn:aws:ecs:eu-central-1:123456789012:task/main/0a1b",
  "Family": "shop", "Revision": "7", "ServiceName": "checkout", "LaunchType": "FARGATE",
  "AvailabilityZone": "eu-central-1a",
  "Containers": [
    {"DockerId": "0a1b-app", "Name": "app", "Image": "registry.example/shop:1.2", "Type": "NORMAL",
     "KnownStatus": "RUNNING", "ContainerARN": "arn:aws:ecs:eu-central-1:123456789012:container/main/0a1b/1",
     "Networks": [{"NetworkMode": "awsvpc", "IPv4Addresses": ["10.0.0.2"]}]},
    {"DockerId": "0a1b-sensor", "Name": "sidetap", "Type": "NORMAL", "KnownStatus": "RUNNING",
     "ContainerARN": "arn:aws:ecs:eu-central-1:123456789012:container/main/0a1b/2"}
  ]
}"#;
