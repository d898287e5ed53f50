//! What becomes of a plan for ECS that was just made: it is saved and shown, or carried out.

use super::begun::Begun;
use super::context::Context;
use super::execute::execute;
use super::output::plan as plan_output;
use super::planning::{self, Connected};
use super::run_args::{ApplyArgs, PlanArgs};
use crate::ecs::{self, Remaining};
use crate::exit::Exit;
use crate::taskdef::Plan;

/// Saves the plan if that was asked for, and shows it or carries it out.
pub async fn go_on(
    connected: &Connected,
    plan: &Plan,
    args: &PlanArgs,
    apply: &ApplyArgs,
    cx: &Context,
) -> anyhow::Result<Exit> {
    if plan.targets.is_empty() {
        cx.printer.note("no service was selected");
    }
    planning::save(args, plan, cx)?;
    if args.dry_run {
        return show(connected, plan, args, apply, cx).await;
    }
    let begun = Begun::of_new(connected, plan, args).await?;
    execute(connected, plan, begun, apply, args.values(), cx).await
}

/// Shows the plan, and what its run would do beside: follow deployments, take them back, correct tags.
async fn show(
    connected: &Connected,
    plan: &Plan,
    args: &PlanArgs,
    apply: &ApplyArgs,
    cx: &Context,
) -> anyhow::Result<Exit> {
    plan_output::show(&cx.printer, plan, args.values())?;
    if plan.is_blocked(apply.keep_going) {
        return Ok(Exit::Blocked);
    }
    let begun = Begun::of_new(connected, plan, args).await?;
    let options = begun.options(apply);
    let remaining = ecs::remaining(&connected.ecs, plan, &begun.standings, &options).await;
    for line in [begun.underway(plan, &options), Begun::remains(plan, &remaining)].into_iter().flatten() {
        match cx.printer.json() {
            // There the plan is all of the result.
            true => cx.printer.note(&line),
            false => cx.printer.result(&(line + "\n"))?,
        }
    }
    // Whether a deployment that goes on is taken back is not known yet.
    let changes = remaining.iter().flatten().any(|remaining| *remaining != Remaining::MayTakeBack);
    Ok(if args.detailed_exitcode && changes { Exit::Changes } else { Exit::Done })
}
