//! `sidetap capture --read` against tshark, over captures of other projects: every value that both tell is compared, and
//! every disagreement is named and explained in `docs/against-tshark.md`. The test fails if a disagreement appears that
//! the document does not name, and if one that it names is gone.

mod compare;
mod damage;
mod dns;
mod document;
mod item;
#[path = "../support/not_run.rs"]
mod not_run;
mod theirs;

use std::path::{Path, PathBuf};
use std::process::Command;

use compare::Comparison;
use document::Document;
use not_run::not_run;

/// Where the captures are, beside the checkout.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/pcap");
/// Writes captures of any number of transactions.
const GENERATOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/bench/gen-http-pcap.py");

/// What tshark has to be told about captures on ports where it expects something else.
const PORTS: [(&str, &str); 2] =
    [("http-single-conn-22", "tcp.port==22,http"), ("http2-compression-bug", "tcp.port==443,http2")];

/// The captures, or none if they are missing.
fn captures() -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(CORPUS) else {
        not_run(&format!("the corpus is not beside the checkout: {CORPUS}"));
        return Vec::new();
    };
    let mut captures: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    captures.sort();
    captures
}

/// Whether tshark can be asked.
fn has_tshark() -> bool {
    let works = Command::new("tshark").arg("--version").output().is_ok();
    if !works {
        not_run("there is no tshark");
    }
    works
}

/// The name of a capture, without the project that it is of.
fn name(capture: &Path) -> String {
    capture.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// What sidetap tells of a capture: one JSON object a line.
fn ours(capture: &Path) -> Vec<serde_json::Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_sidetap"))
        .args(["capture", "--export", "ndjson:-", "--privacy-level", "redacted", "--read"])
        .arg(capture)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", capture.display(), String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("the output is UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'), "the last line ends");
    let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    // What was found out over several connections is nobody else's business.
    let is_finding = |record: &serde_json::Value| record["type"] == "endpoint" || record["type"] == "egress";
    text.lines().map(read).filter(|record| !is_finding(record)).collect()
}

fn compared(capture: &Path) -> Comparison {
    let name = name(capture);
    let port = PORTS.iter().find(|(part, _)| name.contains(part)).map(|(_, port)| *port);
    Comparison::new(theirs::items(capture, port), ours(capture).iter().filter_map(item::ours).collect())
}

#[test]
fn every_record_is_an_object_with_a_type_and_a_time() {
    for capture in captures() {
        for record in ours(&capture) {
            let [kind, time] = ["type", "start_time"].map(|member| record[member].as_str());
            assert!(kind.is_some() && time.is_some_and(|time| time.ends_with('Z')), "{}: {record}", capture.display());
        }
    }
}

#[test]
fn every_disagreement_with_tshark_is_explained() {
    let captures = captures();
    if captures.is_empty() || !has_tshark() {
        return;
    }
    let committed = Document::read();
    let found = Document::of(captures.iter().map(|capture| (name(capture), compared(capture))));
    found.must_be(&committed);
}

#[test]
fn a_generated_capture_gives_what_tshark_sees() {
    if !has_tshark() {
        return;
    }
    if !Path::new(GENERATOR).exists() {
        return not_run(&format!("the generator of captures is not beside the checkout: {GENERATOR}"));
    }
    let capture = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated.pcap");
    let made = Command::new("python3").arg(GENERATOR).args(["20", "10"]).arg(&capture).arg("4000").status();
    if !made.is_ok_and(|status| status.success()) {
        return not_run("there is no python3");
    }
    let comparison = compared(&capture);
    assert_eq!(comparison.theirs, 200);
    assert_eq!(comparison.ours, 200);
    assert_eq!(comparison.disagreements, []);
    assert!(comparison.agreements >= 200 * 6, "{} values", comparison.agreements);
}

#[test]
fn dns_answers_are_what_tshark_sees() {
    if !has_tshark() {
        return;
    }
    let capture = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dns.pcap");
    std::fs::write(&capture, dns::capture()).unwrap();
    let comparison = compared(&capture);
    assert_eq!(comparison.disagreements, []);
    assert_eq!((comparison.theirs, comparison.ours), (4, 4));
    assert_eq!(comparison.agreements, 4 * 5);
}
