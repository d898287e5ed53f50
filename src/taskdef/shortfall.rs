//! What a sidecar lacks in a task that is full, and the ways out.

use std::fmt;

use serde_json::Value;

use super::document::{TaskDefinition, name_of};
use super::error::{Error, Result};
use super::fargate;
use super::sizing::{
    MIN_CPU_UNITS, MIN_MEMORY_MIB, Room, Share, Size, SizeRequest, container_size, reservation_of, reserved,
};

const BEST_EFFORT: &str = "reserves nothing: it limits the sidecar's memory, and the CPU of sensor and forwarder to 5 % of \
                           the task's";

/// What the sidecar lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Shortfall {
    /// What would be reserved together with the sidecar, where that is more than the task has.
    needs: Size,
    reasons: Vec<String>,
    /// The ways out that are open to this task.
    pub ways_out: Vec<String>,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.reasons.join("\n"))
    }
}

/// What is lacking for `share` in the task; `None` if it fits.
pub(super) fn shortfall(definition: &TaskDefinition, task: Size, share: &Share) -> Result<Option<Shortfall>> {
    let (cpu, memory) = reserved(definition)?;
    let mut reasons = Vec::new();
    let mut needs = Size::default();
    let wanted = share.cpu.unwrap_or(0);
    if let Some(has) = task.cpu
        && cpu + wanted > has
    {
        needs.cpu = Some(cpu + wanted);
        reasons.push(format!(
            "its containers already reserve {cpu} of the task's {has} CPU units, and the sidecar needs {wanted}"
        ));
    }
    if let Some(has) = task.memory_mib {
        let reservation = share.reservation_mib.unwrap_or(0);
        if reservation > 0 && memory + reservation > has {
            needs.memory_mib = Some(memory + reservation);
            reasons.push(format!(
                "its containers already reserve {memory} of the task's {has} MiB, and the sidecar needs {reservation}"
            ));
        } else if share.memory_mib > has {
            needs.memory_mib = Some(share.memory_mib);
            reasons.push(format!("the task has {has} MiB, and the sidecar's limit would be {}", share.memory_mib));
        }
    }
    Ok((!reasons.is_empty()).then_some(Shortfall { needs, reasons, ways_out: Vec::new() }))
}

impl Shortfall {
    /// Names the ways out that are open to this task and were not tried.
    pub(super) fn with_ways_out(
        mut self,
        definition: &TaskDefinition,
        fargate: bool,
        task: Size,
        share: &Share,
        request: &SizeRequest,
    ) -> Self {
        let tried = &request.room;
        if *tried == Room::Available {
            if let Some(name) = most_generous(definition, share) {
                self.ways_out.push(format!("`--take-from {name}` takes the sidecar's share out of that container's"));
            }
            if let Ok(grown) = grow(fargate, task, &self) {
                let next = if fargate { ", the next Fargate size" } else { "" };
                self.ways_out.push(format!("`--grow-task` moves the task to {grown}{next}"));
            }
        }
        if *tried != Room::BestEffort && task.memory_mib.is_none_or(|has| share.memory_mib <= has) {
            let instead = if request.cpu.is_some() { ", instead of a figure for CPU," } else { "" };
            self.ways_out.push(format!("`--best-effort`{instead} {BEST_EFFORT}"));
        }
        if self.ways_out.is_empty() {
            let cpu = self.needs.cpu.filter(|_| *tried != Room::BestEffort).map(|_| "`--cpu UNITS`");
            let flags = cpu.into_iter().chain(self.needs.memory_mib.map(|_| "`--memory MIB`"));
            self.ways_out.push(match flags.collect::<Vec<_>>().as_slice() {
                [] => "correct the task definition first".to_owned(),
                flags => format!("ask for less with {}", flags.join(" and ")),
            });
        }
        self
    }
}

/// The container with the most memory that could give the sidecar's share.
fn most_generous<'a>(definition: &'a TaskDefinition, share: &Share) -> Option<&'a str> {
    let gives = |container: &&Value| {
        let size = container_size(container).unwrap_or_default();
        let cpu = size.cpu.unwrap_or(0) >= share.cpu.unwrap_or(0) + MIN_CPU_UNITS;
        let has_memory = |memory: u64| memory >= share.memory_mib + MIN_MEMORY_MIB;
        let reserved = reservation_of(container).ok().flatten();
        cpu && size.memory_mib.is_some_and(has_memory) && reserved.is_none_or(has_memory)
    };
    let memory = |container: &&Value| container_size(container).unwrap_or_default().memory_mib;
    definition.containers().iter().filter(gives).max_by_key(memory).map(name_of)
}

/// The task's size with room for the sidecar.
pub(super) fn grow(fargate: bool, task: Size, shortfall: &Shortfall) -> Result<Size> {
    let needed =
        Size { cpu: shortfall.needs.cpu.or(task.cpu), memory_mib: shortfall.needs.memory_mib.or(task.memory_mib) };
    let (true, Some(cpu), Some(memory)) = (fargate, needed.cpu, needed.memory_mib) else {
        return Ok(needed);
    };
    let (cpu, memory) = fargate::smallest(cpu, memory)
        .ok_or_else(|| Error::CannotGrow(format!("Fargate has no size with {needed}")))?;
    Ok(Size { cpu: Some(cpu), memory_mib: Some(memory) })
}
