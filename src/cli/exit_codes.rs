//! `sidetap help exit-codes`: the documented exit codes.

use std::fmt::Write;

use super::context::Context;
use crate::exit::Exit;

/// List the exit codes and what they mean.
#[derive(Debug, clap::Args)]
#[command(after_help = table(), hide = true)]
pub struct Args {}

pub fn run(_: &Args, cx: &mut Context) -> anyhow::Result<Exit> {
    #[cfg(any(feature = "aws", feature = "engine"))]
    if cx.printer.json() {
        let rows = Exit::ALL
            .map(|exit| serde_json::json!({ "code": exit.code(), "name": exit.name(), "meaning": exit.meaning() }));
        cx.printer.result(&(serde_json::to_string_pretty(&rows)? + "\n"))?;
        return Ok(Exit::Done);
    }
    cx.printer.result(&table())?;
    Ok(Exit::Done)
}

fn table() -> String {
    let mut text = String::new();
    for exit in Exit::ALL {
        let _ = writeln!(text, "{:>4}  {}", exit.code(), exit.meaning());
    }
    text
}
