//! Progress of many services on a terminal: one bar for all, and a line for each of those that are being deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar};

use super::progress::{TICK, style, words};
use super::{Printer, sanitise};
use crate::ecs::{ApplyOptions, Event, Outcome};

/// Lines for single services; a terminal has 24 rows, and the others are only counted.
const LINES: usize = 10;

/// The bar, and the lines under it.
pub struct Fleet {
    bars: MultiProgress,
    total: ProgressBar,
    lines: Mutex<Lines>,
    printer: Printer,
}

struct Lines {
    tally: Tally,
    by_target: BTreeMap<String, ProgressBar>,
}

impl Fleet {
    /// Shows `targets` services go through what `options` ask for.
    pub fn new(targets: usize, options: &ApplyOptions, printer: Printer) -> Self {
        let bars = MultiProgress::new();
        let tally = Tally::new(targets, options);
        let total = bars.add(ProgressBar::new(tally.steps()).with_style(style("{bar:12} {msg}  {elapsed}")));
        total.enable_steady_tick(TICK);
        total.set_message(tally.text());
        let lines = Lines { tally, by_target: BTreeMap::new() };
        Fleet { bars, total, lines: Mutex::new(lines), printer }
    }

    /// Shows what happened.
    pub fn event(&self, event: &Event<'_>) {
        let (target, text) = words(event);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.tally.take_in(target, event);
        match event {
            Event::Updated { .. } | Event::Deploying { .. } if lines.tally.is_watched(target) => {
                self.line(&mut lines, target, text);
            }
            // One that goes back after a failure says so in notes.
            Event::Updated { .. } | Event::Deploying { .. } => {}
            Event::Finished { outcome, .. } => {
                Self::take_off(&mut lines, target);
                if !matches!(outcome, Outcome::Succeeded) {
                    self.say(target, &text);
                }
            }
            Event::Failed { .. } => {
                Self::take_off(&mut lines, target);
                self.say(target, &text);
            }
            Event::Note { .. } => self.say(target, &text),
            Event::Registered { .. } | Event::Found { .. } => {}
        }
        self.total.set_position(lines.tally.steps_done());
        self.total.set_message(lines.tally.text());
    }

    /// Takes all of it off the screen.
    pub fn clear(&self) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        // Each is ended, or its ticking would draw it again.
        for bar in lines.by_target.values().chain([&self.total]) {
            bar.finish_and_clear();
        }
    }

    fn say(&self, target: &str, text: &str) {
        self.bars.suspend(|| self.printer.note(&format!("{}: {text}", sanitise(target))));
    }

    fn line(&self, lines: &mut Lines, target: &str, text: String) {
        if !lines.by_target.contains_key(target) {
            if lines.by_target.len() >= LINES {
                return;
            }
            let bar = self.bars.add(ProgressBar::new_spinner()).with_style(style("  {spinner} {prefix}  {msg}"));
            bar.set_prefix(sanitise(target));
            bar.enable_steady_tick(TICK);
            lines.by_target.insert(target.to_owned(), bar);
        }
        lines.by_target[target].set_message(text);
    }

    fn take_off(lines: &mut Lines, target: &str) {
        if let Some(bar) = lines.by_target.remove(target) {
            bar.finish_and_clear();
        }
    }
}

/// How far each service has come.
struct Tally {
    targets: usize,
    /// What a service goes through: registered, updated, deployed; the last ones are left out if not asked for.
    steps_each: usize,
    steps: BTreeMap<String, usize>,
    failed: BTreeSet<String>,
}

const REGISTERED: usize = 1;
const UPDATED: usize = 2;
const DEPLOYED: usize = 3;

impl Tally {
    fn new(targets: usize, options: &ApplyOptions) -> Self {
        let steps_each = match (options.register_only, options.wait) {
            (true, _) => REGISTERED,
            (false, false) => UPDATED,
            (false, true) => DEPLOYED,
        };
        Tally { targets, steps_each, steps: BTreeMap::new(), failed: BTreeSet::new() }
    }

    fn take_in(&mut self, target: &str, event: &Event<'_>) {
        let step = match event {
            Event::Registered { .. } | Event::Found { .. } => REGISTERED,
            Event::Updated { .. } | Event::Deploying { .. } => UPDATED,
            Event::Finished { .. } | Event::Failed { .. } => DEPLOYED,
            Event::Note { .. } => return,
        };
        let bad = match event {
            Event::Finished { outcome, .. } => !matches!(outcome, Outcome::Succeeded | Outcome::Unverified),
            event => matches!(event, Event::Failed { .. }),
        };
        if bad {
            self.failed.insert(target.to_owned());
        }
        let reached = self.steps.entry(target.to_owned()).or_default();
        *reached = step.max(*reached);
    }

    /// Whether its deployment is followed, and has not ended.
    fn is_watched(&self, target: &str) -> bool {
        self.steps_each == DEPLOYED && self.steps.get(target).is_none_or(|reached| *reached < DEPLOYED)
    }

    fn steps(&self) -> u64 {
        (self.targets * self.steps_each) as u64
    }

    fn steps_done(&self) -> u64 {
        self.steps.values().map(|reached| (*reached).min(self.steps_each) as u64).sum()
    }

    fn text(&self) -> String {
        let at = |step: usize| self.steps.values().filter(|reached| **reached == step).count();
        let ended = at(DEPLOYED).saturating_sub(self.failed.len());
        let parts = [
            (at(REGISTERED), "registered"),
            (at(UPDATED), if self.steps_each == UPDATED { "updated" } else { "deploying" }),
            (ended, "deployed"),
            (self.failed.len(), "failed"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
        format!("{} services{}", self.targets, parts.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_service_counts_once_where_it_is() {
        let options = ApplyOptions {
            register_only: false,
            wait: true,
            timeout: Duration::from_secs(1),
            auto_rollback: false,
            max_parallel: 3,
            keep_going: true,
            retry_failed: false,
        };
        let mut tally = Tally::new(4, &options);
        let registered = |target| Event::Registered { target, task_definition: "a:1" };
        for target in ["a", "b", "c"] {
            tally.take_in(target, &registered(target));
        }
        tally.take_in("a", &Event::Updated { target: "a", task_definition: "a:1" });
        tally.take_in("b", &Event::Finished { target: "b", outcome: &Outcome::Succeeded });
        tally.take_in("d", &Event::Finished { target: "d", outcome: &Outcome::TimedOut });
        assert_eq!(tally.text(), "4 services, 1 registered, 1 deploying, 1 deployed, 1 failed");
        assert_eq!((tally.steps_done(), tally.steps()), (1 + 2 + 3 + 3, 12));
        tally.take_in("d", &Event::Updated { target: "d", task_definition: "a:0" });
        tally.take_in("d", &Event::Failed { target: "d", reason: "lost" });
        assert_eq!(tally.text(), "4 services, 1 registered, 1 deploying, 1 deployed, 1 failed");
        assert!(tally.is_watched("a") && !tally.is_watched("d"));
    }
}
