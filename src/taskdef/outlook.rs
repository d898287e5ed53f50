//! What a task has, what of it is taken, and what a sidecar would get: what somebody needs to see to choose a size.

use super::document::{TaskDefinition, name_of};
use super::envelope::Envelope;
use super::error::{Error, Result};
use super::inject::inject;
use super::plan_size::PlanSize;
use super::recognise::preset_of;
use super::sidecar::Sidecar;
use super::sizing::{self, Room, Size, SizeRequest};
use super::undo::without_sidecars;

/// How a task stands before a sidecar is put into it, or another one of it in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// The task's own size; absent where it names none.
    pub task: Size,
    /// What its containers reserve, without sidecars of ours.
    pub reserved: Size,
    /// What they leave; absent where the task names no size.
    pub left: Size,
    /// What the sidecar gets, or why it cannot have it.
    pub sidecar: std::result::Result<PlanSize, Error>,
}

/// Looks at a task definition. `size.fargate` tells whether it runs on Fargate although it does not say so.
///
/// # Errors
/// A size in the task definition cannot be read.
pub fn outlook(definition: &TaskDefinition, sidecar: &Sidecar, size: &SizeRequest) -> Result<Outlook> {
    let bare = without_sidecars(definition)?;
    let task = sizing::task_size(&bare)?;
    let (cpu, memory_mib) = sizing::reserved(&bare)?;
    let left = |has: Option<u64>, reserved: u64| has.map(|has| has.saturating_sub(reserved));
    Ok(Outlook {
        task,
        reserved: Size { cpu: Some(cpu), memory_mib: Some(memory_mib) },
        left: Size { cpu: left(task.cpu, cpu), memory_mib: left(task.memory_mib, memory_mib) },
        sidecar: planned(definition, sidecar, size),
    })
}

/// The ways to make room that are open to the task, each with what comes of it: out of one of its containers, in a
/// larger task, or reserving nothing.
pub fn ways_out(definition: &TaskDefinition, sidecar: &Sidecar, size: &SizeRequest) -> Vec<(Room, PlanSize)> {
    let others = definition.containers().iter().filter(|container| preset_of(container).is_none());
    let take = others.map(|container| Room::TakeFrom(vec![name_of(container).to_owned()]));
    let rooms = take.chain([Room::GrowTask, Room::BestEffort]);
    let tried = rooms.filter_map(|room| {
        let mut size = SizeRequest { room: room.clone(), ..size.clone() };
        if room == Room::BestEffort {
            size.cpu = None;
        }
        Some((room, planned(definition, sidecar, &size).ok()?))
    });
    tried.collect()
}

fn planned(definition: &TaskDefinition, sidecar: &Sidecar, size: &SizeRequest) -> Result<PlanSize> {
    Ok(inject(definition, &Envelope::default(), sidecar, size)?.size)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::taskdef::{Amount, Preset};

    fn task(cpu: u64, memory: u64) -> TaskDefinition {
        let document = json!({
            "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "512", "memory": "1024",
            "containerDefinitions": [
                { "name": "app", "image": "app:1", "cpu": cpu, "memory": memory },
                { "name": "proxy", "image": "proxy:1", "memoryReservation": 24 }
            ]
        });
        TaskDefinition::parse(document).unwrap().0
    }

    fn sensor() -> Sidecar {
        let sidecar = Sidecar { image: Some("example/sidetap:1".to_owned()), ..Sidecar::of(Preset::Sensor) };
        Sidecar { region: Some("eu-west-1".to_owned()), ..sidecar }
    }

    fn cpu_and_memory(cpu: u64, memory: u64) -> Size {
        Size { cpu: Some(cpu), memory_mib: Some(memory) }
    }

    #[test]
    fn what_is_left_and_what_five_percent_are() {
        let outlook = outlook(&task(256, 500), &sensor(), &SizeRequest::default()).unwrap();
        assert_eq!(outlook.task, cpu_and_memory(512, 1024));
        assert_eq!(outlook.reserved, cpu_and_memory(256, 524));
        assert_eq!(outlook.left, cpu_and_memory(256, 500));
        let size = outlook.sidecar.unwrap();
        assert_eq!((size.cpu, size.memory_mib), (Some(25), 51));
    }

    #[test]
    fn a_sidecar_that_is_there_counts_as_left() {
        let task = task(256, 500);
        let there = inject(&task, &Envelope::default(), &sensor(), &SizeRequest::default()).unwrap().definition;
        let size = SizeRequest::default();
        assert_eq!(outlook(&there, &sensor(), &size), outlook(&task, &sensor(), &size));
    }

    #[test]
    fn a_full_task_has_three_ways_out() {
        let full = task(512, 1000);
        let size = SizeRequest::default();
        let outlook = outlook(&full, &sensor(), &size).unwrap();
        assert_eq!(outlook.left, cpu_and_memory(0, 0));
        assert!(matches!(outlook.sidecar, Err(Error::DoesNotFit(_))));
        let ways = ways_out(&full, &sensor(), &size);
        let rooms: Vec<_> =
            ways.iter().map(|(room, size)| (room.clone(), size.task_cpu, size.task_memory_mib)).collect();
        let take = Room::TakeFrom(vec!["app".to_owned()]);
        assert_eq!(
            rooms,
            [(take, None, None), (Room::GrowTask, Some(1024), Some(2048)), (Room::BestEffort, None, None)]
        );
        let more = SizeRequest { cpu: Some(Amount::Absolute(600)), ..size };
        assert!(ways_out(&full, &sensor(), &more).iter().all(|(room, _)| !matches!(room, Room::TakeFrom(_))));
    }
}
