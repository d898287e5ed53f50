//! Where packets come from: interfaces or a file.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, Error, FromArgMatches};

// No doc comment: it would stand in the help in place of the command's.
#[derive(Debug, clap::Args)]
struct Given {
    /// Listen on this interface, or on `any`; repeatable. Default: every interface that is up.
    #[arg(long, value_name = "NAME", env = "SIDETAP_INTERFACE", value_delimiter = ',')]
    interface: Vec<String>,
    /// Read a capture file (pcap or pcapng, gzipped or not) instead; `-` is standard input.
    #[arg(long, value_name = "FILE", env = "SIDETAP_READ")]
    read: Option<PathBuf>,
}

/// One of both. Of two that were given, a flag beats the environment.
#[derive(Debug)]
pub enum Source {
    /// These interfaces; all that are up if there is none.
    Interfaces(Vec<String>),
    /// A file, or standard input.
    File(PathBuf),
}

impl FromArgMatches for Source {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let Given { interface, read } = Given::from_arg_matches(matches)?;
        let is_flag = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
        match read {
            None => Ok(Source::Interfaces(interface)),
            Some(file) if interface.is_empty() => Ok(Source::File(file)),
            Some(file) => match (is_flag("interface"), is_flag("read")) {
                (true, false) => Ok(Source::Interfaces(interface)),
                (false, true) => Ok(Source::File(file)),
                _ => {
                    let both = "the argument '--interface <NAME>' cannot be used with '--read <FILE>'\n";
                    Err(Error::raw(ErrorKind::ArgumentConflict, both))
                }
            },
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Source {
    fn augment_args(command: Command) -> Command {
        Given::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Given::augment_args_for_update(command)
    }
}
