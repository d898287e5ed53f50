use serde_json::{Value as Json, json};

use super::*;
use crate::export::otlp::decoded::attributes;

const START: u64 = 1_700_000_000_000_000_000;
const NOW: u64 = START + 60_000_000_000;

fn encoded(report: &Report) -> Vec<(Whose, Metric)> {
    let mut metrics = Vec::new();
    let mut out = b"of before".to_vec();
    encode(report, START, NOW, &mut out, |whose, bytes| metrics.push((whose, Metric::decode(bytes).unwrap())));
    metrics
}

fn told(point: &NumberDataPoint) -> (Json, u64, u64, i64) {
    let Some(Value::AsInt(value)) = point.value else { panic!("no number") };
    (attributes(&point.attributes).into(), point.start_time_unix_nano, point.time_unix_nano, value)
}

#[test]
fn a_counter_is_a_sum_that_only_grows() {
    let mut report = Report::default();
    report.counter("sidetap_captured_bytes", "Their bytes on the wire").is(7);
    report
        .counter("sidetap_exported", "What became of records")
        .of(&[("target", "otlp:http://c"), ("of", "")], u64::MAX)
        .of(&[("target", "b"), ("of", "dropped")], 0);
    let metrics = encoded(&report);
    let [(Whose::Sensor, bytes), (Whose::Sensor, exported)] = &metrics[..] else { panic!("{metrics:?}") };
    assert_eq!(
        [&bytes.name, &bytes.unit, &bytes.description],
        ["sidetap.captured_bytes", "By", "Their bytes on the wire"]
    );
    let Some(Data::Sum(sum)) = &bytes.data else { panic!("no sum") };
    assert_eq!((sum.is_monotonic, sum.aggregation_temporality()), (true, AggregationTemporality::Cumulative));
    assert_eq!(sum.data_points.iter().map(told).collect::<Vec<_>>(), [(json!({}), START, NOW, 7)]);
    let Some(Data::Sum(sum)) = &exported.data else { panic!("no sum") };
    assert_eq!(
        sum.data_points.iter().map(told).collect::<Vec<_>>(),
        [
            (json!({"target": "otlp:http://c"}), START, NOW, i64::MAX),
            (json!({"target": "b", "of": "dropped"}), START, NOW, 0)
        ]
    );
}

#[test]
fn a_gauge_has_no_beginning() {
    let mut report = Report::default();
    report.gauge("sidetap_open_connections", "Those that are followed now").is(3);
    report.gauge("process_resident_memory_bytes", "Memory in use").is(9);
    let metrics = encoded(&report);
    let Some(Data::Gauge(gauge)) = &metrics[0].1.data else { panic!("no gauge") };
    assert_eq!(gauge.data_points.iter().map(told).collect::<Vec<_>>(), [(json!({}), 0, NOW, 3)]);
    let names: Vec<_> = metrics.iter().map(|(whose, metric)| (*whose, &metric.name[..], &metric.unit[..])).collect();
    assert_eq!(
        names,
        [(Whose::Sensor, "sidetap.open_connections", "{connection}"), (Whose::Sensor, "process.memory.usage", "By")]
    );
}

#[test]
fn a_distribution_has_the_name_of_the_conventions_and_typed_attributes() {
    let labels = [
        ("http_request_method", "GET"),
        ("http_response_status_code", "200"),
        ("http_route", "/carts/{id}"),
        ("server_port", "odd"),
        ("error_type", ""),
        ("rpc_status_code", "OK"),
    ];
    let spread = |counts| Distribution { bounds: &[0.005, 0.1], counts, sum: 1.5 };
    let mut report = Report::default();
    report
        .histogram("http_server_request_duration_seconds", "Duration of requests")
        .convention("http.server.request.duration", "s")
        .spread(&labels, spread(vec![1, 2, 3]))
        .spread(&[], spread(vec![1, 2]));
    let metrics = encoded(&report);
    let [(Whose::Workload, metric)] = &metrics[..] else { panic!("{metrics:?}") };
    assert_eq!([&metric.name, &metric.unit], ["http.server.request.duration", "s"]);
    let Some(Data::Histogram(histogram)) = &metric.data else { panic!("no histogram") };
    assert_eq!(histogram.aggregation_temporality(), AggregationTemporality::Cumulative);
    let [point] = &histogram.data_points[..] else { panic!("the other has too few counts") };
    assert_eq!(
        Json::from(attributes(&point.attributes)),
        json!({
            "http.request.method": "GET",
            "http.response.status_code": 200,
            "http.route": "/carts/{id}",
            "server.port": "odd",
            "rpc.status_code": "OK",
        })
    );
    assert_eq!((point.start_time_unix_nano, point.time_unix_nano), (START, NOW));
    assert_eq!((point.count, point.sum, point.min, point.max), (6, Some(1.5), None, None));
    assert_eq!((&point.bucket_counts[..], &point.explicit_bounds[..]), (&[1, 2, 3][..], &[0.005, 0.1][..]));
}

