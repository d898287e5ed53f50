//! Puts a sidecar into a task definition.
//!
//! Injecting is: take our sidecar out if it is there, then put it in. So doing it twice changes nothing, and an
//! upgrade starts from the same ground as the first time.

use serde_json::Value;

use super::cpu_limit;
use super::document::{TaskDefinition, name_of};
use super::envelope::Envelope;
use super::error::{Error, Result};
use super::large_share;
use super::memory_limit;
use super::plan_size::PlanSize;
use super::preset::Preset;
use super::recognise::{self, Present};
use super::rules;
use super::same::is_same;
use super::sidecar::Sidecar;
use super::sizing::{self, Amount, Room, Share, SizeRequest};
use super::take_from::take_from;
use super::undo::{Change, Field, RoomTaken, Undo, take_out, without_sidecars};
use super::warning::Warning;

/// A task definition with a sidecar in it.
#[derive(Debug, Clone)]
pub struct Injected {
    pub definition: TaskDefinition,
    /// The name of the sidecar's container.
    pub container_name: String,
    pub size: PlanSize,
    pub warnings: Vec<Warning>,
}

/// The task without the sidecar, and what is known of the sidecar that was there.
struct Ground {
    definition: TaskDefinition,
    index: usize,
    existing: Option<Value>,
    /// Where the share of the sidecar that was there came from.
    room: Option<Room>,
    undo: Undo,
}

/// Puts `sidecar` into `base`. `envelope` is the shape of the file that `base` came from, bare if it came from ECS.
///
/// # Errors
/// Every refusal is one of [`Error`]'s variants; `base` is not touched.
pub fn inject(
    base: &TaskDefinition,
    envelope: &Envelope,
    sidecar: &Sidecar,
    request: &SizeRequest,
) -> Result<Injected> {
    sidecar.check()?;
    rules::check_platform(base, sidecar.preset.captures())?;
    let mut warnings = Vec::new();
    let mut ground = ground(base, envelope, sidecar, &mut warnings)?;
    let name = container_name(sidecar, &ground);
    if ground.definition.container(&name).is_some() {
        return Err(Error::NameTaken { name });
    }
    let former = ground.existing.as_ref().or(ground.undo.replaced.as_ref()).map(name_of);
    if let Some(former) = former.filter(|former| *former != name) {
        rules::check_not_needed(&ground.definition, former)?;
    }
    let mut request = effective(request, &sidecar.preset, ground.room.as_ref())?;

    // Of the task as it is without any sidecar, or two that grow it would grow each other.
    let basis = sizing::basis(&without_sidecars(&ground.definition)?)?;
    let mut definition = ground.definition.clone();
    ground.undo.room = match &request.room {
        Room::Available => None,
        Room::TakeFrom(names) => {
            let (taken, from, changes) = take_from(&definition, names, basis, &request)?;
            definition = taken;
            ground.undo.changed = changes;
            request.room = Room::TakeFrom(vec![from]);
            Some(RoomTaken::TakeFrom)
        }
        Room::GrowTask => Some(RoomTaken::GrowTask),
        Room::BestEffort => Some(RoomTaken::BestEffort),
    };
    let share = sizing::share(&definition, basis, &request)?;
    if let Some(task) = share.grown_to {
        ground.undo.reserved = Some(ground.reserved_before(&definition)?);
        ground.undo.changed = grow_task(&mut definition, task, &mut warnings);
    }

    let mut container = sidecar.definition(&name, &ground.definition, &mut warnings)?;
    set_size(&mut container, &share, &sidecar.preset);
    let task = sizing::task_size(&definition)?;
    large_share::warn(&share, task, &sidecar.preset, &mut warnings);
    cpu_limit::set(&mut container, &share, task.cpu, &sidecar.preset, &mut warnings);
    rules::check_references(&definition, &container)?;
    memory_limit::warn(&container, &share, &sidecar.preset, &mut warnings);
    let definition = finish(definition, container, &ground, &sidecar.preset, &mut warnings)?;
    let as_grown =
        if ground.existing.is_some() && request.room == Room::GrowTask { grown_as(base, &definition)? } else { None };
    let unchanged = ground.is_intact() && is_same_but_for_undo(base, as_grown.as_ref().unwrap_or(&definition));
    let definition = if unchanged { base.clone() } else { definition };
    let size = PlanSize::new(&share, &request.room);
    Ok(Injected { definition, container_name: name, size, warnings })
}

