//! Takes sidetap's sidecars out of a task definition, and undoes what putting them in had changed.

use serde_json::Value;

use super::document::{TaskDefinition, name_of};
use super::envelope::Envelope;
use super::error::Result;
use super::recognise::last_sidecar;
use super::rules;
use super::undo::take_out;
use super::warning::Warning;

/// A task definition without our sidecars.
#[derive(Debug, Clone)]
pub struct Removed {
    pub definition: TaskDefinition,
    /// The names of the containers that were taken out, last first.
    pub containers: Vec<String>,
    pub warnings: Vec<Warning>,
    envelope: Envelope,
}

impl Removed {
    /// Whether the file gets a shape back that what can be registered does not have.
    pub fn changes_shape(&self) -> bool {
        !self.containers.is_empty() && !self.envelope.is_bare()
    }

    /// Whether what was around the definition, which a label may have told, leads back to it.
    fn envelope_is_sound(&self) -> bool {
        let document = self.envelope.clone().close(self.definition.as_value().clone());
        TaskDefinition::parse(document).is_ok_and(|(definition, _)| definition == self.definition)
    }

    /// The file as it was before the sidecar was put in: a bare definition, or the shape that it came in.
    pub fn into_document(self) -> Value {
        self.envelope.close(self.definition.into_value())
    }
}

/// Takes out every container that bears sidetap's label. `envelope` is the shape of the file that `base` came from.
pub fn remove(base: &TaskDefinition, envelope: &Envelope) -> Result<Removed> {
    let mut removed =
        Removed { definition: base.clone(), containers: Vec::new(), warnings: Vec::new(), envelope: envelope.clone() };
    while let Some(index) = last_sidecar(&removed.definition) {
        let name = name_of(&removed.definition.containers()[index]).to_owned();
        let restored = take_out(&removed.definition, index, &mut removed.warnings)?;
        removed.definition = restored.definition;
        if removed.definition.container(&name).is_none() {
            for referrer in rules::drop_references(&mut removed.definition, &name) {
                let text = format!("`{referrer}` referred to `{name}`, and no longer does");
                removed.warnings.push(Warning::new("reference-dropped", text));
            }
        }
        removed.containers.push(name);
        if !envelope.is_bare() {
            // The file has been through ECS since; what only a response has is this revision's, not the old one's.
            removed.envelope = Envelope::default();
        } else if !restored.undo.file.is_bare() {
            removed.envelope = restored.undo.file;
        }
    }
    if !removed.envelope_is_sound() {
        removed.envelope = Envelope::default();
        removed.warnings.push(Warning::new("file-shape-lost", "the file's former shape cannot be read from the label"));
    }
    Ok(removed)
}