#[test]
fn names_keep_the_unit_that_they_end_in() {
    for (family, name, unit) in [
        ("sidetap_captured_packets", "sidetap.captured_packets", "{packet}"),
        ("sidetap_abandoned_fragmented_packets", "sidetap.abandoned_fragmented_packets", "{packet}"),
        ("sidetap_live", "sidetap.live", ""),
        ("sidetap_export_backoff_seconds", "sidetap.export_backoff_seconds", "s"),
        ("process_start_time_seconds", "sidetap.process.start_time", "s"),
        ("other", "sidetap.other", ""),
    ] {
        assert_eq!(metric::of_family(family), (name.to_owned(), unit));
    }
}

#[test]
fn what_the_workload_talks_to_is_counted_for_the_workload() {
    let mut report = Report::default();
    report.counter("sidetap_egress_bytes", "Bytes").is(1);
    report.counter("sidetap_egress_flows", "Flows").is(1);
    report.counter("sidetap_records", "Records").is(1);
    report.counter("sidetap_nothing", "Without a number");
    let whose: Vec<Whose> = encoded(&report).into_iter().map(|(whose, _)| whose).collect();
    assert_eq!(whose, [Whose::Workload, Whose::Workload, Whose::Sensor]);
}

#[test]
fn a_clock_that_was_set_back_makes_counting_begin_now() {
    let mut report = Report::default();
    report.counter("sidetap_records", "Records").is(1);
    encode(&report, NOW, START, &mut Vec::new(), |_, bytes| {
        let Some(Data::Sum(sum)) = Metric::decode(bytes).unwrap().data else { panic!("no sum") };
        assert_eq!((sum.data_points[0].start_time_unix_nano, sum.data_points[0].time_unix_nano), (START, START));
    });
}

/// All that is counted of as many endpoints as are told apart, none like another.
fn of_endpoints(endpoints: usize) -> Report {
    const BOUNDS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
    let mut report = Report::default();
    for (family, name, unit) in [
        ("http_server_request_duration_seconds", "http.server.request.duration", "s"),
        ("http_server_request_body_size_bytes", "http.server.request.body.size", "By"),
        ("http_server_response_body_size_bytes", "http.server.response.body.size", "By"),
    ] {
        let mut family = report.histogram(family, "What the requests were like").convention(name, unit);
        for endpoint in 0..endpoints as u64 {
            let mix = (endpoint + unit.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let counts = (0..15).map(|bucket| if bucket > 8 { 0 } else { mix >> (44 + 2 * bucket) }).collect();
            let route = format!("/api/v{}/things-{:x}/{{id}}/parts-{endpoint}", mix % 3, mix >> 48);
            let labels = [
                ("http_request_method", ["GET", "POST", "PUT"][mix as usize % 3]),
                ("http_response_status_code", ["200", "201", "404", "503"][mix as usize % 4]),
                ("http_route", &route),
                ("network_protocol_version", "1.1"),
                ("server_address", "shop.internal"),
                ("server_port", "8080"),
                ("url_scheme", "http"),
            ];
            family = family.spread(&labels, Distribution { bounds: BOUNDS, counts, sum: mix as f64 / 1e9 });
        }
    }
    report
}

#[test]
fn a_family_of_many_numbers_is_several_metrics_of_bounded_size() {
    let report = of_endpoints(500);
    let mut points = std::collections::HashSet::new();
    let mut metrics = 0;
    encode(&report, START, NOW, &mut Vec::new(), |_, bytes| {
        assert!(bytes.len() <= METRIC_BYTES + 1024, "{}", bytes.len());
        metrics += 1;
        let metric = Metric::decode(bytes).unwrap();
        let Some(Data::Histogram(histogram)) = metric.data else { panic!("no histogram") };
        for point in histogram.data_points {
            let labels = Json::from(attributes(&point.attributes)).to_string();
            assert!(points.insert((metric.name.clone(), labels)), "a number comes twice");
        }
    });
    assert!(points.len() == 1500 && metrics > 50, "{} {metrics}", points.len());
}

/// Hands on the metrics of all endpoints that are told apart; their bytes.
pub fn of_all_endpoints(mut each: impl FnMut(&[u8])) -> usize {
    let mut bytes = 0;
    encode(&of_endpoints(500), START, NOW, &mut Vec::new(), |_, item| {
        bytes += item.len();
        each(item);
    });
    bytes
}
