//! Secrets everywhere, and all that leaves is searched for them, byte by byte.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde_json::Value;

use crate::capture_file::CaptureFile;
use crate::needles::Needles;
use crate::run::Run;
use crate::tools::{Python, Receiver};
use crate::traffic::{Placed, Traffic};
use crate::wire;

const LEVELS: [&str; 4] = ["metadata", "schema", "redacted", "full"];
const SECRETS: usize = 10_000;

/// What left by each way.
pub type Left = BTreeMap<&'static str, Vec<u8>>;

/// Reads the file at a level and collects all that leaves.
fn all_that_leaves(level: &str, file: &[u8], receiver: &Receiver, satellite: &Receiver) -> Left {
    let run = Run::of(&format!("leaks-{level}"), file)
        .level(level)
        .args(&["--allow-header", "x-customer,referer,x-forwarded-for,authorization,cookie", "--stat-duration", "0"])
        .path("--export", "ndjson:", "lines")
        .path("--export", "har:", "har")
        .path("--export", "pcapng:", "packets")
        .args(&["--export", &format!("otlp:{}", receiver.url()), "--trace-export-interval", "1s"])
        .args(&["--satellite-url", &satellite.url(), "--levo-env", "test", "--levoai-org-id", "none"])
        .path("--openapi", "", "openapi.json")
        .path("--egress-report", "", "egress.json");
    let ended = run.run().well();
    let mut left = Left::new();
    left.insert("stderr", ended.stderr.clone().into_bytes());
    left.insert("stdout", ended.stdout.clone().into_bytes());
    left.insert("ndjson", ended.read("lines"));
    let har = ended.har_files("har").iter().flat_map(|path| std::fs::read(path).expect("it is there")).collect();
    left.insert("har", har);
    left.insert("comments of packets", comments(&ended.read("packets")));
    left.insert("openapi", ended.read("openapi.json"));
    left.insert("egress report", ended.read("egress.json"));
    left.insert("otlp", receiver.bytes());
    left.insert("satellite", with_bodies(satellite.bytes(), level));
    // The metrics of OTLP and of `/metrics` are written from one report.
    assert!(receiver.seen()["requests"]["/v1/metrics"].as_u64() > Some(0));
    assert!(left.iter().all(|(way, bytes)| *way == "stdout" || !bytes.is_empty()), "{:?}", sizes(&left));
    left
}

/// What a satellite was sent, and its bodies as they were before Base64.
fn with_bodies(mut sent: Vec<u8>, level: &str) -> Vec<u8> {
    let arrays: Vec<Value> =
        serde_json::Deserializer::from_slice(&sent).into_iter().map(|array| array.expect("it is JSON")).collect();
    let transactions = || arrays.iter().flat_map(|array| array.as_array().expect("transactions"));
    let encoded = transactions().flat_map(|one| [&one["request"]["body"], &one["response"]["body"]]);
    let bodies: Vec<Vec<u8>> = encoded
        .map(|body| base64::engine::general_purpose::STANDARD.decode(body.as_str().expect("text")).expect("Base64"))
        .filter(|body| !body.is_empty())
        .collect();
    assert_eq!(!bodies.is_empty(), matches!(level, "redacted" | "full"), "{}", transactions().count());
    for body in bodies {
        sent.push(b'\n');
        sent.extend(body);
    }
    sent
}

fn sizes(left: &Left) -> Vec<(&str, usize)> {
    left.iter().map(|(way, bytes)| (*way, bytes.len())).collect()
}

/// All of a pcapng file but the packets.
fn comments(file: &[u8]) -> Vec<u8> {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes")) as usize;
    let (mut out, mut at) = (Vec::new(), 0);
    while at < file.len() {
        let (kind, len) = (word(at), word(at + 4));
        let from = if kind == 6 { at + 28 + word(at + 20).next_multiple_of(4) } else { at };
        out.extend(&file[from..at + len]);
        at += len;
    }
    out
}

/// Fails with each secret that got through, where it had been put, and which way it went.
pub fn expect_none(level: &str, placed: &[Placed], left: &Left) {
    let staying: Vec<&Placed> = placed.iter().filter(|placed| placed.stays(level)).collect();
    let needles = Needles::new(staying.iter().map(|placed| placed.secret.needle.clone()));
    let mut told: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (way, bytes) in left {
        for (place, around) in needles.find(bytes) {
            let Placed { secret, place, .. } = staying[place];
            let case = told.entry(format!("{place}: {} in {way}", secret.kind)).or_default();
            case.0 += 1;
            case.1 = format!("{:?} in {around:?}", secret.needle);
        }
    }
    eprintln!("{level}: {} of {} secrets looked for in {:?}", staying.len(), placed.len(), sizes(left));
    assert!(told.is_empty(), "{level}: {told:#?}");
}

fn expect_none_at(level: &str) {
    let Some(python) = Python::with("opentelemetry.proto") else { return };
    let traffic = Traffic::with(0x5eed, SECRETS);
    let placed = traffic.placed;
    let [receiver, satellite] = [(); 2].map(|()| Receiver::start(&python));
    let left = all_that_leaves(level, &traffic.file.into_bytes(), &receiver, &satellite);
    expect_none(level, &placed, &left);
    for receiver in [receiver, satellite] {
        assert_eq!(receiver.seen()["problems"], serde_json::json!([]));
    }
}

#[test]
fn no_secret_leaves_at_metadata() {
    expect_none_at("metadata");
}

#[test]
fn no_secret_leaves_at_schema() {
    expect_none_at("schema");
}

#[test]
fn nothing_that_tells_what_it_is_leaves_at_redacted() {
    expect_none_at("redacted");
}

#[test]
fn no_credential_leaves_at_full() {
    expect_none_at("full");
}

/// The last lines say why there was nothing to read, as `blind` of `/status.json` does.
#[test]
fn the_reason_why_nothing_was_read_has_no_secret() {
    const SECRET: &str = "AKIAIOSFODNN7EXAMPLE";
    let mut file = CaptureFile::new();
    for name in [&format!("{SECRET}.shop.test"), "plain.test"] {
        let mut connection = file.connect([10, 0, 0, 1], ([10, 0, 0, 2], 443));
        connection.client(wire::client_hello(name, "h2"));
        connection.close();
    }
    let ended = Run::of("leaks-reason", &file.into_bytes()).run().well();
    let told = [&ended.stdout[..], &ended.stderr].concat();
    assert!(told.contains("names REDACTED.shop.test, plain.test"), "{told}");
    assert!(!told.to_ascii_uppercase().contains(SECRET), "{told}");
}

/// The terminal shows what files hold, in its own words.
#[test]
#[cfg(target_os = "linux")]
fn no_secret_is_shown_on_a_terminal() {
    let traffic = Traffic::with(0x7e57, 2_000);
    let file = traffic.file.into_bytes();
    for level in LEVELS {
        let ended = Run::of(&format!("terminal-{level}"), &file).level(level).on_a_terminal().well();
        assert!(ended.stdout.contains("POST"), "{}", ended.stdout);
        expect_none(level, &traffic.placed, &Left::from([("terminal", ended.stdout.clone().into_bytes())]));
    }
}
