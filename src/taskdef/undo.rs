//! What injecting a sidecar changed beside adding its container, so that taking it out restores the task definition.
//!
//! It travels inside the task definition, as the sidecar's label `sidetap.undo`: the revision that is registered is
//! the only place that every later reader sees.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::{TaskDefinition, name_of};
use super::envelope::Envelope;
use super::error::{Error, Result};
use super::recognise::{UNDO_LABEL, last_sidecar, undo_of};
use super::sizing::{Room, reserved, task_size};
use super::units::{cpu_units, memory_mib};
use super::warning::Warning;

/// The content of the label `sidetap.undo`, as JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Undo {
    /// Where the sidecar's share came from, so that injecting again does the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomTaken>,
    /// Sizes that were changed, in the order in which they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Change>,
    /// What the other containers reserved when the task was grown: CPU units and MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<(u64, u64)>,
    /// The vendor's container that stood in the sidecar's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Value>,
    /// The shape of the file that the sidecar was put into.
    #[serde(default, skip_serializing_if = "Envelope::is_bare")]
    pub file: Envelope,
}

/// Which way out was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RoomTaken {
    TakeFrom,
    GrowTask,
    BestEffort,
}

/// One size, of the task or of a container, before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Change {
    /// The container; absent for the task itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    pub field: Field,
    pub was: Value,
    pub now: Value,
}

/// The sizes that injecting may change, and so the only ones that a label can make us change back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Field {
    Cpu,
    Memory,
    MemoryReservation,
}

impl Field {
    pub fn name(self) -> &'static str {
        match self {
            Field::Cpu => "cpu",
            Field::Memory => "memory",
            Field::MemoryReservation => "memoryReservation",
        }
    }

    /// A value of this field in CPU units or MiB.
    pub fn units(self, value: &Value) -> Option<u64> {
        match self {
            Field::Cpu => cpu_units(value),
            Field::Memory | Field::MemoryReservation => memory_mib(value),
        }
    }
}

/// A task definition without one sidecar.
pub(super) struct Restored {
    pub definition: TaskDefinition,
    pub undo: Undo,
}

impl Undo {
    pub fn to_label(&self) -> String {
        serde_json::to_string(self).expect("its keys are strings")
    }

    /// The way out to take when none is named.
    pub fn room(&self) -> Option<Room> {
        match self.room? {
            RoomTaken::GrowTask => Some(Room::GrowTask),
            RoomTaken::BestEffort => Some(Room::BestEffort),
            RoomTaken::TakeFrom => {
                self.changed.iter().find_map(|c| c.container.clone()).map(|name| Room::TakeFrom(vec![name]))
            }
        }
    }

    /// The task shrinks again, CPU and memory together, since Fargate takes them in pairs. Where its containers have
    /// come to need the room, or another sidecar has built on it, that is left to whoever of ours leaves later.
    fn undo_in_task(&self, definition: &mut TaskDefinition, warnings: &mut Vec<Warning>) -> Result<()> {
        let changes: Vec<&Change> = self.changed.iter().filter(|change| change.container.is_none()).collect();
        if changes.is_empty() {
            return Ok(());
        }
        let mut shrunk = definition.clone();
        let mut changed_since: Vec<&Change> = Vec::new();
        for change in changes.iter().rev() {
            match shrunk.get(change.field.name()) == Some(&change.now) {
                true => shrunk.set(change.field.name(), change.was.clone()),
                false => changed_since.push(change),
            }
        }
        let fits = self.has_room(&shrunk)?;
        if changed_since.is_empty() && fits {
            *definition = shrunk;
            return Ok(());
        }
        let is_ours = |container: &Value| undo_of(container).is_some();
        if definition.containers().iter().any(is_ours) {
            for change in changes.iter().rev() {
                self.leave_to_another(change, definition);
            }
            return Ok(());
        }
        for change in &changed_since {
            warnings.push(change.kept("the task's size was changed since"));
        }
        match fits {
            true => *definition = shrunk,
            false => warnings.extend(changes.iter().map(|change| change.kept("the task needs it by now"))),
        }
        Ok(())
    }

    /// Whether the task's containers, which may have needed more than it had even before, and its platform can do
    /// with its size.
    fn has_room(&self, task: &TaskDefinition) -> Result<bool> {
        let then = self.reserved.unwrap_or_default();
        let (cpu, memory) = reserved(task)?;
        let size = task_size(task)?;
        let offered = !task.is_fargate() || size.is_offered_by_fargate();
        let enough = size.cpu.is_none_or(|has| cpu <= has.max(then.0));
        Ok(offered && enough && size.memory_mib.is_none_or(|has| memory <= has.max(then.1)))
    }

    /// Makes a change of the task's size another sidecar's to undo: of the one that built on it, else of the first.
    fn leave_to_another(&self, change: &Change, definition: &mut TaskDefinition) {
        let built_on = |undo: &mut Undo| {
            let link = undo.changed.iter_mut().find(|other| other.follows(change, &change.now))?;
            link.was = change.was.clone();
            Some(())
        };
        if edit_undos(definition, built_on).is_some() {
            return;
        }
        edit_undos(definition, |undo| {
            undo.changed.insert(0, change.clone());
            undo.reserved = match (undo.reserved, self.reserved) {
                (Some(theirs), Some(ours)) => Some((theirs.0.min(ours.0), theirs.1.min(ours.1))),
                (theirs, ours) => theirs.or(ours),
            };
            Some(())
        });
    }
}

