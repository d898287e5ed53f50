//! How much of a task's CPU and memory a sidecar gets, and where it comes from.
//!
//! Most real tasks give all they have to one container. A sidecar then fits only if room is made for it, which is
//! never done without being asked: see [`Room`]. The rules are those by which ECS judges `RegisterTaskDefinition`: the
//! containers' `cpu` may not exceed the task's, nor may their memory, where a `memoryReservation` counts before the
//! hard limit `memory`; no hard limit exceeds the task's memory; and a Fargate task has a size that Fargate offers.

use std::fmt;

use serde_json::Value;

use super::document::{TaskDefinition, name_of, present};
use super::error::{Error, Result};
use super::fargate;
use super::recognise::reserves_nothing;
use super::shortfall::{grow, shortfall};
use super::units::{cpu_units, memory_mib};

/// Docker gives every container at least 2 CPU shares.
pub const MIN_CPU_UNITS: u64 = 2;
/// Docker reserves at least 6 MiB for a container.
pub const MIN_MEMORY_MIB: u64 = 6;

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// Percent of what the task has, above 0 and at most 100.
    Percent(f64),
    /// CPU units, or MiB.
    Absolute(u64),
}

/// Where the sidecar's share comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Room {
    /// From what the containers have left; refused if that is too little.
    #[default]
    Available,
    /// Out of a container's CPU and memory: the first of these that the task has and that has enough to give, so that
    /// one request is for tasks whose containers have different names.
    TakeFrom(Vec<String>),
    /// From a larger task, if what the containers have left is too little.
    GrowTask,
    /// From nowhere: no reservation, only a hard memory limit, and a CPU limit for sidecars that keep to one.
    BestEffort,
}

/// What a sidecar gets unless told otherwise, in percent of what the task has.
pub(super) const DEFAULT_PERCENT: f64 = 5.0;
/// [`DEFAULT_PERCENT`].
pub const DEFAULT_AMOUNT: Amount = Amount::Percent(DEFAULT_PERCENT);

/// The size that a sidecar is to have; absent is [`DEFAULT_AMOUNT`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SizeRequest {
    pub cpu: Option<Amount>,
    pub memory: Option<Amount>,
    /// What is reserved of the memory, where that is less than the limit.
    pub reservation_mib: Option<u64>,
    pub room: Room,
    /// Whether the task runs on Fargate although its definition does not say so.
    pub fargate: bool,
}

/// The CPU and memory of a task or a container; absent where it names none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    pub cpu: Option<u64>,
    pub memory_mib: Option<u64>,
}

impl Size {
    /// Whether Fargate has tasks of this size.
    pub fn is_offered_by_fargate(self) -> bool {
        self.cpu.zip(self.memory_mib).is_some_and(|(cpu, memory)| fargate::offers(cpu, memory))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = self.cpu.map(|cpu| format!("{cpu} CPU units"));
        let memory = self.memory_mib.map(|mib| format!("{mib} MiB"));
        out.write_str(&[cpu, memory].into_iter().flatten().collect::<Vec<_>>().join(" and "))
    }
}

/// What a sidecar gets, and what has to change for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// CPU units; `None` takes no CPU reservation.
    pub cpu: Option<u64>,
    /// The hard memory limit in MiB.
    pub memory_mib: u64,
    /// What is reserved of it in MiB; `None` takes no memory reservation.
    pub reservation_mib: Option<u64>,
    /// What the task or its containers have: what a percentage is taken of.
    pub basis: Size,
    /// The task's own size once it has grown.
    pub grown_to: Option<Size>,
}

/// The task's own size.
pub fn task_size(definition: &TaskDefinition) -> Result<Size> {
    Ok(Size {
        cpu: read(definition.as_value(), "cpu", "task `cpu`", cpu_units)?,
        memory_mib: read(definition.as_value(), "memory", "task `memory`", memory_mib)?,
    })
}

/// What the containers reserve together: CPU units, and MiB of `memoryReservation` or else `memory`, but for a sidecar
/// of ours that was to reserve nothing.
pub fn reserved(definition: &TaskDefinition) -> Result<(u64, u64)> {
    let mut sum = (0, 0);
    for container in definition.containers() {
        let size = container_size(container)?;
        sum.0 += size.cpu.unwrap_or(0);
        if !reserves_nothing(container) {
            sum.1 += reservation_of(container)?.or(size.memory_mib).unwrap_or(0);
        }
    }
    Ok(sum)
}

