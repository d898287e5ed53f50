//! Where packets come from: interfaces or a file.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, Error, FromArgMatches};

use super::super::listen_arg::ListenArg;
use crate::export::monitor;

// No doc comment: it would stand in the help in place of the command's.
#[derive(Debug, clap::Args)]
struct Given {
    /// Listen on this interface, or on `any`; repeatable. Default: every interface that is up.
    #[arg(long, value_name = "NAME", env = "SIDETAP_INTERFACE", value_delimiter = ',')]
    interface: Vec<String>,
    /// Read a capture file (pcap or pcapng, gzipped or not) instead; `-` is standard input.
    #[arg(long, value_name = "FILE", env = "SIDETAP_READ")]
    read: Option<PathBuf>,
    /// Answer health checks and serve metrics over HTTP here while listening on interfaces: `/live /ready /metrics
    /// /status.json`, on port 9464 unless another is named. Default: nowhere.
    #[arg(long, value_name = "ADDRESS[:PORT]", env = "SIDETAP_LISTEN")]
    listen: Option<ListenArg<{ monitor::PORT }>>,
}

/// One of both. Of two that were given, a flag beats the environment.
#[derive(Debug)]
pub enum Source {
    /// These interfaces; all that are up if there is none.
    Interfaces {
        names: Vec<String>,
        /// Where health checks are answered.
        listen: Option<ListenArg<{ monitor::PORT }>>,
    },
    /// A file, or standard input.
    File(PathBuf),
}

impl FromArgMatches for Source {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let Given { interface: names, read, listen } = Given::from_arg_matches(matches)?;
        let is_flag = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
        let conflict = |argument| {
            let both = format!("the argument '{argument}' cannot be used with '--read <FILE>'\n");
            Err(Error::raw(ErrorKind::ArgumentConflict, both))
        };
        match read {
            None => Ok(Source::Interfaces { names, listen }),
            Some(_) if !names.is_empty() && is_flag("interface") == is_flag("read") => conflict("--interface <NAME>"),
            Some(_) if !names.is_empty() && is_flag("interface") => Ok(Source::Interfaces { names, listen }),
            // A file is read and done with: nobody waits for it with health checks.
            Some(_) if is_flag("listen") => conflict("--listen <ADDRESS[:PORT]>"),
            Some(file) => Ok(Source::File(file)),
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
