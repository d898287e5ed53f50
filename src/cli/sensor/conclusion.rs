//! How it ended, of what could not be written and what happened besides.

use super::super::context::Context;
use super::super::failure;
use crate::exit::Exit;
use crate::export::ExportError;

/// Tells of each failure. The last one is left to the caller, as its cause decides the exit code.
pub fn conclude(failures: Vec<ExportError>, ending: anyhow::Result<Exit>, cx: &Context) -> anyhow::Result<Exit> {
    let mut errors: Vec<anyhow::Error> = failures.into_iter().map(anyhow::Error::new).collect();
    let exit = match ending {
        Ok(exit) => exit,
        Err(error) => {
            errors.push(error);
            Exit::Failed
        }
    };
    let Some(last) = errors.pop() else { return Ok(exit) };
    for error in &errors {
        failure::report(error, cx);
    }
    Err(last)
}
