//! How a run ended without a result, for programs: one JSON object on standard output.

use serde::Serialize;

use super::{Printer, sanitise};
use crate::exit::Exit;

/// What went wrong, as programs read it. People read the same on standard error.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// The exit code's name.
    kind: &'static str,
    exit_code: u8,
    message: String,
    /// Why, each because of the next.
    causes: Vec<String>,
    /// What to do next.
    hints: Vec<String>,
    /// A command line that would be ready.
    #[serde(rename = "try", skip_serializing_if = "Option::is_none")]
    ready: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    error: &'a Failure,
}

impl Failure {
    /// A failure that ends with this code; `message` says what failed.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = sanitise(&message.into());
        Failure {
            kind: exit.name(),
            exit_code: exit.code(),
            message,
            causes: Vec::new(),
            hints: Vec::new(),
            ready: None,
        }
    }

    /// With why, each because of the next.
    #[must_use]
    pub fn because(mut self, causes: Vec<String>) -> Self {
        self.causes = causes.iter().map(|cause| sanitise(cause)).collect();
        self
    }

    /// With what to do next.
    #[must_use]
    pub fn with_hints(mut self, hints: Vec<String>) -> Self {
        self.hints = hints.iter().map(|hint| sanitise(hint)).collect();
        self
    }

    /// With a command line that would be ready, if there is one.
    #[must_use]
    pub fn with_ready_line(mut self, line: Option<String>) -> Self {
        self.ready = line.as_deref().map(sanitise);
        self
    }

    /// Prints it where programs read, unless a result is there already: they read one document.
    pub fn show(&self, printer: &Printer) {
        if printer.has_answered() {
            return;
        }
        if let Ok(text) = serde_json::to_string_pretty(&Document { error: self }) {
            // The exit code says the same, where nothing can be written.
            let _ = printer.result(&(text + "\n"));
        }
    }
}
