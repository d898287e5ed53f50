//! A plan that may have been begun by an earlier run, and how to go on with it if this one does not finish.

use std::path::Path;

use super::file;
use super::output::{MANY, sanitise};
use super::planning::Connected;
use super::run_args::{ApplyArgs, PlanArgs};
use crate::aws::SessionRequest;
use crate::aws::command_line::command;
use crate::ecs::{self, Applied, ApplyOptions, Remaining, Report, Standing};
use crate::taskdef::{Action, Plan};

/// Services that are named in one line; of more, the number is told.
const NAMED: usize = 5;

/// Where a plan is saved, and how far earlier runs of it have come.
#[derive(Debug, Default)]
pub struct Begun<'a> {
    pub saved: Option<&'a Path>,
    /// One a target, or none if there was no earlier run.
    pub standings: Vec<Standing>,
    /// Update services again that went back.
    pub retry_failed: bool,
}

impl<'a> Begun<'a> {
    /// A plan that was just made, saved if that was asked for.
    pub async fn of_new(connected: &Connected, plan: &Plan, args: &'a PlanArgs) -> anyhow::Result<Self> {
        let standings = ecs::unchanged(&connected.ecs, plan).await?;
        Ok(Begun { saved: args.out.as_deref(), standings, retry_failed: false })
    }

    /// How the plan is carried out.
    pub fn options(&self, args: &ApplyArgs) -> ApplyOptions {
        ApplyOptions { retry_failed: self.retry_failed, ..args.options() }
    }

    /// How many targets are still to be updated.
    pub fn to_change(&self, plan: &Plan) -> usize {
        let begun = |index: usize| match self.standings.get(index) {
            None | Some(Standing::ToDo) => false,
            Some(Standing::WentBack(_)) => !self.retry_failed,
            Some(_) => true,
        };
        let changes = plan.targets.iter().enumerate().filter(|(_, target)| target.action == Action::Update);
        changes.filter(|(index, _)| !begun(*index)).count()
    }

    /// How many deployments were started before and are told of: those that go on, and those that the plan would have
    /// made and that have failed.
    pub fn deploying(&self) -> usize {
        self.count(|standing| {
            matches!(standing, Standing::Deploying(_) | Standing::Underway(_) | Standing::FailedBefore(_))
        })
    }

    fn count(&self, is: impl Fn(&Standing) -> bool) -> usize {
        self.standings.iter().filter(|standing| is(standing)).count()
    }

