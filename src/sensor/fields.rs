//! What of a message's head is kept until its exchange is over. Of fields, only what may leave at all.

use std::net::IpAddr;

use httparse::Header;

use super::exchanges::{Method, Pending, Upgrade};
use super::privacy::{HeaderRule, Privacy, auth_scheme};
use super::web_socket::Agreed;
use crate::protocol::http1::{Head, StartLine};
use crate::protocol::websocket::{Extensions, accept_key_matches};
use crate::record::{Exchange, Scheme, Span, Text, Version};

/// Takes a request's head into its exchange.
pub fn take_request(pending: &mut Pending, head: &Head<'_, '_>, privacy: &Privacy) {
    let StartLine::Request { method, target } = head.start else { return };
    let exchange = &mut pending.exchange;
    exchange.version = version(head);
    pending.method = match method {
        "HEAD" => Method::Head,
        "CONNECT" => Method::Connect,
        _ => Method::Other,
    };
    pending.upgrade = head.upgrade.map_or(Upgrade::No, upgrade);
    exchange.method = exchange.text.add(method.as_bytes());
    let target = Target::parse(target.as_bytes(), pending.method);
    exchange.scheme = target.scheme;
    set_path_and_query(exchange, target.path_and_query);
    // An absolute target names the host with more authority than the field (RFC 9112 §3.2.2).
    set_host(exchange, target.authority.or(head.host).unwrap_or_default());
    if let Some(user_agent) = field(head, "user-agent") {
        exchange.user_agent = exchange.text.add(user_agent);
    }
    let handshake = match pending.upgrade {
        Upgrade::WebSocket => field(head, "sec-websocket-key"),
        Upgrade::Http2 => field(head, "http2-settings"),
        Upgrade::No | Upgrade::Other => None,
    };
    pending.handshake = handshake.map_or(Span::default(), |value| exchange.text.add(value));
    exchange.request_fields = kept_fields(&mut exchange.text, head.fields, privacy);
    add_anomalies(exchange, head);
    pending.auth = auth_scheme(head.fields.iter().map(|field| (field.name.as_bytes(), field.value)));
    pending.forwarded_for = field(head, "x-forwarded-for").and_then(first_address);
}

/// The first address of an `X-Forwarded-For`: who asked, as proxies tell it.
pub fn first_address(list: &[u8]) -> Option<IpAddr> {
    let first = list.split(|&byte| byte == b',').next()?.trim_ascii();
    std::str::from_utf8(first).ok()?.parse().ok()
}

/// Takes a response's head into its exchange.
pub fn take_response(exchange: &mut Exchange, head: &Head<'_, '_>, privacy: &Privacy) {
    let StartLine::Response { status, reason } = head.start else { return };
    exchange.version = version(head);
    exchange.status = Some(status);
    exchange.reason = exchange.text.add(reason.as_bytes());
    exchange.response_fields = kept_fields(&mut exchange.text, head.fields, privacy);
    add_anomalies(exchange, head);
}

/// The WebSocket that begins after a response with this head, if its answer matches the request's key.
pub fn agreed_web_socket(pending: &Pending, head: &Head<'_, '_>) -> Option<Agreed> {
    let exchange = &pending.exchange;
    let accept = std::str::from_utf8(field(head, "sec-websocket-accept")?).ok()?;
    let key = std::str::from_utf8(exchange.get(pending.handshake)).ok()?;
    if !accept_key_matches(key.trim(), accept.trim()) {
        return None;
    }
    let extensions = fields(head, "sec-websocket-extensions").filter_map(|value| std::str::from_utf8(value).ok());
    Some(Agreed {
        extensions: extensions.map(Extensions::from_header).fold(Extensions::default(), Extensions::and),
        host: String::from_utf8_lossy(exchange.get(exchange.host)).into_owned(),
        host_port: exchange.host_port,
    })
}

