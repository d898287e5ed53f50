//! The little of GitHub that the action asks: comments on an issue, and files of a release.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

pub const REPOSITORY: &str = "example/shop";
pub const TOKEN: &str = "ghs_standin";
const PAGE: usize = 100;

/// A server that runs until the process ends.
pub struct GitHub {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    comments: Vec<Value>,
    files: BTreeMap<String, Vec<u8>>,
    /// Of what is written, as for a pull request from a fork.
    refused: bool,
    written: usize,
}

impl GitHub {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let kept = Arc::new(Mutex::new(Kept::default()));
        let shared = kept.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &shared);
            }
        });
        GitHub { address, kept }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts a comment there, of somebody who stands to the repository like this.
    pub fn comment(&self, body: &str, association: &str) {
        self.kept.lock().unwrap().add(body, "User", association);
    }

    /// The bodies of all comments.
    pub fn comments(&self) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        kept.comments.iter().map(|comment| comment["body"].as_str().expect("a body").to_owned()).collect()
    }

    /// How often a comment was made or changed.
    pub fn written(&self) -> usize {
        self.kept.lock().unwrap().written
    }

    /// Lets nobody write.
    pub fn refuse(&self) {
        self.kept.lock().unwrap().refused = true;
    }

    /// A file of a release, by its path.
    pub fn release(&self, path: &str, content: &[u8]) {
        self.kept.lock().unwrap().files.insert(path.to_owned(), content.to_vec());
    }
}

impl Kept {
    fn add(&mut self, body: &str, kind: &str, association: &str) -> Value {
        let comment = json!({
            "id": self.comments.len() + 1, "body": body, "user": { "type": kind }, "author_association": association,
        });
        self.comments.push(comment.clone());
        comment
    }

    fn answer(&mut self, method: &str, path: &str, query: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let comments = format!("/repos/{REPOSITORY}/issues/7/comments");
        let one = format!("/repos/{REPOSITORY}/issues/comments/");
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = body["body"].as_str().unwrap_or_default();
        // GitHub's limit, in characters.
        if text.chars().count() > 65_536 {
            return (422, br#"{"message": "Body is too long"}"#.to_vec());
        }
        if method != "GET" && self.refused {
            return (403, br#"{"message": "Resource not accessible by integration"}"#.to_vec());
        }
        let answer = match (method, path) {
            ("GET", path) if path == comments => {
                let page = query.split('&').find_map(|pair| pair.strip_prefix("page=")?.parse().ok()).unwrap_or(1);
                json!(self.comments.chunks(PAGE).nth(page - 1).unwrap_or_default())
            }
            ("POST", path) if path == comments => {
                self.written += 1;
                self.add(text, "Bot", "NONE")
            }
            ("PATCH", path) if path.starts_with(&one) => {
                self.written += 1;
                let id: usize = path[one.len()..].parse().expect("an id");
                self.comments[id - 1]["body"] = text.into();
                self.comments[id - 1].clone()
            }
            _ => return (404, br#"{"message": "Not Found"}"#.to_vec()),
        };
        (200, answer.to_string().into_bytes())
    }
}

fn answer(mut stream: TcpStream, kept: &Mutex<Kept>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    if headers.contains_key("expect") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut kept = kept.lock().unwrap();
    let (status, content) = match kept.files.get(path) {
        Some(file) => (200, file.clone()),
        None if headers.get("authorization").is_some_and(|header| header == &format!("Bearer {TOKEN}")) => {
            kept.answer(method, path, query, &body)
        }
        None => (401, br#"{"message": "Bad credentials"}"#.to_vec()),
    };
    write!(stream, "HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", content.len())?;
    stream.write_all(&content)
}
