//! What a sidecar would say of its settings when it starts, asked before it is put anywhere.
//!
//! sidetap's own sidecars are this very program: their command lines go through its parser and through the checks that it
//! makes before it opens anything. Where the engine is not built in, the sidecar itself has to say it.

use crate::taskdef::{self, Sidecar};

/// Refuses settings that the sidecar would refuse. A flag behind `--` that this version does not know passes: the image
/// may have another version.
///
/// # Errors
/// [`taskdef::Error::Parameter`] with the flag, the reason and what to give instead.
#[cfg(all(feature = "engine", target_os = "linux"))]
pub fn check(sidecar: &Sidecar) -> taskdef::Result<()> {
    use crate::taskdef::Preset;

    match &sidecar.preset {
        preset if preset.is_sidetap() => engine::own(sidecar),
        Preset::Traceable => engine::of_others(sidecar),
        _ => Ok(()),
    }
}

/// Without the engine nothing is known of what the sidecar takes.
///
/// # Errors
/// None.
#[cfg(not(all(feature = "engine", target_os = "linux")))]
pub fn check(_: &Sidecar) -> taskdef::Result<()> {
    Ok(())
}

#[cfg(all(feature = "engine", target_os = "linux"))]
mod engine {
    use clap::FromArgMatches;
    use clap::error::{ContextKind, ContextValue, ErrorKind};

    use super::super::{Cli, Command, capture, forward};
    use crate::forward::Destination;
    use crate::packet::LinkType;
    use crate::packet::filter::{Filter, FilterErrorKind, Target};
    use crate::taskdef::{Error, Preset, Result, Sidecar};

    /// Bytes of a value that may be repeated.
    const MOST_HARMLESS: usize = 3;

