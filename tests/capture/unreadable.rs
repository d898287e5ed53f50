//! What is no HTTP, beside what is.

use crate::conversation::Conversation;

const BAD_REQUEST: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno\n";

#[test]
fn the_answer_to_an_unreadable_request_is_told() {
    for request in ["GET / HTTP/1.\r\n\r\n", "GET / HTTP/1.1 x\r\n\r\n", "GET/ HTTP/1.1\r\n\r\n", "\u{1}\u{2}\u{3}\n"] {
        let told = Conversation::new().client(request).server(BAD_REQUEST).read();
        assert_eq!(told.exchanges(), ["- 10.0.0.2 - 400 response_only unreadable_request"], "{request:?}");
    }
}

#[test]
fn the_answer_to_bytes_of_any_kind_is_told_however_they_are_split() {
    let told = Conversation::new().client("\u{1}").client("\u{2}").client("GET / HTTP/1.1\r\n\r\n");
    let told = told.server("HTTP/1.").server(&BAD_REQUEST["HTTP/1.".len()..]).read();
    assert_eq!(told.exchanges(), ["- 10.0.0.2 - 400 response_only unreadable_request"]);
}

#[test]
fn what_comes_after_an_unreadable_request_is_read_again() {
    let told = Conversation::new().client("GET/ HTTP/1.1\r\n\r\n").server(BAD_REQUEST);
    let told = told.client("GET /next HTTP/1.1\r\nHost: a\r\n\r\n").server("HTTP/1.1 204 No Content\r\n\r\n").read();
    // How many requests the unreadable bytes were, only a client that is known to wait for responses could tell.
    let apart = ["- 10.0.0.2 - 400 response_only unreadable_request", "- 10.0.0.2 - 204 response_only -"];
    assert_eq!(told.exchanges(), [&apart[..], &["GET a /next - request_only -"]].concat());
}

#[test]
fn a_response_that_cannot_be_read_is_named() {
    let told = Conversation::new().client("GET /old HTTP/1.1\r\nHost: a\r\n\r\n").server("<html>0.9</html>").read();
    assert_eq!(told.exchanges(), ["GET a /old - request_only unreadable_response"]);
}

#[test]
fn commands_of_a_protocol_whose_server_speaks_first_are_no_requests() {
    let told = Conversation::with_port(25).server("220 mail.example.com ESMTP\r\n").client("EHLO a.example.com\r\n");
    let told = told.server("250 mail.example.com\r\n").client("QUIT now\r\n").server("221 bye\r\n").read();
    assert!(told.records.is_empty(), "{:?}", told.records);
    assert!(told.summary.contains("traffic that is not HTTP: port 25 (1 connection)"), "{}", told.summary);
}

#[test]
fn a_silent_server_is_not_waited_for_without_end() {
    let mut told = Conversation::with_port(9000);
    for _ in 0..70 {
        told = told.client([0_u8; 1000]);
    }
    let told = told.server("HTTP/1.1 200 OK\r\n\r\n").read();
    assert!(told.records.is_empty(), "{:?}", told.records);
    assert!(told.summary.contains("port 9000"), "{}", told.summary);
}
