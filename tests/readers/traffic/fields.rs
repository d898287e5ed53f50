//! Secrets in header fields.

use super::{Fields, Traffic, pairs, percent_encode};

impl Traffic {
    pub(super) fn request_fields(&mut self) -> Fields {
        let agent = format!("Mozilla/5.0 ({}) like Gecko", self.line("user agent"));
        let mut fields = pairs([("User-Agent", agent)]);
        for (name, place) in [
            ("Accept", "accept"),
            ("Cache-Control", "cache-control"),
            ("Via", "via"),
            ("X-Request-Id", "x-request-id"),
            ("X-Correlation-Id", "x-correlation-id"),
            ("X-Amzn-Trace-Id", "x-amzn-trace-id"),
            ("X-RateLimit-Reset", "x-ratelimit"),
            ("traceparent", "traceparent"),
            ("b3", "b3"),
            ("Forwarded", "forwarded"),
            ("X-Forwarded-For", "x-forwarded-for"),
            ("X-Forwarded-Host", "x-forwarded-host"),
            ("X-Forwarded-Proto", "x-forwarded-proto"),
            ("X-Customer", "field that is allowed"),
            ("X-Other", "field that is not allowed"),
        ] {
            let line = self.line(place);
            let value = match self.secrets.below(3) {
                0 => line,
                1 => format!("some words, {line}; and more"),
                _ => percent_encode(&line),
            };
            fields.push((name.to_owned(), value));
        }
        for (name, place) in [
            ("Authorization", "authorization"),
            ("Proxy-Authorization", "proxy-authorization"),
            ("X-Api-Key", "x-api-key"),
            ("X-Auth-Token", "x-auth-token"),
            ("X-Amz-Security-Token", "x-amz-security-token"),
            ("X-Forwarded-Client-Cert", "x-forwarded-client-cert"),
            ("X-Session-Id", "x-session-id"),
            ("X-Csrf-Token", "x-csrf-token"),
            ("Grpc-Authorization", "grpc-authorization"),
        ] {
            let (_, text) = self.named(place);
            fields.push((name.to_owned(), text.replace('\n', " ")));
        }
        let (name, value) = self.named("cookie");
        let other = self.encoded("cookie, value");
        fields.push(("Cookie".into(), format!("theme=dark; {name}={}; last={other}", percent_encode(&value))));
        let cookie_name = self.word("cookie, name");
        fields.push(("Cookie".into(), format!("{cookie_name}=1")));
        let (state, baggage) = (self.line("tracestate"), self.line("baggage"));
        let (tenant, key) = (self.word("tracestate, tenant"), self.word("baggage, name"));
        fields.push(("tracestate".into(), format!("{}@vendor={state},other=1", tenant.to_lowercase())));
        fields.push(("baggage".into(), format!("user={baggage},{key}=2;prop=3")));
        let (name, value) = self.named("referer");
        let fragment = self.encoded("referer, path");
        fields
            .push(("Referer".into(), format!("https://shop.test/a/{fragment}?{name}={}#top", percent_encode(&value))));
        let name = self.word("name of a field");
        fields.push((format!("X-{name}"), "1".into()));
        let name = self.word("name of a limit");
        fields.push((format!("X-RateLimit-{name}"), "1".into()));
        let name = self.word("name of a secret field");
        fields.push((format!("X-{name}-Token"), "1".into()));
        let (name, value) = self.named("field with such a name");
        fields.push((format!("X-{}", name.replace('_', "-")), value.replace('\n', " ")));
        fields
    }

    pub(super) fn response_fields(&mut self) -> Fields {
        let mut fields = Fields::new();
        for (name, place) in [
            ("Server", "server"),
            ("ETag", "etag"),
            ("Retry-After", "retry-after"),
            ("Date", "date"),
            ("Access-Control-Allow-Origin", "access-control-allow-origin"),
            ("Strict-Transport-Security", "strict-transport-security"),
            ("Content-Security-Policy", "content-security-policy"),
            ("X-Amzn-RequestId", "x-amzn-requestid"),
            ("X-RateLimit-Limit", "x-ratelimit, response"),
            ("X-Customer", "field that is allowed, response"),
        ] {
            fields.push((name.to_owned(), self.line(place)));
        }
        for (name, place) in [
            ("WWW-Authenticate", "www-authenticate"),
            ("Proxy-Authenticate", "proxy-authenticate"),
            ("X-Access-Token", "x-access-token"),
        ] {
            fields.push((name.to_owned(), self.line(place)));
        }
        let (name, value) = self.named("set-cookie");
        let (path, domain) = (self.encoded("set-cookie, path"), self.word("set-cookie, domain"));
        fields.push((
            "Set-Cookie".into(),
            format!("{name}={}; Path=/{path}; Domain={domain}.test; Secure; HttpOnly", percent_encode(&value)),
        ));
        let (name, value) = self.named("location");
        let (path, user) = (self.encoded("location, path"), self.word("location, user"));
        fields.push((
            "Location".into(),
            format!("https://me:{user}@shop.test/r/{path}?{name}={}", percent_encode(&value)),
        ));
        fields
    }
}
