//! `sidetap man DIR`: a manual page for each command.

use std::path::PathBuf;

use anyhow::Context as _;

use super::context::Context;
use crate::exit::Exit;

/// Write manual pages, one a command, into a directory.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The directory; made if it is not there.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub fn run(args: &Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let directory = args.directory.display();
    std::fs::create_dir_all(&args.directory).with_context(|| format!("cannot make the directory `{directory}`"))?;
    clap_mangen::generate_to(super::command(), &args.directory)
        .with_context(|| format!("cannot write manual pages into `{directory}`"))?;
    cx.printer.note(&format!("wrote the manual pages into {directory}"));
    Ok(Exit::Done)
}
