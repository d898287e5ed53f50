//! Secrets that are made up, everywhere, and any bytes: nothing gets through, nothing panics.

use std::io::Write;

use proptest::prelude::*;

use super::detectors::find;
use super::secrets::{SECRET_NAMES, Secret, Secrets};
use super::*;

fn at(level: PrivacyLevel) -> Privacy {
    Privacy::new(level)
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Puts secrets everywhere and collects all that leaves.
fn everything_that_leaves(privacy: &mut Privacy, secret: &Secret, name: &str, word: &str) -> Vec<String> {
    let mut left = Vec::new();
    let Secret { text, needs_name, .. } = secret;
    let line = text.replace('\n', " ");
    let mut take = |out: Vec<u8>| left.push(String::from_utf8_lossy(&out).into_owned());
    let fields: &[&str] = if *needs_name {
        &["authorization", "x-api-key", "cookie", "set-cookie", "x-unknown", "proxy-authorization", "x-session-id"]
    } else {
        &[
            "server",
            "via",
            "content-type",
            "location",
            "x-request-id",
            "tracestate",
            "baggage",
            "cookie",
            "x-unknown",
            "etag",
            "traceparent",
            "authorization",
        ]
    };
    // At the level `full` a field that nothing calls secret leaves, and so does what nothing else tells to be one.
    let leaves = secret.needs_name && privacy.level() == PrivacyLevel::Full;
    for field in fields.iter().filter(|field| **field != "x-unknown" || !leaves) {
        for value in [line.clone(), format!("{word} {line}"), format!("{word}, {line}; x"), percent_encode(text)] {
            let rule = privacy.keeps_header(field.as_bytes());
            let mut out = Vec::new();
            privacy.header_value(rule, field.as_bytes(), value.as_bytes(), &mut out);
            assert!(out.len() <= value.len() + SLACK);
            take(out);
        }
    }
    let encoded = percent_encode(text);
    let mut queries = vec![format!("a=1&{name}={encoded}&b"), format!("{name}={}", percent_encode(&encoded))];
    if !needs_name {
        queries.push(format!("q={word}+{encoded}"));
        queries.push(format!("{encoded}=1"));
        queries.push(format!("u=https%3A%2F%2Fa.test%2F%3F{name}%3D{encoded}"));
        let mut out = Vec::new();
        privacy.text(Location::UserAgent, format!("{word}/1.0 ({line})").as_bytes(), &mut out);
        take(out);
    }
    for query in queries {
        let (mut out, mut surrogate) = (Vec::new(), String::new());
        privacy.query(query.as_bytes(), &mut out, &mut surrogate);
        assert!(out.len() <= query.len() + SLACK && surrogate.len() <= query.len() + SLACK);
        take(out);
        take(surrogate.into_bytes());
    }
    if privacy.level() >= PrivacyLevel::Redacted && !needs_name {
        let mut out = Vec::new();
        privacy.path(format!("/{word}/{encoded}/x").as_bytes(), &mut out);
        take(out);
    }
    let json = |value: serde_json::Value| value.to_string();
    let mut bodies = vec![
        ("application/json", json(serde_json::json!({word: [1, {name: text}]}))),
        ("application/json", json(serde_json::json!({name: {word: [text]}}))),
        ("application/json", json(serde_json::json!({"headers": [{"name": name, "value": text}]}))),
        ("application/json", json(serde_json::json!({word: json(serde_json::json!({name: text}))}))),
        ("application/x-www-form-urlencoded", format!("a=1&{name}={encoded}")),
        ("text/plain", format!("{word} {name}=\"{text}\" {word}")),
        ("text/xml", format!("<a><{name}>{text}</{name}></a>")),
    ];
    if !needs_name {
        bodies.push(("application/json", json(serde_json::json!({word: format!("{word} {text}.")}))));
        bodies.push(("application/json", json(serde_json::json!({text.as_str(): 1}))));
        bodies.push(("application/x-www-form-urlencoded", format!("{word}={encoded}")));
        bodies.push(("text/plain", format!("{word} {text}, {word}")));
        bodies.push(("text/html", format!("<p>{word}: <b>{text}</b></p>")));
        bodies.push(("text/plain", format!("{word} {encoded}\n{word}")));
    }
    for (media_type, content) in bodies {
        for (coding, content) in [("", content.clone().into_bytes()), ("gzip", gzip(content.as_bytes()))] {
            if let Some(body) = privacy.body(media_type, coding.as_bytes(), &content, false) {
                left.push(body.text);
            }
        }
    }
    left
}

proptest! {
    // Each case is some hundred messages.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_secret_leaves(seed in any::<u64>(), word in "[a-z]{1,12}") {
        let mut secrets = Secrets::seeded(seed);
        let secret = secrets.secret();
        let name = secrets.pick(&SECRET_NAMES);
        for level in PrivacyLevel::ALL {
            if level == PrivacyLevel::Full && !secret.credential {
                continue;
            }
            let mut privacy = at(level);
            for left in everything_that_leaves(&mut privacy, &secret, name, &word) {
                prop_assert!(!left.contains(&secret.needle), "{level:?}: {secret:?} in {left:?}");
                prop_assert!(!left.contains(&percent_encode(&secret.needle)), "{level:?}: {secret:?} in {left:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn a_formed_secret_is_found_among_words(seed in any::<u64>(), before in "[a-z ,.]{0,20}[ ,(]", after in "([ ,;)][a-z ,]{0,20})?") {
        let secret = Secrets::seeded(seed).formed();
        let text = format!("{before}{}{after}", secret.text);
        let found = find(text.as_bytes(), 0, Wanted::All).unwrap();
        prop_assert!(found.range.contains(&text.find(&secret.needle).unwrap()), "{found:?} in {text:?}");
    }

    #[test]
    fn any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..600), truncated: bool) {
        judge(&bytes, truncated)?;
    }

    #[test]
    fn any_text_like_a_message_is_judged(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES.as_slice()), 0..80),
        truncated: bool,
    ) {
        judge(&pieces.concat(), truncated)?;
    }
}

