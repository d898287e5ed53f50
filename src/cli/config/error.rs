//! What can be wrong with a configuration file.

use std::io;

use super::COMMANDS;
use super::file::{MAX_BYTES, Place};

/// A configuration file that cannot be used. Values are not repeated: they may be secrets.
#[derive(Debug, thiserror::Error)]
pub enum BadConfig {
    #[error("cannot read the configuration file `{file}`")]
    Unreadable { file: String, source: io::Error },
    #[error("cannot read the configuration file `{file}`: it is a directory")]
    Directory { file: String },
    #[error("cannot read the configuration file `{file}`: it has more than {} MiB", MAX_BYTES >> 20)]
    TooLarge { file: String },
    #[error("{place}: this is no text in UTF-8")]
    NotText { place: Place },
    #[error("{place}: this is not TOML: {why}")]
    Syntax { place: Place, why: String },
    #[error("{place}: there is no setting `{key}`")]
    Unknown { place: Place, key: String, near: Option<String> },
    #[error("{place}: `{command}` has no setting `{key}`")]
    NotOfCommand {
        place: Place,
        key: String,
        command: &'static str,
        near: Option<String>,
        /// Commands that have it.
        others: Vec<&'static str>,
    },
    #[error("{place}: `{key}` cannot be set in a file")]
    OnlyAFlag { place: Place, key: String },
    #[error("{place}: `{key}` does not mean the same to {}", list(commands, "and"))]
    Ambiguous { place: Place, key: String, commands: Vec<&'static str> },
    #[error("{place}: `{key}` is set twice")]
    Twice { place: Place, key: String },
    #[error("{place}: `{key}` cannot be {is}: it is the table of what counts for the command alone")]
    NoTable { place: Place, key: String, is: &'static str },
    #[error("{place}: `{key}` cannot have this value: {why}")]
    Value {
        place: Place,
        key: String,
        why: String,
        /// Other commands that take the value, which `not_of` does not.
        taken_by: Vec<&'static str>,
        not_of: &'static str,
    },
}

impl BadConfig {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            BadConfig::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("`--config` or SIDETAP_CONFIG names it".to_owned())
            }
            BadConfig::Unreadable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("the user that sidetap runs as has to be allowed to read it".to_owned())
            }
            BadConfig::Directory { .. } => Some("name a file in it".to_owned()),
            BadConfig::TooLarge { .. } | BadConfig::NotText { .. } => {
                Some("a configuration file is TOML, such as `memory-limit = '32MiB'`".to_owned())
            }
            BadConfig::Unknown { near: Some(near), .. } | BadConfig::NotOfCommand { near: Some(near), .. } => {
                Some(format!("`{near}` may have been meant"))
            }
            BadConfig::Unknown { .. } => Some("`sidetap configuration` lists all settings".to_owned()),
            BadConfig::NotOfCommand { others, .. } if !others.is_empty() => {
                Some(format!("it is one of {}", list(others, "and")))
            }
            BadConfig::NotOfCommand { command, .. } => Some(format!("`sidetap {command} --help` lists its flags")),
            BadConfig::OnlyAFlag { key, .. } => Some(format!("say `--{key}` on the command line")),
            BadConfig::Ambiguous { commands, .. } => Some(format!("write it below {}", list(&tables(commands), "or"))),
            BadConfig::NoTable { key, .. } => Some(format!("write `[{key}]`, and its settings below")),
            BadConfig::Value { taken_by, not_of, .. } if !taken_by.is_empty() => {
                let tables = list(&tables(taken_by), "or");
                Some(format!(
                    "`{not_of}` does not take it and {} would: write it below {tables}",
                    list(taken_by, "and")
                ))
            }
            BadConfig::Unreadable { .. }
            | BadConfig::Syntax { .. }
            | BadConfig::Twice { .. }
            | BadConfig::Value { .. } => None,
        };
        hint.into_iter().collect()
    }
}

/// The setting that a key may have been meant to be.
pub fn nearest(key: &str, all: impl Iterator<Item = String>) -> Option<String> {
    let key = key.replace('_', "-").to_lowercase();
    // More than a third of the letters wrong is another word.
    let most = key.chars().count().div_ceil(3).min(3);
    let measured = all.chain(COMMANDS.map(str::to_owned)).map(|name| (strsim::osa_distance(&key, &name), name));
    measured.filter(|(typos, _)| *typos <= most).min().map(|(_, name)| name)
}

fn tables(commands: &[&str]) -> Vec<String> {
    commands.iter().map(|command| format!("[{command}]")).collect()
}

/// `` `a`, `b` and `c` ``
fn list(words: &[impl std::fmt::Display], and: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {and} {last}", rest.join(", ")),
    }
}
