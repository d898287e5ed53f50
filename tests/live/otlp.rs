//! Sending over OTLP while listening: the capture's own requests are not reported, and no end of it, however hard, loses
//! anything unnoticed.

#[path = "../otlp/ledger.rs"]
mod ledger;
#[path = "../otlp/receiver.rs"]
mod receiver;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use self::ledger::Ledger;
use self::receiver::{Receiver, Seen, attribute};
use crate::support::child::Child;
use crate::support::http::{MONITOR, Metrics};
use crate::support::lab::{CABLE, Lab, Namespace, SERVER};
use crate::support::nginx::{Nginx, PORT};
use crate::support::python::Python;
use crate::support::sensor::{BINARY, Listening, ROOMY, Sensor};
use crate::support::wait_for;

/// Where the receiver listens, in the namespace of the sensor.
const RECEIVER: u16 = 4318;
const EXPORT: &str = "otlp:http://127.0.0.1:4318";
/// ECS kills a container 30 s after it has asked it to stop.
const FAREWELL: Duration = Duration::from_secs(25);

/// A receiver beside the sensor, asked from there.
struct Beside<'a> {
    namespace: &'a Namespace,
    receiver: Receiver,
}

impl<'a> Beside<'a> {
    fn start(namespace: &'a Namespace, python: &Python) -> Self {
        let mut command = python.script(namespace, "../../otlp/receiver.py", &["--port", &RECEIVER.to_string()]);
        let receiver = Receiver::start(&mut command);
        assert_eq!(receiver.export(), EXPORT);
        Beside { namespace, receiver }
    }

    fn fault(&self, fault: &Value) {
        self.namespace.enter(|| self.receiver.fault(fault));
    }

    fn seen(&self) -> Seen {
        self.namespace.enter(|| self.receiver.seen())
    }

    fn wait_for(&self, what: &str, enough: impl Fn(&Seen) -> bool + Send) -> Seen {
        self.namespace.enter(|| self.receiver.wait_for(what, enough))
    }
}

fn sensor<'a>(lab: &'a Lab, more: &[&str]) -> Sensor<'a> {
    let args = ["--export", EXPORT, "--trace-export-interval", "1s", "--rate-limit", "unlimited"];
    Sensor::new(lab).args(&args).args(more)
}

fn ask(from: &Namespace, to: &str, path: &str, times: u32) {
    let url = format!("http://{to}:{PORT}/{path}/[1-{times}]");
    from.run("curl", &["--silent", "--output", "/dev/null", &url]);
}

/// Requests without end.
fn load(lab: &Lab) -> Child {
    let mut command = lab.client.command("wrk");
    command.args(["-t1", "-c16", "-d300s", &format!("http://{SERVER}:{PORT}/load")]);
    Child::start(command.stdout(std::process::Stdio::null()))
}

/// The ledger, which is what the receiver says.
#[track_caller]
fn agreed(stderr: &str, seen: &Seen) -> Ledger {
    let ledger = Ledger::of(stderr);
    assert_eq!(seen.is_right().unique_spans(), ledger.spans("accepted"), "{stderr}");
    assert!(seen.duplicate_spans() <= ledger.resent, "{stderr}");
    ledger
}

#[test]
fn its_own_requests_on_the_same_interface_are_not_reported_and_others_are() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let Some(python) = Python::with("opentelemetry.proto") else { return };
    let _nginx = Nginx::start(&lab);
    let beside = Beside::start(&lab.server, &python);
    let sensor = sensor(&lab, &["--interface", "lo", "--memory-limit", ROOMY]).listen();
    for round in 1..=3 {
        ask(&lab.server, "127.0.0.1", "items", 30);
        // Its own requests are on lo as well, each round's with the spans of the one before.
        beside.wait_for("the spans of this round", |seen| seen.unique_spans() >= 30 * round);
    }
    let ended = sensor.stop().well();
    let seen = beside.seen();
    let ledger = agreed(&ended.stderr, &seen);
    assert!(ledger.of_transactions("own") >= 3, "{}", ended.stderr);
    // Whoever else talks to the receiver, as this test does, is no part of it.
    let (asked, others): (Vec<_>, Vec<_>) =
        seen.spans().iter().partition(|span| attribute(span, "server.port") == RECEIVER);
    assert!(asked.iter().all(|span| attribute(span, "http.request.method") == "GET"), "{asked:?}");
    assert!(!asked.is_empty() && others.len() == 90, "{}", ended.stderr);
    assert!(others.iter().all(|span| attribute(span, "server.port") == PORT), "{others:?}");
    assert_eq!(
        seen.metric("http.server.request.duration") as u64,
        ledger.of_transactions("emitted"),
        "{}",
        ended.stderr
    );
    assert!(seen.list("resources").len() >= 2, "the workload's, and the sensor's own");
}

