//! What leaves of content.

use std::io::Write;

use super::*;

fn at(level: PrivacyLevel) -> Privacy {
    Privacy::new(level)
}

fn body(level: PrivacyLevel, content_type: &str, content: &str) -> Option<String> {
    at(level).body(content_type, b"", content.as_bytes(), false).map(|body| body.text)
}

#[test]
fn json_keeps_its_structure_and_types() {
    let json = r#"{"user": {"mail":"jo@mail.test", "age": 41, "password": "x", "note": "hi"},
        "session": {"id": 7, "live": true, "uuid": "8f14e45f-ceea-467f-ab11-0123456789ab", "since": "2026-11-30T00:00:00Z"},
        "cards": [4111111111111111, 4.111111111111111e15, "4111 1111 1111 1111", 12], "code": "OK", "key": null}"#;
    let left = body(PrivacyLevel::Redacted, "application/json", json).unwrap();
    let value: serde_json::Value = serde_json::from_str(&left).unwrap();
    let expected = serde_json::json!({
        "user": {"mail": "redacted@example.invalid", "age": 41, "password": "", "note": "hi"},
        "session": {"id": 0, "live": false, "uuid": "00000000-0000-0000-0000-000000000000", "since": "1970-01-01T00:00:00Z"},
        "cards": [0, 0, "", 12], "code": "OK", "key": null,
    });
    assert_eq!(value, expected);
    let full = body(PrivacyLevel::Full, "application/json", json).unwrap();
    assert!(full.contains("jo@mail.test") && full.contains("4111111111111111"), "{full}");
    assert!(full.contains(r#""password":"""#) && !full.contains("8f14e45f"), "{full}");
    assert_eq!(body(PrivacyLevel::Schema, "application/json", json), None);
}

#[test]
fn json_names_a_secret_beside_its_value() {
    let left = |json: &str| body(PrivacyLevel::Redacted, "application/json", json).unwrap();
    assert_eq!(left(r#"[{"name":"Authorization","value":"x"}]"#), r#"[{"name":"Authorization","value":""}]"#);
    assert_eq!(left(r#"[{"value":"x","name":"api_key"}]"#), r#"[{"value":"","name":"api_key"}]"#);
    assert_eq!(left(r#"{"jo@mail.test":1}"#), r#"{"REDACTED":1}"#);
    assert_eq!(left(r#"{"a":"{\"token\":\"abc\"}"}"#), r#"{"a":""}"#);
    assert_eq!(left("{\"a\":1}\n{\"a\":2}\n"), "{\"a\":1}\n{\"a\":2}");
}

#[test]
fn json_that_cannot_be_judged_stays() {
    for (json, reason) in [
        ("{\"a\":", FailClosed::Malformed),
        ("{'a':1}", FailClosed::Malformed),
        ("{\"a\":1,}", FailClosed::Malformed),
        ("[1 2]", FailClosed::Malformed),
        ("[1}", FailClosed::Malformed),
        ("<html>", FailClosed::Malformed),
        (&"[".repeat(65), FailClosed::Depth),
    ] {
        let mut privacy = at(PrivacyLevel::Redacted);
        assert_eq!(privacy.body("application/json", b"", json.as_bytes(), false), None, "{json}");
        assert_eq!(privacy.counts().fail_closed().collect::<Vec<_>>(), [(reason, 1)], "{json}");
    }
}

#[test]
fn json_that_was_cut_off_is_right_up_to_there() {
    let json = r#"{"a":"one","b":[12,34],"mail":"jo@mail.test","c":123456}"#;
    for end in 1..json.len() {
        let mut privacy = at(PrivacyLevel::Redacted);
        let body = privacy.body("application/json", b"", &json.as_bytes()[..end], true).unwrap();
        assert!(body.truncated);
        let whole = json.replace("jo@mail.test", "redacted@example.invalid");
        assert!(whole.starts_with(&body.text), "{}", body.text);
        assert!(!body.text.contains(['3', '5']) || body.text.contains("34]"), "half a number: {}", body.text);
    }
}

#[test]
fn a_value_before_its_name_waits_for_it_whatever_it_is() {
    for (json, expected) in [
        (r#"{"value":4321,"name":"pin"}"#, r#"{"value":"","name":"pin"}"#),
        (r#"{"value":true,"key":"pin"}"#, r#"{"value":"","key":"pin"}"#),
        (r#"{"value":["hunter2"],"name":"password"}"#, r#"{"value":"","name":"password"}"#),
        (r#"{"value":{"a":[{"b":"hunter2"}]},"x":1,"name":"password"}"#, r#"{"value":"","x":1,"name":"password"}"#),
        (r#"{"value":"hunter2","value":"x","name":"password"}"#, r#"{"value":"","name":"password"}"#),
        (
            r#"[{"value":{"value":1,"name":"pin"},"name":"a"},{"value":2,"name":"b"}]"#,
            r#"[{"value":{"value":"","name":"pin"},"name":"a"},{"value":2,"name":"b"}]"#,
        ),
        (r#"{"value":[{"id":4321}],"count":1}"#, r#"{"value":[{"id":4321}],"count":1}"#),
    ] {
        for level in [PrivacyLevel::Redacted, PrivacyLevel::Full] {
            assert_eq!(body(level, "application/json", json).as_deref(), Some(expected), "{json}");
        }
    }
}

#[test]
fn a_value_whose_name_was_cut_off_stays() {
    for json in [
        r#"{"a":1,"value":"hunter2","x":0,"name":"password"}"#,
        r#"{"a":1,"value":["hunter2",1],"x":0,"name":"password"}"#,
        r#"{"a":1,"value":{"value":"hunter2","name":"password"},"x":0,"name":"password"}"#,
        r#"[{"a":1,"value":[{"name":"b","value":"hunter2"}],"x":0,"name":"password"}]"#,
    ] {
        for end in 1..json.len() {
            let mut privacy = at(PrivacyLevel::Redacted);
            let left = privacy.body("application/json", b"", &json.as_bytes()[..end], true).unwrap();
            assert!(!left.text.contains("hunter2"), "{}: {}", &json[..end], left.text);
            assert!(end < 8 || left.text.contains(r#""a":1"#), "{}: {}", &json[..end], left.text);
        }
    }
    let known = br#"{"name":"a","value":["hunter2","#;
    let left = at(PrivacyLevel::Redacted).body("application/json", b"", known, true).unwrap();
    assert_eq!(left.text, r#"{"name":"a","value":["hunter2","#);
}

#[test]
fn forms_are_judged_as_queries() {
    let form = "user=jo%40mail.test&Password=x&page=2";
    let left = body(PrivacyLevel::Redacted, "application/x-www-form-urlencoded", form);
    assert_eq!(left.as_deref(), Some("user=redacted@example.invalid&Password=&page=2"));
}

#[test]
fn other_text_loses_what_is_found_in_it() {
    let left = |text: &str| body(PrivacyLevel::Redacted, "text/plain; charset=UTF-8", text).unwrap();
    assert_eq!(left("mail jo@mail.test, or call +491512345678."), "mail REDACTED, or call REDACTED.");
    assert_eq!(left("a=1\nb=%41%4b%49AIOSFODNN7EXAMPLE\nc"), "a=1\nREDACTED\nc");
    assert_eq!(left(r#"{"token":"x"}"#), r#"{"token":""}"#);
    assert_eq!(left("[info] password=x"), "[info] password=REDACTED");
    assert_eq!(
        body(PrivacyLevel::Full, "text/xml", "<a><Password>open sesame</Password><b>jo@mail.test</b></a>").as_deref(),
        Some("<a><Password>REDACTED</Password><b>jo@mail.test</b></a>")
    );
}

#[test]
fn the_end_of_text_that_was_cut_off_may_be_half_a_secret() {
    let left = |text: &str| at(PrivacyLevel::Redacted).body("text/plain", b"", text.as_bytes(), true).unwrap().text;
    assert_eq!(left("card 4111 1111 1111 11"), "card");
    assert_eq!(left("key AKIAIOSFOD"), "key");
    assert_eq!(left("password=\"open ses"), "password=\"REDACTED");
}

#[test]
fn of_parts_and_of_what_is_no_text_only_sizes_leave() {
    let parts = "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nhunter2\r\n--b\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"jo.png\"\r\n\r\n1234567890\r\n--b--\r\n";
    assert_eq!(
        body(PrivacyLevel::Full, "multipart/form-data; boundary=\"b\"", parts).as_deref(),
        Some("title: 7 bytes\nfile: 10 bytes\n")
    );
    assert_eq!(body(PrivacyLevel::Full, "multipart/form-data", parts), None);
    let mut privacy = at(PrivacyLevel::Redacted);
    let left = privacy.body("image/x-thing", b"", b"\x89PNG\r\n\x1a\n0123", false).unwrap();
    assert_eq!(left.text, "<12 bytes of image/png>");
    assert_eq!(
        privacy.body("", b"", b"\0\x01\x02", true).unwrap().text,
        "<at least 3 bytes of application/octet-stream>"
    );
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_content_is_judged_as_what_it_decodes_to() {
    let mut privacy = at(PrivacyLevel::Redacted);
    let json = br#"{"mail":"jo@mail.test","n":1}"#;
    let expected = r#"{"mail":"redacted@example.invalid","n":1}"#;
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(json).unwrap();
    let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    raw.write_all(json).unwrap();
    for (coding, content) in
        [("gzip", gzip(json)), ("deflate", zlib.finish().unwrap()), ("Deflate", raw.finish().unwrap())]
    {
        let body = privacy.body("application/json", coding.as_bytes(), &content, false).unwrap();
        assert_eq!(body.text, expected);
    }
    let cut = &gzip("word ".repeat(40).as_bytes())[..20];
    assert!(privacy.body("text/plain", b"gzip", cut, true).is_none_or(|body| body.truncated));
}

#[test]
fn content_that_cannot_be_decoded_stays() {
    let cases: [(&[u8], Vec<u8>, FailClosed); 5] = [
        (b"br", b"abc".to_vec(), FailClosed::Encoding),
        (b"gzip, gzip", gzip(b"abc"), FailClosed::Encoding),
        (b"gzip", b"abc".to_vec(), FailClosed::Encoding),
        (b"gzip", gzip(&vec![b'a'; 1 << 20]), FailClosed::Bomb),
        (b"", b"\xff\xfe\xfa".to_vec(), FailClosed::Charset),
    ];
    for (coding, content, reason) in cases {
        let mut privacy = at(PrivacyLevel::Full);
        let cut = if reason == FailClosed::Bomb { content[..100].to_vec() } else { content };
        assert_eq!(privacy.body("text/plain", coding, &cut, false), None);
        assert_eq!(privacy.counts().fail_closed().collect::<Vec<_>>(), [(reason, 1)]);
    }
    let mut privacy = at(PrivacyLevel::Full);
    assert_eq!(privacy.body("text/plain; charset=utf-16", b"", b"abc", false), None);
    assert_eq!(privacy.body("text/plain; charset=iso-8859-1", b"", b"caf\xe9", false).unwrap().text, "café");
}
