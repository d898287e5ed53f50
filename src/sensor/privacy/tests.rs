//! What leaves of heads and targets.

use super::headers::MAX_VALUE;
use super::*;
use crate::record::AuthScheme;

fn at(level: PrivacyLevel) -> Privacy {
    Privacy::new(level)
}

fn header(privacy: &mut Privacy, name: &str, value: &str) -> Option<String> {
    let rule = privacy.keeps_header(name.as_bytes());
    let mut out = Vec::new();
    privacy.header_value(rule, name.as_bytes(), value.as_bytes(), &mut out);
    (rule != HeaderRule::Drop).then(|| String::from_utf8(out).unwrap())
}

fn query(level: PrivacyLevel, query: &str) -> (String, String) {
    let (mut out, mut surrogate) = (Vec::new(), String::new());
    at(level).query(query.as_bytes(), &mut out, &mut surrogate);
    (String::from_utf8(out).unwrap(), surrogate)
}

fn path(level: PrivacyLevel, path: &str) -> String {
    let mut out = Vec::new();
    at(level).path(path.as_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

fn text(text: &str) -> String {
    let mut out = Vec::new();
    at(PrivacyLevel::Metadata).text(Location::UserAgent, text.as_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_header_that_is_not_listed_stays() {
    let mut metadata = at(PrivacyLevel::Metadata);
    assert_eq!(
        header(&mut metadata, "Content-Type", "text/html; charset=utf-8").as_deref(),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(header(&mut metadata, "X-RateLimit-Remaining", "17").as_deref(), Some("17"));
    assert_eq!(header(&mut metadata, "X-Customer-Name", "Jo"), None);
    assert_eq!(header(&mut metadata, "Referer", "https://shop.test/"), None);
    assert_eq!(header(&mut metadata, "ETag", "\"abcdef\"").as_deref(), Some("length=8"));
    assert_eq!(header(&mut metadata, "Content-Security-Policy", "default-src https:").as_deref(), Some("present"));
    let mut asked = at(PrivacyLevel::Metadata).with_headers(["X-Customer-Name", "X-Session"]);
    assert_eq!(header(&mut asked, "x-customer-name", "Jo, jo@mail.test").as_deref(), Some("Jo, REDACTED"));
    assert_eq!(header(&mut asked, "x-session", "abc").as_deref(), Some("REDACTED"));
}

#[test]
fn a_host_with_a_password_stays() {
    let mut full = at(PrivacyLevel::Full);
    assert_eq!(header(&mut full, "Host", "jo:open@shop.test").as_deref(), Some("REDACTED"));
    assert_eq!(header(&mut full, "Host", "shop.test:80").as_deref(), Some("shop.test:80"));
}

#[test]
fn credentials_in_headers_leave_at_no_level() {
    for level in PrivacyLevel::ALL {
        let mut privacy = at(level);
        for name in [
            "Authorization",
            "Proxy-Authorization",
            "X-Api-Key",
            "x-auth-token",
            "X-CSRF-Token",
            "X-Amz-Security-Token",
            "X-Forwarded-Client-Cert",
            "grpc-authorization",
            "X-Goog-IAM-Signature-v2",
            "WWW-Authenticate",
            "Apikey",
            "x-my-secret",
            "Private-Thing",
            "X-Auth",
        ] {
            assert_eq!(header(&mut privacy, name, "hunter2").as_deref(), Some("REDACTED"), "{name}");
        }
        assert_eq!(header(&mut privacy, "Cookie", "a=1; b=2;").as_deref(), Some("count=2"));
        assert_eq!(
            header(&mut privacy, "Set-Cookie", "id=abc; Path=/; secure; HttpOnly; SameSite=lax").as_deref(),
            Some("count=1; Secure; HttpOnly; SameSite=Lax")
        );
    }
}

#[test]
fn lists_keep_their_names_alone() {
    let mut privacy = at(PrivacyLevel::Redacted);
    assert_eq!(
        header(&mut privacy, "tracestate", "congo=t61rcWkgMzE,tenant@rojo=00f067").as_deref(),
        Some("congo,rojo")
    );
    assert_eq!(
        header(&mut privacy, "baggage", "userId=alice, serverNode=DF%2028;prop=1, 8f14e45fceea167a=x").as_deref(),
        Some("userId,serverNode,REDACTED")
    );
}

#[test]
fn a_url_loses_its_user_its_fragment_and_what_the_level_keeps_back() {
    let url = "https://jo:pw@shop.test/users/17/cards?page=2&token=abc#access_token=xyz";
    let expected = [
        (PrivacyLevel::Metadata, "https://REDACTED:REDACTED@shop.test/*/*/*?page=REDACTED&token=REDACTED"),
        (PrivacyLevel::Schema, "https://REDACTED:REDACTED@shop.test/*/*/*?page=integer&token=string"),
        (PrivacyLevel::Redacted, "https://REDACTED:REDACTED@shop.test/users/17/cards?page=2&token=REDACTED"),
        (PrivacyLevel::Full, "https://REDACTED:REDACTED@shop.test/users/17/cards?page=2&token=REDACTED"),
    ];
    for (level, left) in expected {
        assert_eq!(header(&mut at(level), "location", url).as_deref(), Some(left));
    }
    assert_eq!(header(&mut at(PrivacyLevel::Metadata), "location", "/a/b?c").as_deref(), Some("/*/*?REDACTED"));
    assert_eq!(header(&mut at(PrivacyLevel::Metadata), "location", "mailto:jo@mail.test").as_deref(), Some("REDACTED"));
}

#[test]
fn a_trace_parent_is_no_card() {
    let value = "00-4bf92f3577b34da6a3ce929d0e0e4736-4111111111111111-01";
    assert_eq!(header(&mut at(PrivacyLevel::Metadata), "traceparent", value).as_deref(), Some(value));
    let other = "00-4111111111111111";
    assert_eq!(header(&mut at(PrivacyLevel::Metadata), "traceparent", other).as_deref(), Some("00-REDACTED"));
}

#[test]
fn the_end_of_a_long_header_may_be_half_a_secret() {
    let value = format!("{} AKIA{}", "a ".repeat(MAX_VALUE / 2 - 8), "B".repeat(16));
    let left = header(&mut at(PrivacyLevel::Metadata), "server", &value).unwrap();
    assert!(!left.contains("AKIA") && left.starts_with("a a"), "{left}");
}

#[test]
fn a_query_says_as_much_as_its_level() {
    let asked = "page=2&q=blue+shoes&mail=jo%40mail.test&Access%5FToken=abc&on=true&at=2026-11-30&x=1.5";
    let surrogate = "page=0&q=&mail=redacted@example.invalid&Access%5FToken=&on=false&at=1970-01-01&x=0.0";
    assert_eq!(
        query(PrivacyLevel::Metadata, asked),
        (
            "page=REDACTED&q=REDACTED&mail=REDACTED&Access%5FToken=REDACTED&on=REDACTED&at=REDACTED&x=REDACTED".into(),
            surrogate.into()
        )
    );
    assert_eq!(
        query(PrivacyLevel::Schema, asked),
        ("page=integer&q=string&mail=email&Access%5FToken=string&on=boolean&at=date&x=number".into(), surrogate.into())
    );
    assert_eq!(
        query(PrivacyLevel::Redacted, asked).0,
        "page=2&q=blue+shoes&mail=REDACTED&Access%5FToken=REDACTED&on=true&at=2026-11-30&x=1.5"
    );
    assert_eq!(
        query(PrivacyLevel::Full, asked),
        (
            "page=2&q=blue+shoes&mail=jo%40mail.test&Access%5FToken=REDACTED&on=true&at=2026-11-30&x=1.5".into(),
            "page=2&q=blue+shoes&mail=jo%40mail.test&Access%5FToken=&on=true&at=2026-11-30&x=1.5".into()
        )
    );
}

#[test]
fn a_parameter_without_a_value_may_be_the_secret() {
    assert_eq!(query(PrivacyLevel::Metadata, "SECRET&a=x").0, "REDACTED&a=REDACTED");
    assert_eq!(query(PrivacyLevel::Metadata, "U0VDUkVU=&U0VDUkVUIQ==").0, "REDACTED&REDACTED");
    assert_eq!(query(PrivacyLevel::Redacted, "debug&8f14e45fceea167a5a36dedd4bea2543").0, "debug&REDACTED");
    assert_eq!(query(PrivacyLevel::Metadata, "").0, "");
    assert_eq!(query(PrivacyLevel::Metadata, "a=1&&=q").0, "a=REDACTED&&=REDACTED");
}

#[test]
fn a_name_may_be_the_secret_too() {
    for key in [
        "jo%40mail.test",
        "4111111111111111",
        "8f14e45fceea167a5a36dedd4bea2543",
        "name%20with%20spaces",
        "ghp_0123456789012345678901234567890123456",
    ] {
        assert_eq!(query(PrivacyLevel::Metadata, &format!("{key}=1")).0, "REDACTED=REDACTED", "{key}");
    }
    for key in [
        "utm_source",
        "filter[created_at][gte]",
        "ids[]",
        "X-Amz-SignedHeaders",
        "enableAdvancedSearchResults",
        "p2",
        "oauth2",
    ] {
        assert_eq!(query(PrivacyLevel::Metadata, &format!("{key}=1")).0, format!("{key}=REDACTED"));
    }
}

#[test]
fn the_words_of_a_name_are_found_however_they_are_kept_apart() {
    for name in [
        "db_pass",
        "dbPass",
        "X-Auth",
        "authCode",
        "otpCode",
        "userPin",
        "mfaCode",
        "verification_code",
        "cardCvv",
        "smsCode",
        "recovery_codes",
        "oneTimeCode",
        "db_pw",
        "otps",
    ] {
        assert_eq!(query(PrivacyLevel::Redacted, &format!("{name}=4711")).0, format!("{name}=REDACTED"));
    }
    for name in ["compass", "author", "spinCount", "countryCode", "design", "opinion", "codec"] {
        assert_eq!(query(PrivacyLevel::Redacted, &format!("{name}=4711")).0, format!("{name}=4711"));
    }
}

#[test]
fn spaces_of_a_form_are_spaces() {
    assert_eq!(query(PrivacyLevel::Redacted, "c=4111+1111+1111+1111").0, "c=REDACTED");
    assert_eq!(query(PrivacyLevel::Redacted, "p=+491512345678").0, "p=REDACTED");
    assert_eq!(query(PrivacyLevel::Redacted, "u=https%3A%2F%2Fa.test%2F%3Ftoken%3Dabc").0, "u=REDACTED");
}

#[test]
fn a_path_is_judged_segment_by_segment() {
    let at_redacted = |text: &str| path(PrivacyLevel::Redacted, text);
    assert_eq!(at_redacted("/users/jo%40mail.test/cards/4111111111111111"), "/users/REDACTED/cards/REDACTED");
    assert_eq!(at_redacted("/a;jsessionid=abc/b"), "/REDACTED/b");
    assert_eq!(at_redacted("/reset-token/8f14e45fceea167a5a36dedd4bea2543"), "/reset-token/REDACTED");
    assert_eq!(at_redacted("/reset-password/k7wq2m9x"), "/reset-password/REDACTED");
    assert_eq!(at_redacted("/auth/oauth2/tokens/introspect"), "/auth/oauth2/tokens/introspect");
    assert_eq!(at_redacted("/proxy/https://u:p@host/x"), "/proxy/https://REDACTED/x");
    assert_eq!(at_redacted("/objects/8f14e45fceea167a5a36dedd4bea2543"), "/objects/8f14e45fceea167a5a36dedd4bea2543");
    assert_eq!(path(PrivacyLevel::Full, "/users/jo%40mail.test"), "/users/jo%40mail.test");
    assert_eq!(path(PrivacyLevel::Full, "/x/AKIAIOSFODNN7EXAMPLE"), "/x/REDACTED");
}

#[test]
fn texts_of_every_level_are_judged() {
    assert_eq!(text("bot/1.0 (+https://bot.test; ops@bot.test)"), "bot/1.0 (+https://bot.test; REDACTED)");
    assert_eq!(text("bot ops%40bot.test"), "REDACTED");
    assert_eq!(
        text("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
    );
}

#[test]
fn a_text_that_may_be_cut_off_in_a_secret_stays() {
    let long = |end: &str| "a".repeat(crate::record::text::MAX_TEXT - end.len()) + end;
    assert_eq!(text(&long(" AKIAIOSFODNN")), "REDACTED");
    assert_eq!(path(PrivacyLevel::Full, &long("/ghp_0123456789")), "/REDACTED");
    let shorter = "a".repeat(crate::record::text::MAX_TEXT - 1);
    assert_eq!(text(&shorter), shorter);
}

#[test]
fn a_request_says_how_it_says_who_sends_it() {
    let scheme =
        |fields: &[(&str, &str)]| auth_scheme(fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    assert_eq!(scheme(&[]), AuthScheme::None);
    assert_eq!(scheme(&[("cookie", "a=1"), ("Authorization", "bearer x")]), AuthScheme::Bearer);
    assert_eq!(scheme(&[("authorization", "Basic x")]), AuthScheme::Basic);
    assert_eq!(scheme(&[("authorization", "AWS4-HMAC-SHA256 Credential=x")]), AuthScheme::SigV4);
    assert_eq!(scheme(&[("authorization", "Digest x")]), AuthScheme::Digest);
    assert_eq!(scheme(&[("authorization", "Negotiate x")]), AuthScheme::Other);
    assert_eq!(scheme(&[("cookie", "PHPSESSID=x"), ("X-API-Key", "x")]), AuthScheme::ApiKey);
    assert_eq!(scheme(&[("cookie", "theme=dark; connect.sid=x")]), AuthScheme::Cookie);
    assert_eq!(scheme(&[("cookie", "theme=dark")]), AuthScheme::None);
}

#[test]
fn a_level_only_becomes_stricter() {
    let mut privacy = at(PrivacyLevel::Full).with_full_until(1000);
    privacy.expire(999);
    assert_eq!(privacy.level(), PrivacyLevel::Full);
    privacy.expire(1000);
    privacy.expire(1);
    assert_eq!(privacy.level(), PrivacyLevel::Redacted);
    privacy.tighten(PrivacyLevel::Full);
    assert_eq!(privacy.level(), PrivacyLevel::Redacted);
    privacy.tighten(PrivacyLevel::Schema);
    assert_eq!(privacy.level(), PrivacyLevel::Schema);
}

#[test]
fn the_canary_sings() {
    assert_eq!(Privacy::canary(), Ok(()));
}

#[test]
fn policies_that_keep_different_things_back_have_different_names() {
    let policies = [
        at(PrivacyLevel::Metadata),
        at(PrivacyLevel::Full),
        at(PrivacyLevel::Metadata).with_headers(["x-a"]),
        at(PrivacyLevel::Metadata).with_headers(["x-b"]),
    ];
    let hashes: Vec<_> = policies.iter().map(Privacy::policy_hash).collect();
    for (place, hash) in hashes.iter().enumerate() {
        assert_eq!(hash.len(), 12);
        assert!(!hashes[place + 1..].contains(hash));
    }
    assert_eq!(
        at(PrivacyLevel::Metadata).with_headers(["X-A", "x-b"]).policy_hash(),
        at(PrivacyLevel::Metadata).with_headers(["x-b", "x-a"]).policy_hash()
    );
}

#[test]
fn what_is_kept_back_is_counted() {
    let mut privacy = at(PrivacyLevel::Redacted);
    privacy.query(b"q=jo%40mail.test&token=x", &mut Vec::new(), &mut String::new());
    header(&mut privacy, "authorization", "x");
    let counts: Vec<_> = privacy.counts().redactions().collect();
    assert_eq!(
        counts,
        [
            (Rule::Email, Location::Query, 1),
            (Rule::SecretName, Location::Header, 1),
            (Rule::SecretName, Location::Query, 1),
        ]
    );
}

#[test]
fn usual_values_of_listed_headers_leave_as_they_are() {
    let usual = [
        ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
        ("access-control-allow-origin", "https://auth.shop.test:8443"),
        ("cache-control", "private, no-cache, max-age=0, stale-while-revalidate=30"),
        ("content-length", "1234567890"),
        ("content-type", "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"),
        ("content-type", "multipart/form-data; boundary=--------------------------735323031399963166993862150"),
        ("date", "Mon, 30 Nov 2026 07:32:15 GMT"),
        ("retry-after", "120"),
        ("server", "nginx/1.25.3 (Ubuntu)"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains; preload"),
        ("via", "1.1 token-service:8080, 2 8f14e45f.cloudfront.net (CloudFront)"),
        ("x-amzn-requestid", "8f14e45f-ceea-467f-ab11-0123456789ab"),
        ("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1"),
        ("x-ratelimit-reset", "1764488000"),
        ("grpc-status", "0"),
    ];
    for (name, value) in usual {
        assert_eq!(header(&mut at(PrivacyLevel::Metadata), name, value).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn the_name_of_a_header_may_be_a_secret() {
    let full = at(PrivacyLevel::Full);
    for name in
        ["X-AKIAIA6OTVKR3K66EJGP", "x-akiaia6otvkr3k66ejgp", "x-4111111111111111", "x-glpat-ezdlrnnvd4bp01d8jzth"]
    {
        assert_eq!(full.keeps_header(name.as_bytes()), HeaderRule::Drop, "{name}");
    }
    for name in ["x-customer", "Sec-CH-UA-Platform-Version", "X-B3-TraceId", "x-envoy-upstream-service-time"] {
        assert_eq!(full.keeps_header(name.as_bytes()), HeaderRule::Value, "{name}");
    }
}
