//! What tshark tells of a capture.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::item::{Item, Kind};

const PROTOCOLS: &str = "http or http2 or websocket or tls or dns";
const LAYERS: &str = "frame ip ipv6 tcp udp http http2 websocket tls dns";

/// Everything that can be compared. `port` says what is spoken on a port where tshark expects something else.
pub fn items(capture: &Path, port: Option<&str>) -> Vec<Item> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-T", "json", "--no-duplicate-keys", "-Y", PROTOCOLS, "-J", LAYERS, "-r"]).arg(capture);
    if let Some(port) = port {
        command.args(["-d", port]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let frames: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut told = Told::default();
    for frame in &frames {
        told.frame(&frame["_source"]["layers"]);
    }
    told.items
}

/// What was told so far.
#[derive(Default)]
struct Told {
    items: Vec<Item>,
    /// The frame of each request, and its item.
    requests: Vec<(String, usize)>,
    /// The item of each HTTP/2 stream, and who asked.
    streams: HashMap<(String, String), usize>,
    sessions: HashMap<String, usize>,
    handshakes: HashMap<String, usize>,
}

/// Where a frame comes from and goes to.
struct Frame<'a> {
    number: &'a str,
    from: (&'a str, &'a str),
    to: (&'a str, &'a str),
}

impl Frame<'_> {
    fn item(&self, kind: Kind) -> Item {
        Item::new(kind, self.from, self.to)
    }
}

impl Told {
    fn frame(&mut self, layers: &Value) {
        // Of frames in tunnels the inner addresses count.
        let last = |name: &str| each(&layers[name]).last();
        let ip = last("ip").or(last("ipv6")).unwrap();
        let transport = last("tcp").or(last("udp")).unwrap();
        let end = |which: &str| {
            let address = find(ip, &format!("ip.{which}")).or(find(ip, &format!("ipv6.{which}"))).unwrap();
            let port = find(transport, &format!("tcp.{which}port")).or(find(transport, &format!("udp.{which}port")));
            (address, port.unwrap())
        };
        let frame = Frame { number: find(&layers["frame"], "frame.number").unwrap(), from: end("src"), to: end("dst") };
        each(&layers["http"]).for_each(|http| self.http1(&frame, http));
        // Frames of HTTP/2 in one segment are layers, or streams of one layer.
        each(&layers["http2"]).flat_map(|http2| each(&http2["http2.stream"])).for_each(|part| self.http2(&frame, part));
        each(&layers["websocket"]).for_each(|part| self.web_socket(&frame, part));
        each(&layers["tls"]).flat_map(|tls| each(&tls["tls.record"])).for_each(|record| self.tls(&frame, record));
        // A message in a body of HTTP is none of the network's.
        if frame.from.1 == "53" && layers.get("http2").is_none() {
            each(&layers["dns"]).for_each(|message| self.dns(&frame, message));
        }
    }

    fn http1(&mut self, frame: &Frame<'_>, http: &Value) {
        let length = find(http, "http.content_length").map(str::to_owned).or_else(|| {
            let chunks: Vec<u64> = all(http, "http.chunk_size").iter().map(|size| size.parse().unwrap()).collect();
            (!chunks.is_empty()).then(|| chunks.iter().sum::<u64>().to_string())
        });
        let version = |name: &str| find(http, name).unwrap_or_default().trim_start_matches("HTTP/").to_owned();
        if let Some(method) = find(http, "http.request.method") {
            let mut item = frame.item(Kind::Http);
            item.set("method", Some(method));
            item.set_target(find(http, "http.host"), find(http, "http.request.uri"), frame.to.0);
            item.set("version", Some(version("http.request.version")));
            // What it says without being asked for its version.
            item.set("request version", find(http, "http.request.version").or(Some("")));
            item.set("request body", length.or(Some("0".to_owned())));
            self.requests.push((frame.number.to_owned(), self.items.len()));
            self.items.push(item);
            return;
        }
        let Some(status) = find(http, "http.response.code") else { return };
        if status.starts_with('1') && status != "101" {
            return;
        }
        let asked = find(http, "http.request_in").and_then(|asked| {
            let place = self.requests.iter().position(|(frame, _)| frame == asked)?;
            Some(self.requests.remove(place).1)
        });
        let place = asked.unwrap_or_else(|| {
            self.items.push(frame.item(Kind::Http));
            self.items.len() - 1
        });
        let item = &mut self.items[place];
        // RFC 9112 §6.3, rules 1 and 2: these have no content, whatever they say about it.
        let length = match (item.get("method"), status) {
            (Some("HEAD"), _) | (_, "101" | "204" | "304") => Some("0".to_owned()),
            (Some("CONNECT"), status) if status.starts_with('2') => Some("0".to_owned()),
            _ => length,
        };
        item.set("status", Some(status));
        item.set("version", Some(version("http.response.version")));
        item.set("response body", length);
    }

