use super::*;
use crate::packet::Realm;
use crate::record::connection::Endpoint;
use crate::record::exchange::{Message, Rpc};
use crate::record::{Annotations, Source, WebSocketTotals};

const START: u64 = 1_700_000_000_123_000_000;

fn connection() -> Connection {
    let end = |last: u8, port: u16| Endpoint { address: [192, 0, 2, last].into(), port };
    Connection { client: end(1, 40_000), server: end(2, 8080), realm: Realm::OUTSIDE }
}

/// `GET https://host/path?query`, answered after so many microseconds with so many bytes.
fn exchange(method: &str, host: &str, path: &str, query: &str, status: u16, micros: u64, bytes: u64) -> Exchange {
    let mut exchange = Exchange::default();
    exchange.method = exchange.text.add(method.as_bytes());
    exchange.host = exchange.text.add(host.as_bytes());
    exchange.path = exchange.text.add(path.as_bytes());
    exchange.query = exchange.text.add(query.as_bytes());
    exchange.status = Some(status);
    let message = |start, end, body_len| Message {
        start_unix_nanos: start,
        end_unix_nanos: end,
        body_len,
        whole: true,
        ..Message::default()
    };
    exchange.request = message(START, START, 0);
    exchange.response = message(START + micros * 500, START + micros * 1000, bytes);
    exchange
}

fn with(mut exchange: Exchange, change: impl FnOnce(&mut Exchange)) -> Exchange {
    change(&mut exchange);
    exchange
}

fn exchanges() -> Vec<Exchange> {
    vec![
        exchange("GET", "shop.example.com", "/", "", 200, 850, 15_961),
        exchange("POST", "shop.example.com", "/api/v1/carts/8f14e45f/items", "", 201, 12_345, 88),
        exchange("GET", "shop.example.com", "/search", "q=REDACTED&page=REDACTED", 200, 1_204_000, 3 << 20),
        exchange("DELETE", "shop.example.com", "/api/v1/carts/8f14e45f", "", 204, 999_960, 0),
        exchange("PROPFIND", "dav.example.com", "/files/2026/report.pdf", "", 207, 61_000, 1023),
        exchange(
            "GET",
            "static.assets.eu-west-1.example.com",
            "/bundles/7c4a8d09ca3762af61e59520943dc26494f8941b/vendor/chunk-runtime.min.js",
            "v=REDACTED",
            304,
            3_000,
            0,
        ),
        exchange("GET", "shop.example.com", "/old", "", 301, 700_000_000, 0),
        exchange("GET", "shop.example.com", "/gone\u{1b}[2J", "", 404, 5_000_000_000, 9),
        with(exchange("GET", "shop.example.com", "/slow", "", 502, 1, 0), |exchange| exchange.host_port = Some(8080)),
        with(exchange("GET", "shop.example.com", "/video.mp4", "", 206, 1, 5 << 30), |exchange| {
            exchange.completeness = Completeness::Gap;
        }),
        with(exchange("GET", "shop.example.com", "/poll", "since=REDACTED", 200, 1, 1), |exchange| {
            exchange.completeness = Completeness::RequestOnly;
            exchange.forget_response();
            exchange.more().reset_code = Some(8);
        }),
        with(exchange("", "", "", "", 400, 1, 925), |exchange| {
            exchange.completeness = Completeness::ResponseOnly;
            exchange.request = Message::default();
            exchange.more().anomalies.push("unreadable_request");
        }),
        with(exchange("GET", "shop.example.com", "/export.csv", "", 200, 80_000, 4096), |exchange| {
            exchange.completeness = Completeness::Truncated;
            exchange.response.whole = false;
        }),
        with(exchange("POST", "shop.example.com", "/upload", "", 413, 500, 30), |exchange| {
            exchange.completeness = Completeness::Truncated;
            exchange.request.whole = false;
        }),
        with(exchange("POST", "cart", "/shop.v1.Cart/Add", "", 200, 2_500, 0), |exchange| {
            let rpc = Rpc { status: Some(5), status_name: Some("NOT_FOUND"), ..Rpc::default() };
            exchange.more().rpc = Some(rpc);
        }),
    ]
}

fn handshake() -> TlsHandshake {
    TlsHandshake {
        time_unix_nanos: START,
        server_name: Some("api.example.com".to_owned()),
        offered_protocols: vec!["h2".to_owned()],
        version: Some("1.3"),
        cipher: None,
        next_protocol: None,
        resumed: false,
        established: true,
        alert: None,
    }
}

fn answer(code: &str, answers: &[&str]) -> DnsAnswer {
    DnsAnswer {
        time_unix_nanos: START,
        id: 7,
        question: "shop.example.com".to_owned(),
        question_type: "A".to_owned(),
        response_code: code.to_owned(),
        answers: answers.iter().map(|&answer| answer.to_owned()).collect(),
        ttl_min: None,
        rtt_nanos: Some(1_234_567),
    }
}

