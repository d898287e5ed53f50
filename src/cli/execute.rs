//! Carries out a plan on ECS and reports what became of it: the second half of `inject` and `apply`.

use serde::Serialize;

use super::begun::Begun;
use super::confirm::confirm;
use super::context::Context;
use super::failure;
use super::output::progress::Reporter;
use super::output::{MANY, brief, plan as plan_output, report};
use super::planning::Connected;
use super::run_args::ApplyArgs;
use crate::ecs::{self, Applied, Interrupt, Report};
use crate::exit::Exit;
use crate::taskdef::Plan;
use crate::taskdef::diff::Values;

/// The result of a run as JSON.
#[derive(Serialize)]
struct Document<'a> {
    plan_id: &'a str,
    account: Option<&'a str>,
    region: Option<&'a str>,
    results: &'a [Report],
}

/// Shows the plan, asks, applies, reports. After Ctrl-C nothing more is started, and what was done is reported.
pub async fn execute(
    connected: &Connected,
    plan: &Plan,
    begun: Begun<'_>,
    args: &ApplyArgs,
    values: Values,
    cx: &Context,
) -> anyhow::Result<Exit> {
    if plan.is_blocked(args.keep_going) {
        return blocked(plan, cx);
    }
    if !cx.printer.json() {
        // Whoever wants it quiet and has agreed already is told what came of it.
        if !(args.yes && cx.printer.quiet()) {
            plan_output::show(&cx.printer, plan, values)?;
        }
    } else if !args.yes {
        cx.printer.error(&plan_output::readable(&cx.printer, plan, values));
    }
    let options = begun.options(args);
    let remaining = ecs::remaining(&connected.ecs, plan, &begun.standings, &options).await;
    let notes = [begun.summary(plan), begun.underway(plan, &options), begun.how_to_save(plan)];
    for note in notes.into_iter().flatten() {
        cx.printer.note(&note);
    }
    if let Some(remains) = Begun::remains(plan, &remaining) {
        match args.yes {
            true => cx.printer.note(&remains),
            // Whoever is asked has to know for what.
            false => cx.printer.error(&(remains + "\n")),
        }
    }
    let interrupt = on_ctrl_c().await;
    let to_change = remaining.iter().filter(|remaining| !remaining.is_empty()).count();
    if to_change > 0 && !confirmed(connected, plan, to_change, args, cx)? {
        cx.printer.note("nothing was changed");
        return Ok(Exit::Failed);
    }
    carry_out(connected, plan, begun, args, interrupt, cx).await
}

/// Applies and reports, without asking: somebody has seen the plan and wants it.
pub async fn carry_out(
    connected: &Connected,
    plan: &Plan,
    begun: Begun<'_>,
    args: &ApplyArgs,
    interrupt: Interrupt,
    cx: &Context,
) -> anyhow::Result<Exit> {
    let options = begun.options(args);
    let reporter = Reporter::new(cx, begun.to_change(plan) + begun.deploying(), &options);
    let standings = begun.standings.clone();
    let reports = ecs::resume(&connected.ecs, plan, standings, &options, &reporter, interrupt.clone()).await;
    reporter.clear();
    finish(connected, plan, &reports, cx)?;
    if interrupt.is_raised() {
        cx.printer.error("interrupted; what was started goes on in ECS\n");
    }
    let several = plan.summary.change > 1 || interrupt.is_raised();
    let go_on = begun.how_to_go_on(&reports, args, &connected.ecs.place).filter(|_| several);
    for how in [begun.how_to_retry(), go_on].into_iter().flatten() {
        cx.printer.error(&(how + "\n"));
    }
    Ok(if interrupt.is_raised() { Exit::Interrupted } else { exit(&reports) })
}

/// An interrupt that the first Ctrl-C or SIGTERM raises; the second ends the process at once.
pub async fn on_ctrl_c() -> Interrupt {
    let (raise, interrupt) = Interrupt::new();
    tokio::spawn(async move {
        asked_to_end().await;
        let _ = raise.send(true);
        asked_to_end().await;
        std::process::exit(Exit::Interrupted.code().into());
    });
    // Lets the handler take its place before the next question is asked.
    tokio::task::yield_now().await;
    interrupt
}