/// Works out the sidecar's share. `definition` is the task without the sidecar, but already with what `--take-from`
/// took; `basis` comes from [`basis`] before that.
pub fn share(definition: &TaskDefinition, basis: Size, request: &SizeRequest) -> Result<Share> {
    let wanted = wanted(basis, request)?;
    let reservation_mib = Some(request.reservation_mib.map_or(wanted.1, |mib| mib.min(wanted.1)));
    let mut share = Share { cpu: Some(wanted.0), memory_mib: wanted.1, reservation_mib, basis, grown_to: None };
    if request.room == Room::BestEffort {
        (share.cpu, share.reservation_mib) = (None, None);
    }
    let task = task_size(definition)?;
    let fargate = definition.is_fargate() || request.fargate;
    if fargate {
        check_fargate(task)?;
    }
    check_limits(definition, task)?;
    let shortfall = shortfall(definition, task, &share)?;
    let Some(shortfall) = shortfall else {
        return Ok(share);
    };
    if request.room == Room::GrowTask {
        share.grown_to = Some(grow(fargate, task, &shortfall)?);
        return Ok(share);
    }
    Err(Error::DoesNotFit(shortfall.with_ways_out(definition, fargate, task, &share, request)))
}

/// What a percentage is taken of: the task's size, else what its containers have together.
pub fn basis(definition: &TaskDefinition) -> Result<Size> {
    let task = task_size(definition)?;
    let mut containers = Size::default();
    for container in definition.containers() {
        let size = container_size(container)?;
        let memory = size.memory_mib.or(reservation_of(container)?);
        containers.cpu = sum(containers.cpu, size.cpu.filter(|cpu| *cpu > 0));
        containers.memory_mib = sum(containers.memory_mib, memory);
    }
    Ok(Size { cpu: task.cpu.or(containers.cpu), memory_mib: task.memory_mib.or(containers.memory_mib) })
}

/// The CPU units and MiB asked for, rounded down, at least what Docker takes.
pub fn wanted(basis: Size, request: &SizeRequest) -> Result<(u64, u64)> {
    let of = |amount: Option<Amount>, basis: Option<u64>, least: u64, what, flag| match amount.unwrap_or(DEFAULT_AMOUNT)
    {
        Amount::Absolute(value) => Ok(value.max(least)),
        Amount::Percent(percent) => {
            let basis = basis.ok_or(Error::NoBasis { what, flag })?;
            Ok(percent_of(basis, percent).max(least))
        }
    };
    let cpu = match request.room {
        // A best-effort sidecar reserves no CPU, so that there is nothing to take a percentage of.
        Room::BestEffort => 0,
        _ => of(request.cpu, basis.cpu, MIN_CPU_UNITS, "CPU", "--cpu UNITS")?,
    };
    Ok((cpu, of(request.memory, basis.memory_mib, MIN_MEMORY_MIB, "memory", "--memory MIB")?))
}

/// So many percent, rounded down.
pub(super) fn percent_of(has: u64, percent: f64) -> u64 {
    (has as f64 * percent / 100.0) as u64
}

/// The `cpu` and `memory` of a container.
pub fn container_size(container: &Value) -> Result<Size> {
    let what = |key: &str| format!("`{key}` of container `{}`", name_of(container));
    Ok(Size {
        cpu: read(container, "cpu", &what("cpu"), cpu_units)?,
        memory_mib: read(container, "memory", &what("memory"), memory_mib)?,
    })
}

/// The `memoryReservation` of a container in MiB.
pub fn reservation_of(container: &Value) -> Result<Option<u64>> {
    let what = format!("`memoryReservation` of container `{}`", name_of(container));
    read(container, "memoryReservation", &what, memory_mib)
}

fn check_fargate(task: Size) -> Result<()> {
    let missing = |what: &str| Error::Unsupported {
        code: "no-fargate-size",
        reason: format!("it is for Fargate and names no task `{what}`"),
        hint: format!("add `{what}` beside `family`; the smallest Fargate task has 256 CPU units and 512 MiB"),
    };
    let cpu = task.cpu.ok_or_else(|| missing("cpu"))?;
    let memory = task.memory_mib.ok_or_else(|| missing("memory"))?;
    match fargate::offers(cpu, memory) {
        true => Ok(()),
        false => Err(Error::NoFargateSize { cpu, memory, next: fargate::smallest(cpu, memory) }),
    }
}

/// Refuses a task whose containers are already larger than it is; ECS would not register it, with or without sidecar.
fn check_limits(definition: &TaskDefinition, task: Size) -> Result<()> {
    let Some(has) = task.memory_mib else { return Ok(()) };
    for container in definition.containers() {
        if let Some(limit) = container_size(container)?.memory_mib.filter(|limit| *limit > has) {
            return Err(Error::Unsupported {
                code: "container-exceeds-task",
                reason: format!(
                    "its container `{}` has a limit of {limit} MiB, and the task has {has}",
                    name_of(container)
                ),
                hint: "correct the task definition first".into(),
            });
        }
    }
    Ok(())
}

fn read(object: &Value, key: &str, what: &str, parse: fn(&Value) -> Option<u64>) -> Result<Option<u64>> {
    let Some(value) = present(object, key) else {
        return Ok(None);
    };
    parse(value).map(Some).ok_or_else(|| Error::NoSize { what: what.to_owned(), value: value.to_string() })
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}
