//! Takes a sidecar's share out of a container's CPU and memory.

use super::document::{TaskDefinition, name_of};
use super::error::{Error, Result};
use super::sizing::{self, MIN_CPU_UNITS, MIN_MEMORY_MIB, Room, Size, SizeRequest};
use super::undo::{Change, Field};

/// The task with the sidecar's share taken out of the first of these containers that it fits in then; which one that is, and
/// what changed in it.
pub(super) fn take_from(
    definition: &TaskDefinition,
    names: &[String],
    basis: Size,
    request: &SizeRequest,
) -> Result<(TaskDefinition, String, Vec<Change>)> {
    let wanted = sizing::wanted(basis, request)?;
    let mut refused = None;
    for (index, from) in names.iter().filter_map(|from| Some((definition.container(from)?.0, from))) {
        let taken = gives(definition, index, wanted).and_then(|changes| {
            let mut taken = definition.clone();
            for change in &changes {
                taken.containers_mut()[index][change.field.name()] = change.now.clone();
            }
            sizing::share(&taken, basis, request)?;
            Ok((taken, from.clone(), changes))
        });
        match taken {
            Ok(taken) => return Ok(taken),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(Error::CannotTakeFrom { reason, mut hints }) => {
            hints.extend(other_ways(definition, basis, request));
            Err(Error::CannotTakeFrom { reason, hints })
        }
        Some(error) => Err(error),
        None => Err(no_such_container(definition, names)),
    }
}

fn no_such_container(definition: &TaskDefinition, names: &[String]) -> Error {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let containers: Vec<&str> = definition.containers().iter().map(name_of).collect();
    Error::CannotTakeFrom {
        reason: format!("it has no container {} to take the sidecar's share from", names.join(" or ")),
        hints: vec![format!("its containers: {}", containers.join(", "))],
    }
}

/// What changes in a container's `cpu`, `memory` and `memoryReservation`, where it names them, when it gives so many CPU
/// units and MiB.
fn gives(definition: &TaskDefinition, index: usize, (cpu, memory): (u64, u64)) -> Result<Vec<Change>> {
    let container = &definition.containers()[index];
    let from = name_of(container);
    let size = sizing::container_size(container)?;
    let reservation = sizing::reservation_of(container)?;
    let mut changes = Vec::new();
    for (field, has, take, least) in [
        (Field::Cpu, size.cpu.filter(|cpu| *cpu > 0), cpu, MIN_CPU_UNITS),
        (Field::Memory, size.memory_mib, memory, MIN_MEMORY_MIB),
        (Field::MemoryReservation, reservation, memory, MIN_MEMORY_MIB),
    ] {
        let Some(has) = has else { continue };
        let left = has.saturating_sub(take);
        if left < least {
            return Err(Error::CannotTakeFrom {
                reason: format!("`{from}` has `{}` {has}, too little to give {take} to the sidecar", field.name()),
                hints: at_most(from, field, has.saturating_sub(least)).into_iter().collect(),
            });
        }
        let was = container[field.name()].clone();
        changes.push(Change { container: Some(from.to_owned()), field, was, now: left.into() });
    }
    if changes.is_empty() {
        let reason = format!("`{from}` names no CPU or memory to take the sidecar's share from");
        return Err(Error::CannotTakeFrom { reason, hints: Vec::new() });
    }
    Ok(changes)
}

/// The most that a container can give, if that is enough for a sidecar.
fn at_most(from: &str, field: Field, most: u64) -> Option<String> {
    let (flag, unit, least) = match field {
        Field::Cpu => ("--cpu", "CPU units", MIN_CPU_UNITS),
        Field::Memory | Field::MemoryReservation => ("--memory", "MiB", MIN_MEMORY_MIB),
    };
    (most >= least).then(|| format!("`{from}` can give {most} {unit} at most: `{flag} {most}` or less"))
}

/// What else can be done where the containers that were named cannot give the sidecar's share.
fn other_ways(definition: &TaskDefinition, basis: Size, request: &SizeRequest) -> Vec<String> {
    match sizing::share(definition, basis, &SizeRequest { room: Room::Available, ..request.clone() }) {
        Ok(_) => vec!["the task has room for the sidecar: leave `--take-from` out".to_owned()],
        // Flags that make room otherwise do not go together with this one; another container does not, either, and is named
        // in place of this one.
        Err(error) => error
            .hints()
            .into_iter()
            .map(|hint| match hint.starts_with("`--") && !hint.starts_with("`--take-from") {
                true => format!("without `--take-from`, {hint}"),
                false => hint,
            })
            .collect(),
    }
}
