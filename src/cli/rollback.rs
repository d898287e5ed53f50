//! `sidetap rollback`: return a service to the revision that it ran before sidetap changed it.

use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use super::confirm::{self, confirm};
use super::context::Context;
use super::execute::{exit, on_ctrl_c, tell_errors};
use super::output::progress::Reporter;
use super::output::{report, rollback as output, sanitise};
use super::planning::{Connected, block_on};
use super::run_args::duration;
use super::usage::{self, Usage};
use crate::ecs::{self, Report, Rollback, RollbackOptions, Way, family_revision};
use crate::exit::Exit;
use crate::taskdef::diff::Values;

/// Return a service to the revision that it ran before sidetap changed it.
///
/// The revision is the one that the service's tag `sidetap:previous-task-definition` names. While the deployment that
/// began there is still in progress, ECS is told to stop it and go back; otherwise the revision is deployed again. A way
/// back that has begun is followed. If
/// somebody else has deployed since, nothing is done. To take the sidecar out of what runs now, see `sidetap remove`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The service's cluster, by name or ARN.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    /// The service, by name or ARN.
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Run")]
struct RunArgs {
    /// Show the way back and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Show the values of environment variables in the diff.
    #[arg(long)]
    show_values: bool,
    /// Do not ask before the service is changed.
    #[arg(long)]
    yes: bool,
    /// Do not watch the service.
    #[arg(long)]
    no_wait: bool,
    /// How long the service is watched.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration)]
    timeout: Duration,
}

/// The result as JSON.
#[derive(Serialize)]
struct Document<'a> {
    account: Option<&'a str>,
    region: &'a str,
    results: &'a [Report],
}

pub fn run(args: Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let Args { cluster, service, run } = args;
    let cluster = cluster.ok_or_else(|| Usage::new("the service's cluster is missing").missing("--cluster CLUSTER"));
    let service = service.ok_or_else(|| Usage::new("which service?").missing("--service SERVICE"));
    let confirmable = if run.dry_run { Ok(()) } else { confirm::possible(run.yes, cx) };
    match (cluster, service, confirmable) {
        (Ok(cluster), Ok(service), Ok(())) => block_on(roll_back(&cluster, &service, &run, cx)),
        (cluster, service, confirmable) => {
            let problems = [cluster.err(), service.err(), confirmable.err()];
            Err(usage::first(problems.into_iter().flatten().map(Into::into)))
        }
    }
}

async fn roll_back(cluster: &str, service: &str, args: &RunArgs, cx: &Context) -> anyhow::Result<Exit> {
    let connected = Connected::open(cx).await?;
    let (account, region) = (connected.account(), connected.ecs.region.as_str());
    let cannot = || format!("cannot roll back `{}`", ecs::resource_name(service));
    let rollback = ecs::plan_rollback(&connected.ecs, cluster, service).await.with_context(cannot)?;
    let values = if args.show_values { Values::Shown } else { Values::Masked };
    match (cx.printer.json(), args.dry_run) {
        (true, true) => cx.printer.result(&output::json(&rollback, account.as_deref(), region)?)?,
        (true, false) if args.yes => {}
        (true, false) => cx.printer.error(&output::text(&rollback, values)),
        (false, false) if args.yes && cx.printer.quiet() => {}
        (false, _) => cx.printer.result(&output::text(&rollback, values))?,
    }
    if args.dry_run {
        return Ok(Exit::Done);
    }
    let interrupt = on_ctrl_c().await;
    if rollback.is_change() && !confirmed(&rollback, account.as_deref(), region, args.yes, cx)? {
        cx.printer.note("nothing was changed");
        return Ok(Exit::Failed);
    }
    let reporter = Reporter::of_few(cx);
    let options = RollbackOptions { wait: !args.no_wait, timeout: args.timeout };
    let report = ecs::roll_back(&connected.ecs, &rollback, options, &reporter, interrupt.clone()).await;
    reporter.clear();
    let reports = [report];
    let text = match cx.printer.json() {
        true => {
            let document = Document { account: account.as_deref(), region, results: &reports };
            serde_json::to_string_pretty(&document)? + "\n"
        }
        false => report::results(&reports),
    };
    cx.printer.result(&text)?;
    tell_errors(&reports, cx);
    if interrupt.is_raised() {
        cx.printer.error("interrupted; what was started goes on in ECS\n");
        return Ok(Exit::Interrupted);
    }
    Ok(exit(&reports))
}

fn confirmed(
    rollback: &Rollback,
    account: Option<&str>,
    region: &str,
    yes: bool,
    cx: &Context,
) -> anyhow::Result<bool> {
    let account = account.unwrap_or("unknown");
    let to = family_revision(&rollback.to.arn);
    let service = &rollback.service.name;
    let what = match rollback.way {
        Way::Update | Way::Stop(_) => format!("Return `{service}` to {to}"),
        Way::Follow(_) | Way::Underway => format!("Correct the tags of `{service}`, which goes back to {to}"),
        Way::Nothing | Way::Receipt => format!("Correct the tags of `{service}`, which runs {to}"),
    };
    confirm(&sanitise(&format!("{what}, in account {account} in {region}?")), yes, cx)
}
