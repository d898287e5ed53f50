//! Finds the way of a service back to the very revision that it ran before sidetap changed it.
//!
//! That revision stands in the service's receipt, so that others which were registered in between mean nothing. Where
//! somebody has deployed another one since, going back would undo that, too: it is refused.

use super::arn::{beside, family, family_revision, resource_name};
use super::classify::{Handling, classify, how_to_deploy};
use super::client::Ecs;
use super::definition::Revision;
use super::error::{Error, Result};
use super::receipt::{Receipt, sidecars};
use super::service::Service;
use crate::taskdef::Documents;

/// A way back that is known and not yet taken.
#[derive(Debug, Clone)]
pub struct Rollback {
    pub service: Service,
    /// The recorded revision.
    pub to: Revision,
    pub way: Way,
    /// What the service runs, and what it is to run; absent where that is the same.
    pub documents: Option<Documents>,
    /// Whether the service's tags say already that it runs the recorded revision.
    pub is_told: bool,
}

/// How a service gets back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// It is there.
    Nothing,
    /// It is there, and only its tags say otherwise, as after a rollback by ECS that nobody watched.
    Receipt,
    /// By a deployment of the recorded revision.
    Update,
    /// By stopping the deployment in progress (ARN), which began there.
    Stop(String),
    /// ECS is going back already, from this deployment (ARN).
    Follow(String),
    /// A deployment of the recorded revision has begun, and is not over or has failed.
    Underway,
}

impl Rollback {
    /// Whether taking it changes anything. To follow what has begun does not, but for the tags.
    pub fn is_change(&self) -> bool {
        match self.way {
            Way::Nothing => false,
            Way::Follow(_) | Way::Underway => !self.is_told,
            Way::Receipt | Way::Update | Way::Stop(_) => true,
        }
    }

    /// Whether the deployment of the recorded revision has begun and failed.
    pub fn has_failed(&self) -> bool {
        self.way == Way::Underway && self.service.has_failed()
    }

    /// The revision (ARN) that the service comes from, as far as that is known.
    pub(super) fn from(&self) -> Option<&str> {
        match self.service.task_definition == self.to.arn && self.way != Way::Nothing && self.way != Way::Receipt {
            true => self.service.replaced(),
            false => Some(&self.service.task_definition),
        }
    }
}

/// Finds the way back, without changing anything.
///
/// # Errors
/// [`Error::Blocked`] where there is none, with what can be done instead.
pub async fn plan_rollback(ecs: &Ecs, cluster: &str, name: &str) -> Result<Rollback> {
    let mut services = ecs.named_services(cluster, &[name.to_owned()]).await?;
    let service = services.pop().ok_or_else(|| Error::Stale { reason: format!("`{name}` is gone") })?;
    let receipt = Receipt::of(&service);
    check_deployable(ecs, &service, &receipt).await?;
    let Some(recorded) = receipt.previous.clone() else {
        return Err(refused(ecs, &service, no_record(&service), Some("FAMILY:REVISION")).await);
    };
    let to = match ecs.task_definition(&recorded).await {
        Err(error) if error.is_no_task_definition() => {
            let reason = format!("{recorded}, which it ran before, is no longer there");
            return Err(refused(ecs, &service, reason, None).await);
        }
        to => to?,
    };
    // sidetap never changes the family: such a tag is somebody's mistake, or a copy.
    if family(&to.arn) != family(&service.task_definition) {
        let runs = family_revision(&service.task_definition);
        let reason = format!("its tags say that it ran {recorded} before, of another family than {runs}");
        return Err(refused(ecs, &service, reason, Some(&recorded)).await);
    }
    let is_there = service.task_definition == to.arn;
    let is_told = receipt.deployed.as_deref() == Some(recorded.as_str());
    let way = match ecs.deployment_from(&service, &to.arn).await? {
        _ if is_there && service.is_settled() => {
            if is_told {
                Way::Nothing
            } else {
                Way::Receipt
            }
        }
        Some(deployment) if deployment.goes_back => Way::Follow(deployment.arn),
        _ if is_there => Way::Underway,
        deployment => {
            if let Some(reason) = somebody_elses(&service, &receipt) {
                return Err(refused(ecs, &service, reason, Some(&recorded)).await);
            }
            if to.status != "ACTIVE" {
                let reason =
                    format!("{recorded}, which it ran before, is {}: ECS lets no service return to it", to.status);
                return Err(refused(ecs, &service, reason, None).await);
            }
            deployment.map_or(Way::Update, |deployment| Way::Stop(deployment.arn))
        }
    };
    let documents = match is_there {
        true => None,
        false => {
            let now = ecs.task_definition(&service.task_definition).await?;
            Some(Documents { base: now.definition, patched: to.definition.clone() })
        }
    };
    Ok(Rollback { service, to, way, documents, is_told })
}

