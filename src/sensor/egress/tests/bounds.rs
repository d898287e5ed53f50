//! How much is remembered, and that nothing is lost of what is counted.

use proptest::prelude::*;

use super::*;
use crate::export::monitor::exposition::assert_snapshot;

#[test]
fn a_hundred_thousand_sites_stay_within_bounds_and_the_rest_is_told_together() {
    let limits = EgressLimits::default();
    let mut task = Task::with(limits);
    let kept = |task: &mut Task, second| {
        task.talks_to(SITE, 443, at(second)).asks_tls_for("kept.example.com").carries(1, 1).ends();
    };
    kept(&mut task, 0);
    task.egress.summaries(at(0));
    let (mut summed, mut most) = (0, 0);
    for number in 0..100_000_u32 {
        let [_, high, middle, low] = number.to_be_bytes();
        let address = format!("203.{high}.{middle}.{low}");
        let name = format!("site-{number}.example.com");
        task.resolves(&name, &[&address], 60, at(number.into()));
        task.talks_to(&address, 443, at(number.into())).asks_tls_for(&name).ends();
        if number % 500 == 0 {
            kept(&mut task, number.into());
            most = most.max(task.egress.memory());
            summed += task.egress.summaries(at(number.into())).map(|summary| summary.flows).sum::<u64>();
        }
    }
    summed += task.egress.rest(at(200_000)).map(|summary| summary.flows).sum::<u64>();
    let report = task.egress.report();
    assert_eq!(report.sites.len(), limits.sites);
    assert_eq!(report.other_sites, 100_001 - limits.sites as u64);
    let (flows, bytes) = task.sums();
    assert_eq!((flows, summed), (100_201, 100_201));
    assert_eq!(bytes, 100_000 * 1_100 + 201 * 2);
    assert!(report.sites.iter().any(|site| site.name == "kept.example.com" && site.totals.flows == 201));
    assert!(most < 2 << 20, "{most} bytes");
}

#[test]
fn names_as_long_as_can_be_stay_within_their_bytes() {
    let limits = EgressLimits { name_bytes: 64 << 10, ..EgressLimits::default() };
    let mut task = Task::with(limits);
    for number in 0..2_000_u32 {
        let name = format!("{number:0>240}.example.com");
        let address = format!("203.0.{}.{}", number / 256, number % 256);
        task.resolves(&name, &[&name, &name, &address], 60, at(0));
        let talk = task.talks_to(&address, 443, at(1)).asks_tls_for(&name).asks_http_for(&name);
        if number % 2 == 0 {
            talk.ends();
        }
    }
    let report = task.egress.report();
    assert!(report.sites.len() <= (limits.name_bytes / 4 / 252), "{}", report.sites.len());
    assert_eq!(task.sums().0, 1_000);
    let metrics = task.egress.metrics();
    assert!(metrics.forgotten_addresses > 1_000 && metrics.forgotten_connections > 500, "{metrics:?}");
}

/// By site, what is told of it as metrics.
fn told(egress: &Egress) -> Vec<(String, u64)> {
    let metrics = egress.metrics();
    let sites = metrics.series.iter().map(|series| (series.key.label.text(), series.totals.bytes()));
    sites.chain([(OTHER.to_owned(), metrics.other.bytes())]).collect()
}

/// That no number of the first is larger in the second.
#[track_caller]
fn assert_none_falls(earlier: &[(String, u64)], later: &[(String, u64)]) {
    for (name, was) in earlier {
        let is = later.iter().find(|(other, _)| other == name).map(|(_, bytes)| *bytes);
        assert!(is.is_some_and(|is| is >= *was), "{name}: {was} and then {is:?}");
    }
}

#[test]
fn the_first_sites_have_metrics_of_their_own_and_the_others_together() {
    let mut task = Task::new();
    for number in 0..300_u32 {
        let name = format!("site-{number:03}.example.com");
        task.talks_to(SITE, 443, at(0)).asks_tls_for(&name).carries(1, 0).ends();
    }
    let before = told(&task.egress);
    assert_eq!((before.len(), before[200].1), (MOST_SERIES + 1, 100));
    task.talks_to(SITE, 443, at(1)).asks_tls_for("site-299.example.com").carries(1_000, 0).ends();
    task.egress.rest(at(2));
    let after = told(&task.egress);
    assert_eq!((after.len(), after[200].1), (MOST_SERIES + 1, 1_100));
    assert_none_falls(&before, &after);
}

