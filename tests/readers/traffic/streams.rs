//! Secrets in connections of HTTP/2, and of gRPC.

use super::{Traffic, pairs};
use crate::capture_file::End;
use crate::wire;

impl Traffic {
    pub(super) fn http2(&mut self, server: End) {
        let mut frames = Vec::new();
        for stream in [1, 3, 5] {
            let host = self.word("host, HTTP/2");
            let mut request = pairs([
                (":method", "POST".into()),
                (":scheme", "https".into()),
                (":authority", format!("{host}.test")),
                (":path", format!("{}?{}", self.path(), self.query())),
            ]);
            request.extend(self.request_fields());
            // No token, but HTTP/2 takes it.
            request.push(("x-\"token\\".into(), self.line("field that is no token")));
            let body = self.content(&mut request);
            let mut response = pairs([(":status", "200".into())]);
            response.extend(self.response_fields());
            let answer = self.content(&mut response);
            let trailers = pairs([
                ("x-customer", self.line("trailer, HTTP/2")),
                ("x-session-id", self.named("trailer, HTTP/2").1),
            ]);
            frames.push((
                [wire::headers(stream, &request, false), wire::data(stream, &body, true)].concat(),
                [
                    wire::headers(stream, &response, false),
                    wire::data(stream, &answer, false),
                    wire::headers(stream, &trailers, true),
                ]
                .concat(),
            ));
        }
        let client = self.client();
        let mut connection = self.file.connect(client, server);
        connection.client(wire::PREFACE);
        connection.server(wire::SETTINGS);
        for (request, response) in frames {
            connection.client(request);
            connection.server(response);
        }
        connection.close();
    }

    /// Of gRPC, with secrets in the names of methods and in what is said of failures.
    pub(super) fn remote_procedures(&mut self, server: End) {
        let (service, method) = (self.word("gRPC service"), self.word("gRPC method"));
        let message = self.encoded("grpc-message");
        let content = self.formed("gRPC message");
        let paths = [format!("/{service}.v1/List"), format!("/shop.v1.Carts/{method}"), "/shop.v1.Carts/Add".into()];
        let client = self.client();
        let mut connection = self.file.connect(client, server);
        connection.client(wire::PREFACE);
        connection.server(wire::SETTINGS);
        for (place, path) in paths.iter().enumerate() {
            let stream = place as u32 * 2 + 1;
            let framed = [&[0][..], &(content.len() as u32).to_be_bytes(), content.as_bytes()].concat();
            let request = [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", path),
                (":authority", "shop.test"),
                ("content-type", "application/grpc+proto"),
                ("te", "trailers"),
            ];
            connection.client(wire::headers(
                stream,
                &pairs(request.map(|(name, value)| (name, value.to_owned()))),
                false,
            ));
            connection.client(wire::data(stream, &framed, true));
            let response = pairs([(":status", "200".into()), ("content-type", "application/grpc+proto".into())]);
            connection.server(wire::headers(stream, &response, false));
            connection.server(wire::data(stream, &framed, false));
            let trailers = pairs([
                ("grpc-status", "13".into()),
                ("grpc-message", message.clone()),
                ("grpc-status-details-bin", message.clone()),
            ]);
            connection.server(wire::headers(stream, &trailers, true));
        }
        connection.close();
    }
}