    fn http2(&mut self, frame: &Frame<'_>, part: &Value) {
        let Some(stream) = find(part, "http2.streamid").filter(|stream| *stream != "0") else { return };
        let ends = frame.item(Kind::Http).ends;
        let place = *self.streams.entry((ends, stream.to_owned())).or_insert_with(|| {
            let mut item = frame.item(Kind::Http);
            item.set("stream", Some(stream));
            item.set("version", Some("2"));
            self.items.push(item);
            self.items.len() - 1
        });
        let item = &mut self.items[place];
        let by_client = frame.to.1.parse::<u16>().unwrap() < frame.from.1.parse().unwrap();
        if let Some(method) = find(part, "http2.headers.method") {
            item.set("method", Some(method));
            item.set_target(find(part, "http2.headers.authority"), find(part, "http2.headers.path"), frame.to.0);
        }
        if let Some(status) = find(part, "http2.headers.status") {
            item.set("status", Some(status));
        }
        let body = if by_client { "request body" } else { "response body" };
        let sent: u64 = item.get(body).map_or(0, |sent| sent.parse().unwrap());
        let data = match find(part, "http2.type") {
            Some("0") => {
                let number = |name: &str| find(part, name).map_or(0, |number| number.parse::<u64>().unwrap());
                let padded = find(part, "http2.flags.padded") == Some("1");
                number("http2.length") - if padded { number("http2.pad_length") + 1 } else { 0 }
            }
            _ => 0,
        };
        item.set(body, Some(sent + data));
    }

