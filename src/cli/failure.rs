//! How a failure reaches a person: what failed, why, what to do next, and the exit code. The one place that maps
//! kinds of errors to exit codes.

use std::fmt::Write;

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::context::Context;
#[cfg(feature = "aws")]
use super::output::failure::Failure;
use super::output::style::{self, paint};
use super::output::{Printer, sanitise};
use crate::exit::Exit;

/// Reports an error of a command.
pub fn report(error: &anyhow::Error, cx: &Context) -> Exit {
    let (exit, hints) = judge(error);
    let mut causes = error.chain().map(ToString::to_string);
    let title = causes.next().unwrap_or_default();
    let causes = causes.collect::<Vec<_>>();
    #[cfg(feature = "engine")]
    let hints = hints.into_iter().chain(of_config(exit, cx)).collect::<Vec<_>>();
    cx.printer.error(&text(&title, &causes, &hints));
    #[cfg(feature = "aws")]
    {
        let ready = super::usage::ready_line(error, &cx.argv);
        if let Some(line) = &ready {
            cx.printer.error(&labelled("try", line));
        }
        if cx.printer.json() && cx.answers_once {
            let causes = new_causes(&title, &causes).map(str::to_owned).collect();
            Failure::new(exit, title).because(causes).with_hints(hints).with_ready_line(ready).show(&cx.printer);
        }
    }
    exit
}

/// The end of a command that failed without an error of its own, as where somebody did not want the change.
pub fn without_answer(exit: Exit, cx: &Context) -> Exit {
    #[cfg(feature = "aws")]
    if cx.printer.json() && cx.answers_once && !matches!(exit, Exit::Done | Exit::Changes) {
        Failure::new(exit, exit.meaning()).show(&cx.printer);
    }
    let _ = cx;
    exit
}

/// Where a setting may have come from that is wrong.
#[cfg(feature = "engine")]
fn of_config(exit: Exit, cx: &Context) -> Option<String> {
    let file = cx.config.as_ref().filter(|_| exit == Exit::Usage)?;
    Some(format!("settings come from `{}`, too", file.display()))
}

/// The exit code of an error, and what to do next.
pub fn judge(error: &anyhow::Error) -> (Exit, Vec<String>) {
    #[cfg(feature = "aws")]
    if let Some(judged) = error.chain().find_map(patcher::judge) {
        return judged;
    }
    #[cfg(feature = "engine")]
    if let Some(judged) = error.chain().find_map(engine::judge) {
        return judged;
    }
    let _ = error;
    (Exit::Failed, Vec::new())
}

/// What failed, why, and what to do next, as people read it.
pub fn text(title: &str, causes: &[String], hints: &[String]) -> String {
    let mut text = format!("{} {}\n", paint(style::ERROR, "error:"), sanitise(title));
    for line in new_causes(title, causes).flat_map(str::lines) {
        let _ = writeln!(text, "  {}", sanitise(line));
    }
    for hint in hints {
        text.push_str(&labelled("hint", hint));
    }
    text
}

/// Without those that their parents already quote, which say nothing new.
fn new_causes<'a>(title: &'a str, causes: &'a [String]) -> impl Iterator<Item = &'a str> {
    let mut said = title;
    causes.iter().map(String::as_str).filter(move |cause| {
        let is_new = !said.contains(cause);
        if is_new {
            said = cause;
        }
        is_new
    })
}

fn labelled(label: &str, line: &str) -> String {
    format!("  {} {}\n", paint(style::HINT, &format!("{label}:")), sanitise(line))
}

/// A failure of clap's parser, or `--help` and `--version`.
pub fn report_parse(error: &clap::Error, argv: &[String]) -> Exit {
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return Exit::Done,
        ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let words: Vec<&str> = argv.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
            let example = match words.first() {
                Some(&"list") => "list services --cluster CLUSTER",
                Some(&"apply") => "apply PLAN.json",
                Some(&"forward") => "forward --destination HOST",
                Some(&"completions") => "completions bash",
                Some(&"man") => "man DIR",
                _ => "inject --file task-definition.json --image IMAGE --dry-run",
            };
            Printer::new(false, false).error(&format!("\n  try: sidetap {example}\n"));
        }
        _ => {}
    }
    #[cfg(feature = "aws")]
    if wants_json(argv) {
        as_json(error).show(&Printer::new(false, true));
    }
    Exit::Usage
}

/// Whether a command line that cannot be read asks for a result as JSON, and for no stream.
#[cfg(feature = "aws")]
fn wants_json(argv: &[String]) -> bool {
    const STREAMS: [&str; 4] = ["capture", "apidump", "forward", "collect"];
    let words: Vec<&str> = argv.iter().map(String::as_str).take_while(|word| *word != "--").collect();
    let asks = words.contains(&"--output=json") || words.windows(2).any(|pair| pair == ["--output", "json"]);
    asks && !command_word(&words).is_some_and(|word| STREAMS.contains(&word))
}

