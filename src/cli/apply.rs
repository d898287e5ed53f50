//! `sidetap apply`: carry out a saved plan.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::begun::Begun;
use super::context::Context;
use super::execute::execute;
use super::file;
use super::planning::{Connected, FromFile, block_on};
use super::run_args::ApplyArgs;
use crate::ecs;
use crate::exit::Exit;
use crate::taskdef::diff::{Values, pretty};
use crate::taskdef::{Action, Plan, Target, TargetKind};

/// Carry out a plan that `--out` saved, or stop if what it was made from has changed.
///
/// A run that was interrupted is taken up again: what it has done stays, and what goes on is watched.
///
/// A plan of a file prints the patched task definition, ready to register.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan; - for standard input.
    #[arg(value_name = "PLAN.json")]
    plan: PathBuf,
    /// Show the values of environment variables in the diff.
    #[arg(long)]
    show_values: bool,
    /// Update services again that an earlier run of the plan updated and that went back.
    #[arg(long)]
    retry_failed: bool,
    #[command(flatten)]
    apply: ApplyArgs,
}

pub fn run(args: Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let text = file::read(&args.plan)?;
    let cannot = || format!("cannot use {}", file::name(&args.plan));
    let plan = Plan::parse(&String::from_utf8_lossy(&text)).with_context(cannot)?;
    if plan.targets.iter().all(|target| target.kind == TargetKind::File) {
        return apply_to_files(&plan, cx);
    }
    block_on(apply_to_ecs(plan, &args, cx))
}

fn apply_to_files(plan: &Plan, cx: &Context) -> anyhow::Result<Exit> {
    for target in &plan.targets {
        let text = file_after(target).with_context(|| format!("cannot change `{}`", target.name()))?;
        cx.printer.result(&text)?;
    }
    Ok(Exit::Done)
}

fn file_after(target: &Target) -> anyhow::Result<String> {
    let FromFile { definition, .. } = FromFile::read(Path::new(target.file.as_deref().unwrap_or_default()))?;
    let body = match target.action {
        Action::Update => target.body(&definition)?,
        Action::None => definition,
        Action::Blocked => {
            let reason = target.reason.as_ref();
            return Err(ecs::Error::Blocked {
                reason: reason.map_or("the plan says so".to_owned(), |reason| reason.message.clone()),
                hints: reason.map(|reason| reason.hints.clone()).unwrap_or_default(),
            }
            .into());
        }
    };
    Ok(pretty(body.as_value()))
}

async fn apply_to_ecs(mut plan: Plan, args: &Args, cx: &Context) -> anyhow::Result<Exit> {
    super::confirm::possible(args.apply.yes, cx)?;
    let values = if args.show_values { Values::Shown } else { Values::Masked };
    let connected = Connected::open(cx).await?;
    let standings = ecs::verify(&connected.ecs, connected.account().as_deref(), &mut plan).await?;
    let begun = Begun { saved: Some(&args.plan), standings, retry_failed: args.retry_failed };
    execute(&connected, &plan, begun, &args.apply, values, cx).await
}
