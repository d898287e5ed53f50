//! A registry of images that is no ECR: the pulling half of the OCI distribution specification, with the token that
//! registries give to everybody.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// Who may pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Everybody who has asked for a token first.
    Token,
    /// Nobody without credentials.
    Private,
}

/// A running registry; it stops when the process does.
#[derive(Clone)]
pub struct Registry {
    address: SocketAddr,
    shared: Arc<Mutex<Stored>>,
}

struct Stored {
    access: Access,
    /// Media type and content, by the path below `/v2/`.
    answers: BTreeMap<String, (String, String)>,
}

impl Registry {
    /// Starts an empty registry on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let stored = Stored { access: Access::Open, answers: BTreeMap::new() };
        let registry = Registry { address, shared: Arc::new(Mutex::new(stored)) };
        let shared = registry.shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that has gone away is no failure.
                let _ = serve(stream, address, &shared);
            }
        });
        registry
    }

    /// Its host and port, as names of images begin.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The URL of something in it, such as `team/image/blobs/sha256:…`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/v2/{path}", self.address)
    }

    pub fn access(&self, access: Access) -> &Self {
        self.shared.lock().unwrap().access = access;
        self
    }

    /// Adds a manifest or index.
    pub fn manifest(&self, repository: &str, reference: &str, media_type: &str, content: &Value) -> &Self {
        self.add(format!("{repository}/manifests/{reference}"), media_type, content)
    }

    /// Adds a blob in JSON.
    pub fn blob(&self, repository: &str, digest: &str, content: &Value) -> &Self {
        self.add(format!("{repository}/blobs/{digest}"), "application/octet-stream", content)
    }

    fn add(&self, path: String, media_type: &str, content: &Value) -> &Self {
        self.shared.lock().unwrap().answers.insert(path, (media_type.to_owned(), content.to_string()));
        self
    }
}

fn serve(mut stream: TcpStream, address: SocketAddr, shared: &Mutex<Stored>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let headers: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let target = request.split(' ').nth(1).unwrap_or_default();
    let has_token = headers.iter().any(|line| line.to_lowercase() == "authorization: bearer everybody");
    let challenge = format!(
        "www-authenticate: Bearer realm=\"http://{address}/token\",service=\"standin\",scope=\"repository:x:pull\"\r\n"
    );
    let stored = shared.lock().unwrap();
    let (status, extra, media_type, body) = match target.strip_prefix("/v2/") {
        None if target.starts_with("/token?service=standin&scope=") => {
            ("200 OK", "", "application/json", "{\"token\": \"everybody\"}".to_owned())
        }
        Some(path) => match (stored.access, stored.answers.get(path)) {
            (Access::Token, _) if !has_token => {
                ("401 Unauthorized", challenge.as_str(), "application/json", String::new())
            }
            (Access::Private, _) => ("401 Unauthorized", challenge.as_str(), "application/json", String::new()),
            (_, Some((media_type, body))) => ("200 OK", "", media_type.as_str(), body.clone()),
            (_, None) => ("404 Not Found", "", "application/json", "{\"errors\": []}".to_owned()),
        },
        None => ("404 Not Found", "", "text/plain", String::new()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\n{extra}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