    /// A sidecar that is this program.
    pub fn own(sidecar: &Sidecar) -> Result<()> {
        let Some(mut line) = sidecar.command_line() else { return Ok(()) };
        let command = super::super::command();
        let variables = variables(&command, sidecar, &line);
        line.splice(1..1, variables.iter().map(|variable| format!("{}={}", variable.flag, variable.value)));
        let words = std::iter::once("sidetap").chain(line.iter().map(String::as_str));
        let matches = without_environment(command).try_get_matches_from(words);
        let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
            Ok(cli) => cli,
            Err(error) => return of_parser(&error, sidecar, &variables),
        };
        if let Some(filter) = filter(sidecar) {
            compile(sidecar, filter, |_| false)?;
        }
        // The sidecar takes what is between blanks for several; whoever gives one has made a mistake.
        if let Some(text) = &sidecar.parameters.destination {
            text.split(',').try_for_each(|one| destination(sidecar, text, one))?;
        }
        let checked = match &cli.command {
            Some(Command::Capture(args)) => capture::check(args),
            Some(Command::Forward(args)) => forward::check(args),
            _ => Ok(()),
        };
        checked.map_err(|error| {
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            would_not_start(sidecar, &causes.join(": "))
        })
    }

    /// A vendor's forwarder, which takes the whole of libpcap's language.
    pub fn of_others(sidecar: &Sidecar) -> Result<()> {
        use FilterErrorKind::*;

        if let Some(text) = &sidecar.parameters.destination {
            destination(sidecar, text, text)?;
        }
        let Some(filter) = filter(sidecar) else { return Ok(()) };
        compile(sidecar, filter, |kind| {
            matches!(
                kind,
                AcceptsNothing
                    | DirectionUnknown(_)
                    | HostName(_)
                    | NotOnLink { .. }
                    | OverLlc(_)
                    | TooDeep { .. }
                    | TooLong { .. }
                    | TooManyWords { .. }
                    | UnknownPort { .. }
                    | UnknownProtocol { .. }
                    | Unsupported(_)
                    | UnsupportedLink(_)
            )
        })
    }

    fn destination(sidecar: &Sidecar, given: &str, one: &str) -> Result<()> {
        match one.parse::<Destination>() {
            Ok(_) => Ok(()),
            Err(error) => Err(refused(sidecar, "--destination", given, &error.to_string())),
        }
    }

    fn filter(sidecar: &Sidecar) -> Option<&str> {
        sidecar.parameters.filter.as_deref().or(sidecar.parameters.bpf_filter.as_deref())
    }

    fn compile(sidecar: &Sidecar, filter: &str, may_pass: fn(&FilterErrorKind) -> bool) -> Result<()> {
        match Filter::compile_for(filter, LinkType::Ethernet, Target::Socket) {
            Err(error) if !may_pass(&error.kind) => Err(refused(sidecar, "--filter", filter, &error.to_string())),
            _ => Ok(()),
        }
    }

    /// What the parser says; nothing of what another version may know.
    fn of_parser(error: &clap::Error, sidecar: &Sidecar, variables: &[Variable]) -> Result<()> {
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.clone()),
            _ => None,
        };
        let argument = text(ContextKind::InvalidArg).unwrap_or_default();
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return Ok(()),
            ErrorKind::UnknownArgument if argument.starts_with('-') => return Ok(()),
            _ => {}
        }
        let reason = std::error::Error::source(error).map(ToString::to_string);
        let flag = argument.split([' ', '=']).next().unwrap_or_default();
        let value = text(ContextKind::InvalidValue);
        if let (Some(value), Some(variable)) = (&value, variables.iter().find(|variable| variable.flag == flag)) {
            // Its value is not repeated: what is in a variable may be secret, unless it is as short as what examples have.
            let is_told = |reason: &String, text: &str| text.len() > MOST_HARMLESS && reason.contains(text);
            let reason = reason.filter(|reason| !is_told(reason, value) && !is_told(reason, variable.value));
            let reason = reason.unwrap_or_else(|| format!("`{flag}` does not take its value"));
            return Err(would_not_start(sidecar, &format!("`{}` cannot be so: {reason}", variable.name)));
        }
        Err(match (value, reason) {
            (Some(value), Some(reason)) if !flag.is_empty() => refused(sidecar, flag, &value, &reason),
            _ => would_not_start(sidecar, error.to_string().trim_start_matches("error: ")),
        })
    }

    /// `flag` is the sidecar's own.
    fn refused(sidecar: &Sidecar, flag: &str, value: &str, reason: &str) -> Error {
        let hint = match flag {
            "--filter" => "a pcap-filter expression, such as `tcp port 8080`".to_owned(),
            "--destination" => "give HOST or HOST:PORT of the collector".to_owned(),
            "--export" => "one of ndjson:-, ndjson:PATH, har:DIR, otlp:URL, pcapng:PATH, none".to_owned(),
            _ => see_help(sidecar),
        };
        let given_as_bpf_filter = flag == "--filter" && sidecar.parameters.bpf_filter.as_deref() == Some(value);
        let flag = if given_as_bpf_filter { "--bpf-filter" } else { flag };
        Error::Parameter { what: format!("the sidecar would refuse `{flag} {value}`: {reason}"), hint }
    }

    /// Of what is said, the first line says what is wrong.
    fn would_not_start(sidecar: &Sidecar, said: &str) -> Error {
        let reason = said.lines().next().unwrap_or_default();
        Error::Parameter { what: format!("the sidecar would not start: {reason}"), hint: see_help(sidecar) }
    }

    fn see_help(sidecar: &Sidecar) -> String {
        let command = if sidecar.preset == Preset::Forwarder { "forward" } else { "capture" };
        format!("`sidetap {command} --help` says what it takes")
    }

    /// A variable of the sidecar's that gives a flag its value.
    struct Variable<'a> {
        flag: String,
        name: &'a str,
        value: &'a str,
    }

    /// Those that count: a flag beats its variable, and what is empty is not set.
    fn variables<'a>(command: &clap::Command, sidecar: &'a Sidecar, line: &[String]) -> Vec<Variable<'a>> {
        let Some(subcommand) = line.first().and_then(|name| command.find_subcommand(name)) else { return Vec::new() };
        let is_given = |flag: &str| line.iter().any(|word| word.split('=').next() == Some(flag));
        let given = sidecar.environment.iter().filter(|(_, value)| !value.trim().is_empty());
        let variables = given.filter_map(|(name, value)| {
            let mut arguments = subcommand.get_arguments().filter(|arg| arg.get_action().takes_values());
            let argument = arguments.find(|arg| arg.get_env().is_some_and(|env| env == name.as_str()))?;
            Some(Variable { flag: format!("--{}", argument.get_long()?), name, value })
        });
        variables.filter(|variable| !is_given(&variable.flag)).collect()
    }

    /// The sidecar does not have the variables of this process.
    fn without_environment(command: clap::Command) -> clap::Command {
        command.mut_subcommands(|command| command.mut_args(|arg| arg.env(None::<&str>)))
    }
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use crate::memory_limit::{LEAST, MemoryLimit};
    use crate::taskdef::Preset;

    /// The patcher does not know the engine, and so has a figure of its own.
    #[test]
    fn the_least_container_that_a_sidecar_starts_in_is_the_same_to_patcher_and_engine() {
        let limit = |mib: u64| (mib << 20) / 5 * 4;
        for preset in [Preset::Sensor, Preset::Forwarder] {
            let least = preset.least_memory_to_start_mib().expect("sidetap's own have one");
            assert!(MemoryLimit::new(limit(least)).is_ok() && limit(least - 1) < LEAST, "{least}");
        }
    }
}
