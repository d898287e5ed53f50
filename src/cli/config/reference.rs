//! All settings as tables of Markdown, made of clap's arguments: what `docs/configuration.md` has.

use std::any::TypeId;
use std::fmt::Write;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};

use clap::{Arg, ArgAction, Command};

use super::keys;

/// The default as the text of a flag's help says it.
const DEFAULT: &str = "Default: ";

/// A table for each command that takes a file. Hidden flags are left out.
pub fn reference(command: &Command) -> String {
    let mut text = String::new();
    for (name, command) in keys::commands(command) {
        let _ = writeln!(text, "### `{name}`\n");
        text.push_str("| key | type | default | variable | meaning |\n|---|---|---|---|---|\n");
        for arg in keys::settable(command).filter(|arg| !arg.is_hide_set()) {
            text.push_str(&row(arg));
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn row(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let (meaning, told) = match help.split_once(DEFAULT) {
        Some((meaning, default)) => (meaning.trim_end(), default.trim_end_matches('.')),
        None => (help.as_str(), ""),
    };
    let set: Vec<String> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let default = match set.concat().is_empty() || is_switch(arg) {
        true => told.to_owned(),
        false => format!("`{}`", set.join("`, `")),
    };
    let variable = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
    let key = arg.get_long().unwrap_or_default();
    let cells = [format!("`{key}`"), kind(arg), default, variable, meaning.trim_end_matches('.').to_owned()];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|").replace('\n', " ")).join(" | "))
}

fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::SetFalse)
}

/// What a file gives a flag, and what that stands for.
fn kind(arg: &Arg) -> String {
    if is_switch(arg) {
        return "boolean".to_owned();
    }
    let kind = match (is_number(arg), matches!(arg.get_action(), ArgAction::Append)) {
        (true, false) => return "number".to_owned(),
        (true, true) => return "list of numbers".to_owned(),
        (false, false) => "string",
        (false, true) => "list of strings",
    };
    match arg.get_value_names() {
        Some([name]) => format!("{kind}: {name}"),
        _ => kind.to_owned(),
    }
}

fn is_number(arg: &Arg) -> bool {
    let parsed = arg.get_value_parser().type_id();
    let numbers = [
        TypeId::of::<u8>(),
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<f64>(),
        TypeId::of::<NonZeroU32>(),
        TypeId::of::<NonZeroU64>(),
        TypeId::of::<NonZeroUsize>(),
    ];
    numbers.iter().any(|number| parsed == *number)
}
