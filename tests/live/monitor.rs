//! What is told over HTTP: the numbers that are printed, whether it lives, whether it is ready.

use std::time::Duration;

use bytesize::ByteSize;
use serde_json::Value;

use crate::support::http::{MONITOR, Metrics, get, health};
use crate::support::lab::{CABLE, CLIENT, Lab, SERVER};
use crate::support::mirror::{COLLECTOR, Mirror, number};
use crate::support::nginx::{Nginx, PORT};
use crate::support::ping::ping;
use crate::support::python::Python;
use crate::support::sensor::{ROOMY, Sensor};
use crate::support::{vxlan, wait_for};

const LISTEN: [&str; 2] = ["--listen", MONITOR];

fn status(namespace: &crate::support::lab::Namespace) -> Value {
    let (code, body) = get(namespace, "/status.json").expect("it listens");
    assert_eq!(code, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

#[test]
fn a_forwarders_metrics_are_what_its_last_line_says() {
    let Some(mirror) = Mirror::with(&["nginx", "curl"], 1500) else { return };
    let Some(python) = Python::with("prometheus_client") else { return };
    let _collector = mirror.listen();
    let nginx = Nginx::start(&mirror.lab);
    let filter = format!("icmp or tcp port {PORT}");
    let args = ["--destination", COLLECTOR, "--destination", "10.78.0.3", "--filter", &filter, "--memory-limit", ROOMY];
    let forwarding = mirror.forward(&[&args[..], &LISTEN].concat());
    let server = &mirror.lab.server;
    let url = format!("http://{SERVER}:{PORT}/files/large");
    mirror.lab.client.run("curl", &["--silent", "--output", "/dev/null", &url]);
    ping(&mirror.lab.client, 10, Duration::from_millis(20), 100);
    let metrics = Metrics::settled(&python, server);
    let status = status(server);
    assert_eq!(get(server, "/live"), Some((200, "live\n".to_owned())));
    assert_eq!(get(server, "/ready"), Some((200, "ready\n".to_owned())));
    let last = forwarding.stop();
    nginx.finish();

    let (captured, sent) = (metrics.sum("sidetap_captured_packets_total"), metrics.sum("sidetap_sent_datagrams_total"));
    assert!(captured > 300 && sent > captured, "{last}");
    assert_eq!(number(&last, "packets captured"), captured, "{last}");
    assert_eq!(number(&last, "datagrams sent"), sent, "{last}");
    for (words, name) in
        [("packets captured (", "sidetap_captured_bytes_total"), ("datagrams sent (", "sidetap_sent_bytes_total")]
    {
        let bytes = ByteSize(metrics.sum(name)).display().iec().to_string();
        assert!(last.contains(&format!("{words}{bytes})")), "{bytes}: {last}");
    }
    assert!(metrics.sum("sidetap_cut_frames_total") > 10, "{last}");
    for (words, name) in [
        ("frames cut", "sidetap_cut_frames_total"),
        ("checksums completed", "sidetap_completed_checksums_total"),
        ("packets ring full", "sidetap_dropped_packets_total{cause=\"ring_full\"}"),
    ] {
        let value = if name.contains('{') { metrics.of(name) } else { metrics.sum(name) };
        assert_eq!(number(&last, words), value, "{words}: {last}");
    }
    let segments = metrics.sum("sidetap_segments_total").to_string();
    let cut = last.split("cut into ").nth(1).expect("frames were cut");
    assert!(cut.replace(',', "").starts_with(&segments), "{segments}: {last}");

    // The sums hold, and what one destination gets and the other does not is told apart.
    assert_eq!(metrics.sum("sidetap_handled_packets_total"), captured);
    let frames = metrics.sum("sidetap_frames_total");
    for destination in [COLLECTOR, "10.78.0.3"] {
        let sent = metrics.of(&format!("sidetap_sent_datagrams_total{{destination=\"{destination}:4789\"}}"));
        let causes = ["send_buffer_full", "too_long_for_the_path", "no_route", "refused", "no_address", "not_sent"];
        let dropped = causes.map(|cause| {
            metrics
                .of(&format!("sidetap_dropped_datagrams_total{{cause=\"{cause}\",destination=\"{destination}:4789\"}}"))
        });
        assert_eq!(sent + dropped.iter().sum::<u64>(), frames, "{destination}");
    }
    assert_eq!(metrics.sum("sidetap_mtu_bytes"), 1500);
    assert_eq!(metrics.sum("sidetap_memory_limit_bytes"), 256 << 20);

    assert_eq!((&status["command"], &status["state"]), (&"forward".into(), &"ready".into()));
    assert_eq!(status["metrics"]["sidetap_captured_packets_total"], captured);
    assert_eq!(status["destinations"][0]["address"], "10.78.0.2:4789");
    assert_eq!(status["destinations"][0]["state"], "sending");
    let interfaces: Vec<&str> =
        status["interfaces"].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(interfaces.contains(&CABLE) && interfaces.contains(&"lo"), "{interfaces:?}");
}

#[test]
fn a_captures_metrics_are_what_its_summary_says() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let Some(python) = Python::with("prometheus_client") else { return };
    let nginx = Nginx::start(&lab);
    let sensor = Sensor::new(&lab).args(&["--memory-limit", ROOMY, "--filter", "tcp"]).args(&LISTEN).listen();
    // On `lo` as well, where health checks and scrapes are: none of them is seen.
    for (namespace, host) in [(&lab.client, SERVER), (&lab.server, "127.0.0.1")] {
        let url = format!("http://{host}:{PORT}/seen/[1-20]");
        namespace.run("curl", &["--silent", "--output", "/dev/null", &url]);
    }
    let checked = health(&lab.server, &["--address", MONITOR]);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    let metrics = Metrics::settled(&python, &lab.server);
    let status = status(&lab.server);
    assert_eq!(get(&lab.server, "/ready"), Some((200, "ready\n".to_owned())));
    let ended = sensor.stop().without_loss();
    nginx.finish();

    assert_eq!(ended.exchanges().count(), 40, "{}", ended.stderr);
    assert!(ended.exchanges().all(|record| record.path().starts_with("/seen/")), "{}", ended.stderr);
    assert_eq!(metrics.sum("sidetap_transactions_total"), 40);
    assert_eq!(ended.transactions(), 40);
    // Twenty were asked from elsewhere, and twenty from here: both are requests to a server that is here.
    assert_eq!(metrics.sum("http_server_request_duration_seconds_count"), 40);
    assert_eq!(metrics.sum("http_server_response_body_size_bytes_count"), 40);
    let packets = metrics.sum("sidetap_kernel_packets_total");
    assert_eq!(metrics.sum("sidetap_captured_packets_total"), packets);
    assert!(ended.stderr.contains(&format!("{packets} packets, ")), "{packets}: {}", ended.stderr);
    let connections = metrics.sum("sidetap_connections_total");
    assert_eq!(ended.summary("connections\n"), connections, "{}", ended.stderr);
    assert_eq!(metrics.of("sidetap_connections_by_protocol_total{protocol=\"http1\"}"), connections);
    let transactions =
        ["sidetap_transactions_total", "sidetap_dropped_transactions_total", "sidetap_pending_transactions"];
    let ends: u64 = transactions.iter().map(|name| metrics.sum(name)).sum();
    assert_eq!(metrics.sum("sidetap_seen_transactions_total"), ends);
    let bytes = metrics.sum("sidetap_stream_bytes_total") + metrics.sum("sidetap_held_stream_bytes");
    assert_eq!(metrics.sum("sidetap_seen_stream_bytes_total"), bytes);
    let export = "sidetap_exported_total{export=\"ndjson:-\",outcome=\"written\",unit=\"record\"}";
    // What was found out over several connections is written, too.
    assert!(metrics.of(export) >= 40, "{metrics:?}");
    assert_eq!(metrics.sum("sidetap_records_total"), 40);
    assert_eq!(metrics.sum("sidetap_blind"), 0);
    assert_eq!((&status["command"], &status["state"]), (&"capture".into(), &"ready".into()));
    assert_eq!(status["metrics"]["sidetap_transactions_total"], 40);
}

#[test]
fn a_collectors_metrics_are_what_its_summary_says() {
    let Some(lab) = Lab::with(&[]) else { return };
    let Some(python) = Python::with("prometheus_client") else { return };
    let sensor = Sensor::collector(&lab).args(&["--health-listen", MONITOR, "--memory-limit", ROOMY]).listen();
    let [one, two] = [1, 3].map(|last| vxlan::Mirror::new(&lab, last));
    vxlan::exchanges(1001, "one", 30, 100).iter().for_each(|frame| one.frame(7, frame));
    vxlan::exchanges(1002, "two", 20, 100).iter().for_each(|frame| two.frame(8, frame));
    one.datagram(b"what is this?");
    one.datagram(b"no");
    let metrics = Metrics::settled(&python, &lab.server);
    let status = status(&lab.server);
    let ended = sensor.stop().well();

    assert_eq!(metrics.sum("sidetap_transactions_total"), 50, "{}", ended.stderr);
    assert_eq!(ended.transactions(), 50);
    let datagrams = metrics.sum("sidetap_received_datagrams_total");
    assert_eq!(ended.summary("datagrams from 2 sources"), datagrams, "{}", ended.stderr);
    assert_eq!(metrics.sum("sidetap_refused_datagrams_total"), 2);
    assert_eq!(metrics.of("sidetap_refused_datagrams_total{cause=\"too_short\"}"), 1);
    assert_eq!(metrics.sum("sidetap_mirrored_packets_total"), datagrams - 2);
    assert_eq!(metrics.sum("sidetap_source_packets_total"), datagrams - 2);
    for (source, vni) in [(CLIENT, 7), ("10.77.0.3", 8)] {
        let packets = metrics.of(&format!("sidetap_source_packets_total{{source=\"{source}\",vni=\"{vni}\"}}"));
        let line = format!("{source} vni {vni}: {packets} packets");
        assert!(packets > 40 && ended.stderr.contains(&line), "{line}: {}", ended.stderr);
    }
    assert_eq!(metrics.sum("sidetap_sources"), 2);
    assert_eq!((&status["command"], &status["sources"][0]["vni"]), (&"collect".into(), &7.into()));
    assert_eq!(status["addresses"][0]["address"], "0.0.0.0:4789");
}

#[test]
fn a_forwarder_without_an_address_lives_and_is_not_ready() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let _forwarding = mirror.forward(&[&["--destination", "no.such.name.invalid"], &LISTEN[..]].concat());
    let server = &mirror.lab.server;
    assert_eq!(get(server, "/live"), Some((200, "live\n".to_owned())));
    let (code, why) = get(server, "/ready").expect("it listens");
    assert_eq!((code, why.lines().count()), (503, 1), "{why}");
    assert!(why.starts_with("no destination has an address: no.such.name.invalid:4789: cannot look it up"), "{why}");
    let status = status(server);
    assert_eq!((&status["state"], &status["reason"]), (&"not ready".into(), &why.trim_end().into()));
    assert_eq!(status["destinations"][0]["address"], Value::Null);
    assert_eq!(health(server, &[]).status.code(), Some(0), "it lives");
}

#[test]
fn a_capture_whose_interfaces_are_gone_is_not_ready_until_they_are_back() {
    let Some(lab) = Lab::with(&[]) else { return };
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE]).args(&LISTEN).listen();
    let answers = |code: u16, words: &str| {
        wait_for(words, || get(&lab.server, "/ready").filter(|answer| *answer == (code, format!("{words}\n"))));
    };
    answers(200, "ready");
    lab.server.ip(&format!("link set {CABLE} down"));
    answers(503, "every interface is gone");
    lab.server.ip(&format!("link set {CABLE} up"));
    answers(200, "ready");
    sensor.stop().well();
}
