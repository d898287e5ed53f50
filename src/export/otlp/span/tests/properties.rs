//! Whatever an exchange is made of, its span is one that readers take.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::record::{Body, Endpoint};

fn wire() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..40), "[ -~]{0,40}".prop_map(String::into_bytes), Just(b"GET".to_vec())]
}

fn message() -> impl Strategy<Value = Message> {
    (any::<u64>(), any::<u64>(), any::<u64>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(start, end, body_len, gap, whole, seen)| match seen {
            true => Message { start_unix_nanos: start, end_unix_nanos: end, body_len, gap, whole },
            false => Message::default(),
        },
    )
}

fn rpc() -> impl Strategy<Value = Rpc> {
    (option::of(0..20_u32), option::of(select(vec!["OK", "INTERNAL"])), any::<u64>()).prop_map(
        |(status, status_name, messages)| Rpc {
            status,
            status_name,
            request_messages: messages,
            response_messages: messages,
        },
    )
}

prop_compose! {
    fn exchange()(
        texts in [wire(), wire(), wire(), wire(), wire()],
        fields in vec((wire(), wire()), 0..12),
        status in option::of(any::<u16>()),
        host_port in option::of(any::<u16>()),
        (request, response) in (message(), message()),
        rpc in option::of(rpc()),
        reset_code in option::of(0..14_u32),
        version in select(vec![Version::Http10, Version::Http11, Version::Http2]),
    ) -> Exchange {
        let mut exchange = Exchange { status, host_port, request, response, version, ..Exchange::default() };
        exchange.completeness = Completeness::of(&request, &response);
        let [method, path, query, host, user_agent] = texts;
        exchange.method = exchange.text.add(&method);
        exchange.path = exchange.text.add(&path);
        exchange.query = exchange.text.add(&query);
        exchange.host = exchange.text.add(&host);
        exchange.user_agent = exchange.text.add(&user_agent);
        let start = exchange.text.start();
        for (name, value) in fields.iter().chain(&fields) {
            exchange.text.push_field(name, value);
        }
        exchange.request_fields = exchange.text.since(start);
        exchange.response_fields = exchange.request_fields;
        if rpc.is_some() || reset_code.is_some() {
            (exchange.more().rpc, exchange.more().reset_code) = (rpc, reset_code);
        }
        exchange
    }
}

prop_compose! {
    fn annotations()(
        vantage in select(vec![Vantage::Server, Vantage::Client, Vantage::Both]),
        template in select(vec!["", "/a/{id}"]),
        parent in option::of(any::<[u8; 8]>()),
        flags in any::<u8>(),
        threshold in option::of(any::<u64>()),
        body in option::of(".{0,300}"),
    ) -> Annotations {
        Annotations {
            vantage,
            route: Route { template: template.into(), source: RouteSource::Learned },
            trace: Trace { trace_id: TRACE_ID, span_id: SPAN_ID, parent, link: None, flags, randomness: None },
            sampling: Sampling { lane: Lane::Fair, threshold },
            request_body: body.map(|text| Body { media_type: "text/plain".into(), text, truncated: true }),
            ..Annotations::default()
        }
    }
}

proptest! {
    #[test]
    fn any_exchange_is_a_span(
        exchange in exchange(),
        annotations in annotations(),
        ends in any::<[(IpAddr, u16); 2]>(),
    ) {
        let mut record = sample::annotated(&exchange, &annotations);
        let [client, server] = ends.map(|(address, port)| Endpoint { address, port });
        (record.connection.client, record.connection.server) = (client, server);
        // Decoding asserts UTF-8, and the attributes that no two have one name.
        let span = span_of(&record);
        let told = attributes(&span.attributes);
        let is_call = told.contains_key("rpc.method");
        let is_name = match (is_call, &annotations.route.template[..]) {
            (true, _) => span.name == "grpc" || (told["rpc.method"] == span.name && rpc::method(&exchange).is_some()),
            (false, "") => ["GET", "HTTP"].contains(&&span.name[..]),
            (false, template) => ["GET", "HTTP"].contains(&span.name.strip_suffix(template).unwrap().trim_end()),
        };
        prop_assert!(is_name, "{}", span.name);
        // What a strict receiver wants of HTTP spans.
        if told.contains_key("http.request.method") && exchange.request.start_unix_nanos != 0 {
            let wanted: &[&str] = match annotations.vantage {
                Vantage::Client => &["url.full", "server.address", "server.port"],
                _ => &["url.path", "url.scheme"],
            };
            prop_assert!(wanted.iter().all(|name| told.contains_key(*name)));
        }
        if exchange.status.is_none() {
            prop_assert_eq!(span.status, None);
        }
        let state = span.trace_state;
        prop_assert!(state.is_empty() || (7..=20).contains(&state.len()) && !state[6..].ends_with('0') || state == "ot=th:0", "{}", state);
    }

    #[test]
    fn what_was_in_the_buffer_stays(exchange in exchange(), annotations in annotations()) {
        let record = sample::annotated(&exchange, &annotations);
        let (mut alone, mut after) = (Vec::new(), b"before".to_vec());
        encode(&record, &exchange, &annotations, &mut alone);
        encode(&record, &exchange, &annotations, &mut after);
        prop_assert_eq!(after.strip_prefix(b"before"), Some(&alone[..]));
    }
}
