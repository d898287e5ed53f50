//! Talks to ECS: lists, reads and registers task definitions without losing a field, updates services, and watches
//! what comes of it.

mod aftermath;
mod apply;
mod arn;
mod classify;
mod client;
mod definition;
mod error;
mod exclusion;
mod interrupt;
mod listing;
mod pace;
mod planning;
mod progress;
mod raw;
mod receipt;
mod regions;
mod removal;
mod report;
mod resume;
mod rollout;
mod service;
mod stopped;
mod survey;
mod update;
mod watch;

pub use apply::{ApplyOptions, apply, resume};
pub use arn::{cluster_name, family_revision, resource_name};
pub use classify::{Handling, classify};
pub use client::Ecs;
pub use definition::Revision;
pub use error::{Error, Result};
pub use interrupt::Interrupt;
pub use listing::ClusterSummary;
pub use planning::{InjectRequest, Selection, plan_injection, plan_task_definition};
pub use progress::{Event, Progress};
pub use receipt::TAG_SIDECAR;
pub use regions::{RegionSurvey, search_regions};
pub use removal::{plan_removal, plan_removal_from_task_definition};
pub use report::{Applied, Report};
pub use resume::{Standing, verify};
pub use rollout::{Observation, ObservedDeployment, Outcome, Rollout, Seen, Verdict};
pub use service::Service;
pub use stopped::{StoppedContainer, StoppedTask};
pub use survey::{SurveyedService, survey};
