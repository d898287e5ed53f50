//! What one record looks like on a terminal: a line that fits its width, aligned with the others.
//!
//! ```text
//! time (UTC)    method  code      time    size  URL
//! 17:04:02.081  GET      200  153.8 ms   30.3K  bro.org/js/jquery.cycle.all.min.js (bytes missing)
//! ```

use std::net::SocketAddr;

use anstyle::{AnsiColor, Style};
use bytesize::ByteSize;

use super::{counted, style, visible};
use crate::record::{
    Completeness, Connection, Content, DnsAnswer, Endpoint, Exchange, Record, TlsHandshake, WebSocketSession,
};

const QUIET: Style = Style::new().dimmed();
const FINE: Style = AnsiColor::Green.on_default();
const ELSEWHERE: Style = AnsiColor::Cyan.on_default();
/// Columns of what stands before the URL, without the time of day.
const BEFORE_URL: usize = 32;
/// Columns of the time of day.
const CLOCK: usize = 14;
/// Columns that a URL or a name should have. Where there are fewer, the time of day makes room.
const GOOD_URL: usize = 16;
/// Columns that a URL or a name has in any case.
const LEAST_URL: usize = 8;
/// Columns that a URL or a name has if who mirrored it is to be named, too.
const LEAST_URL_BESIDE_SOURCE: usize = 32;
/// Stands for what is not known.
const UNKNOWN: &str = "-";
/// The error codes of HTTP/2, from 0 (RFC 9113 §7).
const RESETS: [&str; 14] = [
    "no error",
    "protocol error",
    "internal error",
    "flow control error",
    "settings timeout",
    "stream closed",
    "frame size error",
    "refused stream",
    "cancel",
    "compression error",
    "connect error",
    "enhance your calm",
    "inadequate security",
    "HTTP/1.1 required",
];
/// How records mask the parameters of queries.
const MASKED: &str = "REDACTED";

/// What a terminal has room for.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// Whether the time of day is shown.
    clock: bool,
    /// Columns of the URL or name, and what is noted behind it.
    room: usize,
}

impl Columns {
    /// For a terminal of so many columns. Lines are longer than one that has less than 40.
    pub fn of(width: usize) -> Self {
        let clock = width >= CLOCK + BEFORE_URL + GOOD_URL;
        let before = if clock { CLOCK + BEFORE_URL } else { BEFORE_URL };
        Columns { clock, room: width.saturating_sub(before).max(LEAST_URL) }
    }

    /// The time of day in its column.
    fn clock(self, unix_nanos: u64) -> String {
        if self.clock { format!("{}  ", clock(unix_nanos)) } else { String::new() }
    }
}

/// The names of the columns.
pub fn heading(columns: Columns) -> String {
    let clock = if columns.clock { "time (UTC)    " } else { "" };
    painted(QUIET, &format!("{clock}{:<7} {:>4}  {:>8}  {:>6}  URL", "method", "code", "time", "size"))
}

/// A record as a line.
pub fn line(record: &Record<'_>, columns: Columns) -> String {
    let connection = &record.connection;
    let source = record.source.map_or(String::new(), |source| format!("  {source}"));
    let (columns, source) = match columns.room.checked_sub(source.chars().count()) {
        Some(room) if room >= LEAST_URL_BESIDE_SOURCE => (Columns { room, ..columns }, painted(QUIET, &source)),
        _ => (columns, String::new()),
    };
    let mut line = match record.content {
        Content::Exchange(exchange, _) => exchange_line(connection, exchange, columns),
        Content::Tls(handshake) => tls_line(connection, handshake, columns),
        Content::Dns(answer) => dns_line(answer, columns),
        Content::WebSocket(session) => web_socket_line(connection, session, columns),
    };
    line.push_str(&source);
    line
}

