//! A line on a terminal that is written over again and again while something goes on.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::Printer;

/// Goes to the beginning of the line and clears it.
const CLEAR: &str = "\r\x1b[K";

/// Shown on standard error if that is a terminal that takes control sequences, and nobody asked for quiet.
#[derive(Debug, Clone, Copy)]
pub struct StatusLine {
    shown: bool,
}

impl StatusLine {
    /// One for this printer.
    pub fn new(printer: &Printer) -> Self {
        let stderr = io::stderr();
        let takes_control = AutoStream::choice(&stderr) != ColorChoice::Never;
        StatusLine { shown: stderr.is_terminal() && takes_control && !printer.quiet() }
    }

    /// Whether there is one.
    pub fn is_shown(self) -> bool {
        self.shown
    }

    /// Shows this instead of what it showed before.
    pub fn show(self, line: &str) {
        self.write(&format!("{CLEAR}{line}\r"));
    }

    /// Takes it off the screen.
    pub fn clear(self) {
        self.write(CLEAR);
    }

    fn write(self, text: &str) {
        if self.shown {
            // There is nowhere to complain if the terminal is gone.
            let _ = io::stderr().lock().write_all(text.as_bytes());
        }
    }
}
