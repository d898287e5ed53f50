//! What is found and what is not.

use std::cell::Cell;

use super::*;

thread_local! {
    /// Bytes that were looked at ahead, on this thread.
    pub(super) static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
}

/// Bytes that are looked at to find all that is in a text.
fn work(text: &[u8]) -> usize {
    LOOKED_AT.set(0);
    let mut from = 0;
    while let Some(finding) = find(text, from, Wanted::All) {
        from = finding.range.end.max(from + 1);
    }
    LOOKED_AT.get()
}

fn rule_of(text: &str) -> Option<Rule> {
    first_rule(text.as_bytes(), Wanted::All, &mut Default::default())
}

#[test]
fn no_ordinary_word_is_taken_for_a_secret() {
    let ordinary: Vec<&str> = include_str!("ordinary.txt").lines().filter(|line| !line.starts_with('#')).collect();
    assert!(ordinary.len() >= 500, "{}", ordinary.len());
    let lost: Vec<_> = ordinary.iter().filter_map(|line| Some((line, rule_of(line)?))).collect();
    assert_eq!(lost, []);
    let lost: Vec<_> = ordinary.windows(2).filter_map(|pair| Some((pair, rule_of(&pair.join(", "))?))).collect();
    assert_eq!(lost, []);
}

#[test]
fn every_rule_finds_what_it_is_for() {
    let found = [
        (
            Rule::Card,
            vec!["4111111111111111", "4111 1111 1111 1111", "card 5555-5555-5555-4444, please", "3782 822463 10005"],
        ),
        (
            Rule::Card,
            vec!["378282246310005", "6011111111111117", "3530111333300000", "30569309025904", "id_4012888888881881"],
        ),
        (Rule::Iban, vec!["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "to fr1420041010050500013m02606."]),
        (
            Rule::Ssn,
            vec!["078-05-1120", "my number is 219 09 9999.", "219-09-9999.shop.test", "/scans/219-09-9999.pdf"],
        ),
        (
            Rule::Email,
            vec!["jo.doe+x@mail.example.com", "<a@b.co>", "jo%40mail.test", "jo%2540mail.test", r"jo\u0040mail.test"],
        ),
        (Rule::Phone, vec!["+491512345678", "+1 (415) 555-2671", "call +44 20 7946 0958 now"]),
        (
            Rule::Jwt,
            vec![
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
                "eyJhbGciOiJIUzI1NiIsImtpZCI6I",
                "x=eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.e30.",
            ],
        ),
        (
            Rule::Pem,
            vec!["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----\ncut of"],
        ),
        (Rule::Authorization, vec!["Basic YWxhZGRpbjpvcGVuc2VzYW1l", "bearer abcdef123456", "BASIC%20YTpi"]),
        (Rule::UserInfo, vec!["postgres://app:hunter2@db:5432/x", "https://token@host/"]),
        (
            Rule::SecretName,
            vec![
                "password=hunter2",
                "a&Access_Token=x",
                r#"{"apiKey": "abc"}"#,
                r#"{\"pwd\":\"abc\"}"#,
                "Password: Hunter2",
            ],
        ),
        (
            Rule::SecretName,
            vec!["<wsse:Password Type=\"text\">open</wsse:Password>", "key: 9f86d081884c7d659a2feaa0c55ad015"],
        ),
        (
            Rule::SecretName,
            vec![r#"<input type=hidden name="csrf_token" value="abc">"#, "token=%61", "access%5Ftoken%3Dabc"],
        ),
    ];
    for (rule, texts) in found {
        for text in texts {
            assert_eq!(rule_of(text), Some(rule), "{text}");
        }
    }
}

#[test]
fn what_is_nearly_a_secret_is_none() {
    let nearly = [
        "4111111111111112",     // a wrong check digit
        "0000000000000000",     // all digits the same
        "9111111111111111",     // no issuer
        "41111111111111111111", // too long
        "a4111111111111111",    // in a word
        "0.4111111111111111",   // a fraction
        "DE88370400440532013000",
        "DE8937040044053201300",
        "ZZ89370400440532013000",
        "000-12-3456",
        "666-12-3456",
        "912-12-3456",
        "123-00-4567",
        "1123-45-67890",
        "jo@host",
        "@scope/package@1.2.3",
        "logo@2x.png",
        "+0123456789",
        "2026-11-30T07:32:15+0100",
        "1e+10",
        "eyJub3RoaW5nIjoiaGVyZSJ9.e30.x", // a header that names no algorithm
        "-----BEGINNING",
        "Basic authentication",
        "Basic information about",
        "bearer of news",
        "Bearer token.",
        "https://host/@user",
        "Password: required",
        "session::new(config)",
        "token=",
        "token==other",
        "password=REDACTED",
        "key: value",
        "AKIASHORT",
        "ghp_short",
    ];
    for text in nearly {
        assert_eq!(rule_of(text), None, "{text}");
    }
}

#[test]
fn keys_of_vendors_are_found_by_their_beginnings() {
    let long = "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA3bC6";
    let upper = "ABCDEFGH23456777";
    for (start, rest) in [
        ("AKIA", upper),
        ("ASIA", upper),
        ("AIza", long),
        ("ya29.", long),
        ("ghp_", long),
        ("gho_", long),
        ("ghu_", long),
        ("ghs_", long),
        ("ghr_", long),
        ("github_pat_", long),
        ("glpat-", long),
        ("xoxb-", long),
        ("xoxp-", long),
        ("xoxe.", long),
        ("sk_live_", long),
        ("rk_live_", long),
        ("whsec_", long),
        ("npm_", long),
        ("sk-ant-", long),
        ("sk-proj-", long),
    ] {
        let key = [start, rest].concat();
        for text in [key.clone(), format!("key {key}."), format!("x={key}&y"), format!("_{key}")] {
            assert_eq!(rule_of(&text), Some(Rule::VendorKey), "{text}");
        }
        assert_eq!(rule_of(&format!("a{start}{}", &rest[..8])), None);
        assert_eq!(rule_of(&format!("{start}{}", &rest[..8])), None);
    }
}

#[test]
fn a_named_secret_is_found_to_its_end() {
    for text in ["sig: BASIC YWxhZGRpbjpvcGVuc2VzYW1l", "password: -----BEGIN X-----\nMIIB\n-----END X-----"] {
        let found = find(text.as_bytes(), 0, Wanted::All).unwrap();
        assert_eq!((found.rule, found.range.end), (Rule::SecretName, text.len()), "{text}");
    }
}

#[test]
fn work_grows_with_the_text_and_no_faster() {
    /// Bytes that are looked at for each byte of a text, at most.
    const MOST: usize = 200;
    let begins = [
        "key=",
        "key:",
        "key=1",
        "a.key=b1",
        "key='",
        "key=\"",
        "key=\\\"",
        "key=\"\\\"",
        "key= \"\\\\",
        "token:1)",
        "token:a",
        "token=",
        "value=",
        "<a name=key value=",
        "_ey",
        "_eyJ",
        "_eyJhbGci",
        "-eyJx",
        "_eyJ_ImFsZy",
        "basic ",
        "Basic YTpi_",
        "bearer a",
        "://",
        "://a",
        "a://b:",
        "@",
        "a@",
        "a@b.",
        "+1",
        "+1 ",
        "1234 ",
        "1111-",
        "411111 ",
        "123-45-",
        "DE89",
        "DE89 3704 ",
        "-----BEGIN ",
        "-----BEGIN A",
        "ghp_",
        "_AKIA",
        "_sk-ant-",
        "<token>",
        "<token> <",
        "<token>>",
        "key=-----BEGIN ",
        "%25",
        "\\u0065",
    ];
    let grows: Vec<_> = begins
        .into_iter()
        .filter_map(|begin| {
            let text = begin.repeat((1 << 16) / begin.len());
            let (half, whole) = (work(&text.as_bytes()[..text.len() / 2]), work(text.as_bytes()));
            (whole > text.len() * MOST || whole > half * 2 + text.len()).then_some((begin, half, whole))
        })
        .collect();
    assert_eq!(grows, []);
}

#[test]
fn what_a_name_says_holds_for_a_long_value() {
    let opaque = "9f86d081884c7d659a2feaa0c55ad015".repeat(40);
    for (text, value) in [
        (format!("key={opaque}&x"), 4..4 + opaque.len()),
        (format!("key=\"{opaque}\" x"), 5..5 + opaque.len()),
        (format!("key=/login?code={opaque} x"), 16..16 + opaque.len()),
        (format!("pin={} x", "a".repeat(1000)), 4..1004),
    ] {
        assert_eq!(find(text.as_bytes(), 0, Wanted::All).unwrap().range, value, "{text}");
    }
}

#[test]
fn a_token_is_known_wherever_its_header_names_the_algorithm() {
    use base64::Engine as _;
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"x":1,"alg":"none"}"#,
        r#"{"xy":1,"alg":"none"}"#,
        r#"{ "typ":"JWT", "alg" : "none"}"#,
    ] {
        let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
        assert_eq!(rule_of(&format!("is_{token}.e30.c2ln")), Some(Rule::Jwt), "{header}");
    }
    for header in [r#"{"algorithm":"none"}"#, r#"{"a":"lg","gla":"x"}"#, r#"{"alg:":1}"#] {
        let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
        assert_eq!(rule_of(&format!("is_{token}.e30.c2ln")), None, "{header}");
    }
}
