//! A sidecar's size, as a plan tells it.

use serde::{Deserialize, Serialize};

use super::sizing::{Room, Share};

/// What a sidecar gets of the task's CPU and memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanSize {
    /// CPU units; null where none are reserved.
    pub cpu: Option<u64>,
    /// The hard limit.
    pub memory_mib: u64,
    /// Null where none is reserved.
    pub memory_reservation_mib: Option<u64>,
    /// What the task, or else its containers together, had before.
    pub of_cpu: Option<u64>,
    pub of_memory_mib: Option<u64>,
    /// Where the share comes from.
    pub room: String,
    /// The container that gave it, with `take-from`.
    pub taken_from: Option<String>,
    /// The task's size after `grow-task`.
    pub task_cpu: Option<u64>,
    pub task_memory_mib: Option<u64>,
}

impl PlanSize {
    /// `room` names one container, if any.
    pub(super) fn new(share: &Share, room: &Room) -> Self {
        let grown = share.grown_to.unwrap_or_default();
        let (room, taken_from) = match room {
            Room::TakeFrom(names) => ("take-from", names.first().cloned()),
            Room::BestEffort => ("best-effort", None),
            Room::GrowTask if share.grown_to.is_some() => ("grow-task", None),
            Room::GrowTask | Room::Available => ("available", None),
        };
        PlanSize {
            cpu: share.cpu,
            memory_mib: share.memory_mib,
            memory_reservation_mib: share.reservation_mib,
            of_cpu: share.basis.cpu,
            of_memory_mib: share.basis.memory_mib,
            room: room.to_owned(),
            taken_from,
            task_cpu: grown.cpu,
            task_memory_mib: grown.memory_mib,
        }
    }
}
