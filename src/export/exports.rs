//! All exports of a run.

use super::monitor::Report;
use super::{Export, ExportError, ItemLedger, QueueCounts, Unit};
use crate::packet::Frame;
use crate::record::{Connection, Content, Finding, Record, Source};

/// Hands each record to every export.
#[derive(Default)]
pub struct Exports {
    exports: Vec<Box<dyn Export>>,
    records: u64,
    /// Who mirrors packets to us, by their numbers in realms.
    sources: Vec<Source>,
}

impl Exports {
    /// These, in this order.
    pub fn new(exports: Vec<Box<dyn Export>>) -> Self {
        Exports { exports, records: 0, sources: Vec::new() }
    }

    /// Records handed over so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Who has this number in realms from now on. Numbers begin at 0, and a new one is the next.
    pub fn source(&mut self, number: u16, source: Source) {
        match self.sources.get_mut(usize::from(number)) {
            Some(place) => *place = source,
            None => self.sources.push(source),
        }
        for export in &mut self.exports {
            export.source(number, &source);
        }
    }

    /// Hands a record to all of them.
    #[inline]
    pub fn tell(&mut self, connection: Connection, content: Content<'_>) {
        self.records += 1;
        let source = connection.realm.source().and_then(|number| self.sources.get(usize::from(number)));
        let record = Record { connection, source, content };
        for export in &mut self.exports {
            export.record(&record);
        }
    }

    /// Hands what was found out to all of them.
    pub fn find(&mut self, finding: &Finding<'_>) {
        for export in &mut self.exports {
            export.finding(finding);
        }
    }

    /// Hands what is counted to all of them.
    pub fn metrics(&mut self, metrics: &Report, time_unix_nanos: u64) {
        for export in &mut self.exports {
            export.metrics(metrics, time_unix_nanos);
        }
    }

    /// Tells all of them of a frame.
    #[inline]
    pub fn frame(&mut self, frame: &Frame<'_>) {
        for export in &mut self.exports {
            export.frame(frame);
        }
    }

    /// Whether nobody takes records.
    pub fn is_empty(&self) -> bool {
        self.exports.is_empty()
    }

    /// Whether any of them sends metrics on.
    pub fn want_metrics(&self) -> bool {
        self.exports.iter().any(|export| export.wants_metrics())
    }

    /// Whether any of them shows the ids of exchanges.
    pub fn want_ids(&self) -> bool {
        self.exports.iter().any(|export| export.wants_ids())
    }

    /// Adds what they count beyond [`Exports::counts`].
    pub fn describe(&self, report: &mut Report) {
        self.exports.iter().for_each(|export| export.describe(report));
    }

    /// Whether there are exports, and nobody reads any of them any longer.
    pub fn readers_are_gone(&self) -> bool {
        !self.exports.is_empty() && self.exports.iter().all(|export| export.reader_is_gone())
    }

    /// Has all of them hand on what they gathered.
    pub fn flush(&mut self) {
        for export in &mut self.exports {
            export.flush();
        }
    }

    /// Has all of them write what is left; what failed. They do it at the same time, so that receivers that are away do
    /// not add up.
    pub fn finish(&mut self) -> Vec<ExportError> {
        self.exports.iter_mut().for_each(|export| export.begin_finish());
        self.exports.iter_mut().filter_map(|export| export.finish().err()).collect()
    }

    /// What became of each thing that those were given which account for all of it, and where they send it.
    pub fn ledgers(&self) -> impl Iterator<Item = (&str, ItemLedger)> {
        self.exports.iter().filter_map(|export| Some((export.target(), export.ledger()?)))
    }

    /// What became of what each of them was given.
    pub fn counts(&self) -> impl Iterator<Item = ExportCounts<'_>> {
        self.exports.iter().map(|export| ExportCounts {
            target: export.target(),
            unit: export.unit(),
            queue: export.counts(),
            left_out: export.left_out(),
            failure: export.failure(),
        })
    }
}

/// What became of what an export was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportCounts<'a> {
    /// Where it goes, as the user named it.
    pub target: &'a str,
    /// What `queue` counts.
    pub unit: Unit,
    pub queue: QueueCounts,
    /// Records that the export has no form for; `queue` does not count them.
    pub left_out: u64,
    /// Why it cannot write at the moment.
    pub failure: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Slow(Arc<Mutex<Vec<&'static str>>>);

    impl Export for Slow {
        fn record(&mut self, _: &Record<'_>) {}

        fn begin_finish(&mut self) {
            self.0.lock().unwrap().push("begins");
        }

        fn finish(&mut self) -> Result<(), ExportError> {
            self.0.lock().unwrap().push("ends");
            Ok(())
        }

        fn counts(&self) -> QueueCounts {
            QueueCounts::default()
        }

        fn target(&self) -> &str {
            "slow"
        }
    }

    #[test]
    fn all_begin_to_finish_before_one_is_waited_for() {
        let told = Arc::default();
        let mut exports = Exports::new(vec![Box::new(Slow(Arc::clone(&told))), Box::new(Slow(Arc::clone(&told)))]);
        assert!(exports.finish().is_empty());
        assert_eq!(*told.lock().unwrap(), ["begins", "begins", "ends", "ends"]);
    }
}