fn exchange_line(connection: &Connection, exchange: &Exchange, columns: Columns) -> String {
    let room = columns.room;
    let method = match exchange.method.is_empty() {
        true => UNKNOWN.to_owned(),
        false => readable(exchange.get(exchange.method)),
    };
    let (code, code_style) = match exchange.status {
        Some(status) => (status.to_string(), status_style(status)),
        None => (UNKNOWN.to_owned(), QUIET),
    };
    // How long one message took says nothing about the exchange.
    let took = exchange.timings_nanos().map_or(UNKNOWN.to_owned(), |_| duration(exchange.duration_nanos()));
    let size = match exchange.response.start_unix_nanos {
        0 => UNKNOWN.to_owned(),
        _ => ByteSize(exchange.response.body_len).display().iec_short().to_string(),
    };
    let (note, note_style) = note(exchange);
    let whole_url = url(connection, exchange, usize::MAX).chars().count();
    let note = shortened(&note, (room / 2).max(room.saturating_sub(GOOD_URL.min(whole_url))));
    let url = url(connection, exchange, room - note.chars().count());
    format!(
        "{}{} {}  {took:>8}  {size:>6}  {url}{}",
        columns.clock(exchange.start_unix_nanos()),
        painted(style::STRONG, &format!("{:<7}", shortened(&method, 7))),
        painted(code_style, &format!("{code:>4}")),
        painted(note_style, &note),
    )
}

/// Host, port, path and query; what does not fit is left out where it tells least.
fn url(connection: &Connection, exchange: &Exchange, room: usize) -> String {
    let host = readable(exchange.get(exchange.host));
    let url = format!("{}{}", authority(connection, &host, exchange.host_port), readable(exchange.get(exchange.path)));
    if exchange.query.is_empty() {
        return cut_inside(&url, room);
    }
    let query = readable(exchange.get(exchange.query)).replace(MASKED, "*");
    let left = room.saturating_sub(url.chars().count());
    match left {
        // Some of the query, if that is more than a mark that there is one.
        8.. => shortened(&format!("{url}?{query}"), room),
        _ => format!("{}?…", cut_inside(&url, room.saturating_sub(2))),
    }
}

/// The host and port that the client named; without a host, where it went.
fn authority(connection: &Connection, host: &str, port: Option<u16>) -> String {
    match (host.is_empty(), port) {
        (true, _) => end(&connection.server),
        (false, Some(port)) => format!("{host}:{port}"),
        (false, None) => host.to_owned(),
    }
}

/// One end of a connection: `10.1.0.0:80`, `[::1]:80`.
fn end(end: &Endpoint) -> String {
    SocketAddr::new(end.address, end.port).to_string()
}

/// What is odd about an exchange.
fn note(exchange: &Exchange) -> (String, Style) {
    let more = exchange.more.as_deref();
    let anomalies = more.map_or(&[][..], |more| &more.anomalies);
    let reset = more.and_then(|more| more.reset_code).filter(|code| *code != 0);
    let missing = match exchange.completeness {
        Completeness::Complete => None,
        // Then that is why.
        Completeness::RequestOnly if reset.is_some() || anomalies.contains(&"unreadable_response") => None,
        Completeness::RequestOnly => Some("no response"),
        Completeness::ResponseOnly if anomalies.contains(&"unreadable_request") => None,
        Completeness::ResponseOnly => Some("no request"),
        // A server may answer without waiting for all of the request.
        Completeness::Truncated if exchange.response.whole => Some("request cut short"),
        Completeness::Truncated => Some("cut short"),
        Completeness::Gap => Some("bytes missing"),
    };
    let failure = more.and_then(|more| more.rpc.as_ref()).filter(|rpc| rpc.status.unwrap_or(0) != 0);
    let failure = failure.and_then(|rpc| rpc.status_name);
    let words: Vec<String> = (missing.map(str::to_owned).into_iter())
        .chain(failure.map(|name| format!("gRPC {name}")))
        .chain(reset.map(|code| match RESETS.get(code as usize) {
            Some(name) => format!("reset: {name}"),
            None => format!("reset: code {code}"),
        }))
        .chain(anomalies.iter().map(|name| name.replace('_', " ")))
        .collect();
    let note_style = if failure.is_some() { style::ERROR } else { style::WARNING };
    match words.is_empty() {
        true => (String::new(), note_style),
        false => (format!(" ({})", words.join(", ")), note_style),
    }
}