async fn check_deployable(ecs: &Ecs, service: &Service, receipt: &Receipt) -> Result<()> {
    let owner = match classify(service) {
        Handling::Full => return Ok(()),
        Handling::Refused { reason, hint, .. } => return Err(Error::Blocked { reason, hints: vec![hint] }),
        Handling::RegisterOnly { .. } if service.controller == "CODE_DEPLOY" => "CodeDeploy",
        Handling::RegisterOnly { .. } => "an external controller",
    };
    let recorded = receipt.previous.as_deref().and_then(|recorded| beside(&service.task_definition, recorded));
    let mut hints = Vec::new();
    let revision = recorded.unwrap_or_else(|| {
        let of = "it bears no record of what it ran before: put the ARN of that revision in place of";
        hints.push(format!("{of} {ANY_REVISION}"));
        ANY_REVISION.to_owned()
    });
    let (command, notes) = match owner {
        "CodeDeploy" => {
            let deployment = ecs.code_deployment(service, &revision).await;
            (deployment.command, deployment.notes)
        }
        _ => (how_to_deploy(ecs, service, &revision), Vec::new()),
    };
    hints.insert(0, format!("run: {command}"));
    hints.extend(notes);
    let reason = format!("{owner} deploys this service: only there it can be taken back");
    Err(Error::Blocked { reason, hints })
}

/// Stands for a revision that only people know.
const ANY_REVISION: &str = "TASK_DEFINITION_ARN";

/// Why it is not known what the service ran before.
fn no_record(service: &Service) -> String {
    match Receipt::is_of_somebody_elses(service) {
        true => {
            let runs = family_revision(&service.task_definition);
            format!("somebody else deployed {runs}, which it runs: sidetap has only corrected its tags since")
        }
        false => "it bears no record of what it ran before: sidetap has not changed it, or could not tag it".to_owned(),
    }
}

/// Why the service runs another revision than sidetap had it run, if it does.
fn somebody_elses(service: &Service, receipt: &Receipt) -> Option<String> {
    let runs = family_revision(&service.task_definition);
    match receipt.deployed.as_deref() {
        Some(deployed) if deployed == runs => None,
        Some(deployed) => Some(format!("it runs {runs}, and sidetap deployed {deployed}: somebody has deployed since")),
        None => Some(format!("it runs {runs}, and its tags do not tell whether sidetap deployed that")),
    }
}

/// There is no way back, with what can be done instead: take the sidecar out of what runs, if there is one, or deploy
/// `revision` by hand.
async fn refused(ecs: &Ecs, service: &Service, reason: String, revision: Option<&str>) -> Error {
    let (cluster, name) = (resource_name(&service.cluster_arn), &service.name);
    // What cannot be read only costs the hint.
    let runs = ecs.task_definition(&service.task_definition).await.ok();
    let remove = runs.filter(|runs| !sidecars(&runs.definition).is_empty()).map(|_| {
        let command = ecs.command(["sidetap", "remove", "--cluster", cluster, "--service", name]);
        format!("`{command}` takes the sidecar out of what it runs now")
    });
    let by_hand = revision.map(|revision| {
        let update = ["aws", "ecs", "update-service", "--cluster", cluster, "--service", name];
        let command = ecs.command(update.into_iter().chain(["--task-definition", revision]));
        format!("`{command}` deploys that all the same")
    });
    Error::Blocked { reason, hints: remove.into_iter().chain(by_hand).collect() }
}
