mod bounds;

use super::*;
use crate::packet::Realm;
use crate::record::NameSource;

const CLIENT: &str = "10.0.0.5";
const SITE: &str = "192.0.2.10";
const START: u64 = 1_700_000_000;

/// Seconds after the start.
fn at(seconds: u64) -> Timestamp {
    Timestamp::from_parts(START + seconds, 0)
}

/// A task that talks to others.
struct Task {
    egress: Egress,
    port: u16,
    client: &'static str,
    realm: Realm,
}

/// What is known of one connection, before it is counted.
struct Talk<'a> {
    task: &'a mut Task,
    connection: Connection,
    flow: Flow,
}

fn connection(realm: Realm, client: (&str, u16), server: (&str, u16)) -> Connection {
    let end = |(address, port): (&str, u16)| Endpoint { address: address.parse().unwrap(), port };
    Connection { client: end(client), server: end(server), realm }
}

impl Task {
    fn new() -> Self {
        Task::with(EgressLimits::default())
    }

    fn with(limits: EgressLimits) -> Self {
        Task { egress: Egress::new(limits), port: 40_000, client: CLIENT, realm: Realm::OUTSIDE }
    }

    fn from(&mut self, client: &'static str) -> &mut Self {
        self.client = client;
        self
    }

    fn resolves(&mut self, question: &str, answers: &[&str], ttl: u32, time: Timestamp) -> &mut Self {
        let v6 = answers.iter().any(|answer| answer.contains(':'));
        let answer = DnsAnswer {
            time_unix_nanos: time.nanos(),
            id: 1,
            question: question.to_owned(),
            question_type: if v6 { "AAAA" } else { "A" }.to_owned(),
            response_code: "NOERROR".to_owned(),
            answers: answers.iter().map(|&answer| answer.to_owned()).collect(),
            ttl_min: Some(ttl),
            rtt_nanos: None,
        };
        let server = if self.client.starts_with("127.") { "127.0.0.11" } else { "10.0.0.2" };
        self.egress.dns(&connection(self.realm, (self.client, 5_000), (server, 53)), &answer);
        self
    }

    fn talks_to(&mut self, address: &str, port: u16, time: Timestamp) -> Talk<'_> {
        self.port = self.port.wrapping_add(1);
        let connection = connection(self.realm, (self.client, self.port), (address, port));
        let flow = Flow {
            protocol: Protocol::Tcp,
            sent_bytes: 100,
            received_bytes: 1000,
            first: time,
            last: time.after(Duration::from_secs(2)),
        };
        Talk { task: self, connection, flow }
    }

    /// Name, evidence and mismatches of every site.
    fn sites(&self) -> Vec<(String, NameSource, Vec<&'static str>)> {
        let sites = self.egress.report().sites.into_iter();
        sites.map(|site| (site.name, site.name_source, site.mismatches)).collect()
    }

    #[track_caller]
    fn knows(&self, name: &str, source: NameSource, mismatches: &[&'static str]) {
        assert_eq!(self.sites(), [(name.to_owned(), source, mismatches.to_vec())]);
    }

    /// All that is counted: of connections and of bytes.
    fn sums(&self) -> (u64, u64) {
        let report = self.egress.report();
        let sites = report.sites.iter().map(|site| &site.totals);
        sites.chain([&report.other]).fold((0, 0), |(flows, bytes), one| (flows + one.flows, bytes + one.bytes()))
    }
}

impl Talk<'_> {
    fn asks_tls_for(self, name: &str) -> Self {
        let handshake = TlsHandshake {
            time_unix_nanos: self.flow.first.nanos(),
            server_name: Some(name.to_owned()),
            offered_protocols: Vec::new(),
            version: Some("1.3"),
            cipher: None,
            next_protocol: None,
            resumed: false,
            established: true,
            alert: None,
        };
        self.task.egress.tls(&self.connection, &handshake);
        self
    }

    fn asks_http_for(self, host: &str) -> Self {
        self.task.egress.exchange(&self.connection, host.as_bytes(), None, self.flow.first);
        self
    }

    fn lasts(mut self, seconds: u64) -> Self {
        self.flow.last = self.flow.first.after(Duration::from_secs(seconds));
        self
    }

    fn carries(mut self, sent: u64, received: u64) -> Self {
        (self.flow.sent_bytes, self.flow.received_bytes) = (sent, received);
        self
    }

    fn ends(self) {
        self.task.egress.flow(&self.connection, &self.flow);
    }
}

