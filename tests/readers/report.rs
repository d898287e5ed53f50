//! `--privacy-report`: what would leave.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::capture_file::CaptureFile;
use crate::run::Run;
use crate::wire;

/// Somebody shops, and the load balancer asks how it goes.
fn shop() -> Vec<u8> {
    let mut file = CaptureFile::new();
    let fields = |fields: &[(&str, &str)]| -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let usual = [
        ("Host", "shop.test"),
        ("User-Agent", "curl/8.5"),
        ("Accept", "application/json"),
        ("Authorization", "Bearer abcdefghij0123456789"),
        ("Cookie", "session=1234"),
        ("X-Customer", "ann@example.com"),
        ("X-Request-Id", "7"),
    ];
    let json = [("Content-Type", "application/json"), ("ETag", "\"abc\""), ("Server", "nginx")];
    for client in 1..4 {
        for user in 0..3 {
            let mut connection = file.connect([10, 0, 1, client], ([10, 0, 0, 2], 80));
            let target =
                format!("GET /users/{}{user}/cards?page=2&email=ann%40example.com&token=s HTTP/1.1", 100 + user);
            connection.client(wire::http1(&target, &fields(&usual), b""));
            connection.server(wire::http1(
                "HTTP/1.1 200 OK",
                &fields(&json),
                br#"{"cards":["4111111111111111"],"of":"Ann"}"#,
            ));
            let order = br#"{"password":"hunter2","item":12,"note":"call +49 151 2345678"}"#;
            let posted = [&usual[..], &[("Content-Type", "application/json")]].concat();
            // Nobody knows this charset.
            let made = [("Location", "/orders/77?sig=abc"), ("Content-Type", "text/plain; charset=none")];
            connection.client(wire::http1("POST /orders HTTP/1.1", &fields(&posted), order));
            connection.server(wire::http1("HTTP/1.1 201 Created", &fields(&made), b"fine"));
            connection.close();
        }
        let mut connection = file.connect([10, 0, 1, client], ([169, 254, 170, 2], 80));
        connection.client(wire::http1("GET /v2/credentials/abc HTTP/1.1", &fields(&[("Host", "169.254.170.2")]), b""));
        connection.server(wire::http1("HTTP/1.1 200 OK", &[], b"{}"));
        connection.client(wire::http1("GET /internal/health HTTP/1.1", &fields(&[("Host", "a.test")]), b""));
        connection.close();
        let mut connection = file.connect([10, 0, 1, client], ([10, 0, 0, 2], 80));
        connection.client(wire::http1("GET /internal/health HTTP/1.1", &fields(&[("Host", "a.test")]), b""));
        connection.server(wire::http1(
            "HTTP/1.1 200 OK",
            &fields(&[("Content-Type", "text/plain; charset=none")]),
            b"fine",
        ));
        connection.close();
    }
    let (query, answer) = wire::dns(1, &["shop", "test"], &["web", "test"], "");
    file.datagram(([10, 0, 0, 2], 4000), ([10, 0, 0, 53], 53), &query);
    file.datagram(([10, 0, 0, 53], 53), ([10, 0, 0, 2], 4000), &answer);
    file.into_bytes()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"policy [0-9a-f]{12}", "policy [hash]");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn report(level: &str, args: &[&str]) -> String {
    // Tests run side by side.
    static REPORTS: AtomicU32 = AtomicU32::new(0);
    let name = format!("report-{}", REPORTS.fetch_add(1, Ordering::Relaxed));
    let run = Run::of(&name, &shop()).level(level).args(args);
    let file = run.directory.join("input").display().to_string();
    let run = run.args(&["--privacy-report", "--path-exclusions", "^/internal"]);
    run.run().well().stdout.replace(&file, "FILE")
}

#[test]
fn a_person_sees_what_would_leave() {
    for level in ["metadata", "redacted"] {
        snapshot(&format!("privacy-report-{level}"), &report(level, &["--allow-header", "x-customer"]));
    }
}

#[test]
fn a_program_reads_what_would_leave() {
    let json = |level| -> Value { serde_json::from_str(&report(level, &["--output", "json"])).expect("it is JSON") };
    let told = json("schema");
    assert_eq!((&told["level"], &told["format_version"]), (&"schema".into(), &"1.0".into()));
    let users = &told["endpoints"][1];
    assert_eq!((&users["route"], &users["transactions"]), (&"/users/{id}/cards".into(), &9.into()));
    assert_eq!(users["request_fields"]["names"]["cookie"], "count");
    assert_eq!(users["request_fields"]["names"].get("x-customer"), None);
    assert_eq!(users["query"]["names"]["page"], "typed");
    assert_eq!(users["query"]["names"]["token"], "typed");
    assert_eq!(users["response_bodies"]["count"], 0);
    let told = json("redacted");
    assert_eq!(told["endpoints"][1]["response_bodies"]["count"], 9);
    let stages: Vec<&str> =
        told["dropped"].as_array().expect("a list").iter().filter_map(|it| it["stage"].as_str()).collect();
    assert_eq!(stages, ["rule", "credentials"]);
}

#[test]
fn nothing_is_written_and_flags_that_would_are_refused() {
    for args in [["--export", "ndjson:-"], ["--openapi", "/nowhere/x"], ["--egress-report", "/nowhere/x"]] {
        let ended = Run::of("report-refused", &shop()).args(&args).args(&["--privacy-report"]).run();
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains("cannot be used with '--privacy-report'"), "{}", ended.stderr);
    }
    let alone =
        std::process::Command::new(env!("CARGO_BIN_EXE_sidetap")).args(["capture", "--privacy-report"]).output();
    let alone = alone.expect("sidetap runs");
    let stderr = String::from_utf8_lossy(&alone.stderr);
    assert_eq!(alone.status.code(), Some(64), "{stderr}");
    assert!(stderr.contains("'--read <FILE>'"), "{stderr}");
}
