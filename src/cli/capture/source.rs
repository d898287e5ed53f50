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
    #[arg(long, alias = "interfaces", value_name = "NAME", env = "SIDETAP_INTERFACE", value_delimiter = ',')]
    interface: Vec<String>,
    /// Read a capture file (pcap or pcapng, gzipped or not) instead; `-` is standard input.
    #[arg(long, value_name = "FILE", env = "SIDETAP_READ")]
    read: Option<PathBuf>,
    /// With `--read`: send and write nothing, but print what would leave: of each endpoint which header fields, parameters
    /// and bodies, and what is kept back.
    #[arg(long)]
    privacy_report: bool,
    /// Answer health checks and serve metrics over HTTP here while listening on interfaces: `/live /ready /metrics
    /// /status.json`, on port 9464 unless another is named. Default: nowhere.
    #[arg(long, value_name = "ADDRESS[:PORT]", env = "SIDETAP_LISTEN")]
    listen: Option<ListenArg<{ monitor::PORT }>>,
}

/// One of both. Of two that were given, a flag beats the environment, and both beat a configuration file.
#[derive(Debug)]
pub enum Source {
    /// These interfaces; all that are up if there is none.
    Interfaces {
        names: Vec<String>,
        /// Where health checks are answered.
        listen: Option<ListenArg<{ monitor::PORT }>>,
    },
    /// A file, or standard input.
    File {
        path: PathBuf,
        /// Whether nothing leaves, and it is only told what would.
        dry: bool,
    },
}

impl FromArgMatches for Source {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let Given { interface: names, read, privacy_report: dry, listen } = Given::from_arg_matches(matches)?;
        let is_flag = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
        // What a configuration file says is a default to clap, which is the least of its sources.
        let rank = matches.value_source("interface").cmp(&matches.value_source("read"));
        let conflict = |argument| {
            let both = format!("the argument '{argument}' cannot be used with '--read <FILE>'\n");
            Err(Error::raw(ErrorKind::ArgumentConflict, both))
        };
        // Those of variables and files are for usual runs.
        let outputs = [
            ("export", "--export <KIND:TARGET>"),
            ("openapi", "--openapi <FILE>"),
            ("egress_report", "--egress-report <FILE>"),
        ];
        if let Some((_, output)) = outputs.iter().find(|(name, _)| dry && is_flag(name)) {
            let both = format!("the argument '{output}' cannot be used with '--privacy-report'\n");
            return Err(Error::raw(ErrorKind::ArgumentConflict, both));
        }
        if dry && (read.is_none() || !names.is_empty() && rank.is_gt()) {
            let lacks = "'--privacy-report' is about a capture file: name one with '--read <FILE>'\n";
            return Err(Error::raw(ErrorKind::MissingRequiredArgument, lacks));
        }
        match read {
            None => Ok(Source::Interfaces { names, listen }),
            Some(_) if !names.is_empty() && rank.is_eq() => conflict("--interface <NAME>"),
            Some(_) if !names.is_empty() && rank.is_gt() => Ok(Source::Interfaces { names, listen }),
            // A file is read and done with: nobody waits for it with health checks.
            Some(_) if is_flag("listen") => conflict("--listen <ADDRESS[:PORT]>"),
            Some(path) => Ok(Source::File { path, dry }),
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
