//! What is compared: exchanges, handshakes, sessions and answers as a few named values.

use std::collections::BTreeMap;

use serde_json::Value;

/// One thing that happened on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub kind: Kind,
    /// The two ends, in an order that does not depend on who is told to be the client.
    pub ends: String,
    /// The values that were told, by name.
    pub values: BTreeMap<&'static str, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Http,
    WebSocket,
    Tls,
    Dns,
}

impl Item {
    pub fn new(kind: Kind, one: (&str, &str), other: (&str, &str)) -> Self {
        let mut ends = [one, other].map(|(address, port)| format!("{address}:{port}"));
        ends.sort();
        Item { kind, ends: ends.join(" "), values: BTreeMap::new() }
    }

    /// Sets a value, if there is one.
    pub fn set(&mut self, name: &'static str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.values.insert(name, value.to_string());
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Sets host, port and path of a request.
    pub fn set_target(&mut self, host: Option<&str>, target: Option<&str>, server: &str) {
        // CONNECT has no path.
        let path = target.filter(|target| self.get("method") != Some("CONNECT") || target.starts_with('/'));
        self.set("path", path.map(|path| path.split('?').next().unwrap_or_default()));
        let host = host.unwrap_or(server);
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        };
        self.set("host", Some(name));
        self.set("port", port);
    }
}

/// A record of ours.
pub fn ours(record: &Value) -> Option<Item> {
    let text = |name: &str| record.get(name).map(plain);
    let [client, client_port, server, server_port] =
        ["client.address", "client.port", "network.local.address", "network.local.port"]
            .map(|name| text(name).unwrap());
    let kind = match record["type"].as_str().unwrap() {
        "http" => Kind::Http,
        "websocket" => Kind::WebSocket,
        "tls" => Kind::Tls,
        "dns" => Kind::Dns,
        _ => return None,
    };
    let mut item = Item::new(kind, (&client, &client_port), (&server, &server_port));
    let names: &[(&'static str, &str)] = match kind {
        Kind::Http => &[
            ("stream", "sidetap.http2.stream"),
            ("method", "http.request.method"),
            ("path", "url.path"),
            ("status", "http.response.status_code"),
            ("version", "network.protocol.version"),
            ("request body", "http.request.body.size"),
            ("response body", "http.response.body.size"),
        ],
        Kind::WebSocket => &[
            ("frames sent", "sidetap.websocket.sent.frames"),
            ("frames received", "sidetap.websocket.received.frames"),
            ("bytes sent", "sidetap.websocket.sent.bytes"),
            ("bytes received", "sidetap.websocket.received.bytes"),
            ("text messages sent", "sidetap.websocket.sent.text_messages"),
            ("text messages received", "sidetap.websocket.received.text_messages"),
            ("binary messages sent", "sidetap.websocket.sent.binary_messages"),
            ("binary messages received", "sidetap.websocket.received.binary_messages"),
            ("close code", "sidetap.websocket.close_code"),
        ],
        Kind::Tls => &[
            ("server name", "server.address"),
            ("protocols offered", "sidetap.tls.client.alpn"),
            ("protocol", "tls.next_protocol"),
            ("version", "tls.protocol.version"),
            ("cipher", "tls.cipher"),
        ],
        Kind::Dns => &[
            ("id", "sidetap.dns.id"),
            ("question", "dns.question.name"),
            ("type", "sidetap.dns.question.type"),
            ("response code", "sidetap.dns.response_code"),
            ("answers", "dns.answers"),
        ],
    };
    for (name, member) in names {
        item.set(name, text(member));
    }
    item.set("method", text("http.request.method_original"));
    if kind == Kind::Http && item.get("method").is_some() {
        item.set("host", text("server.address"));
        item.set("port", text("server.port"));
    }
    Some(item)
}

/// A value of JSON as text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
