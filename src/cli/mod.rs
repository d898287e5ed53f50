//! The terminal: the command line, its commands, output and prompts. The only place that prints.

#[cfg(feature = "aws")]
mod apply;
#[cfg(feature = "aws")]
mod begun;
#[cfg(feature = "engine")]
mod capture;
#[cfg(all(feature = "engine", target_os = "linux"))]
mod collect;
mod completions;
#[cfg(feature = "engine")]
mod config;
#[cfg(feature = "engine")]
mod configuration;
#[cfg(feature = "aws")]
mod confirm;
mod context;
#[cfg(feature = "aws")]
mod doctor;
#[cfg(feature = "aws")]
mod emit;
#[cfg(feature = "engine")]
mod ending;
#[cfg(feature = "aws")]
mod execute;
mod exit_codes;
mod failure;
#[cfg(feature = "aws")]
mod file;
#[cfg(all(feature = "engine", target_os = "linux"))]
mod forward;
mod global;
#[cfg(feature = "engine")]
mod health;
#[cfg(feature = "aws")]
mod inject;
#[cfg(all(feature = "engine", target_os = "linux"))]
mod interfaces;
#[cfg(feature = "aws")]
mod list;
#[cfg(feature = "engine")]
mod listen_arg;
mod man;
#[cfg(all(feature = "engine", target_os = "linux"))]
mod monitor;
pub mod output;
#[cfg(all(feature = "engine", target_os = "linux"))]
mod pace;
#[cfg(feature = "aws")]
mod planned;
#[cfg(feature = "aws")]
mod planning;
#[cfg(feature = "aws")]
mod policy;
#[cfg(feature = "aws")]
mod region;
#[cfg(feature = "aws")]
mod remove;
#[cfg(feature = "aws")]
mod rollback;
#[cfg(feature = "aws")]
mod run_args;
#[cfg(feature = "engine")]
mod sensor;
#[cfg(feature = "aws")]
mod sidecar_args;
#[cfg(feature = "aws")]
mod size_args;
#[cfg(feature = "aws")]
mod source_args;
#[cfg(feature = "aws")]
mod start_check;
#[cfg(feature = "aws")]
mod status;
#[cfg(feature = "aws")]
mod usage;
#[cfg(feature = "aws")]
mod wizard;

use std::ffi::{OsStr, OsString};
#[cfg(feature = "engine")]
use std::path::Path;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::context::Context;
use crate::exit::Exit;

/// Adds a traffic sensor or packet forwarder to Amazon ECS tasks, and takes it out again.
///
/// Every change is shown as a plan before it is made. Results go to standard output; prompts, progress and logs to
/// standard error. `sidetap help exit-codes` lists the exit codes.
#[derive(Debug, Parser)]
#[command(name = "sidetap", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: global::GlobalArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "aws")]
    List(list::Args),
    #[cfg(feature = "aws")]
    Inject(Box<inject::Args>),
    #[cfg(feature = "aws")]
    Apply(apply::Args),
    #[cfg(feature = "aws")]
    Remove(Box<remove::Args>),
    #[cfg(feature = "aws")]
    Policy(policy::Args),
    #[cfg(feature = "aws")]
    Doctor(Box<doctor::Args>),
    #[cfg(feature = "aws")]
    Rollback(rollback::Args),
    #[cfg(feature = "aws")]
    Status(status::Args),
    #[cfg(feature = "engine")]
    Capture(Box<capture::Args>),
    #[cfg(all(feature = "engine", target_os = "linux"))]
    Forward(Box<forward::Args>),
    #[cfg(all(feature = "engine", target_os = "linux"))]
    Collect(Box<collect::Args>),
    #[cfg(feature = "engine")]
    Health(health::Args),
    #[cfg(feature = "engine")]
    Configuration(configuration::Args),
    Completions(completions::Args),
    Man(man::Args),
    ExitCodes(exit_codes::Args),
}

