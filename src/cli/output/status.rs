//! A line on a terminal that is written over again and again while something goes on.

use std::io::{self, IsTerminal};

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

    /// Shows this instead of what it showed before, as far as there is room: what goes on in the next line of the
    /// terminal cannot be taken back.
    pub fn show(self, line: &str, printer: &Printer) {
        let width = terminal_size::terminal_size_of(io::stderr()).map_or(usize::MAX, |(width, _)| width.0.into());
        self.write(&format!("{CLEAR}{}\r", cut(line, width)), printer);
    }

    /// Takes it off the screen.
    pub fn clear(self, printer: &Printer) {
        self.write(CLEAR, printer);
    }

    fn write(self, text: &str, printer: &Printer) {
        if self.shown {
            printer.passing(text);
        }
    }
}

/// What of a line fits, without the last column: some terminals go on in the next line when that is written.
fn cut(line: &str, columns: usize) -> &str {
    let most = columns.saturating_sub(1);
    line.char_indices().nth(most).map_or(line, |(end, _)| &line[..end])
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_line_stays_off_the_last_column() {
        assert_eq!(cut("1 µs", 4), "1 µ");
        assert_eq!(cut("1 µs", 5), "1 µs");
        assert_eq!(cut("1 µs", 0), "");
        assert_eq!(cut("1 µs", usize::MAX), "1 µs");
    }
}
