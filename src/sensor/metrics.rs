//! Exact metrics of all transactions, whether they are reported one by one or not.
//!
//! Names and bounds are OpenTelemetry's (semantic conventions, "HTTP metrics", "RPC metrics", "DNS metrics"). What is told
//! apart is bounded: beyond [`MOST_SERIES`] combinations of method, route, status and so on, the rest is counted together,
//! with the route `_other`. So is what has a label longer than [`LONGEST_LABEL`].

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::export::monitor::report::{Distribution, Report};
use crate::record::{Completeness, DnsAnswer, Exchange, Rpc, Vantage, methods};

/// Combinations of attributes that are told apart.
pub const MOST_SERIES: usize = 500;
/// Bytes of a route or host that is told apart.
pub const LONGEST_LABEL: usize = 256;

/// Upper bounds of durations, in seconds.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// Upper bounds of bodies, in bytes.
const BYTES: [f64; 8] = [0.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 1048576.0, 16777216.0];

/// The route of what is counted together.
const OTHER: &str = "_other";

/// Counts and distributions since the start.
#[derive(Debug, Default)]
pub struct Metrics {
    index: HashMap<Key, u32>,
    series: Vec<Series>,
    lookups: Histogram<15>,
    failed_lookups: Histogram<15>,
}

/// What tells series apart: all that their labels say, and nothing else. Of what a call is labelled with, the rest is
/// empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    /// A hash of the route, and of whom the client asked for if only the client is here.
    endpoint: u64,
    client: bool,
    scheme: &'static str,
    method: &'static str,
    status: u16,
    version: &'static str,
    rpc: Option<&'static str>,
}

#[derive(Debug)]
struct Series {
    key: Key,
    route: String,
    server: Option<(String, u16)>,
    duration: Histogram<15>,
    request_size: Histogram<9>,
    response_size: Histogram<9>,
}

/// Where an exchange belongs.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint<'a> {
    pub route: &'a str,
    /// Whom the client asked for, if only the client is here.
    pub server: Option<(&'a [u8], u16)>,
}

impl Endpoint<'_> {
    fn is_short(&self) -> bool {
        self.route.len().max(self.server.map_or(0, |(host, _)| host.len())) <= LONGEST_LABEL
    }
}

/// Values in buckets: one more than there are bounds.
#[derive(Debug, Clone, Copy)]
struct Histogram<const BUCKETS: usize> {
    counts: [u64; BUCKETS],
    sum: f64,
}

impl<const BUCKETS: usize> Default for Histogram<BUCKETS> {
    fn default() -> Self {
        Histogram { counts: [0; BUCKETS], sum: 0.0 }
    }
}

impl<const BUCKETS: usize> Histogram<BUCKETS> {
    #[inline]
    fn add(&mut self, value: f64, bounds: &[f64]) {
        let bucket = bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len());
        self.counts[bucket.min(BUCKETS - 1)] += 1;
        self.sum += value;
    }

    fn distribution(&self, bounds: &'static [f64]) -> Distribution {
        Distribution { bounds, counts: self.counts.to_vec(), sum: self.sum }
    }

    fn is_empty(&self) -> bool {
        self.counts.iter().all(|&count| count == 0)
    }
}

impl Key {
    fn of_call(route: &str, client: bool, rpc: &Rpc) -> Self {
        let rpc = Some(rpc.status_name.unwrap_or_default());
        Key { endpoint: hash(&route), client, scheme: "", method: "", status: 0, version: "", rpc }
    }

    fn of_request(endpoint: Endpoint<'_>, client: bool, exchange: &Exchange) -> Self {
        Key {
            endpoint: hash(&(endpoint.route, endpoint.server)),
            client,
            scheme: exchange.scheme.name(),
            method: methods::known(exchange.get(exchange.method)),
            status: exchange.status.unwrap_or_default(),
            version: exchange.version.name(),
            rpc: None,
        }
    }
}

