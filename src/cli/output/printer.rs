//! Writes to the two streams: results to standard output, everything else to standard error.

use std::io::{self, Write};

/// Knows what is wanted; a command never asks whether a stream is a terminal.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    quiet: bool,
    json: bool,
}

impl Printer {
    pub fn new(quiet: bool, json: bool) -> Self {
        Printer { quiet, json }
    }

    /// Whether results are JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Whether results are lines for a person: standard output is a terminal, and nobody asked for JSON.
    #[cfg(feature = "engine")]
    pub fn shows_lines(&self) -> bool {
        use std::io::IsTerminal;
        !self.json && io::stdout().is_terminal()
    }

    /// Whether only results and errors are wanted.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// A result. A reader that has gone away is no failure; a full disk is.
    pub fn result(&self, text: &str) -> io::Result<()> {
        let mut stdout = anstream::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Something worth knowing that is no result.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.error(&format!("{text}\n"));
        }
    }

    /// An error; shown even with `--quiet`.
    pub fn error(&self, text: &str) {
        // There is nowhere left to complain.
        let _ = anstream::stderr().lock().write_all(text.as_bytes());
    }
}
