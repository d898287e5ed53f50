//! The one question before a change is made. The only place that knows dialoguer.

use dialoguer::Confirm;

use super::context::{Context, Interactivity};
use super::usage::Usage;

/// Refuses, before anything else is done, if somebody will have to confirm and nobody is there.
pub fn possible(yes: bool, cx: &Context) -> Result<(), Usage> {
    if yes || cx.interactivity == Interactivity::Person {
        return Ok(());
    }
    Err(Usage::new("nobody is there to confirm the change").hint("`--yes` goes on without asking").missing("--yes"))
}

/// Somebody pressed Ctrl-C before anything was changed.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; nothing was changed")]
pub struct Interrupted;

/// Asks, unless told not to.
///
/// dialoguer hides the cursor and, on Ctrl-C, raises SIGINT. The caller has a handler in place, so that the question
/// ends as interrupted instead of the process with it, and the cursor can be shown again.
pub fn confirm(question: &str, yes: bool, cx: &Context) -> anyhow::Result<bool> {
    possible(yes, cx)?;
    if yes {
        return Ok(true);
    }
    match Confirm::new().with_prompt(question).default(false).interact_opt() {
        Ok(answer) => Ok(answer.unwrap_or(false)),
        Err(dialoguer::Error::IO(error)) => {
            let terminal = console::Term::stderr();
            let _ = terminal.show_cursor().and_then(|()| terminal.write_line(""));
            match error.kind() {
                std::io::ErrorKind::Interrupted => Err(Interrupted.into()),
                _ => Err(error.into()),
            }
        }
    }
}
