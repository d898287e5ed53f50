//! Tells of exports that cannot write while a capture listens, and when they can again.

use std::time::{Duration, Instant};

use super::super::output::counted;
use crate::export::{ExportCounts, Unit};

/// How often one export is told of, at most.
const EVERY: Duration = Duration::from_secs(30);

/// What was told of each export, in their order.
#[derive(Debug, Default)]
pub struct Troubles(Vec<Told>);

#[derive(Debug, Clone, Default)]
struct Told {
    /// When it was last told that it cannot write.
    when: Option<Instant>,
    /// It was told so, and not yet that it can again.
    failing: bool,
}

impl Troubles {
    /// What there is to say now.
    pub fn news<'a>(&mut self, exports: impl Iterator<Item = ExportCounts<'a>>, now: Instant) -> Vec<String> {
        let mut news = Vec::new();
        for (place, export) in exports.enumerate() {
            if place == self.0.len() {
                self.0.push(Told::default());
            }
            let told = &mut self.0[place];
            let lost = counted(export.queue.failed + export.queue.dropped, unit(export.unit));
            match &export.failure {
                Some(why) if told.when.is_none_or(|when| now.duration_since(when) >= EVERY) => {
                    *told = Told { when: Some(now), failing: true };
                    news.push(format!("cannot write to {}: {why}; {lost} lost, trying again", export.target));
                }
                None if told.failing => {
                    told.failing = false;
                    news.push(format!("{} is written again; {lost} lost", export.target));
                }
                _ => {}
            }
        }
        news
    }
}

/// What the status line says of records and packets that no export has: nothing, or `, 3 records not written`.
pub fn unwritten<'a>(exports: impl Iterator<Item = ExportCounts<'a>>) -> String {
    let mut lost = [(0, Unit::Record), (0, Unit::Frame), (0, Unit::Item)];
    for export in exports {
        for (lost, unit) in &mut lost {
            *lost += if *unit == export.unit { export.queue.dropped + export.queue.failed } else { 0 };
        }
    }
    let lost = lost.into_iter().filter(|(lost, _)| *lost > 0);
    lost.map(|(lost, of)| format!(", {} not written", counted(lost, unit(of)))).collect()
}

/// What an export writes, as people call it.
pub fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Record => "record",
        Unit::Frame => "packet",
        Unit::Item => "item",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::QueueCounts;

    fn export<'a>(target: &'a str, unit: Unit, failed: u64, failure: Option<&str>) -> ExportCounts<'a> {
        let queue = QueueCounts { failed, ..QueueCounts::default() };
        ExportCounts { target, unit, queue, left_out: 0, failure: failure.map(str::to_owned) }
    }

    #[test]
    fn each_export_is_told_of_at_once_and_then_now_and_then() {
        let (mut troubles, start) = (Troubles::default(), Instant::now());
        let mut news = |seconds, one: Option<&str>, other: Option<&str>| {
            let exports = [export("ndjson:a", Unit::Record, seconds, one), export("pcapng:b", Unit::Frame, 1, other)];
            troubles.news(exports.into_iter(), start + Duration::from_secs(seconds))
        };
        let full = Some("full");
        assert_eq!(news(0, None, None), [""; 0]);
        assert_eq!(news(1, full, None), ["cannot write to ndjson:a: full; 1 record lost, trying again"]);
        assert_eq!(news(30, full, full), ["cannot write to pcapng:b: full; 1 packet lost, trying again"]);
        assert_eq!(news(31, full, full), ["cannot write to ndjson:a: full; 31 records lost, trying again"]);
        assert_eq!(news(32, None, full), ["ndjson:a is written again; 32 records lost"]);
        // For a moment only.
        assert_eq!(news(33, full, full), [""; 0]);
        assert_eq!(news(34, None, full), [""; 0]);
    }

    #[test]
    fn the_status_line_counts_records_and_packets() {
        assert_eq!(unwritten([export("a", Unit::Record, 0, None)].into_iter()), "");
        let exports = [("a", Unit::Record, 2), ("b", Unit::Record, 1), ("c", Unit::Frame, 1)];
        let text = unwritten(exports.into_iter().map(|(target, unit, failed)| export(target, unit, failed, None)));
        assert_eq!(text, ", 3 records not written, 1 packet not written");
    }
}
