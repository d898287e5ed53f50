//! Takes sidecars out of a task definition, and undoes what putting them in had changed.

use serde_json::Value;

use super::document::{TaskDefinition, name_of};
use super::envelope::Envelope;
use super::error::{Error, Result};
use super::preset::Preset;
use super::recognise::{is_of, preset_of};
use super::rules;
use super::undo::take_out;
use super::warning::Warning;

/// Which sidecars are taken out.
#[derive(Debug, Clone, PartialEq)]
pub enum Which {
    /// All that sidetap put in.
    Ours,
    /// Those of one preset: that sidetap put in, and a vendor's that was pasted by hand.
    Of(Preset),
}

impl Which {
    fn includes(&self, container: &Value) -> bool {
        match self {
            Which::Ours => preset_of(container).is_some(),
            Which::Of(preset) => is_of(container, preset),
        }
    }
}

/// A task definition without the sidecars.
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

/// Takes out the containers that `which` means. `envelope` is the shape of the file that `base` came from.
///
/// What sidetap put in leaves as if it had never been there. A vendor's container that was pasted by hand leaves with
/// the volumes that only it had mounted, as nothing tells what else was done for it.
///
/// # Errors
/// [`Error::Unsupported`] if nothing would be left, and whatever is wrong with what a label gives back.
pub fn remove(base: &TaskDefinition, envelope: &Envelope, which: &Which) -> Result<Removed> {
    let mut removed =
        Removed { definition: base.clone(), containers: Vec::new(), warnings: Vec::new(), envelope: envelope.clone() };
    let last = |definition: &TaskDefinition| definition.containers().iter().rposition(|c| which.includes(c));
    while let Some(index) = last(&removed.definition) {
        let container = removed.definition.containers()[index].clone();
        let name = name_of(&container).to_owned();
        let mut file = Envelope::default();
        if preset_of(&container).is_some() {
            let restored = take_out(&removed.definition, index, &mut removed.warnings)?;
            removed.definition = restored.definition;
            file = restored.undo.file;
        } else {
            take_out_pasted(&mut removed, index)?;
        }
        if removed.definition.container(&name).is_none() {
            for referrer in rules::drop_references(&mut removed.definition, &name) {
                let text = format!("`{referrer}` referred to `{name}`, and no longer does");
                removed.warnings.push(Warning::new("reference-dropped", text));
            }
        }
        if !removed.containers.contains(&name) {
            removed.containers.push(name);
        }
        if !envelope.is_bare() {
            // The file has been through ECS since; what only a response has is this revision's, not the old one's.
            removed.envelope = Envelope::default();
        } else if !file.is_bare() {
            removed.envelope = file;
        }
    }
    if !removed.envelope_is_sound() {
        removed.envelope = Envelope::default();
        removed.warnings.push(Warning::new("file-shape-lost", "the file's former shape cannot be read from the label"));
    }
    Ok(removed)
}

/// Takes out a container that does not bear our label, with the volumes that nobody else has mounted.
fn take_out_pasted(removed: &mut Removed, index: usize) -> Result<()> {
    let container = removed.definition.containers_mut().remove(index);
    if removed.definition.containers().is_empty() {
        return Err(Error::only_container(name_of(&container)));
    }
    for volume in rules::drop_volumes(&mut removed.definition, &container) {
        let text = format!("volume `{volume}` goes with `{}`, which alone had it mounted", name_of(&container));
        removed.warnings.push(Warning::new("volume-dropped", text));
    }
    Ok(())
}
