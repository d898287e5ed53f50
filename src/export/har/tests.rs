//! What is in the files, what they are called, and what happens when they cannot be written.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::files::MAX_ENTRIES;
use super::*;
use crate::export::sample::{self, START};
use crate::packet::Realm;
use crate::packet::vxlan::Vni;
use crate::record::{Annotations, Connection, Exchange, Message, Source, Version};

/// A directory of this test, which is removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let directory = Directory(std::env::temp_dir().join(format!("sidetap-har-{}-{name}", std::process::id())));
        let _ = fs::remove_dir_all(&directory.0);
        directory
    }

    fn har(&self, limits: Limits) -> Har {
        Har::with_limits("har:DIR".to_owned(), self.0.clone(), 1 << 20, Overflow::Wait, limits).unwrap()
    }

    /// What is in it, sorted.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn entries(&self, name: &str) -> Vec<Value> {
        entries(&self.0.join(name))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn entries(path: &Path) -> Vec<Value> {
    let mut file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(file["log"]["version"], "1.2");
    assert_eq!(file["log"]["creator"], json!({"name": "sidetap", "version": env!("CARGO_PKG_VERSION")}));
    let Value::Array(entries) = file["log"]["entries"].take() else { panic!("no entries") };
    entries.iter().for_each(assert_is_entry);
    entries
}

