//! What a collector says of itself to those who ask over HTTP: the engine's counts, and what came to it.

use std::net::SocketAddr;
use std::time::Duration;

use super::{CollectCounts, Collector, Refusal, SourceCounts, SourceTotals};
use crate::export::monitor::report::{Item, Report};
use crate::export::monitor::{Published, Subject};
use crate::sensor::Engine;
use crate::sensor::monitor::Snapshot;

/// Sources that are told apart: the first, so that each keeps its place. The others are one.
pub const MOST_SOURCES: usize = 100;
/// What the others are called.
const OTHERS: &str = "others";

/// What is published of a collector.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    engine: Snapshot,
    counts: CollectCounts,
    sources: Vec<SourceCounts>,
    totals: SourceTotals,
}

impl Collected {
    /// A copy of everything that is counted now.
    pub fn of(collector: &Collector, engine: &mut Engine, counts: CollectCounts) -> Self {
        let sources = collector.sources().iter().take(MOST_SOURCES).copied().collect();
        Collected { engine: Snapshot::of(engine), counts, sources, totals: collector.source_totals() }
    }
}

/// A collector that can be asked.
#[derive(Debug)]
pub struct Monitored {
    published: Published<Collected>,
    addresses: Vec<SocketAddr>,
    to_interface: Option<String>,
}

impl Monitored {
    /// This one, which publishes here.
    pub fn new(published: Published<Collected>, collector: &Collector) -> Self {
        let to_interface = collector.to_interface().map(str::to_owned);
        Monitored { published, addresses: collector.addresses(), to_interface }
    }
}

impl Subject for Monitored {
    fn silent(&self) -> Duration {
        self.published.age()
    }

    fn ready(&self) -> Result<(), String> {
        match self.published.get() {
            None => Err("it has not begun".to_owned()),
            Some(_) => Ok(()),
        }
    }

    fn describe(&self, report: &mut Report) {
        let Collected { engine, counts, sources, totals } = self.published.get().unwrap_or_default();
        datagrams(&counts, totals, report);
        by_source(&sources, totals, report);
        report.gauge("sidetap_sources", "Sources that have a number").is(counts.sources as u64);
        if let Some(interface) = &self.to_interface {
            replay(interface, &counts, report);
        }
        engine.describe(report);
        report.list("addresses", self.addresses.iter().map(|address| vec![("address", address.to_string().into())]));
        report.list("sources", sources.iter().map(item));
    }
}

fn datagrams(counts: &CollectCounts, totals: SourceTotals, report: &mut Report) {
    report.counter("sidetap_received_datagrams", "Datagrams that were read").is(counts.datagrams);
    let why = |refusal| match refusal {
        Refusal::TooShort => "too_short",
        Refusal::NotVxlan => "not_vxlan",
        Refusal::ReservedBits => "reserved_bits",
        Refusal::OtherNetwork => "other_vni",
        Refusal::InnerTooShort => "frame_too_short",
        Refusal::Nested => "tunnel_in_tunnel",
        Refusal::TooManySources => "too_many_sources",
    };
    report
        .counter("sidetap_refused_datagrams", "Datagrams that were not taken")
        .by("cause", Refusal::ALL.map(|refusal| (why(refusal), counts.refused.of(refusal))));
    report
        .counter("sidetap_dropped_datagrams", "Datagrams that the kernel dropped")
        .by("cause", [("receive_buffer_full", counts.dropped)]);
    report.counter("sidetap_mirrored_packets", "Mirrored packets, before the filter").is(totals.packets);
    report.counter("sidetap_mirrored_bytes", "Their bytes, as far as they were sent").is(totals.bytes);
    report.counter("sidetap_filtered_packets", "Those that the filter rejected").is(counts.filtered);
}

