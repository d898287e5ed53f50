//! What the command lines of other sensors have that mean nothing here, so that they start this one unchanged.
//!
//! The sensors of Akita, Postman and Levo are of one family, and are started as `apidump` with the same flags. Those that
//! mean the same here are flags of their own names; these others are accepted and told to have no effect, or refused where
//! going on without them would do more than was asked for. Levo's variables of the environment stand for the flags, where
//! those of ours are not set.

use std::ffi::OsStr;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Error, FromArgMatches};

use super::super::context::Context;

/// Flags with a value that has no effect here.
const VALUES: [&str; 10] = [
    "gopacket-pages",
    "gopacket-per-conn",
    "levoai-workspace-id",
    "max-witness-size-bytes",
    "max-witness-upload-buffers",
    "proc-polling-interval",
    "stats-log-delay",
    "tags",
    "telemetry-interval",
    "trace-rotate",
];

/// Flags without a value, or with one behind `=`, that have no effect here.
const SWITCHES: [&str; 5] =
    ["debug", "parse-tls-handshakes", "report-tcp-and-tls", "repro-mode", "send-witness-payloads"];

/// Flags that would have less captured, with the value that leaves it at all, and what does that here.
const LESS: [(&str, f64, &str); 2] = [
    ("randomized-start", 100.0, "here every task is watched: leave the sensor out of those that are not to be"),
    ("sample-rate", 1.0, "`--rate-limit` gives each endpoint a fair share of so many transactions a minute"),
];

/// The variables by which Levo's sensor is set up, and the flags that they stand for.
const VARIABLES: [(&str, &str); 9] = [
    ("LEVO_FILTER", "filter"),
    ("LEVO_HOST_ALLOW_RE", "host_allow"),
    ("LEVO_HOST_EXCLUSIONS_RE", "host_exclusions"),
    ("LEVO_ORG_ID", "levoai_org_id"),
    ("LEVO_PATH_ALLOW_RE", "path_allow"),
    ("LEVO_PATH_EXCLUSIONS_RE", "path_exclusions"),
    ("LEVO_RATE_LIMIT_NUMBER", "rate_limit"),
    ("LEVO_SATELLITE_URL", "satellite_url"),
    ("LEVO_TRACE_EXPORT_INTERVAL", "trace_export_interval"),
];

/// A flag that would have less captured.
#[derive(Debug, thiserror::Error)]
#[error("`--{name} {value}` is not supported")]
pub struct NotSupported {
    name: &'static str,
    value: String,
    instead: &'static str,
}

impl NotSupported {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        vec![self.instead.to_owned()]
    }
}

/// Those flags that were given, with their values.
#[derive(Debug)]
pub struct Foreign(Vec<(&'static str, String)>);

impl Foreign {
    /// Says which flags have no effect, and refuses those that would have less captured.
    pub fn check(&self, cx: &Context) -> Result<(), NotSupported> {
        let Foreign(given) = self;
        for (name, all, instead) in LESS {
            let value = given.iter().find(|(given, _)| *given == name).map(|(_, value)| value);
            if let Some(value) = value.filter(|value| value.parse() != Ok(all)) {
                return Err(NotSupported { name, value: value.clone(), instead });
            }
        }
        if !given.is_empty() {
            let names: Vec<String> = given.iter().map(|(name, _)| format!("`--{name}`")).collect();
            cx.printer.note(&format!("of no effect here: {}", names.join(", ")));
        }
        Ok(())
    }
}

/// Names of all of them.
fn names() -> impl Iterator<Item = &'static str> {
    LESS.iter().map(|(name, ..)| *name).chain(VALUES).chain(SWITCHES)
}

impl FromArgMatches for Foreign {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = names().filter(|name| matches.value_source(name) == Some(ValueSource::CommandLine));
        let value = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
        Ok(Foreign(given.map(|name| (name, value(name))).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Foreign {
    fn augment_args(command: Command) -> Command {
        let flag = |name: &'static str| Arg::new(name).long(name).hide(true).value_name("VALUE");
        let switch = |name| flag(name).num_args(0..=1).require_equals(true).default_missing_value("true");
        let values = LESS.iter().map(|(name, ..)| *name).chain(VALUES);
        command.args(values.map(flag)).args(SWITCHES.map(switch))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// The command with Levo's variables in place of its own where only the former are set.
pub fn with_variables(command: Command, is_set: impl Fn(&OsStr) -> bool) -> Command {
    let stands_in = |command: &Command, (theirs, flag): &(&str, &str)| {
        let own = command.get_arguments().find(|arg| arg.get_id() == flag).and_then(Arg::get_env);
        is_set(OsStr::new(theirs)) && !own.is_some_and(&is_set)
    };
    VARIABLES.into_iter().fold(command, |command, variable| match stands_in(&command, &variable) {
        true => command.mut_arg(variable.1, |arg| arg.env(variable.0)),
        false => command,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture() -> Command {
        super::super::super::command().find_subcommand("capture").unwrap().clone()
    }

    #[test]
    fn no_flag_of_others_is_in_the_help() {
        let capture = capture();
        for name in names() {
            let arg = capture.get_arguments().find(|arg| arg.get_long() == Some(name)).unwrap();
            assert!(arg.is_hide_set() && arg.get_env().is_none(), "{name}");
        }
    }

    #[test]
    fn a_variable_of_theirs_stands_for_a_flag_unless_ours_is_set() {
        let of = |command: &Command, flag: &str| {
            let arg = command.get_arguments().find(|arg| arg.get_id() == flag).unwrap();
            arg.get_env().unwrap().to_str().unwrap().to_owned()
        };
        let none = with_variables(capture(), |_| false);
        let all = with_variables(capture(), |name| name.to_string_lossy().starts_with("LEVO_"));
        let both = with_variables(capture(), |_| true);
        for (theirs, flag) in VARIABLES {
            assert_eq!(of(&all, flag), theirs);
            assert_eq!(of(&none, flag), of(&both, flag));
            assert!(of(&none, flag).starts_with("SIDETAP_"));
        }
    }
}
