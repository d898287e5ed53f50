//! `--config FILE`: settings of the engine's commands from a TOML file.
//!
//! Each flag of a command has a key of its name. Keys at the top count for every command that has such a flag, so that
//! commands may share a file; those in a table of a command's name count for it alone, and beat those at the top. A flag
//! beats a variable of the environment, which beats the file, which beats the default.
//!
//! The file's values become defaults of clap's arguments, so that one parser judges all values, wherever they come from.
//! The command line is parsed twice for that: once to learn which file is meant, and once more with what is in it.

mod error;
mod file;
mod keys;
mod reference;
mod settings;
#[cfg(test)]
mod tests;
mod value;

use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;

pub use self::error::BadConfig;
use self::file::ConfigFile;
pub use self::reference::reference;
use self::settings::{Setting, Settings};

/// The commands that take a file, as `clap` names them and as tables are named.
const COMMANDS: [&str; 3] = ["capture", "collect", "forward"];

/// `--config`, of each of [`COMMANDS`].
#[derive(Debug, clap::Args)]
pub struct ConfigArg {
    /// Take settings from this TOML file, in which each flag has a key of its name. Flags and variables beat it.
    #[arg(long, value_name = "FILE", env = "SIDETAP_CONFIG")]
    config: Option<PathBuf>,
}

impl ConfigArg {
    /// The file that was named.
    pub fn file(&self) -> Option<&Path> {
        self.config.as_deref()
    }
}

/// The command line with the file's values as defaults of `running`, which was given `given`. The whole file is judged,
/// whichever command it is that runs.
pub fn apply(
    command: clap::Command,
    path: &Path,
    running: &str,
    given: &ArgMatches,
) -> Result<clap::Command, BadConfig> {
    let file = ConfigFile::read(path)?;
    let settings = Settings::of(&command, &file)?;
    let is_beaten = |setting: &Setting| {
        let source = given.value_source(setting.id.as_str());
        source.is_some_and(|source| source > ValueSource::DefaultValue) || has_plain_variable(running, &setting.flag)
    };
    let defaults = settings.of_command(running).filter(|setting| !is_beaten(setting));
    Ok(command.mut_subcommand(running, |command| defaults.fold(command, Setting::make_default)))
}

/// Whether a variable of the environment that clap does not know of beats the file.
fn has_plain_variable(command: &str, flag: &str) -> bool {
    #[cfg(target_os = "linux")]
    if command == "forward" {
        return super::forward::has_plain_variable(flag);
    }
    let _ = (command, flag);
    false
}
