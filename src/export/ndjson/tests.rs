use serde_json::Value;

use super::*;
use crate::export::sample;
use crate::record::{DiscoveredEndpoint, Vantage};

/// The line of a record, whose names are all different.
fn written(record: &Record<'_>) -> Value {
    let mut out = Vec::new();
    line(&mut out, &mut Rfc3339::default(), record);
    let value: Value = serde_json::from_slice(&out).unwrap();
    let mut again = serde_json::to_vec(&value).unwrap();
    again.push(b'\n');
    assert_eq!(String::from_utf8(out).unwrap(), String::from_utf8(again).unwrap());
    value
}

#[test]
fn an_address_is_written_as_the_standard_library_does() {
    for octets in [[0, 9, 10, 99], [100, 101, 199, 200], [255, 255, 255, 255], [127, 0, 0, 1]] {
        let mut out = Vec::new();
        dotted(&mut out, octets);
        assert_eq!(String::from_utf8(out).unwrap(), std::net::Ipv4Addr::from(octets).to_string());
    }
}

#[test]
fn a_field_that_comes_twice_is_one_member_with_both_values() {
    let mut exchange = sample::exchange();
    let start = exchange.text.start();
    for (name, value) in [("Via", "1.1 a"), ("Server", "nginx"), ("via", "1.1 b"), ("server", ""), ("VIA", "1.1 c")] {
        exchange.text.push_field(name.as_bytes(), value.as_bytes());
    }
    exchange.response_fields = exchange.text.since(start);
    let told = written(&sample::record(&exchange));
    assert_eq!(told["http.response.header.via"], serde_json::json!(["1.1 a", "1.1 b", "1.1 c"]));
    assert_eq!(told["http.response.header.server"], serde_json::json!(["nginx", ""]));
}

#[test]
fn a_method_that_anybody_may_make_up_is_other() {
    let mut exchange = sample::exchange();
    let told = written(&sample::record(&exchange));
    assert_eq!((&told["http.request.method"], told.get("http.request.method_original")), (&"GET".into(), None));
    exchange.method = exchange.text.add(b"get");
    let told = written(&sample::record(&exchange));
    assert_eq!([&told["http.request.method"], &told["http.request.method_original"]], ["_OTHER", "get"]);
}

#[test]
fn a_call_is_named_as_over_otlp() {
    let told = |path: &str, status, status_name| {
        let mut exchange = sample::exchange();
        exchange.path = exchange.text.add(path.as_bytes());
        exchange.more().rpc = Some(Rpc { status, status_name, request_messages: 1, response_messages: 1 });
        let told = written(&sample::record(&exchange));
        ["rpc.method", "rpc.method_original", "rpc.status_code"].map(|name| told.get(name).cloned())
    };
    let text = |text: &str| Some(Value::from(text));
    assert_eq!(told("/shop.v1.Carts/AddItem", Some(0), Some("OK")), [text("shop.v1.Carts/AddItem"), None, text("OK")]);
    assert_eq!(told("/any/thing/else", Some(99), None), [text("_OTHER"), text("/any/thing/else"), text("99")]);
    assert_eq!(told("", None, None), [text("_OTHER"), None, None]);
}

#[test]
fn the_template_of_an_endpoint_elsewhere_is_no_route_of_ours() {
    for (vantage, member, absent) in
        [(Vantage::Server, "http.route", "url.template"), (Vantage::Client, "url.template", "http.route")]
    {
        let endpoint = DiscoveredEndpoint { vantage, route: "/users/{id}".to_owned(), ..Default::default() };
        let mut out = Vec::new();
        finding::write(&mut out, &mut Rfc3339::default(), &Finding::Endpoint(&endpoint));
        let told: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!((&told[member], told.get(absent)), (&"/users/{id}".into(), None));
    }
}

#[test]
fn the_server_is_who_was_asked_for() {
    let mut exchange = sample::exchange();
    for (host, port, told_address, told_port) in
        [("shop.test", Some(81), "shop.test", 81), ("[::1]", None, "::1", 8080), ("", None, "10.2.0.0", 8080)]
    {
        exchange.host = exchange.text.add(host.as_bytes());
        exchange.host_port = port;
        let told = written(&sample::record(&exchange));
        assert_eq!((&told["server.address"], &told["server.port"]), (&told_address.into(), &told_port.into()));
        assert_eq!((&told["network.local.address"], &told["network.local.port"]), (&"10.2.0.0".into(), &8080.into()));
    }
}
