//! What a command knows beside its own flags: the global flags, and who sits at the other end.

#[cfg(feature = "aws")]
use std::io::IsTerminal;
#[cfg(feature = "engine")]
use std::path::PathBuf;

use anstream::ColorChoice;
use tracing_subscriber::EnvFilter;

use super::global::{ColorWhen, GlobalArgs, OutputFormat};
use super::output::Printer;

/// Made once, before the command runs.
pub struct Context {
    #[cfg(feature = "aws")]
    pub global: GlobalArgs,
    /// The command line without the program's name, for ready command lines in errors.
    #[cfg(feature = "aws")]
    pub argv: Vec<String>,
    #[cfg(feature = "aws")]
    pub interactivity: Interactivity,
    /// Whether the command's result is one document, so that an error as JSON can stand in its place.
    #[cfg(feature = "aws")]
    pub answers_once: bool,
    /// The configuration file.
    #[cfg(feature = "engine")]
    pub config: Option<PathBuf>,
    pub printer: Printer,
}

/// Whether somebody can be asked.
#[cfg(feature = "aws")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interactivity {
    /// A person sits at a terminal.
    Person,
    /// Nobody does, or they asked not to be asked: a missing value is an error, nothing ever waits.
    Nobody,
}

#[cfg(feature = "aws")]
impl Interactivity {
    fn detect(no_input: bool) -> Self {
        match is_on_terminal() && obstacle(no_input).is_none() {
            true => Interactivity::Person,
            false => Interactivity::Nobody,
        }
    }
}

#[cfg(feature = "aws")]
fn is_on_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Why nobody is asked although there may be a terminal.
#[cfg(feature = "aws")]
fn obstacle(no_input: bool) -> Option<&'static str> {
    let ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false");
    match std::env::var_os("TERM") {
        _ if no_input => Some("`--no-input` was given"),
        _ if ci => Some("CI is set in the environment"),
        Some(term) if term != "dumb" => None,
        _ => Some("TERM says that this terminal is a dumb one"),
    }
}

impl Context {
    pub fn new(
        global: GlobalArgs,
        #[cfg(feature = "aws")] argv: Vec<String>,
        #[cfg(feature = "engine")] config: Option<PathBuf>,
    ) -> Self {
        match global.color {
            ColorWhen::Auto => {}
            ColorWhen::Always => ColorChoice::Always.write_global(),
            ColorWhen::Never => ColorChoice::Never.write_global(),
        }
        start_log(global.verbose);
        let printer = Printer::new(global.quiet, global.output == OutputFormat::Json);
        #[cfg(feature = "aws")]
        let printer = printer.with_verbose(global.verbose > 0);
        Context {
            #[cfg(feature = "aws")]
            interactivity: Interactivity::detect(global.no_input),
            #[cfg(feature = "aws")]
            answers_once: false,
            #[cfg(feature = "aws")]
            global,
            #[cfg(feature = "aws")]
            argv,
            #[cfg(feature = "engine")]
            config,
            printer,
        }
    }

    /// Why somebody who sits at a terminal is not asked.
    pub fn obstacle(&self) -> Option<&'static str> {
        #[cfg(feature = "aws")]
        if is_on_terminal() {
            return obstacle(self.global.no_input);
        }
        None
    }

    /// Before packets are taken, which must not wait for whoever reads messages. Starts a thread.
    #[cfg(all(feature = "engine", target_os = "linux"))]
    pub fn stop_waiting(&mut self) -> anyhow::Result<()> {
        anyhow::Context::context(self.printer.stop_waiting(), "cannot start the thread that writes messages")
    }
}

/// Logs to standard error. Bodies are never logged: they hold the application's environment.
fn start_log(verbose: u8) {
    let directives = match verbose {
        0 => return,
        1 => "sidetap=debug",
        _ => "sidetap=trace,aws_config=debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(directives))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
}
