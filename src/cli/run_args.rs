//! RUN: how a change is made.

use std::path::PathBuf;
use std::time::Duration;

use crate::ecs::{ApplyOptions, Include};
use crate::taskdef::diff::Values;

/// Far longer than any deployment, and no overflow when added to the time of day.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(7 * 24 * 3600);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30 * 60);
const DEFAULT_PARALLEL: u16 = 3;

/// The flags of RUN that plan.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Run")]
pub struct PlanArgs {
    /// Show the plan and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Save the plan for `sidetap apply`.
    #[arg(long, value_name = "PLAN.json")]
    pub out: Option<PathBuf>,
    /// Exit with 2 if there are changes to make.
    #[arg(long, requires = "dry_run")]
    pub detailed_exitcode: bool,
    /// Point EventBridge rules and schedules that name the base revision at the new one.
    #[arg(long)]
    include_schedules: bool,
    /// Show the values of environment variables in the diff.
    #[arg(long)]
    show_values: bool,
}

/// The flags of RUN that apply.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Run")]
pub struct ApplyArgs {
    /// Do not ask before the change is made.
    #[arg(long)]
    pub yes: bool,
    /// Register revisions and leave the services alone.
    #[arg(long)]
    register_only: bool,
    /// Do not watch the deployments.
    #[arg(long, conflicts_with = "auto_rollback")]
    no_wait: bool,
    /// How long a deployment is watched.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration)]
    timeout: Duration,
    /// Return to the revision before when a deployment fails or times out.
    #[arg(long)]
    auto_rollback: bool,
    /// Deployments at once.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PARALLEL, value_parser = clap::value_parser!(u16).range(1..))]
    max_parallel: u16,
    /// Go on with the other services after a failure.
    #[arg(long)]
    pub keep_going: bool,
}

impl PlanArgs {
    pub fn values(&self) -> Values {
        if self.show_values { Values::Shown } else { Values::Masked }
    }

    /// What happens to what runs on a schedule.
    pub fn include(&self) -> Include {
        if self.include_schedules { Include::Repoint } else { Include::Warn }
    }

    /// A flag that was given and that only means something on ECS.
    pub fn only_on_ecs(&self) -> Option<&'static str> {
        self.include_schedules.then_some("--include-schedules")
    }
}

impl ApplyArgs {
    /// A flag that was given and that only means something on ECS.
    pub fn only_on_ecs(&self) -> Option<&'static str> {
        let given = [
            ("--register-only", self.register_only),
            ("--no-wait", self.no_wait),
            ("--auto-rollback", self.auto_rollback),
            ("--keep-going", self.keep_going),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }

    /// The flags as they were given, for another command line.
    pub fn words(&self) -> Vec<String> {
        let flags = [
            ("--yes", self.yes),
            ("--register-only", self.register_only),
            ("--no-wait", self.no_wait),
            ("--auto-rollback", self.auto_rollback),
            ("--keep-going", self.keep_going),
        ];
        let mut words: Vec<String> =
            flags.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag.into()).collect();
        if self.timeout != DEFAULT_TIMEOUT {
            words.extend([
                "--timeout".to_owned(),
                humantime::format_duration(self.timeout).to_string().replace(' ', ""),
            ]);
        }
        if self.max_parallel != DEFAULT_PARALLEL {
            words.extend(["--max-parallel".to_owned(), self.max_parallel.to_string()]);
        }
        words
    }

    pub fn options(&self) -> ApplyOptions {
        ApplyOptions {
            register_only: self.register_only,
            wait: !self.no_wait,
            timeout: self.timeout,
            auto_rollback: self.auto_rollback,
            max_parallel: self.max_parallel.into(),
            keep_going: self.keep_going,
            retry_failed: false,
        }
    }
}

/// A time to wait, above zero.
pub fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if !duration.is_zero() && duration <= LONGEST_TIMEOUT => Ok(duration),
        _ => Err("give a duration such as 30m, 90s or 1h, at most 7days".to_owned()),
    }
}