fn hash(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

impl Metrics {
    /// Counts a transaction. One whose response was not seen, or whose request was not, says nothing of durations.
    pub fn exchange(&mut self, exchange: &Exchange, vantage: Vantage, endpoint: Endpoint<'_>) {
        if matches!(exchange.completeness, Completeness::RequestOnly | Completeness::ResponseOnly) {
            return;
        }
        let rpc = exchange.more.as_ref().and_then(|more| more.rpc.as_ref());
        let client = vantage == Vantage::Client;
        let key = match rpc {
            Some(rpc) => Key::of_call(endpoint.route, client, rpc),
            None => Key::of_request(endpoint, client, exchange),
        };
        let place = match self.index.get(&key) {
            Some(&place) => place as usize,
            None if self.series.len() < MOST_SERIES && endpoint.is_short() => {
                let server = endpoint.server.map(|(host, port)| (String::from_utf8_lossy(host).into_owned(), port));
                let server = server.filter(|_| rpc.is_none());
                self.begin(key, endpoint.route.to_owned(), server)
            }
            None => {
                let key = Key { endpoint: 0, status: 0, rpc: key.rpc.map(|_| ""), ..key };
                match self.index.get(&key) {
                    Some(&place) => place as usize,
                    None => self.begin(key, OTHER.to_owned(), None),
                }
            }
        };
        let series = &mut self.series[place];
        series.duration.add(exchange.duration_nanos() as f64 / 1e9, &SECONDS);
        series.request_size.add(exchange.request.body_len as f64, &BYTES);
        series.response_size.add(exchange.response.body_len as f64, &BYTES);
    }

    fn begin(&mut self, key: Key, route: String, server: Option<(String, u16)>) -> usize {
        let place = self.series.len();
        self.series.push(Series {
            key,
            route,
            server,
            duration: Histogram::default(),
            request_size: Histogram::default(),
            response_size: Histogram::default(),
        });
        self.index.insert(key, place as u32);
        place
    }

    /// Counts a DNS answer whose question was seen.
    pub fn dns(&mut self, answer: &DnsAnswer) {
        let Some(rtt) = answer.rtt_nanos else { return };
        let of = if answer.response_code == "NOERROR" { &mut self.lookups } else { &mut self.failed_lookups };
        of.add(rtt as f64 / 1e9, &SECONDS);
    }

    /// Adds all of it.
    pub fn describe(&self, report: &mut Report) {
        for series in &self.series {
            series.describe(report);
        }
        for (lookups, error) in [(&self.lookups, ""), (&self.failed_lookups, "dns_error")] {
            if !lookups.is_empty() {
                let labels = [("error_type", error)];
                report
                    .histogram("dns_lookup_duration_seconds", "Time from a DNS question to its answer")
                    .convention("dns.lookup.duration", "s")
                    .spread(if error.is_empty() { &[] } else { &labels }, lookups.distribution(&SECONDS));
            }
        }
    }
}

impl Series {
    fn describe(&self, report: &mut Report) {
        let client = self.key.client;
        let status = self.key.status.to_string();
        let port = self.server.as_ref().map(|(_, port)| port.to_string());
        if let Some(code) = self.key.rpc {
            let (name, convention) = match client {
                true => ("rpc_client_call_duration_seconds", "rpc.client.call.duration"),
                false => ("rpc_server_call_duration_seconds", "rpc.server.call.duration"),
            };
            let mut labels = vec![("rpc_system_name", "grpc"), ("rpc_method", self.route.trim_start_matches('/'))];
            labels.extend((!code.is_empty()).then_some(("rpc_status_code", code)));
            labels.extend((!matches!(code, "" | "OK")).then_some(("error_type", code)));
            report
                .histogram(name, "Duration of remote procedure calls")
                .convention(convention, "s")
                .spread(&labels, self.duration.distribution(&SECONDS));
            return;
        }
        let mut labels = vec![
            ("http_request_method", self.key.method),
            ("url_scheme", self.key.scheme),
            ("network_protocol_version", self.key.version),
        ];
        labels.extend((self.key.status != 0).then_some(("http_response_status_code", status.as_str())));
        let failed = self.key.status >= 500 || (client && self.key.status >= 400);
        labels.extend(failed.then_some(("error_type", status.as_str())));
        if !self.route.is_empty() {
            labels.push((if client { "url_template" } else { "http_route" }, &self.route));
        }
        if let (Some((server, _)), Some(port)) = (&self.server, &port) {
            labels.extend([("server_address", server.as_str()), ("server_port", port.as_str())]);
        }
        let [duration, request, response] = match client {
            true => [
                ("http_client_request_duration_seconds", "http.client.request.duration"),
                ("http_client_request_body_size_bytes", "http.client.request.body.size"),
                ("http_client_response_body_size_bytes", "http.client.response.body.size"),
            ],
            false => [
                ("http_server_request_duration_seconds", "http.server.request.duration"),
                ("http_server_request_body_size_bytes", "http.server.request.body.size"),
                ("http_server_response_body_size_bytes", "http.server.response.body.size"),
            ],
        };
        report
            .histogram(duration.0, "Time from the first byte of a request to the last byte of its response")
            .convention(duration.1, "s")
            .spread(&labels, self.duration.distribution(&SECONDS));
        for ((name, convention), help, sizes) in [
            (request, "Bytes of content of requests on the wire", &self.request_size),
            (response, "Bytes of content of responses on the wire", &self.response_size),
        ] {
            report.histogram(name, help).convention(convention, "By").spread(&labels, sizes.distribution(&BYTES));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::monitor::exposition::{assert_documented, text};

    #[test]
    fn every_metric_of_traffic_is_documented() {
        let mut metrics = Metrics::default();
        for (vantage, rpc) in
            [Vantage::Server, Vantage::Client].into_iter().flat_map(|vantage| [(vantage, None), (vantage, Some("OK"))])
        {
            let client = vantage == Vantage::Client;
            let key = Key { endpoint: 1, client, scheme: "http", method: "GET", status: 200, version: "1.1", rpc };
            metrics.begin(key, "/users/{id}".to_owned(), None);
        }
        metrics.lookups.add(0.1, &SECONDS);
        let mut report = Report::default();
        metrics.describe(&mut report);
        assert_documented(&report);
        assert_eq!(text(report).unwrap().matches("# TYPE ").count(), 9);
    }

    #[test]
    fn no_two_series_have_the_same_labels() {
        let mut metrics = Metrics::default();
        let exchange = sample();
        for vantage in [Vantage::Server, Vantage::Both, Vantage::Client] {
            for (route, port) in [("/a", 80), ("/a", 81), ("/b", 80)] {
                let server = (vantage == Vantage::Client).then_some((&b"shop.test"[..], port));
                metrics.exchange(&exchange, vantage, Endpoint { route, server });
            }
        }
        let mut report = Report::default();
        metrics.describe(&mut report);
        let text = text(report).unwrap();
        let mut counts: Vec<&str> = text.lines().filter(|line| line.contains("duration_seconds_count")).collect();
        assert_eq!(counts.len(), 5, "{text}");
        counts.dedup();
        assert_eq!(counts.len(), 5, "{text}");
        assert!(counts.iter().any(|line| line.ends_with(" 4")), "{text}");
    }

    #[test]
    fn labels_that_are_too_long_are_counted_together() {
        let mut metrics = Metrics::default();
        let (exchange, long) = (sample(), "/a".repeat(LONGEST_LABEL));
        let server = |host: &'static str| Some((host.as_bytes(), 80));
        metrics.exchange(&exchange, Vantage::Client, Endpoint { route: "/a", server: server("shop.test") });
        metrics.exchange(&exchange, Vantage::Client, Endpoint { route: "/a", server: Some((long.as_bytes(), 80)) });
        metrics.exchange(&exchange, Vantage::Client, Endpoint { route: &long, server: server("shop.test") });
        let told: Vec<_> = metrics.series.iter().map(|series| (&*series.route, series.duration.counts[0])).collect();
        assert_eq!(told, [("/a", 1), (OTHER, 2)]);
    }

    fn sample() -> Exchange {
        let mut exchange = Exchange { status: Some(200), ..Exchange::default() };
        exchange.method = exchange.text.add(b"GET");
        (exchange.request.start_unix_nanos, exchange.response.start_unix_nanos) = (1, 2);
        exchange
    }
}
