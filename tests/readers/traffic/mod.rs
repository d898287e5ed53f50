//! Traffic with secrets wherever a message has room for one.
//!
//! - [`targets`], [`fields`], [`contents`]: the parts of a message
//! - [`exchanges`], [`streams`]: connections

mod contents;
mod exchanges;
mod fields;
mod streams;
mod targets;

use crate::capture_file::{CaptureFile, End};
use crate::secrets::{SECRET_NAMES, Secret, Secrets};
use crate::wire;

/// A server of ours, and one of somebody else.
const OURS: End = ([10, 0, 0, 2], 80);
const THEIRS: End = ([203, 0, 113, 7], 8080);
const RESOLVER: End = ([10, 0, 0, 53], 53);

/// A secret that was sent.
#[derive(Debug, Clone)]
pub struct Placed {
    pub secret: Secret,
    pub place: &'static str,
    /// Nothing beside it tells that it is one.
    anonymous: bool,
}

impl Placed {
    /// Whether it may not leave at this level. Credentials never may, if anything tells what they are.
    pub fn stays(&self, level: &str) -> bool {
        match level {
            "metadata" | "schema" => true,
            "redacted" => !self.anonymous,
            _ => self.secret.credential && !self.anonymous,
        }
    }
}

/// A capture file, and what is in it.
pub struct Traffic {
    secrets: Secrets,
    pub placed: Vec<Placed>,
    pub file: CaptureFile,
    clients: u8,
}

type Fields = Vec<(String, String)>;

impl Traffic {
    /// At least so many secrets.
    pub fn with(seed: u64, count: usize) -> Self {
        let mut traffic =
            Traffic { secrets: Secrets::seeded(seed), placed: Vec::new(), file: CaptureFile::new(), clients: 0 };
        while traffic.placed.len() < count {
            for server in [OURS, THEIRS] {
                traffic.http1(server);
                traffic.oddities(server);
                traffic.http2(server);
                traffic.remote_procedures(server);
                traffic.often(server);
            }
            traffic.names();
        }
        traffic
    }

    fn place(&mut self, secret: Secret, place: &'static str, anonymous: bool) -> String {
        let text = secret.text.clone();
        self.placed.push(Placed { secret, place, anonymous });
        text
    }

    /// One that is known by its form.
    fn formed(&mut self, place: &'static str) -> String {
        let secret = self.secrets.formed();
        self.place(secret, place, false)
    }

    /// The same, in one line.
    fn line(&mut self, place: &'static str) -> String {
        self.formed(place).replace('\n', " ")
    }

    /// The same, with percent signs.
    fn encoded(&mut self, place: &'static str) -> String {
        percent_encode(&self.formed(place))
    }

    /// One that is a single word, short enough for the label of a name.
    fn word(&mut self, place: &'static str) -> String {
        loop {
            let secret = self.secrets.formed();
            let is_word = secret.text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if is_word && secret.text.len() < 60 && secret.kind != "phone" {
                return self.place(secret, place, false);
            }
        }
    }

    /// One of any kind, below a name that calls it so.
    fn named(&mut self, place: &'static str) -> (&'static str, String) {
        let secret = self.secrets.secret();
        (self.secrets.pick(&SECRET_NAMES), self.place(secret, place, false))
    }

    /// One that nothing tells to be one: it stays only where no value leaves.
    fn anonymous(&mut self, place: &'static str) -> String {
        loop {
            let secret = self.secrets.secret();
            if secret.needs_name {
                return self.place(secret, place, true);
            }
        }
    }

    fn client(&mut self) -> [u8; 4] {
        self.clients = self.clients % 200 + 1;
        [10, 0, 1, self.clients]
    }

    /// Names that are asked for, and names that are told in the clear.
    fn names(&mut self) {
        let (question, alias, text) = (self.word("DNS question"), self.word("DNS alias"), self.line("DNS text"));
        let (query, response) = wire::dns(7, &[&question, "test"], &[&alias, "test"], &text);
        let client = (self.client(), 40_000);
        self.file.datagram(client, RESOLVER, &query);
        self.file.datagram(RESOLVER, client, &response);
        let (server_name, protocol) = (self.word("server name"), self.word("ALPN"));
        let client = self.client();
        let mut connection = self.file.connect(client, ([203, 0, 113, 9], 443));
        connection.client(wire::client_hello(&format!("{server_name}.test"), &protocol));
        connection.close();
    }
}

fn pairs<const N: usize>(pairs: [(&str, String); N]) -> Fields {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// With everything but letters and digits written with percent signs (RFC 3986 §2.1).
pub fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
