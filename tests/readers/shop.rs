//! Ordinary traffic of an API, with bodies of all types of JSON.

use serde_json::json;

use crate::capture_file::CaptureFile;
use crate::wire;

/// As a server of ours sees it, and a client of somebody else's.
pub fn traffic() -> Vec<u8> {
    let mut file = CaptureFile::new();
    let fields = |fields: &[(&str, &str)]| -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let json_fields = fields(&[("Content-Type", "application/json; charset=utf-8")]);
    for user in 0..12_u8 {
        let host = fields(&[("Host", "api.shop.test"), ("User-Agent", "curl/8.5"), ("Accept", "*/*")]);
        let posted = [&host[..], &json_fields].concat();
        let mut connection = file.connect([10, 0, 1, 1 + user % 5], ([10, 0, 0, 2], 80));
        let card = json!({
            "id": format!("00000000-0000-4000-8000-0000000000{user:02}"),
            "number": 4_111_111_111_111_111_u64, "valid": user % 2 == 0, "limit": 12.5, "name": "Ann",
            "since": "2024-05-06T07:08:09Z", "tags": ["a", "b"], "owner": {"email": "ann@example.com", "age": null},
        });
        let target = format!("GET /users/{}/cards?page={user}&active=true&sort=name HTTP/1.1", 1000 + u16::from(user));
        connection.client(wire::http1(&target, &host, b""));
        connection.server(wire::http1("HTTP/1.1 200 OK", &json_fields, json!([card]).to_string().as_bytes()));
        connection.client(wire::http1(
            &format!("PUT /users/{}/cards/{user} HTTP/1.1", 1000 + u16::from(user)),
            &posted,
            card.to_string().as_bytes(),
        ));
        connection.server(wire::http1("HTTP/1.1 204 No Content", &[], b""));
        let order = json!({"items": [{"sku": "a-1", "count": user}], "note": if user % 2 == 0 { json!(null) } else { json!("x") }});
        connection.client(wire::http1("POST /orders HTTP/1.1", &posted, order.to_string().as_bytes()));
        let answer = json!({"error": {"code": user, "detail": "gone"}}).to_string();
        connection.server(wire::http1("HTTP/1.1 422 Unprocessable Entity", &json_fields, answer.as_bytes()));
        let form = [&host[..], &fields(&[("Content-Type", "application/x-www-form-urlencoded")])].concat();
        connection.client(wire::http1("POST /login HTTP/1.1", &form, b"user=ann&password=hunter2"));
        let cookie = fields(&[("Set-Cookie", "session=abc; HttpOnly"), ("Location", "/home")]);
        connection.server(wire::http1("HTTP/1.1 302 Found", &cookie, b""));
        connection.client(wire::http1(&format!("GET /reports/2024-01-{:02} HTTP/1.1", 1 + user), &host, b""));
        connection.server(wire::http1("HTTP/1.1 200 OK", &fields(&[("Content-Type", "text/csv")]), b"a,b\r\n1,2\r\n"));
        connection.close();

        let (query, answer) = wire::dns(u16::from(user), &["pay", "example"], &["edge", "example"], "");
        file.datagram(([10, 0, 0, 2], 4000), ([10, 0, 0, 53], 53), &query);
        file.datagram(([10, 0, 0, 53], 53), ([10, 0, 0, 2], 4000), &answer);
        let mut connection = file.connect([10, 0, 0, 2], ([203, 0, 113, 7], 80));
        let host = [&fields(&[("Host", "pay.example")])[..], &json_fields].concat();
        connection.client(wire::http1("POST /v1/charges HTTP/1.1", &host, br#"{"amount": 12, "currency": "EUR"}"#));
        connection.server(wire::http1("HTTP/1.1 201 Created", &json_fields, br#"{"id": "ch_1", "paid": true}"#));
        connection.close();
        let mut connection = file.connect([10, 0, 0, 2], ([203, 0, 113, 9], 443));
        connection.client(wire::client_hello("queue.example", "h2"));
        connection.close();
    }
    file.into_bytes()
}