/// Takes the sidecar at `index` out and undoes what putting it in had changed.
///
/// Sizes that were changed again since are kept, but for the share that the sidecar gives back; each such case adds a
/// warning. Where it was another sidecar of ours that built on the change, that one's undo takes it over, so that
/// nothing is forgotten whichever leaves first.
pub(super) fn take_out(task: &TaskDefinition, index: usize, warnings: &mut Vec<Warning>) -> Result<Restored> {
    let mut definition = task.clone();
    let container = definition.containers_mut().remove(index);
    let undo = undo_of(&container).unwrap_or_else(|| {
        warnings.push(Warning::new(
            "no-undo",
            format!("`{}` bears no readable undo label: sizes changed for it stay changed", name_of(&container)),
        ));
        Undo::default()
    });
    if let Some(replaced) = &undo.replaced {
        definition.containers_mut().insert(index, replaced.clone());
    }
    if definition.containers().is_empty() {
        return Err(Error::only_container(name_of(&container)));
    }
    for change in undo.changed.iter().rev() {
        if let Some(name) = &change.container {
            change.undo_in_container(name, &mut definition, warnings);
        }
    }
    undo.undo_in_task(&mut definition, warnings)?;
    // The label came with the document: what it gave back is checked like the document.
    let definition = TaskDefinition::new(definition.into_value())?;
    Ok(Restored { definition, undo })
}

impl Change {
    fn undo_in_container(&self, name: &str, definition: &mut TaskDefinition, warnings: &mut Vec<Warning>) {
        let given_back = match (self.field.units(&self.was), self.field.units(&self.now)) {
            (Some(was), Some(now)) => was.saturating_sub(now),
            _ => 0,
        };
        let (expected, replacement) = self.shift_those_above(given_back, definition);
        let container = definition.containers_mut().iter_mut().find(|container| name_of(container) == name);
        let current = container.and_then(|container| container.get_mut(self.field.name()));
        let Some(current) = current.filter(|current| !current.is_null()) else {
            warnings.push(self.kept(&format!("container `{name}` no longer has it")));
            return;
        };
        if *current == expected {
            *current = replacement;
            return;
        }
        match self.field.units(current) {
            Some(value) => {
                warnings.push(Warning::new(
                    "size-adjusted",
                    format!("`{}` of `{name}` was changed since: {given_back} is added to {value}", self.field.name()),
                ));
                *current = (value + given_back).into();
            }
            None => warnings.push(self.kept("it was changed since")),
        }
    }

    /// Moves up what other sidecars of ours took from the same container after this one. Returns the value that the
    /// last of them left, which is the container's own unless somebody changed it, and what is to stand there now.
    fn shift_those_above(&self, given_back: u64, definition: &mut TaskDefinition) -> (Value, Value) {
        let (mut expected, mut replacement) = (self.now.clone(), self.was.clone());
        // Each sidecar takes from a container once, so that a chain is no longer than there are containers.
        for _ in 0..definition.containers().len() {
            let found = edit_undos(definition, |undo| {
                let link = undo.changed.iter_mut().find(|other| other.follows(self, &expected))?;
                let left = self.field.units(&link.now).unwrap_or_default() + given_back;
                let step = (link.now.clone(), Value::from(left));
                (link.was, link.now) = (replacement.clone(), step.1.clone());
                Some(step)
            });
            let Some(step) = found else { break };
            (expected, replacement) = step;
        }
        (expected, replacement)
    }

    fn follows(&self, other: &Change, left: &Value) -> bool {
        self.container == other.container && self.field == other.field && self.was == *left
    }

    fn kept(&self, why: &str) -> Warning {
        let of = self.container.as_deref().map_or("the task".to_owned(), |name| format!("`{name}`"));
        Warning::new("size-kept", format!("`{}` of {of} is not set back to {}: {why}", self.field.name(), self.was))
    }
}

/// Edits the first of our sidecars' undo labels that `edit` wants to; returns what it says.
fn edit_undos<T>(definition: &mut TaskDefinition, mut edit: impl FnMut(&mut Undo) -> Option<T>) -> Option<T> {
    definition.containers_mut().iter_mut().find_map(|container| {
        let mut undo = undo_of(container)?;
        let said = edit(&mut undo)?;
        container["dockerLabels"][UNDO_LABEL] = undo.to_label().into();
        Some(said)
    })
}

/// The task definition without any of our sidecars.
pub(super) fn without_sidecars(definition: &TaskDefinition) -> Result<TaskDefinition> {
    let mut bare = definition.clone();
    while let Some(index) = last_sidecar(&bare) {
        bare = take_out(&bare, index, &mut Vec::new())?.definition;
    }
    Ok(bare)
}