#[test]
fn a_site_that_gave_way_and_comes_back_goes_on_where_it_was() {
    let mut task = Task::with(EgressLimits { sites: 2, ..EgressLimits::default() });
    let mut seen = vec![told(&task.egress)];
    for (second, name) in ["a.example", "b.example", "c.example", "a.example"].into_iter().enumerate() {
        task.talks_to(SITE, 443, at(second as u64)).asks_tls_for(name).carries(10, 0).ends();
        task.egress.rest(at(second as u64));
        seen.push(told(&task.egress));
    }
    assert_eq!(task.egress.report().other_sites, 2, "two gave way");
    seen.windows(2).for_each(|pair| assert_none_falls(&pair[0], &pair[1]));
    let expected = [("a.example", 20), ("b.example", 10), ("c.example", 10), (OTHER, 0)];
    assert_eq!(told(&task.egress), expected.map(|(name, bytes)| (name.to_owned(), bytes)));
}

#[test]
fn every_number_has_a_metric() {
    struct Told(Metrics);
    impl crate::export::monitor::Subject for Told {
        fn silent(&self) -> Duration {
            Duration::ZERO
        }
        fn ready(&self) -> Result<(), String> {
            Ok(())
        }
        fn describe(&self, report: &mut Report) {
            self.0.describe(report);
        }
    }
    let mut task = Task::new();
    task.talks_to(SITE, 443, at(0)).asks_tls_for("api.example.com").ends();
    task.talks_to("2001:db8::9", 5432, at(0)).carries(5, 6).ends();
    assert_snapshot("metrics-egress", &Told(task.egress.metrics()));
}

#[derive(Debug, Clone)]
enum Step {
    Dns { question: u8, address: u8, ttl: u32 },
    Tls { port: u8, address: u8, name: String },
    Http { port: u8, address: u8, host: Vec<u8> },
    Flow { port: u8, address: u8, sent: u32, received: u32 },
    Summaries,
}

fn step() -> impl Strategy<Value = Step> {
    let place = || (0..12_u8, 0..12_u8);
    prop_oneof![
        (0..12_u8, 0..12_u8, any::<u32>()).prop_map(|(question, address, ttl)| Step::Dns { question, address, ttl }),
        (place(), ".{0,20}|[a-d]\\.example").prop_map(|((port, address), name)| Step::Tls { port, address, name }),
        (place(), prop::collection::vec(any::<u8>(), 0..12)).prop_map(|((port, address), host)| Step::Http {
            port,
            address,
            host
        }),
        (place(), any::<u32>(), any::<u32>()).prop_map(|((port, address), sent, received)| Step::Flow {
            port,
            address,
            sent,
            received
        }),
        Just(Step::Summaries),
    ]
}

proptest! {
    /// Whatever comes, at whatever time: nothing is lost of what is counted, and nothing grows beyond its bounds.
    #[test]
    fn nothing_is_lost_and_nothing_grows(steps in prop::collection::vec((step(), any::<u64>()), 1..120)) {
        let limits = EgressLimits { sites: 5, addresses: 4, connections: 3, name_bytes: 2_000 };
        let mut task = Task::with(limits);
        let (mut expected, mut summed) = ((0, 0_u64), 0);
        for (step, nanos) in steps {
            let time = Timestamp::from_nanos(nanos);
            let at = |port: u8, address: u8| {
                let address = format!("192.0.2.{address}");
                connection(Realm::OUTSIDE, (CLIENT, port.into()), (address.as_str(), 443))
            };
            match step {
                Step::Dns { question, address, ttl } => {
                    let (question, address) = (format!("{question}.example"), format!("192.0.2.{address}"));
                    task.resolves(&question, &[&address], ttl, time);
                }
                Step::Tls { port, address, name } => {
                    let mut talk = task.talks_to(SITE, 443, time);
                    talk.connection = at(port, address);
                    talk.asks_tls_for(&name);
                }
                Step::Http { port, address, host } => {
                    task.egress.exchange(&at(port, address), &host, None, time);
                }
                Step::Flow { port, address, sent, received } => {
                    let (sent, received) = (u64::from(sent), u64::from(received));
                    let mut talk = task.talks_to(SITE, 443, time).carries(sent, received);
                    talk.connection = at(port, address);
                    talk.ends();
                    expected = (expected.0 + 1, expected.1 + sent + received);
                }
                Step::Summaries => summed += task.egress.rest(time).map(|summary| summary.flows).sum::<u64>(),
            }
            let told: u64 = told(&task.egress).iter().map(|(_, bytes)| bytes).sum();
            prop_assert_eq!((task.sums(), told), (expected, expected.1));
            prop_assert!(task.egress.report().sites.len() <= limits.sites);
            prop_assert!(task.egress.pending.len() <= limits.connections);
        }
        summed += task.egress.rest(at(0)).map(|summary| summary.flows).sum::<u64>();
        prop_assert_eq!(summed, expected.0);
        for format in [ReportFormat::Text, ReportFormat::Json, ReportFormat::Csv] {
            prop_assert!(task.egress.report().render(format).ends_with('\n'));
        }
    }
}
