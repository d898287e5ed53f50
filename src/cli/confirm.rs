//! The one question before a change is made.

use super::context::{Context, Interactivity};
use super::usage::Usage;
use super::wizard::prompter::Prompter;
use super::wizard::terminal::Terminal;

/// Refuses, before anything else is done, if somebody will have to confirm and nobody is there.
pub fn possible(yes: bool, cx: &Context) -> Result<(), Usage> {
    if yes || cx.interactivity == Interactivity::Person {
        return Ok(());
    }
    Err(Usage::new("nobody is there to confirm the change").hint("`--yes` goes on without asking").missing("--yes"))
}

/// Asks, unless told not to. Esc is no.
pub fn confirm(question: &str, yes: bool, cx: &Context) -> anyhow::Result<bool> {
    possible(yes, cx)?;
    if yes {
        return Ok(true);
    }
    Ok(Terminal::new().confirm(question)?.unwrap_or(false))
}
