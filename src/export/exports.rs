//! All exports of a run.

use super::{Export, ExportError, QueueCounts, Unit};
use crate::packet::Frame;
use crate::record::{Connection, Content, Record, Source};

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

    /// Tells all of them of a frame.
    #[inline]
    pub fn frame(&mut self, frame: &Frame<'_>) {
        for export in &mut self.exports {
            export.frame(frame);
        }
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

    /// Has all of them write what is left; what failed.
    pub fn finish(&mut self) -> Vec<ExportError> {
        self.exports.iter_mut().filter_map(|export| export.finish().err()).collect()
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
