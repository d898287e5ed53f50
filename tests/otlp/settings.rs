//! Settings that cannot be: what is wrong, and where it was said.

use crate::capture::Capture;
use crate::run::{Ended, Run};

fn refused(run: Run) -> Ended {
    run.read(Capture::of(1)).with(64)
}

#[test]
fn a_rule_that_does_not_compile_is_shown_with_its_flag_and_place() {
    for flag in ["--host-allow", "--path-allow", "--host-exclusions", "--path-exclusions"] {
        let ended = refused(Run::new().args(&[flag, "^ok$", flag, "/users/(", "--export", "none"]));
        let lines: Vec<&str> = ended.stderr.lines().collect();
        assert!(ended.stderr.contains(flag) && ended.stderr.contains("unclosed group"), "{}", ended.stderr);
        // A caret below the parenthesis.
        let caret = lines.iter().position(|line| line.trim() == "^").expect(&ended.stderr);
        let column = lines[caret].find('^').expect("it is there");
        assert_eq!(lines[caret - 1].chars().nth(column), Some('('), "{}", ended.stderr);
    }
}

#[test]
fn a_rule_of_the_environment_is_shown_as_well() {
    let run = Run::new().env("SIDETAP_PATH_EXCLUSIONS", "ok\n[a-").args(&["--export", "none"]);
    let ended = refused(run);
    assert!(
        ended.stderr.contains("--path-exclusions") && ended.stderr.contains("unclosed character class"),
        "{}",
        ended.stderr
    );
}

#[test]
fn urls_that_name_no_receiver_are_refused_with_the_reason() {
    for (url, why) in [
        ("localhost:4318", "is no URL of a receiver"),
        ("ftp://a", "is no URL of a receiver"),
        ("http://", "is no URL of a receiver"),
        ("http://user:canary-word@a", "user name or password"),
    ] {
        let ended = refused(Run::new().args(&["--export", &format!("otlp:{url}")]));
        assert!(ended.stderr.contains("--export") && ended.stderr.contains(why), "{url}: {}", ended.stderr);
    }
}

#[test]
fn certificates_that_cannot_be_read_are_told_before_anything_is_read() {
    let export = ["--export", "otlp:https://127.0.0.1:1"];
    for (text, why) in [(&b"no certificate"[..], "there is no certificate in"), (b"", "there is no certificate in")] {
        let ended = Run::new().args(&export).file("--otlp-ca", "ca.pem", text).read(Capture::of(1)).with(64);
        assert!(ended.stderr.contains(why) && ended.stderr.contains("--otlp-ca"), "{}", ended.stderr);
    }
    let missing = std::path::Path::new("/nonexistent/ca.pem");
    let ended = Run::new().args(&export).path("--otlp-ca", missing).read(Capture::of(1)).with(64);
    assert!(ended.stderr.contains("/nonexistent/ca.pem") && ended.stderr.contains("No such file"), "{}", ended.stderr);
}

#[test]
fn more_receivers_than_the_memory_has_room_for_are_refused() {
    let export = ["--export", "otlp:http://127.0.0.1:1"].repeat(6);
    let ended = Run::new().args(&export).args(&["--memory-limit", "12MiB"]).read(Capture::of(1)).with(5);
    ended.saying("12.0 MiB of memory are too little: at least 13.0 MiB are needed");
    // Without a receiver, six exports fit.
    let export = ["--export", "none"].repeat(6);
    Run::new().args(&export).args(&["--memory-limit", "12MiB"]).read(Capture::of(1)).with(0);
}

#[test]
fn a_socks_proxy_is_refused() {
    let run = Run::new().env("ALL_PROXY", "socks5://127.0.0.1:1").args(&["--export", "otlp:http://10.0.0.1:4318"]);
    run.read(Capture::of(1)).with(64).saying("ALL_PROXY names a SOCKS proxy");
}

#[test]
fn how_often_records_leave_has_bounds() {
    for interval in ["500ms", "61s"] {
        let run = Run::new().args(&["--export", "otlp:http://127.0.0.1:1"]);
        let ended = run.env("SIDETAP_TRACE_EXPORT_INTERVAL", interval).read(Capture::of(1));
        assert!(ended.code != 0 && ended.stderr.contains("1s to 60s"), "{}", ended.stderr);
    }
}
