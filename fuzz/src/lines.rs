//! An export that keeps its records as lines.

use std::cell::RefCell;
use std::rc::Rc;

use sidetap::export::json::Rfc3339;
use sidetap::export::{Export, ExportError, Exports, QueueCounts, ndjson};
use sidetap::record::Record;

/// The lines so far, shared with the export that writes them.
#[derive(Debug, Clone, Default)]
pub struct Lines(Rc<RefCell<Vec<String>>>);

struct Keeper {
    lines: Lines,
    clock: Rfc3339,
    line: Vec<u8>,
}

impl Lines {
    /// Exports that write here.
    pub fn exports(&self) -> Exports {
        let keeper = Keeper { lines: self.clone(), clock: Rfc3339::default(), line: Vec::new() };
        Exports::new(vec![Box::new(keeper)])
    }

    /// Takes the lines out.
    pub fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

impl Export for Keeper {
    /// # Panics
    ///
    /// If the record does not become one line of JSON that a terminal can show.
    fn record(&mut self, record: &Record<'_>) {
        self.line.clear();
        ndjson::line(&mut self.line, &mut self.clock, record);
        let line = std::str::from_utf8(&self.line).expect("a line is UTF-8");
        let line = line.strip_suffix('\n').expect("a line ends");
        assert!(!line.contains(char::is_control), "{line}");
        if let Err(error) = serde_json::from_str::<serde_json::Value>(line) {
            panic!("{error}: {line}");
        }
        self.lines.0.borrow_mut().push(line.to_owned());
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        Ok(())
    }

    fn counts(&self) -> QueueCounts {
        QueueCounts::default()
    }

    fn target(&self) -> &str {
        "lines"
    }
}