impl Ground {
    /// What is reserved once the sidecar has left again: by the others, and by the one that it replaces. Or once all of ours
    /// have left, where that is more: another one may have taken its share from a container that then has it back.
    fn reserved_before(&self, definition: &TaskDefinition) -> Result<(u64, u64)> {
        let mut before = definition.clone();
        before.containers_mut().extend(self.undo.replaced.clone());
        let (with_others, alone) = (sizing::reserved(&before)?, sizing::reserved(&without_sidecars(&before)?)?);
        Ok((with_others.0.max(alone.0), with_others.1.max(alone.1)))
    }

    /// Whether what it has to undo is known of the sidecar that was there, if one was.
    fn is_intact(&self) -> bool {
        self.existing.as_ref().is_none_or(|existing| recognise::undo_of(existing).is_some())
    }
}

fn ground(
    base: &TaskDefinition,
    envelope: &Envelope,
    sidecar: &Sidecar,
    warnings: &mut Vec<Warning>,
) -> Result<Ground> {
    let mut ground = Ground {
        definition: base.clone(),
        index: base.containers().len(),
        existing: None,
        room: None,
        undo: Undo { file: envelope.clone(), ..Undo::default() },
    };
    if let Some(Present::Ours { index, container }) =
        recognise::find(base, &sidecar.preset, sidecar.container_name.as_deref())
    {
        let restored = take_out(base, index, warnings)?;
        ground = Ground {
            definition: restored.definition,
            index,
            existing: Some(container.clone()),
            room: restored.undo.room(),
            undo: Undo { file: restored.undo.file, ..Undo::default() },
        };
    }
    let restored = ground.definition.clone();
    if let Some(Present::Vendors { index, container }) =
        recognise::find(&restored, &sidecar.preset, sidecar.container_name.as_deref())
    {
        ground.index = index;
        ground.undo.replaced = Some(container.clone());
        ground.definition.containers_mut().remove(index);
    }
    Ok(ground)
}

/// The name asked for, else the one that the sidecar has, else the preset's.
fn container_name(sidecar: &Sidecar, ground: &Ground) -> String {
    let present = ground.existing.as_ref().or(ground.undo.replaced.as_ref()).map(name_of);
    sidecar.container_name.as_deref().or(present).unwrap_or(sidecar.preset.container_name()).to_owned()
}

/// Fills in what was not asked for: the way out that the last injection took, and a custom container's own sizes.
fn effective(request: &SizeRequest, preset: &Preset, room: Option<&Room>) -> Result<SizeRequest> {
    let mut request = request.clone();
    match room {
        // A best-effort sidecar has no CPU of its own: whoever asks for some wants it reserved.
        Some(Room::BestEffort) if request.cpu.is_some() => {}
        Some(room) if request.room == Room::Available => request.room = room.clone(),
        _ => {}
    }
    if let Preset::Custom(definition) = preset {
        let size = sizing::container_size(definition)?;
        let reservation = sizing::reservation_of(definition)?;
        request.cpu = request.cpu.or(size.cpu.map(Amount::Absolute));
        request.memory = request.memory.or(size.memory_mib.or(reservation).map(Amount::Absolute));
        request.reservation_mib = reservation;
    }
    Ok(request)
}