    fn web_socket(&mut self, frame: &Frame<'_>, part: &Value) {
        let item = frame.item(Kind::WebSocket);
        let place = *self.sessions.entry(item.ends.clone()).or_insert_with(|| {
            self.items.push(item);
            for name in ["frames", "bytes", "text messages", "binary messages"].into_iter().flat_map(both_ways) {
                self.items.last_mut().unwrap().set(name, Some(0));
            }
            self.items.len() - 1
        });
        let item = &mut self.items[place];
        let Some(opcode) = find(part, "websocket.opcode") else { return };
        // Only clients mask (RFC 6455 §5.1).
        let by_client = find(part, "websocket.mask") == Some("1");
        let mut add = |name: &'static str, number: u64| {
            let name = both_ways(name)[usize::from(!by_client)];
            let sum = item.get(name).unwrap().parse::<u64>().unwrap() + number;
            item.set(name, Some(sum));
        };
        add("frames", 1);
        let lengths = ["_ext_64", "_ext_16", ""].map(|longer| format!("websocket.payload_length{longer}"));
        add("bytes", lengths.iter().find_map(|name| find(part, name)).unwrap().parse().unwrap());
        match opcode {
            "1" => add("text messages", 1),
            "2" => add("binary messages", 1),
            _ => {}
        }
        if item.get("close code").is_none() {
            item.set("close code", find(part, "websocket.payload.close.status_code"));
        }
    }

    fn tls(&mut self, frame: &Frame<'_>, record: &Value) {
        for handshake in each(&record["tls.handshake"]) {
            let item = frame.item(Kind::Tls);
            match find(handshake, "tls.handshake.type") {
                Some("1") => {
                    self.handshakes.insert(item.ends.clone(), self.items.len());
                    self.items.push(item);
                    let item = self.items.last_mut().unwrap();
                    item.set("server name", find(handshake, "tls.handshake.extensions_server_name"));
                    let offered = all(handshake, "tls.handshake.extensions_alpn_str");
                    item.set("protocols offered", (!offered.is_empty()).then(|| offered.join(" ")));
                }
                Some("2") => {
                    let Some(&place) = self.handshakes.get(&item.ends) else { continue };
                    let item = &mut self.items[place];
                    let version = find(handshake, "tls.handshake.extensions.supported_version")
                        .or(find(handshake, "tls.handshake.version"));
                    item.set("version", version.map(|version| meaning("tls.handshake.version", version)));
                    let cipher = find(handshake, "tls.handshake.ciphersuite");
                    item.set("cipher", cipher.map(|cipher| meaning("tls.handshake.ciphersuite", cipher)));
                    item.set("protocol", find(handshake, "tls.handshake.extensions_alpn_str"));
                }
                _ => {}
            }
        }
    }

    fn dns(&mut self, frame: &Frame<'_>, message: &Value) {
        let mut item = frame.item(Kind::Dns);
        let number = |name: &str| find(message, name).map(parsed);
        item.set("id", number("dns.id"));
        item.set("question", find(message, "dns.qry.name"));
        item.set("type", find(message, "dns.qry.type").map(|kind| meaning("dns.qry.type", kind)));
        let code = number("dns.flags.rcode").map(|code| match code {
            0 => "NOERROR".to_owned(),
            3 => "NXDOMAIN".to_owned(),
            other => other.to_string(),
        });
        item.set("response code", code);
        let answers: Vec<&str> =
            ["dns.a", "dns.aaaa", "dns.cname"].iter().flat_map(|name| all(&message["Answers"], name)).collect();
        item.set("answers", Some(answers.join(" ")));
        self.items.push(item);
    }
}

/// A value for each direction.
fn both_ways(name: &str) -> [&'static str; 2] {
    match name {
        "frames" => ["frames sent", "frames received"],
        "bytes" => ["bytes sent", "bytes received"],
        "text messages" => ["text messages sent", "text messages received"],
        _ => ["binary messages sent", "binary messages received"],
    }
}

/// A number as tshark writes it.
fn parsed(number: &str) -> u64 {
    match number.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).unwrap(),
        None => number.parse().unwrap(),
    }
}

/// The name that tshark has for a number of a field.
fn meaning(field: &str, number: &str) -> String {
    static VALUES: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let values = VALUES.get_or_init(|| {
        let output = Command::new("tshark").args(["-G", "values"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    let known = values.lines().filter_map(|line| line.strip_prefix("V\t")?.strip_prefix(field)?.strip_prefix('\t'));
    let name = known.filter_map(|line| line.split_once('\t')).find(|(value, _)| parsed(value) == parsed(number));
    let name = name.map_or(number, |(_, name)| name);
    match (field, name.split_once(' ')) {
        // `TLS 1.2`, as against `A (Host Address)`.
        ("tls.handshake.version", _) => name.trim_start_matches("TLS ").to_owned(),
        (_, Some((name, _))) => name.to_owned(),
        _ => name.to_owned(),
    }
}

/// The members of a list, or the one that stands alone.
fn each(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Null => Box::new(std::iter::empty()),
        Value::Array(values) => Box::new(values.iter()),
        one => Box::new(std::iter::once(one)),
    }
}

/// The first value of a field, however deep it is.
fn find<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    all(value, field).first().copied()
}

/// All values of a field.
fn all<'v>(value: &'v Value, field: &str) -> Vec<&'v str> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| match member {
                Value::String(text) if name == field => vec![text.as_str()],
                Value::Array(values) if name == field => values.iter().filter_map(Value::as_str).collect(),
                deeper => all(deeper, field),
            })
            .collect(),
        Value::Array(values) => values.iter().flat_map(|value| all(value, field)).collect(),
        _ => Vec::new(),
    }
}