    /// What earlier runs have done, as a line; nothing if there was none.
    pub fn summary(&self, plan: &Plan) -> Option<String> {
        if self.count(Standing::is_begun) == 0 {
            return None;
        }
        let parts = [
            (self.count(|standing| matches!(standing, Standing::Done(_))), "done"),
            (self.count(|standing| matches!(standing, Standing::Deploying(_))), "still deploying"),
            (self.count(Standing::is_bad), "failed or taken back"),
            (self.to_change(plan), "to do"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        Some(format!("an earlier run of this plan has begun it: {}", parts.collect::<Vec<_>>().join(", ")))
    }

    /// That deployments which were started before this plan was made are not over, or have failed; nothing if there are
    /// none.
    pub fn underway(&self, plan: &Plan, options: &ApplyOptions) -> Option<String> {
        if options.register_only {
            return None;
        }
        let of = |is: fn(&Standing) -> bool| {
            let standings = plan.targets.iter().zip(&self.standings);
            names_of(standings.filter(|(_, standing)| is(standing)).map(|(target, _)| target.name()).collect())
        };
        let how = if options.wait { "it is watched to its end" } else { "it is in progress" };
        let parts = [
            of(|standing| matches!(standing, Standing::Underway(_))).map(|names| format!("{names}: {how}")),
            of(|standing| matches!(standing, Standing::FailedBefore(_))).map(|names| format!("{names}: it has failed")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let parts = Some(parts.join("; ")).filter(|parts| !parts.is_empty())?;
        Some(sanitise(&format!("the deployment of what is asked for was started before for {parts}")))
    }

    /// What is left to be changed beside updates; nothing if there is nothing else.
    pub fn remains(plan: &Plan, remaining: &[Vec<Remaining>]) -> Option<String> {
        let of = |is: &dyn Fn(&Remaining) -> bool| {
            let targets = plan.targets.iter().zip(remaining);
            let names = targets.filter(|(_, remaining)| remaining.iter().any(is)).map(|(target, _)| target.name());
            names_of(names.collect())
        };
        let schedules = remaining.iter().flatten().map(|remaining| match remaining {
            Remaining::Schedules(count) => *count,
            _ => 0,
        });
        let schedules: usize = schedules.sum();
        let parts = [
            of(&|remaining| *remaining == Remaining::Tags).map(|names| format!("the tags of {names} are set")),
            of(&|remaining| matches!(remaining, Remaining::Schedules(_))).map(|names| match schedules {
                1 => format!("1 rule or schedule of {names} is pointed at the new revision"),
                more => format!("{more} rules or schedules of {names} are pointed at the new revision"),
            }),
            of(&|remaining| *remaining == Remaining::TakeBack)
                .map(|names| format!("{names}, whose deployment has failed: taken back")),
            of(&|remaining| *remaining == Remaining::MayTakeBack)
                .map(|names| format!("{names}: taken back if the deployment fails or does not finish in time")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| sanitise(&format!("still to be done: {}", parts.join("; "))))
    }

    /// That a plan of many targets could be saved, if it is not: so many are likely to be interrupted.
    pub fn how_to_save(&self, plan: &Plan) -> Option<String> {
        let wanted = self.saved.is_none() && plan.summary.change > MANY;
        wanted.then(|| "with `--out PLAN.json`, `sidetap apply` could go on with exactly this plan".to_owned())
    }

    /// How to update services again that went back in an earlier run.
    pub fn how_to_retry(&self) -> Option<String> {
        let went_back = self.standings.iter().any(|standing| matches!(standing, Standing::WentBack(_)));
        let wanted = went_back && !self.retry_failed;
        wanted.then(|| "`--retry-failed` updates services again that went back".to_owned())
    }

    /// How to go on after a run that left something undone.
    pub fn how_to_go_on(&self, reports: &[Report], args: &ApplyArgs, place: &SessionRequest) -> Option<String> {
        let saved = self.saved.filter(|path| !file::is_stdin(path));
        // The next run follows what goes on, also by a new plan.
        if ecs::Left::of(reports, args.options().wait) == ecs::Left::Nothing {
            return None;
        }
        let failed = reports.iter().any(|report| !report.outcome.is_good() && report.outcome != Applied::NotStarted);
        match saved {
            Some(path) => Some(format!("to go on: {}", go_on(path, args, failed, place))),
            // The same command would change again what is being taken back.
            None if reports.iter().any(|report| report.is_going_back) => {
                Some("going back goes on; `sidetap status --watch` shows what comes of it".to_owned())
            }
            None if failed && !args.keep_going => {
                Some("to go on with the others, run the same command with `--keep-going`".to_owned())
            }
            None => Some("to go on, run the same command again; what is done stays as it is".to_owned()),
        }
    }
}

/// Names in a line, or how many there are; nothing if there are none.
fn names_of(names: Vec<&str>) -> Option<String> {
    let named = || names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        1..=NAMED => Some(named()),
        more => Some(format!("{more} services")),
    }
}

/// The command line that takes the plan up again, with the flags of this run.
fn go_on(path: &Path, args: &ApplyArgs, failed: bool, place: &SessionRequest) -> String {
    let mut words = vec!["sidetap".to_owned(), "apply".to_owned(), path.display().to_string()];
    words.extend(args.words());
    if failed && !args.keep_going {
        words.push("--keep-going".to_owned());
    }
    command(words, place)
}
