//! Secrets in connections of HTTP/1.

use super::{Traffic, pairs};
use crate::capture_file::End;
use crate::wire;

impl Traffic {
    /// Usual requests on a connection that is kept.
    pub(super) fn http1(&mut self, server: End) {
        for _ in 0..3 {
            let host = match self.secrets.below(3) {
                0 => format!("{}.shop.test", self.word("host")),
                _ => "shop.test:8080".to_owned(),
            };
            let mut messages = Vec::new();
            for method in ["GET", "POST", "PUT"] {
                let mut request = pairs([("Host", host.clone())]);
                request.extend(self.request_fields());
                let body = if method == "GET" { Vec::new() } else { self.content(&mut request) };
                let target = format!("{}?{}", self.path(), self.query());
                let mut response = self.response_fields();
                let answer = self.content(&mut response);
                let status =
                    self.secrets.pick(&["200 OK", "201 Created", "404 Not Found", "500 Internal Server Error"]);
                messages.push((
                    wire::http1(&format!("{method} {target} HTTP/1.1"), &request, &body),
                    match self.secrets.below(3) {
                        0 => {
                            let trailer =
                                pairs([("X-Customer", self.line("trailer")), ("Authorization", self.line("trailer"))]);
                            wire::chunked(&format!("HTTP/1.1 {status}"), &response, &answer, &trailer)
                        }
                        _ => wire::http1(&format!("HTTP/1.1 {status}"), &response, &answer),
                    },
                ));
            }
            let client = self.client();
            let mut connection = self.file.connect(client, server);
            for (request, response) in messages {
                connection.client(request);
                connection.server(response);
            }
            connection.close();
        }
    }

    /// Secrets in the lines that begin a message, and in what changes the protocol.
    pub(super) fn oddities(&mut self, server: End) {
        let method = self.word("method");
        let reason = self.line("reason phrase");
        let anonymous_reason = self.anonymous("reason phrase, anonymous");
        let user = self.word("user of the target");
        let absolute_host = self.word("host of the target");
        let tunnel = self.word("host of CONNECT");
        let host = self.line("host that is none");
        let upgrade = self.word("upgrade");
        let socket_host = self.word("host of a WebSocket");
        let media_type = self.word("media type");
        let version = self.word("version of HTTP");
        let socket_path = self.path();
        let none: &[(String, String)] = &[];
        let host_field = |host: &str| pairs([("Host", host.to_owned())]);
        let ok = || wire::http1("HTTP/1.1 200 OK", none, b"");
        let exchanges = [
            (wire::http1(&format!("{method} /odd HTTP/1.1"), &host_field("a.test"), b""), ok()),
            (
                wire::http1("GET /odd HTTP/1.1", &host_field("a.test"), b""),
                wire::http1(&format!("HTTP/1.1 299 {reason}"), none, b""),
            ),
            (
                wire::http1("GET /odd HTTP/1.1", &host_field("a.test"), b""),
                wire::http1(&format!("HTTP/1.1 200 {anonymous_reason}"), none, b""),
            ),
            (wire::http1(&format!("GET http://me:{user}@a.test/odd HTTP/1.1"), &host_field("a.test"), b""), ok()),
            (wire::http1(&format!("GET http://{absolute_host}.test/odd HTTP/1.1"), none, b""), ok()),
            (
                wire::http1(&format!("CONNECT {tunnel}.test:443 HTTP/1.1"), none, b""),
                wire::http1("HTTP/1.1 403 No", none, b""),
            ),
            (wire::http1("GET /odd HTTP/1.1", &host_field(&host), b""), ok()),
            (wire::http1(&format!("OPTIONS * HTTP/{version}"), &host_field("a.test"), b""), ok()),
            (
                wire::http1("GET /odd HTTP/1.1", &host_field("a.test"), b""),
                wire::http1("HTTP/1.1 200 OK", &pairs([("Content-Type", format!("application/{media_type}"))]), b"{}"),
            ),
            (
                wire::http1(
                    "GET /odd HTTP/1.1",
                    &pairs([("Host", "a.test".into()), ("Connection", "Upgrade".into()), ("Upgrade", upgrade.clone())]),
                    b"",
                ),
                format!("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n\r\n")
                    .into_bytes(),
            ),
            (
                wire::http1(
                    &format!("GET {socket_path} HTTP/1.1"),
                    &pairs([
                        ("Host", format!("{socket_host}.test")),
                        ("Connection", "Upgrade".into()),
                        ("Upgrade", "websocket".into()),
                        ("Sec-WebSocket-Version", "13".into()),
                        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==".into()),
                    ]),
                    b"",
                ),
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
                    .to_vec(),
            ),
        ];
        for (request, response) in exchanges {
            let client = self.client();
            let mut connection = self.file.connect(client, server);
            connection.client(request);
            connection.server(response);
            connection.close();
        }
    }

    /// What many ask for is a word of a path, unless it is a secret.
    pub(super) fn often(&mut self, server: End) {
        let path = format!("/often/{}/x", self.encoded("path, asked for often"));
        for _ in 0..5 {
            let client = self.client();
            let mut connection = self.file.connect(client, server);
            let host = pairs([("Host", "shop.test".into())]);
            connection.client(wire::http1(&format!("GET {path} HTTP/1.1"), &host, b""));
            connection.server(wire::http1("HTTP/1.1 200 OK", &[], b""));
            connection.close();
        }
    }
}