/// The value of the first field of this name.
fn field<'b>(head: &Head<'_, 'b>, name: &str) -> Option<&'b [u8]> {
    fields(head, name).next()
}

/// The values of all fields of this name.
fn fields<'b>(head: &Head<'_, 'b>, name: &str) -> impl Iterator<Item = &'b [u8]> {
    head.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
}

/// Splits a target into path and query.
pub fn set_path_and_query(exchange: &mut Exchange, target: &[u8]) {
    let (path, query) = match memchr::memchr(b'?', target) {
        Some(mark) => (&target[..mark], Some(&target[mark + 1..])),
        None => (target, None),
    };
    exchange.path = exchange.text.add(path);
    if let Some(query) = query {
        exchange.query = exchange.text.add(query);
    }
}

/// Sets the host, and the port if the authority has one.
pub fn set_host(exchange: &mut Exchange, authority: &[u8]) {
    // User information is nobody's business.
    let authority = authority.rsplit(|&byte| byte == b'@').next().unwrap_or_default();
    let colon = memchr::memrchr(b':', authority).filter(|&colon| !authority[colon..].contains(&b']'));
    let (host, port) = match colon {
        Some(colon) => (&authority[..colon], Some(&authority[colon + 1..])),
        None => (authority, None),
    };
    exchange.host_port = port.and_then(|port| std::str::from_utf8(port).ok()?.parse().ok());
    exchange.host = exchange.text.add(host);
}

/// Keeps a field as far as it may leave. What is in its value is looked at later, if the exchange is reported at all.
pub fn add_if_kept(text: &mut Text, name: &[u8], value: &[u8], privacy: &Privacy) {
    match privacy.keeps_header(name) {
        HeaderRule::Drop => {}
        HeaderRule::NameOnly => text.push_field(name, b""),
        _ => text.push_field(name, value),
    }
}

fn kept_fields(text: &mut Text, fields: &[Header<'_>], privacy: &Privacy) -> Span {
    let start = text.start();
    for field in fields {
        add_if_kept(text, field.name.as_bytes(), field.value, privacy);
    }
    text.since(start)
}

fn version(head: &Head<'_, '_>) -> Version {
    match head.minor_version {
        0 => Version::Http10,
        _ => Version::Http11,
    }
}

fn upgrade(value: &[u8]) -> Upgrade {
    let mut names = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    match names.next() {
        Some(name) if name.eq_ignore_ascii_case(b"websocket") => Upgrade::WebSocket,
        Some(name) if name.eq_ignore_ascii_case(b"h2c") => Upgrade::Http2,
        _ => Upgrade::Other,
    }
}

fn add_anomalies(exchange: &mut Exchange, head: &Head<'_, '_>) {
    if !head.anomalies.is_empty() {
        exchange.more().add_anomalies(head.anomalies.names());
    }
}

/// A request target in its parts (RFC 9112 §3.2).
struct Target<'a> {
    scheme: Scheme,
    authority: Option<&'a [u8]>,
    path_and_query: &'a [u8],
}

impl<'a> Target<'a> {
    fn parse(target: &'a [u8], method: Method) -> Self {
        // CONNECT names an authority (RFC 9112 §3.2.3), unless whoever sent it did not know.
        if method == Method::Connect && !target.starts_with(b"/") {
            return Target { scheme: Scheme::Http, authority: Some(target), path_and_query: b"" };
        }
        let (scheme, rest) = match target {
            [b'h' | b'H', b't' | b'T', b't' | b'T', b'p' | b'P', rest @ ..] => match rest {
                [b':', b'/', b'/', rest @ ..] => (Scheme::Http, rest),
                [b's' | b'S', b':', b'/', b'/', rest @ ..] => (Scheme::Https, rest),
                _ => return Target { scheme: Scheme::Http, authority: None, path_and_query: target },
            },
            _ => return Target { scheme: Scheme::Http, authority: None, path_and_query: target },
        };
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
        let path_and_query = if end == rest.len() { b"/" } else { &rest[end..] };
        Target { scheme, authority: Some(&rest[..end]), path_and_query }
    }
}