/// The first word that is neither a global flag nor the value of one.
#[cfg(feature = "aws")]
fn command_word<'a>(words: &[&'a str]) -> Option<&'a str> {
    let command = super::Cli::command();
    let takes_value = |word: &str| {
        let mut flags = command.get_arguments().filter(|arg| arg.get_action().takes_values());
        flags.any(|arg| arg.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long)))
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match () {
            () if takes_value(word) => _ = words.next(),
            () if word.starts_with('-') => {}
            () => return Some(word),
        }
    }
    None
}

/// The first paragraph of what clap says, and its tips.
#[cfg(feature = "aws")]
fn as_json(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    let tips = text.lines().filter_map(|line| line.trim_start().strip_prefix("tip: ")).map(str::to_owned);
    let message: Vec<&str> = first.lines().map(str::trim).collect();
    Failure::new(Exit::Usage, message.join(" ")).with_hints(tips.collect())
}

/// A configuration file that cannot be used.
#[cfg(feature = "engine")]
pub fn report_config(error: &super::config::BadConfig) -> Exit {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    Printer::new(false, false).error(&text(&error.to_string(), &Vec::from_iter(cause), &error.hints()));
    Exit::Usage
}

/// No command was named, and the wizard cannot be run. Somebody at a terminal is told why.
pub fn no_command(cx: &Context) -> Exit {
    let obstacle = cx.obstacle();
    #[cfg(feature = "aws")]
    if cx.printer.json() {
        Failure::new(Exit::Usage, "no command was named").show(&cx.printer);
    }
    let help = super::Cli::command().render_help();
    let printer = Printer::new(false, false);
    printer.error(&format!("{}\n", help.ansi()));
    match obstacle {
        None => printer.error("  try: sidetap inject --file task-definition.json --image IMAGE --dry-run\n"),
        Some(obstacle) => {
            let title = format!("the wizard cannot ask anything here: {obstacle}");
            let hint = "a command needs no questions: `sidetap list clusters` and `sidetap list services --cluster \
                        CLUSTER` show what there is";
            printer.error(&text(&title, &[], &[hint.to_owned()]));
            printer.error("  try: sidetap inject --cluster CLUSTER --service SERVICE --image IMAGE --yes\n");
        }
    }
    Exit::Usage
}

#[cfg(feature = "aws")]
pub use patcher::of_ecs;

#[cfg(feature = "aws")]
mod patcher {
    use std::error::Error;

    use super::super::usage::Usage;
    use super::super::wizard::prompter::Interrupted;
    use crate::exit::Exit;
    use crate::{aws, ecs, taskdef};

    /// The exit code and hints of the patcher's errors.
    pub fn judge(cause: &(dyn Error + 'static)) -> Option<(Exit, Vec<String>)> {
        if cause.is::<Interrupted>() {
            return Some((Exit::Interrupted, Vec::new()));
        }
        if let Some(usage) = cause.downcast_ref::<Usage>() {
            return Some((Exit::Usage, usage.hints.clone()));
        }
        if let Some(error) = cause.downcast_ref::<taskdef::Error>() {
            return Some((of_task_definition(error), error.hints()));
        }
        if let Some(error) = cause.downcast_ref::<aws::Error>() {
            return Some((of_call(error), error.hints()));
        }
        let error = cause.downcast_ref::<ecs::Error>()?;
        Some((of_ecs(error), error.hints()))
    }

    /// The exit code of a failure on ECS.
    pub fn of_ecs(error: &ecs::Error) -> Exit {
        match error {
            ecs::Error::Call(error) => of_call(error),
            ecs::Error::TaskDefinition(error) => of_task_definition(error),
            ecs::Error::NotFound { .. } => Exit::Failed,
            ecs::Error::Stale { .. } | ecs::Error::Blocked { .. } => Exit::Blocked,
        }
    }

    fn of_task_definition(error: &taskdef::Error) -> Exit {
        match error.kind() {
            taskdef::Kind::Input => Exit::Failed,
            taskdef::Kind::Usage => Exit::Usage,
            taskdef::Kind::Blocked => Exit::Blocked,
        }
    }

    fn of_call(error: &aws::Error) -> Exit {
        match error.kind {
            aws::ErrorKind::Credentials | aws::ErrorKind::AccessDenied | aws::ErrorKind::RegionNotEnabled => Exit::Auth,
            aws::ErrorKind::NoRegion | aws::ErrorKind::Settings => Exit::Usage,
            aws::ErrorKind::Network | aws::ErrorKind::Service | aws::ErrorKind::Throttled => Exit::Failed,
        }
    }
}

#[cfg(feature = "engine")]
mod engine {
    use std::error::Error;

    use super::super::capture::NotSupported;
    use super::super::health::BadAddress;
    use super::super::sensor::otlp::BadHeaders;
    use super::super::sensor::{BadExports, BadFilter, BadRotation, BadSatellite};
    use crate::exit::Exit;
    use crate::export::ExportError;
    use crate::export::monitor::MonitorError;
    use crate::export::otlp::transport::TransportError;
    use crate::memory_limit::TooLittle;
    use crate::packet::file::FileError;
    use crate::sensor::policy::BadRule;
    use crate::sensor::privacy::FullRefused;
    use crate::sensor::read::ReadError;
    use crate::sensor::routes::PatternError;