fn by_source(sources: &[SourceCounts], totals: SourceTotals, report: &mut Report) {
    let mut others = totals;
    let mut rows = Vec::new();
    for counts in sources {
        others.packets = others.packets.saturating_sub(counts.packets);
        others.bytes = others.bytes.saturating_sub(counts.bytes);
        others.refused = others.refused.saturating_sub(counts.refused);
        let own = SourceTotals { packets: counts.packets, bytes: counts.bytes, refused: counts.refused };
        rows.push((counts.source.address.to_string(), counts.source.vni.to_string(), own));
    }
    rows.push((OTHERS.to_owned(), String::new(), others));
    for (source, vni, own) in &rows {
        let labels = [("source", source.as_str()), ("vni", vni.as_str())];
        report
            .counter("sidetap_source_packets", "Mirrored packets by source, before the filter")
            .of(&labels, own.packets);
        report.counter("sidetap_source_bytes", "Their bytes, as far as they were sent").of(&labels, own.bytes);
        report
            .counter("sidetap_source_refused_datagrams", "Datagrams of a known source that were not taken")
            .of(&labels, own.refused);
    }
}

fn replay(interface: &str, counts: &CollectCounts, report: &mut Report) {
    let (of, replay) = ([("interface", interface)], &counts.replay);
    report.counter("sidetap_replayed_frames", "Frames sent out of an interface").of(&of, replay.sent);
    for (cause, lost) in [
        ("too_long", replay.too_long),
        ("queue_full", replay.queue_full),
        ("gone", replay.gone),
        ("refused", replay.refused),
    ] {
        report
            .counter("sidetap_replay_dropped_frames", "Frames not sent out of it")
            .of(&[("interface", interface), ("cause", cause)], lost);
    }
    report.gauge("sidetap_replay_up", "Whether the interface is there and up").of(&of, (!replay.is_gone).into());
}

fn item(counts: &SourceCounts) -> Item {
    vec![
        ("address", counts.source.address.to_string().into()),
        ("vni", u64::from(counts.source.vni).into()),
        ("packets", counts.packets.into()),
        ("bytes", counts.bytes.into()),
        ("refused", counts.refused.into()),
        ("last_unix_seconds", (counts.last.nanos() / 1_000_000_000).into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::{Refusals, ReplayCounts};
    use crate::export::monitor::exposition::{self, assert_snapshot};
    use crate::packet::Timestamp;
    use crate::record::Source;

    fn source(last: u8, packets: u64) -> SourceCounts {
        let source = Source { address: [10, 0, 3, last].into(), vni: 42 };
        let last = Timestamp::from_parts(1_700_000_000, 0);
        SourceCounts { source, packets, bytes: packets * 100, refused: 1, last }
    }

    fn monitored(sources: Vec<SourceCounts>, totals: SourceTotals) -> Monitored {
        let mut refused = Refusals::default();
        refused.count(Refusal::Nested);
        let replay = ReplayCounts { sent: 9, too_long: 1, queue_full: 2, gone: 3, refused: 4, is_gone: true };
        let counts = CollectCounts {
            datagrams: 51,
            refused,
            filtered: 5,
            dropped: 6,
            sources: sources.len(),
            replay,
            ..CollectCounts::default()
        };
        let published = Published::default();
        published.publish(Collected { engine: Snapshot::default(), counts, sources, totals });
        let addresses = vec!["0.0.0.0:4789".parse().unwrap()];
        Monitored { published, addresses, to_interface: Some("tap0".to_owned()) }
    }

    #[test]
    fn every_number_has_a_metric() {
        let totals = SourceTotals { packets: 50, bytes: 5_000, refused: 3 };
        let monitored = monitored(vec![source(7, 30), source(8, 15)], totals);
        assert_eq!(monitored.ready(), Ok(()));
        assert_snapshot("metrics-collect", &monitored);
    }

    #[test]
    fn sources_are_few_and_add_up() {
        let totals = SourceTotals { packets: 12_345, bytes: 1_234_500, refused: 200 };
        let sources = (0..MOST_SOURCES as u8).map(|last| source(last, 100)).collect();
        let mut report = Report::default();
        monitored(sources, totals).describe(&mut report);
        let text = exposition::text(report).unwrap();
        let rows = text.lines().filter_map(|line| line.strip_prefix("sidetap_source_packets_total{"));
        let values: Vec<u64> = rows.map(|row| row.rsplit(' ').next().unwrap().parse().unwrap()).collect();
        assert_eq!((values.len(), values.iter().sum()), (MOST_SOURCES + 1, 12_345));
        assert!(text.contains("{source=\"others\",vni=\"\"} 2345\n"), "{text}");
        // All that an answer can have.
        assert!(text.len() < 64 << 10, "{}", text.len());
    }
}
