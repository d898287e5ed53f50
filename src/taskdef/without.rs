//! A task definition as it would be without one of its sidecars.

use super::document::TaskDefinition;
use super::error::Result;
use super::undo::take_out;

/// Takes our sidecar of that name out, and undoes what putting it in had changed; the same where there is none.
pub fn without(task: &TaskDefinition, container: &str) -> Result<TaskDefinition> {
    match task.container(container) {
        Some((index, definition)) if super::preset_of(definition).is_some() => {
            Ok(take_out(task, index, &mut Vec::new())?.definition)
        }
        _ => Ok(task.clone()),
    }
}