fn grow_task(definition: &mut TaskDefinition, task: sizing::Size, warnings: &mut Vec<Warning>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (field, units) in [(Field::Cpu, task.cpu), (Field::Memory, task.memory_mib)] {
        let (Some(units), Some(was)) = (units, definition.get(field.name()).cloned()) else { continue };
        if field.units(&was) == Some(units) {
            continue;
        }
        let now: Value = if was.is_string() { units.to_string().into() } else { units.into() };
        definition.set(field.name(), now.clone());
        changes.push(Change { container: None, field, was, now });
    }
    warnings.push(Warning::new("task-grown", format!("the task grows to {task}, which costs accordingly")));
    changes
}

fn set_size(container: &mut Value, share: &Share, preset: &Preset) {
    let members = container.as_object_mut().expect("built as an object");
    match share.cpu {
        Some(cpu) => members.insert("cpu".to_owned(), cpu.into()),
        None => members.shift_remove("cpu"),
    };
    members.insert("memory".to_owned(), share.memory_mib.into());
    let named = share.reservation_mib.filter(|mib| preset.names_reservation() || *mib != share.memory_mib);
    match named {
        Some(reservation) => members.insert("memoryReservation".to_owned(), reservation.into()),
        None => members.shift_remove("memoryReservation"),
    };
}

/// Labels the container and puts it in its place.
fn finish(
    definition: TaskDefinition,
    container: Value,
    ground: &Ground,
    preset: &Preset,
    warnings: &mut Vec<Warning>,
) -> Result<TaskDefinition> {
    let place = |undo: &Undo| {
        let mut container = container.clone();
        recognise::label(&mut container, preset, env!("CARGO_PKG_VERSION"), undo);
        let container = in_reading_order(container);
        let mut definition = definition.clone();
        let containers = definition.containers_mut();
        containers.insert(ground.index.min(containers.len()), container);
        definition
    };
    let whole = place(&ground.undo);
    match rules::check(&whole) {
        Err(Error::TooLarge { .. }) if !ground.undo.file.is_bare() => {
            let slim = place(&Undo { file: Envelope::default(), ..ground.undo.clone() });
            rules::check(&slim)?;
            warnings.push(Warning::new(
                "undo-partial",
                "the file's response-only fields do not fit into the undo label: removing gives a bare definition",
            ));
            Ok(slim)
        }
        result => result.map(|()| whole),
    }
}

/// The definition in a task of `base`'s size, if that is larger: a task that was grown keeps its size where another sidecar
/// has made room since.
fn grown_as(base: &TaskDefinition, definition: &TaskDefinition) -> Result<Option<TaskDefinition>> {
    let (has, needs) = (sizing::task_size(base)?, sizing::task_size(definition)?);
    if has.cpu < needs.cpu || has.memory_mib < needs.memory_mib {
        return Ok(None);
    }
    let mut grown = definition.clone();
    for field in [Field::Cpu, Field::Memory] {
        if let Some(value) = base.get(field.name()) {
            grown.set(field.name(), value.clone());
        }
    }
    Ok(Some(grown))
}

/// Whether nothing but our own bookkeeping differs: then nothing has to be registered.
fn is_same_but_for_undo(base: &TaskDefinition, definition: &TaskDefinition) -> bool {
    let without_undo = |definition: &TaskDefinition| {
        let mut definition = definition.clone();
        for container in definition.containers_mut() {
            recognise::remove_undo(container);
        }
        definition.into_value()
    };
    is_same(&without_undo(base), &without_undo(definition))
}

/// What a reader looks for first comes first.
fn in_reading_order(mut container: Value) -> Value {
    const FIRST: [&str; 10] = [
        "name",
        "image",
        "cpu",
        "memory",
        "memoryReservation",
        "essential",
        "entryPoint",
        "command",
        "environment",
        "secrets",
    ];
    let members = container.as_object_mut().expect("built as an object");
    let mut ordered: serde_json::Map<String, Value> =
        FIRST.iter().filter_map(|key| members.shift_remove_entry(*key)).collect();
    ordered.append(members);
    ordered.into()
}
