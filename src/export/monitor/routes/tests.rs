use std::time::Duration;

use hyper::header::{ALLOW, CONTENT_TYPE};

use super::*;

/// Something of which everything is known.
#[derive(Debug, Default)]
struct Sample {
    silent: Duration,
    why: Option<&'static str>,
}

impl Subject for Sample {
    fn silent(&self) -> Duration {
        self.silent
    }

    fn ready(&self) -> Result<(), String> {
        self.why.map_or(Ok(()), |why| Err(why.to_owned()))
    }

    fn describe(&self, report: &mut Report) {
        report.counter("sidetap_packets", "Packets").is(7);
        let odd = [("name", "a \"b\" \\ c\nd")];
        report.counter("sidetap_odd", "Something odd").of(&odd, u64::MAX);
        for (place, value) in ["one", "two"].into_iter().zip(1..) {
            report.gauge("sidetap_places", "Places").of(&[("place", place)], value);
        }
        report.gauge("sidetap_none", "Nothing yet");
        report.fact("note", None::<&str>);
        report.list("things", [vec![("name", "a\u{1b}".into()), ("up", true.into()), ("count", 5_u64.into())]]);
        report.list("nothing", []);
    }
}

fn ask(subject: Sample, method: Method, uri: &str) -> Response<String> {
    let about = About::new("forward", 25 << 20, || Some(1 << 20));
    let request = Request::builder().method(method).uri(uri).body(()).unwrap();
    Routes::new(about, subject).answer(&request)
}

fn get(subject: Sample, path: &str) -> (u16, String) {
    let response = ask(subject, Method::GET, path);
    (response.status().as_u16(), response.into_body())
}

#[test]
fn live_is_whose_packet_loop_turns() {
    let not_ready = Sample { why: Some("no address"), ..Sample::default() };
    assert_eq!(get(not_ready, "/live"), (200, "live\n".into()));
    let slow = Sample { silent: Duration::from_secs(4), ..Sample::default() };
    assert_eq!(get(slow, "/live?verbose"), (200, "live\n".into()));
    let still = || Sample { silent: Duration::from_secs(7), ..Sample::default() };
    let why = (503, "the packet loop stands still since 7 s\n".into());
    assert_eq!(get(still(), "/live"), why);
    assert_eq!(get(still(), "/ready"), why);
}

#[test]
fn ready_says_why_not_in_one_line() {
    assert_eq!(get(Sample::default(), "/ready"), (200, "ready\n".into()));
    let not_ready = Sample { why: Some("no\naddress\u{1b}"), ..Sample::default() };
    assert_eq!(get(not_ready, "/ready"), (503, "no address \n".into()));
}

#[test]
fn other_paths_and_methods_are_told_what_there_is() {
    for path in ["/", "/LIVE", "/live/", "/metrics/x", "*", "//live"] {
        assert_eq!(get(Sample::default(), path).0, 404, "{path}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::CONNECT, Method::TRACE] {
        let response = ask(Sample::default(), method, "/metrics");
        assert_eq!((response.status().as_u16(), &response.headers()[ALLOW]), (405, &"GET, HEAD".parse().unwrap()));
    }
    assert_eq!(ask(Sample::default(), Method::HEAD, "/live").status().as_u16(), 200);
}

#[test]
fn metrics_are_openmetrics() {
    let response = ask(Sample::default(), Method::GET, "/metrics");
    assert_eq!(response.headers()[CONTENT_TYPE], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = response.into_body();
    let own: Vec<&str> = text.lines().skip_while(|line| !line.contains("sidetap_packets")).collect();
    let expected = [
        "# HELP sidetap_packets Packets",
        "# TYPE sidetap_packets counter",
        "sidetap_packets_total 7",
        "# HELP sidetap_odd Something odd",
        "# TYPE sidetap_odd counter",
        "sidetap_odd_total{name=\"a \\\"b\\\" \\\\ c\\nd\"} 18446744073709551615",
        "# HELP sidetap_places Places",
        "# TYPE sidetap_places gauge",
        "sidetap_places{place=\"one\"} 1",
        "sidetap_places{place=\"two\"} 2",
        "# HELP sidetap_none Nothing yet",
        "# TYPE sidetap_none gauge",
        "# EOF",
    ];
    assert_eq!(own, expected);
    assert!(text.contains("\nprocess_resident_memory_bytes 1048576\n"), "{text}");
    assert!(text.contains("\nsidetap_memory_limit_bytes 26214400\n"), "{text}");
}

#[test]
fn the_status_is_one_object_with_all_of_it() {
    let not_ready = Sample { why: Some("no \"address\""), ..Sample::default() };
    let response = ask(not_ready, Method::GET, "/status.json");
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    let status: serde_json::Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["command"], "forward");
    assert!(status["uptime_seconds"].as_u64().unwrap() < 60);
    assert_eq!((&status["state"], &status["reason"]), (&"not ready".into(), &"no \"address\"".into()));
    assert_eq!(status["note"], serde_json::Value::Null);
    assert_eq!(status["things"], serde_json::json!([{"name": "a\u{1b}", "up": true, "count": 5}]));
    assert_eq!(status["nothing"], serde_json::json!([]));
    let metrics = &status["metrics"];
    assert_eq!(metrics["sidetap_packets_total"], 7);
    assert_eq!(metrics["sidetap_odd_total"][0]["value"], u64::MAX);
    let places = serde_json::json!([{"place": "one", "value": 1}, {"place": "two", "value": 2}]);
    assert_eq!(metrics["sidetap_places"], places);
    assert_eq!((&metrics["sidetap_live"], &metrics["sidetap_ready"]), (&1.into(), &0.into()));
}