/// Told to end under load, it is done in time, and every transaction and span is accounted for.
fn ends_in_time(fault: &Value) -> Option<(Ledger, Seen)> {
    let lab = Lab::with(&["nginx", "wrk"])?;
    let python = Python::with("opentelemetry.proto")?;
    let _nginx = Nginx::start(&lab);
    let beside = Beside::start(&lab.server, &python);
    beside.fault(fault);
    let sensor = sensor(&lab, &["--interface", CABLE]).listen();
    let load = load(&lab);
    std::thread::sleep(Duration::from_secs(5));
    sensor.signal(Signal::TERM);
    let since = Instant::now();
    // ECS tells all containers of a task at once; the application ends while the sensor does.
    std::thread::sleep(Duration::from_secs(2));
    drop(load);
    let ended = wait_until_it_ends(sensor, since);
    let seen = beside.seen();
    let ledger = agreed(&ended, &seen);
    assert!(ledger.seen > 1000, "{ended}");
    assert_eq!(ledger.account("traces").given, ledger.of_transactions("emitted"), "{ended}");
    println!("{fault}: {ledger:?}");
    Some((ledger, seen))
}

/// What it said, once it has ended, which it does in time.
#[track_caller]
fn wait_until_it_ends(mut sensor: Listening, since: Instant) -> String {
    while !sensor.has_ended() {
        assert!(since.elapsed() < FAREWELL, "it does not end\n{}", sensor.stderr());
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("it has taken {:?}", since.elapsed());
    sensor.stderr()
}

#[test]
fn sigterm_under_load_hands_over_what_there_is() {
    let Some((ledger, _)) = ends_in_time(&json!({"mode": "ok"})) else { return };
    assert_eq!(ledger.spans("shutdown"), 0, "{ledger:?}");
}

#[test]
fn sigterm_under_load_with_a_receiver_that_hangs_ends_in_time_and_counts() {
    let Some((ledger, _)) = ends_in_time(&json!({"mode": "hang", "seconds": 120})) else { return };
    assert_eq!(ledger.spans("accepted"), 0, "{ledger:?}");
    assert!(ledger.spans("shutdown") > 0, "{ledger:?}");
}

#[test]
fn sigterm_under_load_with_a_receiver_without_time_ends_in_time_and_counts() {
    let fault = json!({"mode": "status", "status": 503, "retry_after": "300"});
    let Some((ledger, _)) = ends_in_time(&fault) else { return };
    assert!(ledger.spans("shutdown") > 0, "{ledger:?}");
}

#[test]
fn killed_with_a_spool_it_goes_on_from_there_when_it_is_started_again() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let Some(python) = Python::with("opentelemetry.proto") else { return };
    let _nginx = Nginx::start(&lab);
    let beside = Beside::start(&lab.server, &python);
    beside.fault(&json!({"mode": "status", "status": 503}));
    let spool = lab.directory().join("spool");
    std::fs::create_dir(&spool).expect("a directory");
    let spooling = ["--interface", CABLE, "--memory-limit", "32MiB", "--spool-dir", spool.to_str().expect("text")];
    let killed = sensor(&lab, &[&spooling[..], &["--listen", MONITOR]].concat()).listen();
    // More than half of what memory holds, so that some of it goes to disk.
    ask(&lab.client, SERVER, "items", 3000);
    let on_disk = || {
        let metrics = Metrics::scrape(&python, &lab.server);
        metrics.sum_with("sidetap_otlp_waiting_items", &["in=\"disk\"", "signal=\"traces\""])
    };
    let mut last = 0;
    let spooled = wait_for("spans on disk", || {
        let now = on_disk();
        // What is told may be a second old.
        std::thread::sleep(Duration::from_millis(1_500));
        (std::mem::replace(&mut last, now) == now && now > 0).then_some(now)
    });
    killed.stop_with(Signal::KILL);
    // What was being written.
    let entries = |directory: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(directory).expect("a directory").map(|it| it.expect("an entry").path()).collect()
    };
    let mut segments: Vec<_> = entries(&spool).iter().flat_map(|receiver| entries(receiver)).collect();
    segments.retain(|path| path.extension().is_some_and(|end| end == "spool"));
    segments.sort();
    let newest = segments.last().expect("a segment");
    let whole = std::fs::read(newest).expect("a file");
    std::fs::write(newest, [&whole[..], &[0, 0, 1, 0, 0x17, 0x2a]].concat()).expect("a file");
    beside.fault(&json!({"mode": "ok"}));
    let again = sensor(&lab, &spooling).listen();
    ask(&lab.client, SERVER, "orders", 40);
    beside.wait_for("all that was spooled", |seen| seen.unique_spans() >= spooled + 40);
    let ended = again.stop().well();
    let ledger = agreed(&ended.stderr, &beside.seen());
    assert_eq!(ledger.account("traces").recovered, spooled, "{}", ended.stderr);
    assert_eq!(ledger.spans("accepted"), spooled + 40, "{}", ended.stderr);
}