fn session(sent: u64) -> WebSocketSession {
    let totals = |text_messages| WebSocketTotals { text_messages, ..WebSocketTotals::default() };
    WebSocketSession {
        host: if sent > 1 { "chat.example.com".to_owned() } else { String::new() },
        host_port: None,
        start_unix_nanos: START,
        end_unix_nanos: START,
        sent: totals(sent),
        received: totals(11),
        close_code: (sent > 1).then_some(1000),
        gap: sent > 1,
        anomalies: Vec::new(),
    }
}

/// Every kind of line, as a terminal of this width shows it, without colours.
fn screen(width: usize) -> String {
    let exchanges = exchanges();
    let handshakes = [
        handshake(),
        TlsHandshake { version: None, server_name: None, established: false, ..handshake() },
        TlsHandshake { alert: Some("unknown_ca"), established: false, ..handshake() },
    ];
    let answers = [answer("NOERROR", &["192.0.2.7", "192.0.2.8", "192.0.2.9"]), answer("NXDOMAIN", &[])];
    let sessions = [session(1), session(2)];
    let annotations = Annotations::default();
    let contents = (exchanges.iter().map(|exchange| Content::Exchange(exchange, &annotations)))
        .chain(handshakes.iter().map(Content::Tls))
        .chain(answers.iter().map(Content::Dns))
        .chain(sessions.iter().map(Content::WebSocket));
    let columns = Columns::of(width);
    let lines = contents.map(|content| line(&Record { connection: connection(), source: None, content }, columns));
    let lines: Vec<String> = [heading(columns)].into_iter().chain(lines).collect();
    anstream::adapter::strip_str(&lines.join("\n")).to_string()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn a_narrow_screen_shows_what_matters() {
    snapshot("capture-lines-80", &screen(80));
}

#[test]
fn a_wide_screen_shows_more() {
    snapshot("capture-lines-140", &screen(140));
}

#[test]
fn a_very_narrow_screen_goes_without_the_time_of_day() {
    snapshot("capture-lines-50", &screen(50));
}

#[test]
fn no_line_is_longer_than_the_screen() {
    for width in 40..200 {
        for line in screen(width).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn an_address_of_ipv6_is_told_from_its_port() {
    let server = Endpoint { address: std::net::Ipv6Addr::LOCALHOST.into(), port: 8080 };
    let connection = Connection { server, ..connection() };
    let (unnamed, session) = (TlsHandshake { server_name: None, ..handshake() }, session(1));
    let annotations = Annotations::default();
    for content in [
        Content::Exchange(&exchange("GET", "", "/a", "", 200, 1, 1), &annotations),
        Content::Tls(&unnamed),
        Content::WebSocket(&session),
    ] {
        let line = line(&Record { connection, source: None, content }, Columns::of(140));
        assert!(line.contains("[::1]:8080"), "{line}");
    }
}

#[test]
fn who_mirrored_it_is_named_where_there_is_room() {
    let exchange = &exchanges()[0];
    let annotations = Annotations::default();
    let source = Source { address: [10, 0, 3, 7].into(), vni: 42 };
    let record =
        Record { connection: connection(), source: Some(&source), content: Content::Exchange(exchange, &annotations) };
    let shown = |width: usize| anstream::adapter::strip_str(&line(&record, Columns::of(width))).to_string();
    assert!(shown(140).ends_with("  10.0.3.7 vni 42"), "{}", shown(140));
    assert_eq!(
        shown(80),
        anstream::adapter::strip_str(&line(&Record { source: None, ..record }, Columns::of(80))).to_string()
    );
    for width in 40..200 {
        assert!(shown(width).chars().count() <= width, "{width}: {}", shown(width));
    }
}

#[test]
fn a_line_holds_nothing_that_rewrites_the_terminal() {
    assert!(!screen(140).contains(|character: char| character.is_control() && character != '\n'));
    let hostile = exchange("GET", "a\u{202e}b", "/\u{2066}c\u{200b}\u{feff}", "\u{2028}", 200, 1, 1);
    let annotations = Annotations::default();
    let content = Content::Exchange(&hostile, &annotations);
    let line = line(&Record { connection: connection(), source: None, content }, Columns::of(140));
    assert!(line.ends_with("  a\u{fffd}b/\u{fffd}c\u{fffd}\u{fffd}?\u{fffd}"), "{line:?}");
}

#[test]
fn a_duration_never_shows_a_thousand_of_its_unit() {
    let shown = [999_499, 999_500, 999_949_999, 999_950_000, 999_994_999_999, 3_600_000_000_000].map(duration);
    assert_eq!(shown, ["999 µs", "1.0 ms", "999.9 ms", "1.00 s", "999.99 s", "60 min"]);
}