#[cfg(test)]
mod tests {
    use super::super::exchanges::Exchanges;
    use super::*;

    fn of_target(target: &str, method: Method) -> (Scheme, String, String, String, Option<u16>) {
        let mut exchange = Exchange::default();
        let parsed = Target::parse(target.as_bytes(), method);
        exchange.scheme = parsed.scheme;
        set_path_and_query(&mut exchange, parsed.path_and_query);
        set_host(&mut exchange, parsed.authority.unwrap_or_default());
        let text = |span| String::from_utf8_lossy(exchange.get(span)).into_owned();
        (exchange.scheme, text(exchange.path), text(exchange.query), text(exchange.host), exchange.host_port)
    }

    #[test]
    fn targets_come_in_four_forms() {
        let plain = |path: &str, query: &str| (Scheme::Http, path.to_owned(), query.to_owned(), String::new(), None);
        assert_eq!(of_target("/a/b", Method::Other), plain("/a/b", ""));
        assert_eq!(of_target("*", Method::Other), plain("*", ""));
        assert_eq!(of_target("/a?x=1&&y=2=&=q", Method::Other), plain("/a", "x=1&&y=2=&=q"));
        assert_eq!(
            of_target("https://u:p@api.test:8443/a?k=v", Method::Other),
            (Scheme::Https, "/a".into(), "k=v".into(), "api.test".into(), Some(8443))
        );
        assert_eq!(
            of_target("http://[2001:db8::1]", Method::Other),
            (Scheme::Http, "/".into(), String::new(), "[2001:db8::1]".into(), None)
        );
        assert_eq!(
            of_target("api.test:443", Method::Connect),
            (Scheme::Http, String::new(), String::new(), "api.test".into(), Some(443))
        );
    }

    #[test]
    fn all_extensions_of_a_web_socket_are_agreed() {
        let mut exchanges = Exchanges::with_capacity(1);
        let slot = exchanges.begin().unwrap();
        let pending = exchanges.get_mut(slot);
        pending.handshake = pending.exchange.text.add(b"dGhlIHNhbXBsZSBub25jZQ==");
        let agreed = |accept: &[u8]| {
            let fields = [
                Header { name: "Sec-WebSocket-Accept", value: accept },
                Header { name: "Sec-WebSocket-Extensions", value: b"x-other" },
                Header { name: "sec-websocket-extensions", value: b"permessage-deflate" },
            ];
            let head = Head {
                start: StartLine::Response { status: 101, reason: "" },
                minor_version: 1,
                fields: &fields,
                length: crate::protocol::http1::head::Length::Unsaid,
                upgrade: None,
                host: None,
                anomalies: crate::protocol::http1::Anomalies::NONE,
            };
            agreed_web_socket(pending, &head).map(|agreed| agreed.extensions)
        };
        let both = Extensions { permessage_deflate: true, other: true };
        assert_eq!(agreed(b" s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), Some(both));
        assert_eq!(agreed(b"another"), None);
    }

    #[test]
    fn of_credentials_only_the_name_is_kept_and_of_other_fields_what_may_leave() {
        let mut text = Text::default();
        let start = text.start();
        let privacy = Privacy::new(crate::record::PrivacyLevel::Metadata);
        for (name, value) in [("Authorization", "secret"), ("X-Request-ID", "7"), ("X-Name", "c"), ("Via", "1.1 p")] {
            add_if_kept(&mut text, name.as_bytes(), value.as_bytes(), &privacy);
        }
        let span = text.since(start);
        let fields: Vec<_> = text.fields(span).collect();
        assert_eq!(fields, [(&b"authorization"[..], &b""[..]), (b"x-request-id", b"7"), (b"via", b"1.1 p")]);
    }
}
