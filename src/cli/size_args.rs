//! SIZE: how much the sidecar gets, and where it comes from.

use clap::ArgAction;

use crate::taskdef::{Amount, Room, SizeRequest};

/// The flags of SIZE.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Size")]
pub struct SizeArgs {
    /// Percent of the task's CPU [default: 5].
    #[arg(long, value_name = "PERCENT", value_parser = percentage, conflicts_with_all = ["cpu", "best_effort"])]
    cpu_percentage_limit: Option<f64>,
    /// Percent of the task's memory [default: 5].
    #[arg(long, value_name = "PERCENT", value_parser = percentage, conflicts_with = "memory")]
    memory_percentage_limit: Option<f64>,
    /// CPU units; 1024 are one vCPU.
    #[arg(long, value_name = "UNITS", value_parser = clap::value_parser!(u64).range(2..=196_608), conflicts_with = "best_effort")]
    cpu: Option<u64>,
    /// Memory in MiB.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(6..=1_048_576))]
    memory: Option<u64>,
    /// Take the share out of this container's CPU and memory; repeatable: of several, the first that a task has and that
    /// has enough to give.
    #[arg(long, value_name = "CONTAINER", conflicts_with_all = ["grow_task", "best_effort"])]
    take_from: Vec<String>,
    /// Move to the next valid task size if the sidecar does not fit.
    #[arg(long, action = ArgAction::SetTrue, conflicts_with = "best_effort")]
    grow_task: bool,
    /// Reserve nothing; limit the sidecar's memory, and the CPU of sensor and forwarder to 5 % of the task's.
    #[arg(long)]
    best_effort: bool,
}

impl SizeArgs {
    pub fn request(self) -> SizeRequest {
        let amount = |percent: Option<f64>, absolute: Option<u64>| {
            percent.map(Amount::Percent).or(absolute.map(Amount::Absolute))
        };
        SizeRequest {
            cpu: amount(self.cpu_percentage_limit, self.cpu),
            memory: amount(self.memory_percentage_limit, self.memory),
            room: match () {
                () if !self.take_from.is_empty() => Room::TakeFrom(self.take_from),
                () if self.grow_task => Room::GrowTask,
                () if self.best_effort => Room::BestEffort,
                () => Room::Available,
            },
            ..SizeRequest::default()
        }
    }
}

fn percentage(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<f64>().ok();
    number
        .filter(|percent| *percent > 0.0 && *percent <= 100.0)
        .ok_or_else(|| "give a number above 0 and at most 100, such as 5".to_owned())
}