const PIECES: [&[u8]; 40] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b":",
    b",",
    b"\\",
    b"\\u00",
    b"%",
    b"%40",
    b"%25",
    b"=",
    b"&",
    b"+",
    b" ",
    b"\n",
    b"<",
    b">",
    b"/",
    b"@",
    b"eyJ",
    b"eyJhbGciOiJIUzI1NiJ9",
    b".",
    b"-----BEGIN ",
    b"-----END ",
    b"-----",
    b"4111",
    b"AKIA",
    b"password",
    b"Bearer ",
    b"basic ",
    b"://",
    b"DE89",
    b"12345",
    b"true",
    b"\xc3\xa9",
    b"\xff",
    b"name=",
    b"value",
];

fn judge(bytes: &[u8], truncated: bool) -> Result<(), TestCaseError> {
    const TYPES: [&str; 7] = [
        "",
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "image/png",
        "text/plain; charset=latin1",
    ];
    for level in PrivacyLevel::ALL {
        let mut privacy = at(level).with_headers(["x-a"]);
        let (mut out, mut surrogate) = (Vec::new(), String::new());
        privacy.query(bytes, &mut out, &mut surrogate);
        prop_assert!(out.len() <= bytes.len() + SLACK && surrogate.len() <= bytes.len() + SLACK);
        for name in
            ["x-a", "cookie", "set-cookie", "location", "tracestate", "etag", "traceparent", "x-b", "authorization"]
        {
            out.clear();
            privacy.header_value(privacy.keeps_header(name.as_bytes()), name.as_bytes(), bytes, &mut out);
            prop_assert!(out.len() <= bytes.len() + SLACK, "{name}");
        }
        out.clear();
        privacy.path(bytes, &mut out);
        prop_assert!(out.len() <= bytes.len() + SLACK);
        out.clear();
        privacy.text(Location::Host, bytes, &mut out);
        prop_assert!(out.len() <= bytes.len() + SLACK);
        privacy.keeps_header(bytes);
        auth_scheme([(b"cookie".as_slice(), bytes), (b"authorization", bytes)]);
        for media_type in TYPES {
            for coding in ["", "gzip", "deflate"] {
                privacy.body(media_type, coding.as_bytes(), bytes, truncated);
            }
        }
    }
    Ok(())
}
