//! Writes to the two streams: results to standard output, everything else to standard error.

use std::io::{self, Write};
#[cfg(any(feature = "aws", all(feature = "engine", target_os = "linux")))]
use std::sync::Arc;
#[cfg(feature = "aws")]
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(all(feature = "engine", target_os = "linux"))]
use super::messages::Messages;

/// Knows what is wanted; a command never asks whether a stream is a terminal.
#[derive(Debug, Clone)]
pub struct Printer {
    quiet: bool,
    json: bool,
    #[cfg(feature = "aws")]
    verbose: bool,
    /// Whether there was a result.
    #[cfg(feature = "aws")]
    answered: Arc<AtomicBool>,
    /// Where the rest goes, if nothing is to wait for standard error.
    #[cfg(all(feature = "engine", target_os = "linux"))]
    messages: Option<Arc<Messages>>,
}

impl Printer {
    pub fn new(quiet: bool, json: bool) -> Self {
        Printer {
            quiet,
            json,
            #[cfg(feature = "aws")]
            verbose: false,
            #[cfg(feature = "aws")]
            answered: Arc::default(),
            #[cfg(all(feature = "engine", target_os = "linux"))]
            messages: None,
        }
    }

    /// Says more.
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn with_verbose(self, verbose: bool) -> Self {
        Printer { verbose, ..self }
    }

    /// Whether more is to be said.
    #[cfg(feature = "aws")]
    pub fn verbose(&self) -> bool {
        self.verbose
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
        self.result_is_read(text).map(|_| ())
    }

    /// A result that another will follow; returns whether somebody still reads.
    pub fn result_is_read(&self, text: &str) -> io::Result<bool> {
        #[cfg(feature = "aws")]
        self.answered.store(true, Ordering::Relaxed);
        is_read(text, &mut anstream::stdout().lock())
    }

    /// Whether there was a result.
    #[cfg(feature = "aws")]
    pub fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// A result that takes the place of what the terminal shows; the text moves the cursor, which is done whether or
    /// not colours are wanted. Returns whether somebody still reads.
    #[cfg(feature = "aws")]
    pub fn redraw(&self, text: &str) -> io::Result<bool> {
        is_read(text, &mut io::stdout().lock())
    }

    /// Whether results have colours.
    #[cfg(feature = "aws")]
    pub fn has_colours(&self) -> bool {
        anstream::stdout().current_choice() != anstream::ColorChoice::Never
    }

    /// Something worth knowing that is no result.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.error(&format!("{text}\n"));
        }
    }

    /// An error; shown even with `--quiet`.
    pub fn error(&self, text: &str) {
        #[cfg(all(feature = "engine", target_os = "linux"))]
        if let Some(messages) = &self.messages {
            return messages.add(text);
        }
        write(text);
    }

    /// From now on nothing waits for whoever reads standard error. Starts a thread.
    #[cfg(all(feature = "engine", target_os = "linux"))]
    pub fn stop_waiting(&mut self) -> io::Result<()> {
        self.messages = Some(Arc::new(Messages::start(write)?));
        Ok(())
    }

    /// Shows what the next of its kind takes away again.
    #[cfg(all(feature = "engine", target_os = "linux"))]
    pub fn passing(&self, text: &str) {
        match &self.messages {
            Some(messages) => messages.add_passing(text),
            None => write(text),
        }
    }

    /// Sees that all of it has been written, or as much as can be in a moment. There is nothing after that.
    pub fn finish(&self) {
        #[cfg(all(feature = "engine", target_os = "linux"))]
        if let Some(messages) = &self.messages {
            messages.finish();
        }
    }
}

/// Writes it at once; returns whether somebody still reads.
fn is_read(text: &str, out: &mut impl Write) -> io::Result<bool> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => result.map(|()| true),
    }
}

/// Writes to standard error.
fn write(text: &str) {
    // There is nowhere left to complain.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}