/// What HAR 1.2 demands of an entry, and no member that it does not know.
fn assert_is_entry(entry: &Value) {
    fn members(object: &Value, strings: &[&str], numbers: &[&str], others: &[&str]) {
        let object = object.as_object().unwrap();
        assert!(strings.iter().all(|name| object[*name].is_string()), "{object:?}");
        assert!(numbers.iter().all(|name| object[*name].as_f64().is_some_and(|it| it >= -1.0)), "{object:?}");
        let known = |name: &str| [strings, numbers, others].concat().contains(&name) || name.starts_with('_');
        assert!(object.keys().all(|name| known(name)), "{object:?}");
    }
    fn pairs(list: &Value) {
        list.as_array().unwrap().iter().for_each(|pair| members(pair, &["name", "value"], &[], &[]));
    }
    members(
        entry,
        &["startedDateTime", "serverIPAddress", "connection"],
        &["time"],
        &["request", "response", "cache", "timings"],
    );
    let (request, response) = (&entry["request"], &entry["response"]);
    let sizes = ["headersSize", "bodySize"];
    members(request, &["method", "url", "httpVersion"], &sizes, &["cookies", "headers", "queryString"]);
    let strings = ["statusText", "httpVersion", "redirectURL"];
    members(response, &strings, &["status", sizes[0], sizes[1]], &["cookies", "headers", "content"]);
    members(&response["content"], &["mimeType"], &["size"], &[]);
    for list in ["cookies", "headers", "queryString"] {
        pairs(&request[list]);
    }
    pairs(&response["cookies"]);
    pairs(&response["headers"]);
    assert_eq!(entry["cache"], json!({}));
    let timings = ["blocked", "dns", "connect", "ssl", "send", "wait", "receive"];
    members(&entry["timings"], &[], &timings, &[]);
    let sum: f64 = timings.iter().map(|name| entry["timings"][*name].as_f64().unwrap().max(0.0)).sum();
    assert!((entry["time"].as_f64().unwrap() - sum).abs() <= sum * 1e-9);
    assert!(["send", "wait", "receive"].iter().all(|name| entry["timings"][*name].as_f64().unwrap() >= 0.0));
    let url = request["url"].as_str().unwrap();
    assert!(
        url.starts_with("http") && url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\<>^`{|}".contains(&byte))
    );
}

fn entry_of(connection: &Connection, exchange: &Exchange) -> Value {
    let mut out = Vec::new();
    let source = Source { address: [10, 0, 3, 4].into(), vni: 9 };
    let record = Record {
        connection: *connection,
        source: connection.realm.source().map(|_| &source),
        content: Content::Exchange(exchange, &Annotations::default()),
    };
    entry::write(&mut out, &mut Rfc3339::default(), &record, exchange, &Annotations::default());
    assert!(out.starts_with(entry::START) && memchr::memchr_iter(b'\n', &out).count() == 1);
    let entry = serde_json::from_slice(&out[2..]).unwrap();
    assert_is_entry(&entry);
    entry
}

/// An exchange of so many seconds after the first.
fn later(seconds: u64) -> Exchange {
    let mut exchange = sample::exchange();
    for message in [&mut exchange.request, &mut exchange.response] {
        message.start_unix_nanos += seconds * 1_000_000_000;
        message.end_unix_nanos += seconds * 1_000_000_000;
    }
    exchange
}

/// Waits for what another thread does.
fn until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn an_exchange_is_an_entry() {
    assert_eq!(
        entry_of(&sample::connection(), &sample::exchange()),
        json!({
            "startedDateTime": "2023-11-14T22:13:20.000000000Z",
            "time": 3.5,
            "request": {
                "method": "GET",
                "url": "http://shop.example.com/api/v1/items/0?colour=REDACTED&all",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [{"name": "user-agent", "value": "curl/8.5.0"}, {"name": "accept", "value": "*/*"}],
                "queryString": [{"name": "colour", "value": "REDACTED"}, {"name": "all", "value": ""}],
                "headersSize": -1,
                "bodySize": 0
            },
            "response": {
                "status": 200,
                "statusText": "OK",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [
                    {"name": "server", "value": "nginx"},
                    {"name": "content-type", "value": "application/json"}
                ],
                "content": {"size": 17, "mimeType": "application/json"},
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": 17
            },
            "cache": {},
            "timings": {
                "blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0.5, "wait": 2.5, "receive": 0.5
            },
            "serverIPAddress": "10.2.0.0",
            "connection": "10.1.0.0:20000",
            "_sidetap.transaction.completeness": "complete",
            "_sidetap.transaction.index": 0,
            "_network.local.port": 8080
        })
    );
}

#[test]
fn an_unanswered_request_has_the_status_that_browsers_give_it() {
    let mut exchange = sample::unanswered();
    exchange.version = Version::Http2;
    exchange.stream = Some(7);
    exchange.more().anomalies = vec!["one", "two"];
    exchange.more().reset_code = Some(8);
    exchange.more().upgrade = Some("websocket");
    let connection = Connection {
        server: sample::endpoint("fd00::1", 443),
        realm: Realm::of_source(0).inside(Vni::new(5).unwrap()),
        ..sample::connection()
    };
    let entry = entry_of(&connection, &exchange);
    let response = &entry["response"];
    assert_eq!(
        (&response["status"], &response["statusText"], &response["headers"]),
        (&json!(0), &json!(""), &json!([]))
    );
    assert_eq!((&entry["time"], &entry["timings"]["send"]), (&json!(0.5), &json!(0.5)));
    assert_eq!(entry["request"]["httpVersion"], "HTTP/2");
    assert_eq!(entry["serverIPAddress"], "fd00::1");
    for (name, value) in [
        ("transaction.completeness", json!("request_only")),
        ("http2.stream", json!(7)),
        ("http2.reset_code", json!(8)),
        ("vxlan.vni", json!(5)),
        ("source.address", json!("10.0.3.4")),
        ("source.vni", json!(9)),
        ("upgrade", json!("websocket")),
        ("anomalies", json!(["one", "two"])),
    ] {
        assert_eq!(entry[format!("_sidetap.{name}")], value, "{name}");
    }
}

#[test]
fn what_has_no_request_is_left_out() {
    let directory = Directory::new("left-out");
    let mut har = directory.har(Limits::default());
    let (seen, unseen) = (sample::unanswered(), sample::response_only());
    har.record(&sample::record(&seen));
    har.record(&sample::record(&unseen));
    har.finish().unwrap();
    assert_eq!((har.left_out(), har.counts().written), (1, 1));
    assert_eq!(directory.entries("sidetap-20231114T221320Z-0001.har").len(), 1);
}

#[test]
fn without_entries_there_are_no_files() {
    let directory = Directory::new("none");
    let mut har = directory.har(Limits::default());
    har.flush();
    har.finish().unwrap();
    assert_eq!(directory.names(), [""; 0]);
}

#[test]
fn a_file_holds_five_thousand_entries() {
    let directory = Directory::new("entries");
    let mut har = directory.har(Limits::default());
    let exchange = sample::exchange();
    for _ in 0..2 * MAX_ENTRIES + 1 {
        har.record(&sample::record(&exchange));
    }
    har.finish().unwrap();
    let names = directory.names();
    let numbers = ["0001", "0002", "0003"];
    assert_eq!(names, numbers.map(|number| format!("sidetap-20231114T221320Z-{number}.har")));
    let lens: Vec<usize> = names.iter().map(|name| directory.entries(name).len()).collect();
    assert_eq!(lens, [MAX_ENTRIES as usize, MAX_ENTRIES as usize, 1]);
    assert_eq!(har.counts(), QueueCounts { written: 2 * u64::from(MAX_ENTRIES) + 1, dropped: 0, failed: 0 });
}

#[test]
fn a_file_is_no_larger_than_it_may_be() {
    let directory = Directory::new("bytes");
    let mut har = directory.har(Limits { bytes: 10_000, ..Limits::default() });
    let mut exchange = sample::exchange();
    exchange.reason = exchange.text.add(&[b'x'; 700]);
    for _ in 0..100 {
        har.record(&sample::record(&exchange));
    }
    // Larger than any file may be: it has one for itself.
    exchange.path = exchange.text.add(&[b'/'; 8 << 10]);
    exchange.query = exchange.text.add(&[b'='; 8 << 10]);
    har.record(&sample::record(&exchange));
    har.record(&sample::record(&sample::exchange()));
    har.finish().unwrap();
    let names = directory.names();
    let sizes: Vec<u64> = names.iter().map(|name| fs::metadata(directory.0.join(name)).unwrap().len()).collect();
    let lens: Vec<usize> = names.iter().map(|name| directory.entries(name).len()).collect();
    assert_eq!(lens.iter().sum::<usize>(), 102);
    let [full @ .., _, alone, last] = &sizes[..] else { panic!("{sizes:?}") };
    assert!(full.iter().all(|size| (8_000..=10_000).contains(size)), "{sizes:?}");
    assert!(*alone > 10_000 && *last < 10_000, "{sizes:?}");
    assert_eq!(lens[lens.len() - 2..], [1, 1]);
}

#[test]
fn names_sort_by_time_and_none_is_used_twice() {
    let directory = Directory::new("names");
    fs::create_dir_all(&directory.0).unwrap();
    for taken in ["sidetap-20231114T221320Z-0001.har", ".sidetap-20231114T221320Z-0002.har.part"] {
        fs::write(directory.0.join(taken), "somebody else's").unwrap();
    }
    let mut har = directory.har(Limits { entries: 1, ..Limits::default() });
    // The third began before the second, which it does not sort before.
    for seconds in [0, 90, 30, 90, 91] {
        har.record(&sample::record(&later(seconds)));
    }
    har.finish().unwrap();
    assert_eq!(
        directory.names(),
        [
            ".sidetap-20231114T221320Z-0002.har.part",
            "sidetap-20231114T221320Z-0001.har",
            "sidetap-20231114T221320Z-0003.har",
            "sidetap-20231114T221450Z-0001.har",
            "sidetap-20231114T221450Z-0002.har",
            "sidetap-20231114T221450Z-0003.har",
            "sidetap-20231114T221451Z-0001.har",
        ]
    );
    let started = |name: &str| directory.entries(name)[0]["startedDateTime"].as_str().unwrap()[11..19].to_owned();
    assert_eq!(started("sidetap-20231114T221450Z-0002.har"), "22:13:50");
    let kept = fs::read_to_string(directory.0.join("sidetap-20231114T221320Z-0001.har")).unwrap();
    assert_eq!(kept, "somebody else's");
}

#[test]
fn a_name_that_is_taken_while_a_file_grows_is_not_taken_back() {
    let directory = Directory::new("taken");
    let mut har = directory.har(Limits::default());
    har.record(&sample::record(&sample::exchange()));
    har.flush();
    until(|| har.counts().written == 1);
    fs::write(directory.0.join("sidetap-20231114T221320Z-0001.har"), "somebody else's").unwrap();
    har.finish().unwrap();
    assert_eq!(directory.names(), ["0001", "0002"].map(|number| format!("sidetap-20231114T221320Z-{number}.har")));
    assert_eq!(directory.entries("sidetap-20231114T221320Z-0002.har").len(), 1);
}

#[test]
fn a_file_that_grows_is_hidden_and_ends_like_a_file() {
    let directory = Directory::new("grows");
    let mut har = directory.har(Limits::default());
    for count in 1..=3 {
        har.record(&sample::record(&sample::exchange()));
        har.flush();
        until(|| har.counts().written == count);
        assert_eq!(directory.names(), [".sidetap-20231114T221320Z-0001.har.part"]);
        assert_eq!(directory.entries(&directory.names()[0]).len() as u64, count);
    }
    har.finish().unwrap();
    assert_eq!(directory.names(), ["sidetap-20231114T221320Z-0001.har"]);
}

#[test]
fn an_old_file_is_completed_when_time_passes() {
    let directory = Directory::new("old");
    let mut har = directory.har(Limits { age: Duration::ZERO, ..Limits::default() });
    har.record(&sample::record(&sample::exchange()));
    har.flush();
    until(|| directory.names() == ["sidetap-20231114T221320Z-0001.har"]);
    // Also if nothing has come since it was written.
    let directory = Directory::new("silent");
    let mut har = directory.har(Limits { age: Duration::from_millis(200), ..Limits::default() });
    har.record(&sample::record(&sample::exchange()));
    har.flush();
    let start = Instant::now();
    while directory.names() != ["sidetap-20231114T221320Z-0001.har"] {
        assert!(start.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(20));
        har.flush();
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error_at_the_start() {
    let directory = Directory::new("in-the-way");
    fs::write(&directory.0, "a file").unwrap();
    let error = Har::new("har:x".to_owned(), directory.0.join("below"), 0, Overflow::Drop).unwrap_err();
    assert_eq!(error.to_string(), "cannot write to `har:x`");
    fs::remove_file(&directory.0).unwrap();
}

#[test]
fn a_directory_that_vanishes_is_reported_at_the_end() {
    let directory = Directory::new("vanishes");
    let mut har = directory.har(Limits::default());
    fs::remove_dir(&directory.0).unwrap();
    fs::write(&directory.0, "a file").unwrap();
    for _ in 0..1000 {
        har.record(&sample::record(&sample::exchange()));
    }
    har.finish().unwrap_err();
    assert_eq!(har.counts(), QueueCounts { written: 0, dropped: 0, failed: 1000 });
    fs::remove_file(&directory.0).unwrap();
}

/// Runs the next test on a file system that is too small for it.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_reported_and_what_was_written_is_whole() {
    let directory = Directory::new("full");
    fs::create_dir_all(&directory.0).unwrap();
    let script = "mount -t tmpfs -o size=300k none \"$FULL_DISK\" && exec \"$0\" --exact --ignored --nocapture \"$1\"";
    let run = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .arg("export::har::tests::on_a_full_disk")
        .env("FULL_DISK", &directory.0)
        .output();
    match run {
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains("running 1 test") => {
            assert!(output.status.success(), "{output:?}");
        }
        other => crate::not_run::not_run(&format!("cannot mount a small file system: {other:?}")),
    }
}

#[test]
#[ignore = "needs a small file system, on which another test runs it"]
fn on_a_full_disk() {
    let directory = PathBuf::from(std::env::var_os("FULL_DISK").unwrap());
    let mut har = Har::with_limits(
        "har:DIR".to_owned(),
        directory.clone(),
        1 << 20,
        Overflow::Wait,
        Limits { bytes: 200_000, ..Limits::default() },
    )
    .unwrap();
    for _ in 0..1000 {
        har.record(&sample::record(&sample::exchange()));
    }
    let error = har.finish().unwrap_err();
    assert_eq!(error.source.kind(), std::io::ErrorKind::StorageFull);
    let mut names: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let counts = har.counts();
    let in_files: u64 = names.iter().map(|path| entries(path).len() as u64).sum();
    assert_eq!(names.len(), 2);
    assert_eq!((in_files, counts.dropped), (counts.written, 0));
    assert_eq!(counts.written + counts.failed, 1000);
    assert!(counts.written > 200, "{counts:?}");
}

prop_compose! {
    /// Any bytes where text can be, any times and sizes.
    fn any_exchange()(
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 7),
        fields in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..8), prop::collection::vec(any::<u8>(), 0..20)), 0..4),
        numbers in prop::array::uniform6(any::<u64>()),
        (status, host_port, version) in (any::<Option<u16>>(), any::<Option<u16>>(), 0..3_usize),
    ) -> Exchange {
        let mut exchange = Exchange { status, host_port, ..Exchange::default() };
        let text = &mut exchange.text;
        let spans: Vec<_> = texts.iter().map(|it| text.add(it)).collect();
        let start = text.start();
        fields.iter().for_each(|(name, value)| text.push_field(name, value));
        exchange.request_fields = text.since(start);
        exchange.response_fields = exchange.request_fields;
        (exchange.method, exchange.path, exchange.query, exchange.host) = (spans[0], spans[1], spans[2], spans[3]);
        (exchange.user_agent, exchange.reason) = (spans[4], spans[5]);
        let [a, b, c, d, e, f] = numbers;
        exchange.request = Message { start_unix_nanos: a.max(1), end_unix_nanos: b, body_len: e, gap: false, whole: true };
        exchange.response = Message { start_unix_nanos: c, end_unix_nanos: d, body_len: f, gap: true, whole: false };
        exchange.version = [Version::Http10, Version::Http11, Version::Http2][version];
        exchange
    }
}

proptest! {
    #[test]
    fn any_bytes_make_a_valid_entry(exchange in any_exchange()) {
        let entry = entry_of(&sample::connection(), &exchange);
        // Text that is UTF-8 is there as it is.
        if let Ok(method) = std::str::from_utf8(exchange.get(exchange.method)) {
            prop_assert_eq!(entry["request"]["method"].as_str(), Some(method));
        }
    }

    #[test]
    fn every_entry_is_in_one_file_and_no_file_is_too_large(
        exchanges in prop::collection::vec((any_exchange(), 0_u64..100), 1..40),
        (entries, bytes) in (1_u32..10, 500_u64..20_000),
        flushes in prop::collection::vec(any::<bool>(), 40),
    ) {
        let directory = Directory::new("any");
        let mut har = directory.har(Limits { entries, bytes, ..Limits::default() });
        for (index, ((mut exchange, seconds), flush)) in exchanges.into_iter().zip(flushes).enumerate() {
            exchange.index = index as u32;
            exchange.request.start_unix_nanos = START + seconds * 1_000_000_000;
            har.record(&sample::record(&exchange));
            if flush {
                har.flush();
            }
        }
        har.finish().unwrap();
        let mut indices = Vec::new();
        for name in directory.names() {
            let inside = directory.entries(&name);
            let size = fs::metadata(directory.0.join(&name)).unwrap().len();
            prop_assert!(inside.len() <= entries as usize && (size <= bytes || inside.len() == 1));
            indices.extend(inside.iter().map(|entry| entry["_sidetap.transaction.index"].as_u64().unwrap()));
        }
        let expected: Vec<u64> = (0..har.counts().written).collect();
        prop_assert_eq!(indices, expected);
    }
}
