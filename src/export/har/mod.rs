//! Records as rolling files of HAR 1.2.
//!
//! HAR knows HTTP alone, and wants a request in each entry: exchanges whose request was not seen, and records of anything
//! else, are left out and counted. One whose response was not seen has the status 0, as browsers write it.
//!
//! - [`entry`]: an exchange as JSON
//! - [`files`]: the files, what they hold and what they are called

pub mod entry;
pub mod files;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::files::{Files, Limits};
use super::json::Rfc3339;
use super::queue::{Sink, Written};
use super::{Export, ExportError, Overflow, QueueCounts, WriteQueue};
use crate::record::{Content, Record};

/// Writes exchanges to HAR files in a directory.
#[derive(Debug)]
pub struct Har {
    target: String,
    queue: WriteQueue,
    clock: Rfc3339,
    files: Arc<Mutex<Files>>,
    left_out: u64,
}

impl Har {
    /// HAR files in this directory, which the user named so and which is made if it is missing. A queue of so many bytes
    /// is in front of it.
    ///
    /// # Errors
    ///
    /// The directory is missing and cannot be made, takes no files, or the thread that writes cannot be started. What happens to files
    /// later is told by [`Export::finish`].
    pub fn new(target: String, directory: PathBuf, bytes: usize, overflow: Overflow) -> Result<Self, ExportError> {
        Har::with_limits(target, directory, bytes, overflow, Limits::default())
    }

    fn with_limits(
        target: String,
        directory: PathBuf,
        bytes: usize,
        overflow: Overflow,
        limits: Limits,
    ) -> Result<Self, ExportError> {
        let takes_files = files::takes_files(&directory);
        let files = Arc::new(Mutex::new(Files::new(directory, limits)));
        let writer = Box::new(Writer(Arc::clone(&files)));
        match takes_files.and_then(|()| WriteQueue::new(writer, bytes, overflow)) {
            Ok(queue) => Ok(Har { target, queue, clock: Rfc3339::default(), files, left_out: 0 }),
            Err(source) => Err(ExportError { target, source }),
        }
    }
}

impl Export for Har {
    fn record(&mut self, record: &Record<'_>) {
        match record.content {
            Content::Exchange(exchange, annotations) if exchange.request.start_unix_nanos != 0 => {
                entry::write(self.queue.buffer(), &mut self.clock, record, exchange, annotations);
                self.queue.commit();
            }
            _ => self.left_out += 1,
        }
    }

    fn flush(&mut self) {
        self.queue.flush_writer();
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        let failed = self.queue.finish();
        // What the thread has written gets its name even if it failed later. One that has not ended in time has the files.
        let closed = self.files.try_lock().ok().and_then(|mut files| files.close().err());
        match failed.or(closed) {
            Some(source) => Err(ExportError { target: self.target.clone(), source }),
            None => Ok(()),
        }
    }

    fn counts(&self) -> QueueCounts {
        self.queue.counts()
    }

    fn failure(&self) -> Option<String> {
        self.queue.failure()
    }

    fn left_out(&self) -> u64 {
        self.left_out
    }

    fn target(&self) -> &str {
        &self.target
    }
}

/// Hands the files to the queue's thread, and lets them be closed after it has ended.
#[derive(Debug)]
struct Writer(Arc<Mutex<Files>>);

impl Sink for Writer {
    fn write(&mut self, entries: &[u8], _: u64) -> Written {
        let mut files = lock(&self.0);
        let before = files.written();
        let result = files.add(entries).and_then(|()| files.close_if_old());
        Written { lines: files.written() - before, result }
    }
}

fn lock(files: &Mutex<Files>) -> MutexGuard<'_, Files> {
    files.lock().unwrap_or_else(PoisonError::into_inner)
}
