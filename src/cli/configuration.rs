//! `sidetap configuration`: all settings that a configuration file can have.

use super::config;
use super::context::Context;
use crate::exit::Exit;

/// List the settings of configuration files, as tables in Markdown.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Args {}

pub fn run(_: &Args, cx: &mut Context) -> anyhow::Result<Exit> {
    cx.printer.result(&config::reference(&super::command()))?;
    Ok(Exit::Done)
}