fn tls_line(connection: &Connection, handshake: &TlsHandshake, columns: Columns) -> String {
    let mut text = match &handshake.server_name {
        Some(name) => format!("{name}:{}", connection.server.port),
        None => end(&connection.server),
    };
    match (handshake.alert, handshake.established) {
        (Some(alert), _) => text.push_str(&format!(" (alert: {})", alert.replace('_', " "))),
        (None, false) => text.push_str(" (no answer)"),
        (None, true) => {}
    }
    let outcome = handshake.version.map_or(UNKNOWN.to_owned(), |version| format!("TLS {version}"));
    other(handshake.time_unix_nanos, "TLS", &outcome, &text, columns)
}

fn dns_line(answer: &DnsAnswer, columns: Columns) -> String {
    let took = answer.rtt_nanos.map_or(String::new(), duration);
    let outcome = format!("{:<13} {took:>8}", shortened(&answer.response_code, 13));
    let text = format!("{} {} {}", answer.question, answer.question_type, answer.answers.join(" "));
    other(answer.time_unix_nanos, "DNS", &outcome, text.trim_end(), columns)
}

fn web_socket_line(connection: &Connection, session: &WebSocketSession, columns: Columns) -> String {
    let mut text = format!(
        "{}, {} sent, {} received",
        authority(connection, &session.host, session.host_port),
        counted(session.sent.messages(), "message"),
        session.received.messages(),
    );
    if session.gap {
        text.push_str(" (bytes missing)");
    }
    let outcome = session.close_code.map_or("no close".to_owned(), |code| format!("closed, {code}"));
    other(session.start_unix_nanos, "WS", &outcome, &text, columns)
}

/// A line of something that is no exchange.
fn other(unix_nanos: u64, kind: &str, outcome: &str, text: &str, columns: Columns) -> String {
    let text = shortened(&visible(text), columns.room);
    format!("{}{} {outcome:<22}  {text}", columns.clock(unix_nanos), painted(QUIET, &format!("{kind:<7}")))
}

fn status_style(status: u16) -> Style {
    match status {
        0..=199 | 300..=399 => ELSEWHERE,
        200..=299 => FINE,
        400..=499 => style::WARNING,
        _ => style::ERROR,
    }
}

/// `text` in a style; without codes if there is nothing to show.
fn painted(style: Style, text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => style::paint(style, text),
    }
}

/// Bytes from the wire as text.
fn readable(bytes: &[u8]) -> String {
    visible(&String::from_utf8_lossy(bytes))
}

/// Without the end that does not fit.
fn shortened(text: &str, columns: usize) -> String {
    match text.chars().count() > columns {
        true => text.chars().take(columns.saturating_sub(1)).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// Without the middle that does not fit: the host at one end and the file's name at the other tell most.
fn cut_inside(text: &str, columns: usize) -> String {
    let len = text.chars().count();
    if len <= columns {
        return text.to_owned();
    }
    let end = columns.saturating_sub(1) / 2;
    let start = columns.saturating_sub(1 + end);
    text.chars().take(start).chain(['…']).chain(text.chars().skip(len - end)).collect()
}

/// The time of day, in UTC, to the millisecond.
fn clock(unix_nanos: u64) -> String {
    let millis = unix_nanos / 1_000_000;
    let (seconds, millis) = (millis / 1000 % 86_400, millis % 1000);
    format!("{:02}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A duration in the unit that suits it, in at most eight columns.
fn duration(nanos: u64) -> String {
    match nanos {
        // What is rounded up is shown in the next unit.
        0..999_500 => format!("{:.0} µs", nanos as f64 / 1e3),
        999_500..999_950_000 => format!("{:.1} ms", nanos as f64 / 1e6),
        999_950_000..999_995_000_000 => format!("{:.2} s", nanos as f64 / 1e9),
        _ => format!("{} min", nanos / 60_000_000_000),
    }
}

#[cfg(test)]
mod tests;
