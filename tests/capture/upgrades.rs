//! Connections that turn to another protocol.

use crate::conversation::{Conversation, Told};

/// What the server of HTTP/2 sends: SETTINGS, and on stream 1 HEADERS with `:status: 200` that end the stream.
const HTTP2: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\x05\0\0\0\x01\x88";

fn upgrade_to_http2(conversation: Conversation) -> Vec<String> {
    let request = "GET /a HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
    let conversation = conversation.client(request);
    let conversation = conversation.server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n");
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    conversation.client(preface).server(HTTP2).read().exchanges()
}

fn upgrade_to_web_socket(conversation: Conversation) -> Told {
    // The example of RFC 6455 §1.3.
    let request = "GET /chat HTTP/1.1\r\nHost: a:81\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions:\r\n\
                    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    conversation.client(request).server(response).server(b"\xc1\x02hi").read()
}

#[test]
fn a_session_names_the_host_of_its_handshake() {
    let told = upgrade_to_web_socket(Conversation::new());
    let sessions: Vec<_> = told.records.iter().filter(|record| record["type"] == "websocket").collect();
    let [session] = sessions[..] else { panic!("{:?}", told.records) };
    assert_eq!((&session["server.address"], &session["server.port"]), (&"a".into(), &81.into()));
    assert_eq!((&session["network.local.address"], &session["network.local.port"]), (&"10.0.0.2".into(), &80.into()));
}

#[test]
fn extensions_may_be_in_several_fields() {
    let told = upgrade_to_web_socket(Conversation::new());
    let session = told.records.iter().find(|record| record["type"] == "websocket").unwrap();
    assert_eq!(session.get("sidetap.anomalies"), None, "{session}");
}

#[test]
fn a_request_for_http2_is_answered_on_stream_1() {
    assert_eq!(upgrade_to_http2(Conversation::new()), ["GET a /a 200 complete -"]);
}

#[test]
fn a_request_for_http2_is_answered_on_stream_1_though_the_beginning_was_missed() {
    assert_eq!(upgrade_to_http2(Conversation::midstream()), ["GET a /a 200 complete -"]);
}

#[test]
fn the_answer_to_a_key_belongs_to_the_request_with_the_key_though_the_beginning_was_missed() {
    assert_eq!(upgrade_to_web_socket(Conversation::new()).exchanges(), ["GET a /chat 101 complete -"]);
    assert_eq!(upgrade_to_web_socket(Conversation::midstream()).exchanges(), ["GET a /chat 101 complete -"]);
}
