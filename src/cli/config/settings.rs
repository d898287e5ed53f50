//! The keys of a file as settings of the commands, judged by clap.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Id};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::nearest;
use super::file::{ConfigFile, Place};
use super::keys::{self, Meaning};
use super::value::{self, Value, WrongKind};
use super::{BadConfig, COMMANDS};

/// What a file says of one flag of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub id: Id,
    /// Its name, without the dashes.
    pub flag: String,
    value: Value,
}

/// What a file says, by command.
#[derive(Debug, Default)]
pub struct Settings {
    /// For all commands that have such a flag.
    shared: Vec<(&'static str, Setting)>,
    /// From a command's own table.
    own: Vec<(&'static str, Setting)>,
}

impl Setting {
    fn new(flag: &Arg, value: Value) -> Self {
        Setting { id: flag.get_id().clone(), flag: flag.get_long().unwrap_or_default().to_owned(), value }
    }

    /// The command with it as the flag's default.
    pub fn make_default(command: Command, setting: &Setting) -> Command {
        let id = setting.id.as_str();
        match &setting.value {
            Value::Nothing => command,
            Value::Text(text) => command.mut_arg(id, |arg| arg.default_value(text.clone())),
            // A comma within a value of a list is a comma.
            Value::List(values) => command.mut_arg(id, |arg| {
                arg.value_delimiter(None)
                    .default_values(values.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>())
            }),
        }
    }
}

impl Settings {
    /// Reads and judges all of a file.
    pub fn of(command: &Command, file: &ConfigFile) -> Result<Self, BadConfig> {
        let document = DeTable::parse(&file.text).map_err(|error| BadConfig::Syntax {
            place: file.place(error.span().map_or(0, |span| span.start)),
            why: error.message().to_owned(),
        })?;
        let mut settings = Settings::default();
        for (key, value) in in_order(document.get_ref()) {
            match COMMANDS.into_iter().find(|name| *name == key.get_ref()) {
                Some(name) => settings.add_table(command, name, (key, value), file)?,
                None => settings.add_shared(command, (key, value), file)?,
            }
        }
        Ok(settings)
    }

    /// Those of a command: its own, and of the others what it has none of its own for.
    pub fn of_command(&self, command: &str) -> impl Iterator<Item = &Setting> {
        let of = move |(name, _): &&(&str, Setting)| *name == command;
        let is_own = move |id: &Id| self.own.iter().filter(of).any(|(_, setting)| setting.id == *id);
        let shared = self.shared.iter().filter(of).filter(move |(_, setting)| !is_own(&setting.id));
        shared.chain(self.own.iter().filter(of)).map(|(_, setting)| setting)
    }

    fn add_shared(&mut self, command: &Command, (key, value): Entry<'_>, file: &ConfigFile) -> Result<(), BadConfig> {
        let (place, name) = (file.place(key.span().start), key.get_ref().to_string());
        let having = match keys::meaning(command, key.get_ref()) {
            Meaning::Setting(having) => having,
            Meaning::Several(commands) => return Err(BadConfig::Ambiguous { place, key: name, commands }),
            Meaning::OnlyAFlag => return Err(BadConfig::OnlyAFlag { place, key: name.replace('_', "-") }),
            Meaning::Nothing => {
                let near = nearest(&name, keys::all(command, None));
                return Err(BadConfig::Unknown { place, key: name, near });
            }
        };
        let (mut taken_by, mut refused) = (Vec::new(), None);
        for (of, flag) in having {
            if self.shared.iter().any(|(other, setting)| *other == of && setting.id == *flag.get_id()) {
                return Err(BadConfig::Twice { place, key: name });
            }
            match judge(command, of, flag, value) {
                Ok(value) => {
                    taken_by.push(of);
                    self.shared.push((of, Setting::new(flag, value)));
                }
                Err(why) => refused = refused.or(Some((of, why))),
            }
        }
        match refused {
            None => Ok(()),
            Some((not_of, WrongKind { at, why })) => {
                Err(BadConfig::Value { place: file.place(at), key: name, why, taken_by, not_of })
            }
        }
    }

    fn add_table(
        &mut self,
        command: &Command,
        of: &'static str,
        (key, value): Entry<'_>,
        file: &ConfigFile,
    ) -> Result<(), BadConfig> {
        let DeValue::Table(table) = value.get_ref() else {
            let (place, is) = (file.place(value.span().start), value::kind(value.get_ref()));
            return Err(BadConfig::NoTable { place, key: key.get_ref().to_string(), is });
        };
        // Not on this system, and so of no concern here.
        let Some(its_command) = command.find_subcommand(of) else { return Ok(()) };
        for (key, value) in in_order(table) {
            let (place, name) = (file.place(key.span().start), key.get_ref().to_string());
            let Some(flag) = keys::flag(its_command, &name) else {
                return Err(unknown_of(command, of, place, name));
            };
            if self.own.iter().any(|(other, setting)| *other == of && setting.id == *flag.get_id()) {
                return Err(BadConfig::Twice { place, key: name });
            }
            match judge(command, of, flag, value) {
                Ok(value) => self.own.push((of, Setting::new(flag, value))),
                Err(WrongKind { at, why }) => {
                    let place = file.place(at);
                    return Err(BadConfig::Value { place, key: name, why, taken_by: Vec::new(), not_of: of });
                }
            }
        }
        Ok(())
    }
}

fn unknown_of(command: &Command, of: &'static str, place: Place, key: String) -> BadConfig {
    if keys::is_only_a_flag(command, &key) {
        return BadConfig::OnlyAFlag { place, key: key.replace('_', "-") };
    }
    let others: Vec<&str> =
        keys::commands(command).filter(|(_, other)| keys::flag(other, &key).is_some()).map(|(name, _)| name).collect();
    let near = if others.is_empty() { nearest(&key, keys::all(command, Some(of))) } else { None };
    BadConfig::NotOfCommand { place, key, command: of, near, others }
}

type Entry<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

/// Entries in the order of the file, so that the first mistake is told first.
fn in_order<'a>(table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// The value of a flag if clap takes it.
fn judge(command: &Command, of: &str, flag: &Arg, value: &Spanned<DeValue<'_>>) -> Result<Value, WrongKind> {
    let read = Value::of(value, flag)?;
    let Some(error) = refusal(command, of, flag, &read) else { return Ok(read) };
    let refused = error.get(ContextKind::InvalidValue);
    let is_refused = |text: &String| matches!(refused, Some(ContextValue::String(refused)) if refused == text);
    let at = match &read {
        Value::List(values) => values.iter().find(|(text, _)| is_refused(text)).map(|(_, at)| *at),
        Value::Nothing | Value::Text(_) => None,
    };
    Err(WrongKind { at: at.unwrap_or(value.span().start), why: reason(&error) })
}

/// How clap refuses a command that is given this value of a flag and nothing else, if it does.
fn refusal(command: &Command, of: &str, flag: &Arg, value: &Value) -> Option<clap::Error> {
    let long = flag.get_long().filter(|_| flag.get_action().takes_values())?;
    let command = command.find_subcommand(of)?.clone().no_binary_name(true);
    let command = command.mut_args(|arg| arg.env(None::<&str>).required(false));
    let as_word = |text: &String| format!("--{long}={text}");
    match value {
        Value::Nothing => None,
        Value::Text(text) => command.try_get_matches_from([as_word(text)]).err(),
        Value::List(values) => {
            let command = command.mut_arg(flag.get_id().as_str(), |arg| arg.value_delimiter(None));
            command.try_get_matches_from(values.iter().map(|(text, _)| as_word(text))).err()
        }
    }
}

/// What clap says is wrong with a value, without the value.
fn reason(error: &clap::Error) -> String {
    match (error.kind(), error.get(ContextKind::ValidValue), std::error::Error::source(error)) {
        (ErrorKind::InvalidValue, Some(ContextValue::Strings(valid)), _) => {
            format!("it is none of {}", valid.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "))
        }
        (_, _, Some(why)) => why.to_string(),
        _ => error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    }
}