#[test]
fn metrics_balance_at_all_times_while_the_receiver_comes_and_goes() {
    let Some(lab) = Lab::with(&["nginx", "wrk"]) else { return };
    let Some(python) = Python::with("opentelemetry.proto") else { return };
    let _nginx = Nginx::start(&lab);
    let beside = Beside::start(&lab.server, &python);
    let sensor = sensor(&lab, &["--interface", CABLE, "--listen", MONITOR]).listen();
    let _load = load(&lab);
    let faults = [
        json!({"mode": "ok"}),
        json!({"mode": "status", "status": 503, "retry_after": "1"}),
        json!({"mode": "reset", "accept": true}),
        json!({"mode": "garbage"}),
        json!({"mode": "partial", "rejected": 3, "path": "/v1/traces"}),
        json!({"mode": "too_large", "bytes": 20_000}),
    ];
    for fault in faults {
        beside.fault(&fault);
        let mode = fault["mode"].as_str().expect("a text");
        // It is met some time after it was told, as the one before has to pass.
        let of = if mode == "ok" { "/v1/traces" } else { mode };
        beside.wait_for(mode, |seen| seen.requests(of) > 0);
        for _ in 0..3 {
            let metrics = Metrics::scrape(&python, &lab.server);
            let [given, fates, waiting] =
                ["sidetap_otlp_given_items_total", "sidetap_otlp_items_total", "sidetap_otlp_waiting_items"]
                    .map(|name| metrics.sum(name));
            assert_eq!(given, fates + waiting, "{fault}: {metrics:?}");
            let seen = metrics.sum("sidetap_seen_transactions_total");
            let [emitted, dropped, pending] =
                ["sidetap_transactions_total", "sidetap_dropped_transactions_total", "sidetap_pending_transactions"]
                    .map(|name| metrics.sum(name));
            assert_eq!(seen, emitted + dropped + pending, "{fault}: {metrics:?}");
        }
    }
    sensor.signal(Signal::TERM);
    let stderr = wait_until_it_ends(sensor, Instant::now());
    let (ledger, seen) = (Ledger::of(&stderr), beside.seen());
    assert!(seen.is_right().duplicate_spans() <= ledger.resent && ledger.resent > 0, "{stderr}");
    assert_eq!(ledger.spans("export.rejected") % 3, 0, "{stderr}");
    assert!(ledger.spans("export.rejected") > 0, "{stderr}");
}

#[test]
fn a_receiver_that_goes_and_comes_back_is_a_line_each() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let Some(python) = Python::with("opentelemetry.proto") else { return };
    let _nginx = Nginx::start(&lab);
    let sensor = sensor(&lab, &["--interface", CABLE]).listen();
    ask(&lab.client, SERVER, "items", 20);
    let says = |what: &str| wait_for(what, || sensor.stderr().contains(what).then_some(()));
    says(&format!("cannot write to {EXPORT}: Connection refused (os error 111); "));
    let beside = Beside::start(&lab.server, &python);
    says(&format!("{EXPORT} is written again"));
    let ended = sensor.stop().well();
    let seen = beside.seen();
    assert_eq!(agreed(&ended.stderr, &seen).spans("accepted"), 20, "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("cannot write to").count(), 1, "{}", ended.stderr);
    println!("{}", ended.stderr);
}

#[test]
fn client_and_server_of_one_call_are_two_spans_of_one_trace() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let Some(python) = Python::with("opentelemetry.proto") else { return };
    let _nginx = Nginx::start(&lab);
    let (there, here) = (Beside::start(&lab.server, &python), Beside::start(&lab.client, &python));
    let args = ["--interface", CABLE, "--export", EXPORT, "--trace-export-interval", "1s"];
    let of = |namespace: &Namespace| {
        let mut command = namespace.command(BINARY);
        command.arg("capture").args(args).env_remove("RUST_BACKTRACE").stderr(std::process::Stdio::null());
        Child::start(&mut command)
    };
    let mut sensors = [of(&lab.server), of(&lab.client)];
    std::thread::sleep(Duration::from_secs(2));
    ask(&lab.client, SERVER, "items", 10);
    let ids = |beside: &Beside, kind: u64| {
        let seen = beside.wait_for("spans", |seen| seen.unique_spans() == 10);
        assert!(seen.is_right().spans().iter().all(|span| span["kind"] == kind), "{:?}", seen.spans());
        let id = |span: &Value, name: &str| span[name].as_str().expect("a text").to_owned();
        let ids =
            |name: &str| seen.spans().iter().map(|span| id(span, name)).collect::<std::collections::BTreeSet<_>>();
        (ids("trace_id"), ids("span_id"))
    };
    let ((traces, servers), (same, clients)) = (ids(&there, 2), ids(&here, 3));
    assert_eq!(traces, same);
    assert_eq!((traces.len(), servers.len(), servers.intersection(&clients).count()), (10, 10, 0));
    for sensor in &mut sensors {
        sensor.signal(Signal::TERM);
        assert!(sensor.ends_within(FAREWELL).is_some_and(|status| status.success()));
    }
}