impl Command {
    fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        match self {
            #[cfg(feature = "aws")]
            Command::List(args) => list::run(args, cx),
            #[cfg(feature = "aws")]
            Command::Inject(args) => inject::run(*args, cx),
            #[cfg(feature = "aws")]
            Command::Apply(args) => apply::run(args, cx),
            #[cfg(feature = "aws")]
            Command::Remove(args) => remove::run(*args, cx),
            #[cfg(feature = "aws")]
            Command::Policy(args) => policy::run(args, cx),
            #[cfg(feature = "aws")]
            Command::Doctor(args) => doctor::run(*args, cx),
            #[cfg(feature = "aws")]
            Command::Rollback(args) => rollback::run(args, cx),
            #[cfg(feature = "aws")]
            Command::Status(args) => status::run(args, cx),
            #[cfg(feature = "engine")]
            Command::Capture(args) => capture::run(&args, cx),
            #[cfg(all(feature = "engine", target_os = "linux"))]
            Command::Forward(args) => forward::run(&args, cx),
            #[cfg(all(feature = "engine", target_os = "linux"))]
            Command::Collect(args) => collect::run(&args, cx),
            #[cfg(feature = "engine")]
            Command::Health(args) => health::run(&args, cx),
            #[cfg(feature = "engine")]
            Command::Configuration(args) => configuration::run(&args, cx),
            Command::Completions(args) => completions::run(&args, cx),
            Command::Man(args) => man::run(&args, cx),
            Command::ExitCodes(args) => exit_codes::run(&args, cx),
        }
    }

    /// Whether its result is one document; a stream of packets or records has no place for an error.
    #[cfg(feature = "aws")]
    fn answers_once(&self) -> bool {
        match self {
            Command::List(_) | Command::Inject(_) | Command::Apply(_) | Command::Remove(_) | Command::Policy(_) => true,
            Command::Doctor(_) | Command::Rollback(_) | Command::Status(_) | Command::ExitCodes(_) => true,
            #[cfg(feature = "engine")]
            Command::Capture(_) | Command::Health(_) | Command::Configuration(_) => false,
            #[cfg(all(feature = "engine", target_os = "linux"))]
            Command::Forward(_) | Command::Collect(_) => false,
            Command::Completions(_) | Command::Man(_) => false,
        }
    }

    /// The configuration file that it is given.
    #[cfg(feature = "engine")]
    fn config(&self) -> Option<&Path> {
        match self {
            Command::Capture(args) => args.config.file(),
            #[cfg(target_os = "linux")]
            Command::Forward(args) => args.config.file(),
            #[cfg(target_os = "linux")]
            Command::Collect(args) => args.config.file(),
            _ => None,
        }
    }
}

/// The whole command line, for completions and manual pages.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Whether a variable is set, and to something.
fn is_set(name: &OsStr) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.to_string_lossy().trim().is_empty())
}

/// A variable that is set to nothing counts as not set: templates leave such behind.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some() && !is_set(name);
    let check = |arg: clap::Arg| if arg.get_env().is_some_and(is_empty) { arg.env(None::<&str>) } else { arg };
    command.mut_subcommands(|command| command.mut_args(check))
}

/// Users of another sensor may leave its variables as they are.
fn with_variables_of_others(command: clap::Command) -> clap::Command {
    #[cfg(feature = "engine")]
    let command = command.mut_subcommand("capture", |command| capture::with_variables(command, is_set));
    command
}

/// The command that a command line without a word stands for where nobody sits at a terminal: `forward`, if the
/// environment names a destination, so that a container that names no command forwards.
fn command_of_the_environment(argv: &[String]) -> Option<&'static str> {
    #[cfg(all(feature = "engine", target_os = "linux"))]
    if argv.is_empty() && forward::is_meant() {
        return Some("forward");
    }
    let _ = argv;
    None
}

/// Why there is nothing to run.
enum Unparsed {
    CommandLine(clap::Error),
    #[cfg(feature = "engine")]
    Config(config::BadConfig),
}

impl From<clap::Error> for Unparsed {
    fn from(error: clap::Error) -> Self {
        Unparsed::CommandLine(error)
    }
}

/// The command line with what the environment adds, and what a configuration file does.
fn parse(words: &[OsString]) -> Result<Cli, Unparsed> {
    let whole = || with_variables_of_others(without_empty_variables(command()));
    let matches = whole().try_get_matches_from(words)?;
    let cli = Cli::from_arg_matches(&matches)?;
    #[cfg(feature = "engine")]
    if let Some((name, given)) = matches.subcommand()
        && let Some(file) = cli.command.as_ref().and_then(Command::config)
    {
        let with_file = config::apply(whole(), file, name, given).map_err(Unparsed::Config)?;
        return Ok(Cli::from_arg_matches(&with_file.try_get_matches_from(words)?)?);
    }
    Ok(cli)
}

/// The wizard, if somebody can be asked.
fn without_command(cx: &mut Context) -> Exit {
    #[cfg(feature = "aws")]
    if cx.interactivity == context::Interactivity::Person {
        return match wizard::run(cx) {
            Ok(exit) => exit,
            Err(error) => failure::report(&error, cx),
        };
    }
    failure::no_command(cx)
}

/// Parses the command line, runs the command and reports a failure. Returns how it ended.
pub fn main() -> Exit {
    let argv: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<OsString> = std::env::args_os().chain(command_of_the_environment(&argv).map(Into::into)).collect();
    let cli = match parse(&words) {
        Ok(cli) => cli,
        Err(Unparsed::CommandLine(error)) => return failure::report_parse(&error, &argv),
        #[cfg(feature = "engine")]
        Err(Unparsed::Config(error)) => return failure::report_config(&error),
    };
    let mut cx = Context::new(
        cli.global,
        #[cfg(feature = "aws")]
        argv,
        #[cfg(feature = "engine")]
        cli.command.as_ref().and_then(Command::config).map(Path::to_owned),
    );
    let Some(command) = cli.command else {
        return without_command(&mut cx);
    };
    #[cfg(feature = "engine")]
    {
        cx.config = command.config().map(Path::to_owned);
    }
    #[cfg(feature = "aws")]
    {
        cx.answers_once = command.answers_once();
    }
    let exit = match command.run(&mut cx) {
        Ok(exit) => failure::without_answer(exit, &cx),
        Err(error) => failure::report(&error, &cx),
    };
    cx.printer.finish();
    exit
}