    /// The exit code and hints of the engine's errors.
    pub fn judge(cause: &(dyn Error + 'static)) -> Option<(Exit, Vec<String>)> {
        if cause.is::<BadFilter>() || cause.is::<BadExports>() || cause.is::<BadAddress>() {
            return Some((Exit::Usage, Vec::new()));
        }
        if let Some(error) = cause.downcast_ref::<TooLittle>() {
            return Some((Exit::Blocked, error.hints()));
        }
        if let Some(error) = cause.downcast_ref::<BadRotation>() {
            return Some((Exit::Usage, error.hints()));
        }
        if let Some(hints) = of_settings(cause) {
            return Some((Exit::Usage, hints));
        }
        if let Some(error) = cause.downcast_ref::<TransportError>() {
            return Some((of_sending(error), error.hints()));
        }
        if let Some(error) = cause.downcast_ref::<ExportError>() {
            return Some((Exit::Failed, error.hints()));
        }
        if let Some(error) = cause.downcast_ref::<MonitorError>() {
            return Some((of_monitoring(error), error.hints()));
        }
        match cause.downcast_ref() {
            Some(ReadError::Filter { .. }) => return Some((Exit::Usage, Vec::new())),
            Some(ReadError::File(FileError::SecondCapture { .. })) => {
                let hint = "several captures make one file with `mergecap`, not end to end";
                return Some((Exit::Failed, vec![hint.to_owned()]));
            }
            _ => {}
        }
        #[cfg(target_os = "linux")]
        if let Some(error) = cause.downcast_ref::<crate::packet::live::LiveError>() {
            return Some((of_listening(error), error.hints()));
        }
        #[cfg(target_os = "linux")]
        if let Some(error) = cause.downcast_ref::<crate::collect::CollectError>() {
            return Some((of_collecting(error), error.hints()));
        }
        #[cfg(target_os = "linux")]
        if let Some(judged) = of_forwarding(cause) {
            return Some(judged);
        }
        None
    }

    /// The hints of what is wrong with a setting.
    fn of_settings(cause: &(dyn Error + 'static)) -> Option<Vec<String>> {
        (cause.downcast_ref().map(BadRule::hints))
            .or_else(|| cause.downcast_ref().map(PatternError::hints))
            .or_else(|| cause.downcast_ref().map(FullRefused::hints))
            .or_else(|| cause.downcast_ref().map(BadHeaders::hints))
            .or_else(|| cause.downcast_ref().map(BadSatellite::hints))
            .or_else(|| cause.downcast_ref().map(NotSupported::hints))
    }

    fn of_sending(error: &TransportError) -> Exit {
        match error {
            TransportError::Thread(_) => Exit::Failed,
            _ => Exit::Usage,
        }
    }

    fn of_monitoring(error: &MonitorError) -> Exit {
        match error {
            MonitorError::Listen { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => Exit::Auth,
            MonitorError::Listen { .. } | MonitorError::Start(_) => Exit::Failed,
        }
    }

    #[cfg(target_os = "linux")]
    fn of_forwarding(cause: &(dyn Error + 'static)) -> Option<(Exit, Vec<String>)> {
        use super::super::forward::BadSetting;
        use crate::forward::ForwardError;

        if cause.is::<BadSetting>() {
            return Some((Exit::Usage, Vec::new()));
        }
        let error = cause.downcast_ref::<ForwardError>()?;
        let exit = match error {
            ForwardError::NoDestination => Exit::Usage,
            ForwardError::OwnAddress { .. } => Exit::Blocked,
            ForwardError::Ports(_) | ForwardError::Thread(_) => Exit::Failed,
        };
        Some((exit, error.hints()))
    }

    #[cfg(target_os = "linux")]
    fn of_collecting(error: &crate::collect::CollectError) -> Exit {
        use crate::collect::CollectError;
        use crate::packet::ring::RingError;
        use crate::packet::send::FrameSenderError;

        match error {
            CollectError::Listen { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => Exit::Auth,
            CollectError::Replay { source: FrameSenderError::Socket(RingError::NotPermitted), .. } => Exit::Auth,
            CollectError::Filter(_) | CollectError::InUse { .. } => Exit::Usage,
            CollectError::Listen { .. } | CollectError::Replay { .. } | CollectError::Receive(_) => Exit::Failed,
        }
    }

    #[cfg(target_os = "linux")]
    fn of_listening(error: &crate::packet::live::LiveError) -> Exit {
        use crate::packet::live::LiveError;
        use crate::packet::ring::RingError;

        match error {
            LiveError::Ring { source: RingError::NotPermitted, .. } => Exit::Auth,
            LiveError::Ring { source: RingError::Memory { .. }, .. } | LiveError::TooMany { .. } => Exit::Blocked,
            LiveError::Filter { .. } => Exit::Usage,
            LiveError::Interface(_) | LiveError::NoneUp | LiveError::Ring { .. } | LiveError::Poll(_) => Exit::Failed,
        }
    }
}
