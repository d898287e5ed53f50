//! The tags by which a service tells what sidetap did to it.

use super::arn::{cluster_in_service_arn, family_revision};
use super::client::Ecs;
use super::error::{Error, Result};
use super::service::Service;
use crate::taskdef::plan::TAG_PLAN_ID;
use crate::taskdef::{TaskDefinition, preset_of};

/// Which tool changed the service.
const TAG_MODIFIED_BY: &str = "sidetap:modified-by";
/// The names of the sidecars' containers, separated by spaces; empty after a rollback to a revision without one.
pub(super) const TAG_SIDECAR: &str = "sidetap:sidecar";
/// The revision that the service ran before, as `family:revision`.
const TAG_PREVIOUS: &str = "sidetap:previous-task-definition";
/// The revision that sidetap had the service run, as `family:revision`.
const TAG_DEPLOYED: &str = "sidetap:task-definition";

/// What a service's tags tell of what sidetap did to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The revision that the service ran before, as `family:revision`.
    pub previous: Option<String>,
    /// The revision that sidetap had the service run, as `family:revision`.
    pub deployed: Option<String>,
    /// The names of the sidecars' containers in it.
    pub sidecars: Vec<String>,
}

impl Receipt {
    /// Reads the tags of a service; one that sidetap never changed has an empty receipt.
    pub fn of(service: &Service) -> Self {
        let value = |key| service.tag(key).filter(|value| !value.is_empty()).map(str::to_owned);
        let names = service.tag(TAG_SIDECAR).unwrap_or_default();
        Receipt {
            previous: value(TAG_PREVIOUS),
            deployed: value(TAG_DEPLOYED),
            sidecars: names.split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// Whether a service's tags were made to tell of what somebody else had deployed: then what ran before is no longer
    /// told, see [`Ecs::tell`].
    pub(super) fn is_of_somebody_elses(service: &Service) -> bool {
        let deployed = service.tag(TAG_DEPLOYED).filter(|deployed| !deployed.is_empty());
        service.tag(TAG_PREVIOUS) == Some("") && deployed == Some(family_revision(&service.task_definition))
    }
}

impl Ecs {
    /// Leaves the receipt on a service, which is as it was before it was made to run `task_definition` (ARN), that is
    /// `runs`. Its deployment has started by then, so that a failure is only a note.
    pub(super) async fn leave_receipt(
        &self,
        service: &Service,
        plan_id: &str,
        task_definition: &str,
        runs: Option<&TaskDefinition>,
    ) -> Result<()> {
        let tags = [
            (TAG_MODIFIED_BY, format!("sidetap {}", env!("CARGO_PKG_VERSION"))),
            (TAG_SIDECAR, runs.map(sidecars).unwrap_or_default()),
            (TAG_PLAN_ID, plan_id.to_owned()),
            (TAG_PREVIOUS, family_revision(&service.task_definition).to_owned()),
            (TAG_DEPLOYED, family_revision(task_definition).to_owned()),
        ];
        self.tag(service, &tags).await
    }

    /// Corrects the receipt of a service that is back at `task_definition` (ARN), that is `runs`, and tells again what
    /// ran before that, if `former` does.
    pub(super) async fn correct_receipt(
        &self,
        service: &Service,
        task_definition: &str,
        runs: Option<&TaskDefinition>,
        former: Option<&Receipt>,
    ) -> Result<()> {
        let mut tags = vec![
            (TAG_SIDECAR, runs.map(sidecars).unwrap_or_default()),
            (TAG_DEPLOYED, family_revision(task_definition).to_owned()),
        ];
        tags.extend(former.and_then(|former| former.previous.clone()).map(|previous| (TAG_PREVIOUS, previous)));
        self.tag(service, &tags).await
    }

    /// Has a service's tags tell that it runs what it does, which is `runs`, whoever deployed that.
    ///
    /// What ran before is then only known if that is the revision itself; going back from somebody else's would undo
    /// what is theirs.
    pub(super) async fn tell(&self, service: &Service, runs: &TaskDefinition) -> Result<()> {
        let revision = family_revision(&service.task_definition);
        let mut tags = vec![(TAG_SIDECAR, sidecars(runs)), (TAG_DEPLOYED, revision.to_owned())];
        if Receipt::of(service).previous.is_some_and(|previous| previous != revision) {
            tags.push((TAG_PREVIOUS, String::new()));
        }
        self.tag(service, &tags).await
    }

    async fn tag(&self, service: &Service, tags: &[(&str, String)]) -> Result<()> {
        if cluster_in_service_arn(&service.arn).is_none() {
            let reason = "the service has a short ARN, which cannot be tagged".to_owned();
            return Err(Error::Blocked { reason, hints: Vec::new() });
        }
        Ok(self.tag_service(&service.arn, tags).await?)
    }
}

/// What to say where the receipt could not be left or corrected.
pub(super) fn not_tagged(error: &Error) -> String {
    match error {
        Error::Blocked { reason, .. } => reason.clone(),
        error => format!("the service is not tagged: {error}"),
    }
}

/// The names of the sidecars in a task definition, as a tag's value.
pub(super) fn sidecars(definition: &TaskDefinition) -> String {
    let ours = definition.containers().iter().filter(|container| preset_of(container).is_some());
    ours.filter_map(|container| container["name"].as_str()).collect::<Vec<_>>().join(" ")
}
