//! `sidetap completions SHELL`: a completion script on standard output.

use clap_complete::Shell;

use super::context::Context;
use crate::exit::Exit;

/// Print a completion script for a shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell.
    shell: Shell,
}

pub fn run(args: &Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "sidetap", &mut script);
    cx.printer.result(&String::from_utf8(script)?)?;
    Ok(Exit::Done)
}
