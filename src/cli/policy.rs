//! `sidetap policy`: print the least IAM policy that commands need.

use super::context::Context;
use super::usage::Usage;
use crate::ecs::permissions::{self, Narrowing};
use crate::exit::Exit;

/// Print the least IAM policy that commands need, without calling AWS.
///
/// `--cluster`, `--account` and `--region` narrow what it allows; without them it holds for all.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Commands; all by default.
    #[arg(value_name = "COMMAND", value_parser = command_parser())]
    commands: Vec<String>,
    /// Only for this cluster, by name or ARN.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    /// Only in this account.
    #[arg(long, value_name = "DIGITS", value_parser = account)]
    account: Option<String>,
    /// Also what `--include-schedules` needs.
    #[arg(long)]
    include_schedules: bool,
}

pub fn run(args: Args, cx: &Context) -> anyhow::Result<Exit> {
    let all = permissions::Command::ALL;
    let named = |command: &permissions::Command| args.commands.iter().any(|name| name == command.name());
    let commands: Vec<_> = match args.commands.is_empty() {
        true => all.to_vec(),
        false => all.into_iter().filter(named).collect(),
    };
    let narrowing = Narrowing { cluster: args.cluster, account: args.account, region: cx.global.region.clone() };
    narrowing.check().map_err(|error| Usage::new(error.to_string()).hint(error.hint()))?;
    let policy = permissions::policy(&commands, &narrowing, args.include_schedules);
    cx.printer.result(&(serde_json::to_string_pretty(&policy)? + "\n"))?;
    Ok(Exit::Done)
}

fn command_parser() -> clap::builder::PossibleValuesParser {
    permissions::Command::ALL.map(permissions::Command::name).into()
}

fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account has 12 digits".to_owned()),
    }
}
