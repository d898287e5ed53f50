//! What is shown while something goes on: lines that move on a terminal, and elsewhere a timestamped line a change.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::super::context::{Context, Interactivity};
use super::fleet::Fleet;
use super::{MANY, Printer, sanitise};
use crate::ecs::{ApplyOptions, Event, ObservedDeployment, Outcome, Progress, family_revision};

/// How long a spinner takes from one picture to the next.
pub(super) const TICK: Duration = Duration::from_millis(120);

/// A count that goes up while something is listed; only shown on a terminal.
pub struct Counter(Option<ProgressBar>);

impl Counter {
    pub fn new(cx: &Context, what: &str) -> Self {
        if cx.printer.quiet() || cx.interactivity == Interactivity::Nobody {
            return Counter(None);
        }
        let bar = ProgressBar::new_spinner().with_style(style("{spinner} {pos} {msg}")).with_message(what.to_owned());
        bar.enable_steady_tick(TICK);
        Counter(Some(bar))
    }

    pub fn set(&self, count: usize) {
        if let Some(bar) = &self.0 {
            bar.set_position(count as u64);
        }
    }

    pub fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Shows what happens to services.
pub enum Reporter {
    Terminal { bars: MultiProgress, by_target: Mutex<BTreeMap<String, ProgressBar>>, printer: Printer },
    Fleet(Fleet),
    Plain { said: Mutex<BTreeMap<String, String>>, printer: Printer },
}

impl Reporter {
    /// For so many targets, which go through what `options` ask for.
    pub fn new(cx: &Context, targets: usize, options: &ApplyOptions) -> Self {
        match cx.interactivity {
            Interactivity::Person if !cx.printer.quiet() && targets > MANY => {
                Reporter::Fleet(Fleet::new(targets, options, cx.printer.clone()))
            }
            _ => Self::of_few(cx),
        }
    }

    /// For few enough targets that each has a line of its own.
    pub fn of_few(cx: &Context) -> Self {
        match cx.interactivity {
            Interactivity::Person if !cx.printer.quiet() => Reporter::Terminal {
                bars: MultiProgress::new(),
                by_target: Mutex::default(),
                printer: cx.printer.clone(),
            },
            _ => Reporter::Plain { said: Mutex::default(), printer: cx.printer.clone() },
        }
    }

    /// Takes moving lines off the screen.
    pub fn clear(&self) {
        match self {
            Reporter::Terminal { by_target, .. } => {
                // Each is ended, or its ticking would draw it again.
                for bar in by_target.lock().unwrap_or_else(PoisonError::into_inner).values() {
                    bar.finish_and_clear();
                }
            }
            Reporter::Fleet(fleet) => fleet.clear(),
            Reporter::Plain { .. } => {}
        }
    }
}

impl Progress for Reporter {
    fn event(&self, event: &Event<'_>) {
        let (target, text) = words(event);
        match self {
            Reporter::Fleet(fleet) => fleet.event(event),
            Reporter::Plain { said, printer } => {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                if said.insert(target.to_owned(), text.clone()).as_ref() != Some(&text) {
                    let now = humantime::format_rfc3339_seconds(SystemTime::now());
                    printer.note(&format!("{now} {}: {text}", sanitise(target)));
                }
            }
            Reporter::Terminal { bars, by_target, printer } => {
                let mut by_target = by_target.lock().unwrap_or_else(PoisonError::into_inner);
                let bar = by_target.entry(target.to_owned()).or_insert_with(|| {
                    let style = style("{spinner} {prefix}  {msg}  {elapsed}");
                    let bar = bars.add(ProgressBar::new_spinner()).with_style(style);
                    bar.enable_steady_tick(TICK);
                    bar.with_prefix(sanitise(target))
                });
                match event {
                    Event::Note { .. } => bars.suspend(|| printer.note(&format!("{}: {text}", sanitise(target)))),
                    Event::Finished { .. } | Event::Failed { .. } => bar.finish_with_message(text),
                    _ => bar.set_message(text),
                }
            }
        }
    }
}

pub(super) fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a valid template")
}

/// Whose event it is, and what it says, ready for a terminal.
pub(super) fn words<'a>(event: &Event<'a>) -> (&'a str, String) {
    let (target, text) = said(event);
    (target, sanitise(&text))
}

fn said<'a>(event: &Event<'a>) -> (&'a str, String) {
    match event {
        Event::Registered { target, task_definition } => {
            (target, format!("registered {}", family_revision(task_definition)))
        }
        Event::Found { target, task_definition } => {
            (target, format!("{} is registered already", family_revision(task_definition)))
        }
        Event::Updated { target, task_definition } => {
            (target, format!("deploying {}", family_revision(task_definition)))
        }
        Event::Deploying { target, deployment } => (target, counts(deployment)),
        Event::Finished { target, outcome } => (target, ended(outcome)),
        Event::Failed { target, reason } => (target, format!("failed: {reason}")),
        Event::Note { target, text } => (target, (*text).to_owned()),
    }
}

fn counts(deployment: &ObservedDeployment) -> String {
    format!(
        "{}  {}/{} running  {} pending  {} failed",
        family_revision(&deployment.task_definition),
        deployment.running,
        deployment.desired,
        deployment.pending,
        deployment.failed
    )
}

fn ended(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Succeeded => "deployed".to_owned(),
        Outcome::Failed { reason } => format!("deployment failed: {reason}"),
        Outcome::RolledBack { reason } => format!("rolled back by ECS: {reason}"),
        Outcome::Superseded { by } => format!("superseded by a deployment of {}", family_revision(by)),
        Outcome::Gone { reason } => format!("the service is gone: {reason}"),
        Outcome::Unverified => "updated; it wants no tasks, so that nothing is proved".to_owned(),
        Outcome::TimedOut => "timed out".to_owned(),
    }
}
