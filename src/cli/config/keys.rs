//! Which flag a key stands for.

use clap::{Arg, Command};

use super::COMMANDS;

/// Flags that no file has: which file is meant, and what this run alone is about.
const NOT_IN_A_FILE: [&str; 3] = ["config", "privacy-report", "read"];

/// What a key at the top means.
pub enum Meaning<'a> {
    /// The flag of these commands.
    Setting(Vec<(&'static str, &'a Arg)>),
    /// Flags of these commands that have no more than the name in common.
    Several(Vec<&'static str>),
    /// Something that only the command line can say.
    OnlyAFlag,
    Nothing,
}

/// What a key at the top means. Keys may have `_` for `-`.
pub fn meaning<'a>(command: &'a Command, key: &str) -> Meaning<'a> {
    let having: Vec<(&str, &Arg)> =
        commands(command).filter_map(|(name, command)| Some((name, flag(command, key)?))).collect();
    match having.split_first() {
        None if is_only_a_flag(command, key) => Meaning::OnlyAFlag,
        None => Meaning::Nothing,
        // What has the same variable is the same setting.
        Some(((_, first), rest)) if rest.iter().all(|(_, arg)| arg.get_env() == first.get_env()) => {
            Meaning::Setting(having)
        }
        Some(_) => Meaning::Several(having.into_iter().map(|(name, _)| name).collect()),
    }
}

/// The flag of a command that a key stands for.
pub fn flag<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    let name = key.replace('_', "-");
    settable(command).find(|arg| arg.get_long() == Some(&name))
}

/// Whether a key is the name of a flag that cannot be set in a file.
pub fn is_only_a_flag(command: &Command, key: &str) -> bool {
    let name = key.replace('_', "-");
    let of_all = command.get_arguments().filter_map(Arg::get_long).chain(["help", "version"]);
    of_all.chain(NOT_IN_A_FILE).any(|long| long == name)
}

/// Flags of a command that a file can set. Hidden ones mean nothing here.
pub fn settable(command: &Command) -> impl Iterator<Item = &Arg> {
    let is_settable =
        |arg: &&Arg| !arg.is_hide_set() && arg.get_long().is_some_and(|long| !NOT_IN_A_FILE.contains(&long));
    command.get_arguments().filter(is_settable)
}

/// The commands that take a file, as far as there are any on this system.
pub fn commands(command: &Command) -> impl Iterator<Item = (&'static str, &Command)> {
    COMMANDS.into_iter().filter_map(|name| Some((name, command.find_subcommand(name)?)))
}

/// All keys that a command has, or all that there are.
pub fn all(command: &Command, of: Option<&str>) -> impl Iterator<Item = String> {
    let of_commands = commands(command).filter(move |(name, _)| of.is_none_or(|of| *name == of));
    of_commands.flat_map(|(_, command)| settable(command)).filter_map(|arg| arg.get_long().map(str::to_owned))
}