/// Waits for Ctrl-C or, as from a CI system that cancels a job, SIGTERM.
async fn asked_to_end() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            () = ctrl_c => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    ctrl_c.await;
}

fn confirmed(
    connected: &Connected,
    plan: &Plan,
    to_change: usize,
    args: &ApplyArgs,
    cx: &Context,
) -> anyhow::Result<bool> {
    let targets = if to_change == 1 { "target" } else { "targets" };
    let place = format!("account {} in {}", plan.account.as_deref().unwrap_or("unknown"), connected.ecs.region);
    confirm(&format!("Change {to_change} {targets} in {place}?"), args.yes, cx)
}

/// Says which targets are blocked and why. As JSON, that is the plan itself.
fn blocked(plan: &Plan, cx: &Context) -> anyhow::Result<Exit> {
    if cx.printer.json() {
        plan_output::show(&cx.printer, plan, Values::Masked)?;
    }
    tell_blocked(plan, cx);
    if plan.summary.change > 0 {
        cx.printer.note("nothing was changed; `--keep-going` changes the others");
    }
    Ok(Exit::Blocked)
}

/// Says which targets are blocked and why.
pub fn tell_blocked(plan: &Plan, cx: &Context) {
    for target in &plan.targets {
        let Some(reason) = &target.reason else { continue };
        let title = format!("`{}` cannot be changed", target.name());
        cx.printer.error(&failure::text(&title, std::slice::from_ref(&reason.message), &reason.hints));
    }
}

fn finish(connected: &Connected, plan: &Plan, reports: &[Report], cx: &Context) -> anyhow::Result<()> {
    let text = match cx.printer.json() {
        true => {
            let document = Document {
                plan_id: &plan.plan_id,
                account: plan.account.as_deref(),
                region: Some(&connected.ecs.region),
                results: reports,
            };
            serde_json::to_string_pretty(&document)? + "\n"
        }
        false if brief::is_wanted(reports.len(), &cx.printer) => brief::result(plan, reports, &connected.ecs.place),
        false => report::text(plan, reports, &connected.ecs.place),
    };
    cx.printer.result(&text)?;
    tell_errors(reports, cx);
    Ok(())
}

/// Says what went wrong with each, and what to do.
pub(super) fn tell_errors(reports: &[Report], cx: &Context) {
    let mut hinted: Vec<Vec<String>> = Vec::new();
    for report in reports {
        if let Some(error) = &report.error {
            // Of many that fail alike, one tells what to do.
            if reports.len() > MANY && (error.hints().is_empty() || hinted.contains(&error.hints())) {
                continue;
            }
            hinted.push(error.hints());
            let named = format!("`{}` failed", report.target);
            cx.printer.error(&failure::text(&named, &[error.to_string()], &error.hints()));
        }
    }
}

/// All good: 0. Some good: 3. None: the code of what went wrong, a failed deployment first.
pub(super) fn exit(reports: &[Report]) -> Exit {
    let touched = || reports.iter().filter(|report| report.outcome != Applied::Unchanged);
    let good = touched().filter(|report| report.outcome.is_good()).count();
    let bad: Vec<Exit> = touched().filter_map(exit_of).collect();
    if bad.is_empty() {
        let left = reports.iter().flat_map(|report| &report.schedules).any(|schedule| schedule.error.is_some());
        return if left { Exit::Partly } else { Exit::Done };
    }
    if good > 0 {
        return Exit::Partly;
    }
    for exit in [Exit::Deployment, Exit::TimedOut, Exit::Auth, Exit::Blocked] {
        if bad.contains(&exit) {
            return exit;
        }
    }
    Exit::Failed
}

fn exit_of(report: &Report) -> Option<Exit> {
    match report.outcome {
        outcome if outcome.is_good() => None,
        Applied::TimedOut => Some(Exit::TimedOut),
        Applied::Blocked => Some(Exit::Blocked),
        Applied::NotStarted => Some(Exit::Failed),
        Applied::Error => Some(report.error.as_ref().map_or(Exit::Failed, failure::of_ecs)),
        _ => Some(Exit::Deployment),
    }
}
