//! What came to a collector: datagrams, who sent them, and why some were refused.

use bytesize::ByteSize;

use super::{Loss, Seen, list, told};
use crate::cli::output::{count, counted};
use crate::collect::{CollectCounts, Collector, Refusal, SourceCounts};

/// Sources that are named, those with the most packets.
const NAMED: usize = 10;

/// What the summary says of it.
pub fn seen(collected: &CollectCounts, collector: &Collector) -> Seen {
    let CollectCounts { datagrams, refused, filtered, dropped, unread, sources, replay } = *collected;
    let mut more = list("refused", told(refusals(collected)).collect());
    if let Some(interface) = collector.to_interface() {
        more.push(format!("{} sent out of {interface}", counted(replay.sent, "frame")));
    }
    more.extend(named(collector.sources()));
    Seen {
        came: Some(format!("{} from {}", counted(datagrams, "datagram"), counted(sources as u64, "source"))),
        packets: datagrams - refused.total(),
        filtered,
        more,
        losses: vec![
            (
                dropped,
                "datagram",
                "dropped by the kernel: the receive buffer was full, or a checksum wrong (up to 64 that it had joined count as one)",
            ),
            (unread, "datagram", "not read before the end"),
            (replay.too_long, "frame", "not sent: longer than the interface's MTU"),
            (replay.queue_full, "frame", "not sent: the interface's queue was full"),
            (replay.gone, "frame", "not sent: the interface was down or gone"),
            (replay.refused, "frame", "not sent: the interface refused them"),
        ],
        ..Seen::default()
    }
}

fn refusals(collected: &CollectCounts) -> impl Iterator<Item = Loss> {
    let why = |refusal| match refusal {
        Refusal::TooShort => "too short for VXLAN",
        Refusal::NotVxlan => "without VXLAN's I flag",
        Refusal::ReservedBits => "with a reserved bit set",
        Refusal::OtherNetwork => "of another VNI",
        Refusal::InnerTooShort => "whose frame is too short",
        Refusal::Nested => "whose frame is a tunnel's",
        Refusal::TooManySources => "of more sources than there is room for",
    };
    Refusal::ALL.into_iter().map(move |refusal| (collected.refused.of(refusal), "datagram", why(refusal)))
}

/// A line for each source that has sent most.
fn named(sources: &[SourceCounts]) -> Vec<String> {
    let mut sources: Vec<&SourceCounts> = sources.iter().collect();
    sources.sort_by_key(|counts| std::cmp::Reverse(counts.packets));
    if sources.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["sources:".to_owned()];
    lines.extend(sources.iter().take(NAMED).map(|counts| line(counts)));
    if sources.len() > NAMED {
        lines.push(format!("  and {} more", count((sources.len() - NAMED) as u64)));
    }
    lines
}

fn line(counts: &SourceCounts) -> String {
    let refused = match counts.refused {
        0 => String::new(),
        refused => format!(", {} refused", count(refused)),
    };
    let last = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(counts.last.nanos());
    format!(
        "  {}: {}, {}{refused}, last at {}",
        counts.source,
        counted(counts.packets, "packet"),
        ByteSize(counts.bytes).display().iec(),
        humantime::format_rfc3339_seconds(last),
    )
}
