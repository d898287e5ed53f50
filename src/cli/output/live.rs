//! One aligned, coloured line for each record, for a person at a terminal.

use super::lines::{self, Columns};
use crate::export::{Export, ExportError, QueueCounts, WriteQueue};
use crate::record::Record;

/// A terminal whose width is unknown.
const USUAL_WIDTH: usize = 80;
/// Goes to the beginning of the line and clears it, as a status line may stand there.
const CLEAR: &str = "\r\x1b[K";

/// What messages call the terminal.
const TARGET: &str = "standard output";

/// Prints records as lines.
pub struct Live {
    queue: WriteQueue,
    columns: Columns,
    headed: bool,
}

impl Live {
    /// Lines for this queue, which writes to a terminal.
    pub fn new(queue: WriteQueue) -> Self {
        let width = terminal_size::terminal_size().map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0));
        Live { queue, columns: Columns::of(width), headed: false }
    }
}

impl Export for Live {
    fn record(&mut self, record: &Record<'_>) {
        let line = lines::line(record, self.columns);
        let out = self.queue.buffer();
        if out.is_empty() {
            out.extend_from_slice(CLEAR.as_bytes());
        }
        if !std::mem::replace(&mut self.headed, true) {
            out.extend_from_slice(lines::heading(self.columns).as_bytes());
            out.push(b'\n');
        }
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
        self.queue.commit();
    }

    fn flush(&mut self) {
        self.queue.flush();
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        match self.queue.finish() {
            Some(source) => Err(ExportError { target: TARGET.to_owned(), source }),
            None => Ok(()),
        }
    }

    fn counts(&self) -> QueueCounts {
        self.queue.counts()
    }

    fn failure(&self) -> Option<String> {
        self.queue.failure()
    }

    fn target(&self) -> &str {
        TARGET
    }
}