/// Which of DNS, TLS and HTTP name a connection, and what is made of it.
#[test]
fn the_best_evidence_names_a_site() {
    use NameSource::*;
    type Case<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, &'a str, NameSource, &'a [&'static str]);
    let (api, other) = ("api.example.com", "other.example.com");
    let cases: [Case<'_>; 13] = [
        (Some(api), Some(api), Some(api), api, HttpConfirmed, &[]),
        (None, Some(api), Some("API.example.com."), api, HttpConfirmed, &[]),
        (Some(api), None, Some("api.example.com:80"), api, HttpConfirmed, &[]),
        (Some(api), Some(api), None, api, TlsSni, &[]),
        (Some(other), Some(api), None, api, TlsSni, &["sni_never_resolved"]),
        (None, Some(api), None, api, TlsSni, &["sni_never_resolved"]),
        (Some(api), None, None, api, Dns, &[]),
        (None, None, Some(api), api, HttpHost, &[]),
        (None, None, None, SITE, Address, &["direct_to_ip"]),
        (None, None, Some(SITE), SITE, Address, &["direct_to_ip"]),
        (Some(api), None, Some(SITE), api, Dns, &[]),
        (Some(api), None, Some(other), api, Dns, &["host_differs"]),
        (Some(api), Some(api), Some(other), api, TlsSni, &["host_differs"]),
    ];
    for (place, (dns, tls, http, name, source, mismatches)) in cases.into_iter().enumerate() {
        let mut task = Task::new();
        // DNS is seen in any case.
        task.resolves("else.example.net", &["198.51.100.1"], 60, at(0));
        if let (None, Some(tls), Some(_)) = (dns, tls, http) {
            task.resolves(tls, &["198.51.100.2"], 60, at(0));
        }
        if let Some(question) = dns {
            task.resolves(question, &[SITE], 60, at(0));
        }
        let mut talk = task.talks_to(SITE, 80, at(1));
        if let Some(name) = tls {
            talk = talk.asks_tls_for(name);
        }
        if let Some(host) = http {
            talk = talk.asks_http_for(host);
        }
        talk.ends();
        assert_eq!(task.sites(), [(name.to_owned(), source, mismatches.to_vec())], "case {place}");
    }
}

#[test]
fn without_dns_nothing_is_said_of_what_it_does_not_say() {
    let mut task = Task::new();
    task.talks_to(SITE, 443, at(1)).asks_tls_for("api.example.com").ends();
    task.talks_to("192.0.2.11", 5432, at(1)).carries(1, 1).ends();
    // What was seen of DNS afterwards does not count either.
    task.resolves("late.example.com", &["192.0.2.12"], 60, at(100));
    task.talks_to("192.0.2.13", 5432, at(50)).carries(1, 0).ends();
    let mismatches: Vec<_> = task.sites().into_iter().flat_map(|(_, _, mismatches)| mismatches).collect();
    assert_eq!(mismatches, [""; 0]);
}

#[test]
fn aliases_are_the_same_site() {
    let mut task = Task::new();
    let chain = ["cdn.example.net.", "edge7.cdn.example.net", SITE, "192.0.2.11"];
    task.resolves("www.example.com", &chain, 60, at(0));
    task.talks_to(SITE, 443, at(1)).ends();
    task.talks_to("192.0.2.11", 443, at(1)).asks_tls_for("edge7.cdn.example.net").carries(10, 10).ends();
    task.talks_to(SITE, 80, at(1)).asks_http_for("cdn.example.net").carries(1, 1).ends();
    assert_eq!(
        task.sites(),
        [
            ("www.example.com".to_owned(), NameSource::Dns, vec![]),
            ("edge7.cdn.example.net".to_owned(), NameSource::TlsSni, vec![]),
            ("cdn.example.net".to_owned(), NameSource::HttpConfirmed, vec![]),
        ]
    );
}

#[test]
fn a_host_without_the_domain_that_the_resolver_added_is_named_in_full() {
    let mut task = Task::new();
    task.resolves("orders.prod.internal", &[SITE], 60, at(0));
    task.talks_to(SITE, 8080, at(1)).asks_http_for("orders:8080").ends();
    task.knows("orders.prod.internal", NameSource::HttpConfirmed, &[]);
}

#[test]
fn a_proxy_is_asked_for_others_and_that_is_no_mismatch() {
    let mut task = Task::new();
    task.resolves("proxy.internal", &[SITE], 60, at(0));
    // Absolute form: the port of the site is the default one, and not the proxy's.
    task.talks_to(SITE, 3128, at(1)).asks_http_for("api.example.com").ends();
    task.knows("proxy.internal", NameSource::Dns, &[]);
    // A tunnel, and a handshake in it.
    let mut task = Task::new();
    task.resolves("proxy.internal", &[SITE], 60, at(0));
    task.talks_to(SITE, 3128, at(1)).asks_http_for("api.example.com:443").asks_tls_for("api.example.com").ends();
    task.knows("api.example.com", NameSource::HttpConfirmed, &[]);
}

#[test]
fn an_answer_names_connections_until_its_time_and_ten_minutes_are_over() {
    for (begins, source) in [(659, NameSource::Dns), (660, NameSource::Dns), (661, NameSource::Address)] {
        let mut task = Task::new();
        task.resolves("api.example.com", &[SITE], 60, at(0));
        task.talks_to(SITE, 443, at(begins)).ends();
        assert_eq!(task.sites()[0].1, source, "{begins} s");
    }
    let mut task = Task::new();
    task.resolves("api.example.com", &[SITE], u32::MAX, at(0));
    task.talks_to(SITE, 443, at(30 * 86_400)).ends();
    assert_eq!(task.sites()[0].1, NameSource::Address, "nobody may want 136 years");
}

#[test]
fn the_last_name_of_an_address_counts_and_that_there_was_another_is_told() {
    let mut task = Task::new();
    task.resolves("a.example.com", &[SITE], 60, at(0)).resolves("b.example.com", &[SITE], 60, at(10));
    task.talks_to(SITE, 443, at(20)).ends();
    task.knows("b.example.com", NameSource::Dns, &[]);
    assert!(task.egress.report().sites[0].ambiguous);
    // Whatever names it better is not ambiguous, and either name will do.
    let mut task = Task::new();
    task.resolves("a.example.com", &[SITE], 60, at(0)).resolves("b.example.com", &[SITE], 60, at(10));
    task.talks_to(SITE, 80, at(20)).asks_http_for("a.example.com").ends();
    task.knows("a.example.com", NameSource::HttpConfirmed, &[]);
    assert!(!task.egress.report().sites[0].ambiguous);
}

#[test]
fn a_name_that_has_expired_or_leads_to_the_other_makes_nothing_ambiguous() {
    let mut task = Task::new();
    task.resolves("a.example.com", &[SITE], 60, at(0)).resolves("b.example.com", &[SITE], 60, at(700));
    task.talks_to(SITE, 443, at(701)).ends();
    task.knows("b.example.com", NameSource::Dns, &[]);
    assert!(!task.egress.report().sites[0].ambiguous);
    let mut task = Task::new();
    task.resolves("lb.example.net", &[SITE], 60, at(0));
    task.resolves("www.example.com", &["lb.example.net", SITE], 60, at(1));
    task.talks_to(SITE, 443, at(2)).ends();
    task.knows("www.example.com", NameSource::Dns, &[]);
    assert!(!task.egress.report().sites[0].ambiguous);
}

#[test]
fn a_connection_is_named_by_what_dns_had_said_when_it_began() {
    let mut task = Task::new();
    task.resolves("db.example.com", &[SITE], 60, at(0));
    task.resolves("web.example.com", &[SITE], 60, at(3_600));
    task.talks_to(SITE, 5432, at(5)).lasts(7_200).ends();
    task.knows("db.example.com", NameSource::Dns, &[]);
    // Its answer came before the capture began: a later one is better than none.
    let mut task = Task::new();
    task.resolves("db.example.com", &[SITE], 60, at(100));
    task.talks_to(SITE, 5432, at(5)).lasts(200).ends();
    task.knows("db.example.com", NameSource::Dns, &[]);
}

#[test]
fn answers_are_for_who_asked() {
    let mut task = Task::new();
    task.resolves("api.example.com", &[SITE], 60, at(0));
    task.from("10.0.0.6").talks_to(SITE, 443, at(1)).ends();
    task.knows(SITE, NameSource::Address, &["direct_to_ip"]);
    let mut task = Task::new();
    task.resolves("api.example.com", &[SITE], 60, at(0));
    task.realm = Realm::of_source(1);
    task.talks_to(SITE, 443, at(1)).ends();
    task.knows(SITE, NameSource::Address, &[]);
}

#[test]
fn a_resolver_on_this_host_and_the_other_version_of_ip_answer_for_everybody() {
    let mut task = Task::new();
    task.from("127.0.0.1").resolves("api.example.com", &[SITE], 60, at(0));
    task.from(CLIENT).talks_to(SITE, 443, at(1)).ends();
    task.knows("api.example.com", NameSource::Dns, &[]);
    let mut task = Task::new();
    task.resolves("api.example.com", &["2001:db8::10"], 60, at(0));
    task.from("2001:db8::5").talks_to("2001:db8::10", 443, at(1)).ends();
    task.knows("api.example.com", NameSource::Dns, &[]);
}

#[test]
fn what_is_no_site_is_not_counted() {
    let mut task = Task::new();
    for address in ["127.0.0.1", "169.254.170.2", "169.254.170.23", "169.254.169.254", "fe80::1", "fd00:ec2::254"] {
        task.talks_to(address, 80, at(0)).asks_http_for("metadata.example").asks_tls_for("a.example").ends();
    }
    assert_eq!(task.sites(), []);
    assert_eq!(task.egress.pending.len(), 0);
}

#[test]
fn what_the_wire_said_is_what_it_speaks() {
    let mut task = Task::new();
    task.talks_to(SITE, 443, at(0)).asks_tls_for("a.example.com").carries(1, 3).ends();
    task.talks_to(SITE, 80, at(0)).asks_http_for("a.example.com").carries(1, 2).ends();
    task.talks_to(SITE, 5432, at(0)).carries(1, 1).ends();
    let mut talk = task.talks_to(SITE, 53, at(0)).carries(1, 0);
    talk.flow.protocol = Protocol::Dns;
    talk.ends();
    let protocols: Vec<_> = task.egress.report().sites.iter().map(|site| site.protocol).collect();
    assert_eq!(protocols, [Protocol::Tls, Protocol::Http, Protocol::Tcp, Protocol::Dns]);
}

#[test]
fn every_five_minutes_the_sites_of_these_minutes_are_summed_up() {
    let mut task = Task::new();
    assert_eq!(task.egress.summaries(at(0)).count(), 0);
    task.talks_to(SITE, 443, at(1)).asks_tls_for("a.example.com").ends();
    task.talks_to(SITE, 443, at(2)).asks_tls_for("a.example.com").ends();
    task.talks_to(SITE, 443, at(3)).asks_tls_for("b.example.com").carries(5, 50).ends();
    assert_eq!(task.egress.summaries(at(299)).count(), 0);
    let summaries: Vec<EgressSummary> = task.egress.summaries(at(300)).collect();
    let short: Vec<_> =
        summaries.iter().map(|one| (one.name.as_str(), one.flows, one.sent_bytes, one.first_ever)).collect();
    assert_eq!(short, [("a.example.com", 2, 200, true), ("b.example.com", 1, 5, true)]);
    assert_eq!(
        summaries[1],
        EgressSummary {
            time_unix_nanos: at(300).nanos(),
            name: "b.example.com".to_owned(),
            name_source: NameSource::TlsSni,
            address: SITE.parse().unwrap(),
            port: 443,
            protocol: "tls",
            flows: 1,
            sent_bytes: 5,
            received_bytes: 50,
            first_seen_unix_nanos: at(3).nanos(),
            last_seen_unix_nanos: at(5).nanos(),
            first_ever: true,
            ambiguous: false,
            mismatches: vec![],
        }
    );
    task.talks_to(SITE, 443, at(310)).asks_tls_for("b.example.com").ends();
    let rest: Vec<_> = task.egress.rest(at(320)).map(|one| (one.name, one.flows, one.first_ever)).collect();
    assert_eq!(rest, [("b.example.com".to_owned(), 1, false)]);
    assert_eq!(task.egress.summaries(at(619)).count(), 0, "the minutes begin anew with the rest");
}

#[test]
fn a_clock_that_is_set_back_or_far_ahead_stops_nothing() {
    let mut task = Task::new();
    task.egress.summaries(at(1_000_000));
    task.resolves("a.example.com", &[SITE], 60, at(1_000_000));
    assert_eq!(task.egress.summaries(at(0)).count(), 0);
    task.talks_to(SITE, 443, at(1)).ends();
    task.knows("a.example.com", NameSource::Dns, &[]);
    assert_eq!(task.egress.summaries(at(300)).count(), 1, "five minutes after the clock was set");
    task.resolves("b.example.com", &["192.0.2.99"], 60, Timestamp::from_nanos(u64::MAX));
    task.talks_to("192.0.2.99", 443, Timestamp::from_nanos(u64::MAX)).ends();
    assert_eq!(task.egress.summaries(Timestamp::from_nanos(u64::MAX)).count(), 1);
    let mut back = task.talks_to("192.0.2.99", 443, at(500));
    back.flow.last = at(400);
    back.ends();
    assert_eq!(task.sums().0, 3);
    for format in [ReportFormat::Text, ReportFormat::Json, ReportFormat::Csv] {
        assert!(task.egress.report().render(format).contains("2554-07-21"), "the last time that there is");
    }
}
