//! Reads and registers task definitions as raw JSON.

use aws_sdk_ecs::types::{ContainerDefinition, TaskDefinitionField};
use serde_json::Value;

use super::arn::{family, revision};
use super::client::{Ecs, call, write};
use super::error::Result;
use super::raw::{CaptureBody, LostAnswerIsOurs, ReplaceBody};
use crate::aws::{self, ErrorKind};
use crate::taskdef::plan::TAG_PLAN_ID;
use crate::taskdef::{Tags, tags_of};
use crate::taskdef::{TaskDefinition, is_same};

/// How often a registration whose answer was lost is tried again.
const REGISTER_ATTEMPTS: u32 = 3;

/// How many of a family's newest revisions may be those of an earlier run.
const REVISIONS_SEARCHED: usize = 20;

/// A registered task definition.
#[derive(Debug, Clone)]
pub struct Revision {
    pub arn: String,
    /// `ACTIVE` or `INACTIVE`; a service cannot be returned to an inactive one.
    pub status: String,
    pub definition: TaskDefinition,
    /// All of its tags, those included that only AWS may set.
    pub tags: Tags,
}

impl Ecs {
    /// Reads a revision that a person named, with its tags: an ARN, `family:revision`, or a family for its newest
    /// active one.
    ///
    /// # Errors
    /// [`super::Error::NotFound`] with families that may have been meant.
    pub async fn named_task_definition(&self, name: &str) -> Result<Revision> {
        match self.task_definition(name).await {
            Err(error) if error.is_no_task_definition() => Err(self.no_task_definition(name).await),
            revision => revision,
        }
    }

    /// Reads a revision with its tags.
    pub async fn task_definition(&self, name: &str) -> Result<Revision> {
        const OPERATION: &str = "ecs:DescribeTaskDefinition";
        let body = CaptureBody::default();
        let describe = self.client.describe_task_definition().task_definition(name).include(TaskDefinitionField::Tags);
        call!("DescribeTaskDefinition", describe.customize().interceptor(body.clone()).send())?;
        let body = body.take().ok_or_else(|| aws::Error::unreadable(OPERATION, "it is empty"))?;
        let answer: Value = serde_json::from_slice(&body).map_err(|error| aws::Error::unreadable(OPERATION, error))?;
        let text = |key: &str| answer["taskDefinition"][key].as_str().unwrap_or_default().to_owned();
        let (arn, status) = (text("taskDefinitionArn"), text("status"));
        let tags = tags_of(&answer);
        let (definition, _) = TaskDefinition::parse(answer)?;
        Ok(Revision { arn, status, definition, tags })
    }

    /// Registers exactly this body and returns the new revision's ARN, and whether it is new.
    ///
    /// Registering has no idempotency token. Where the family already has this very revision from the same plan, as
    /// after a run that was cut off or an answer that was lost, that one is returned instead of a second. It is looked
    /// for among those newer than `base`, or is the newest if there is no `base`.
    pub(super) async fn register(&self, definition: &TaskDefinition, base: Option<&str>) -> Result<(String, bool)> {
        let mut attempt = 1;
        loop {
            if let Some(arn) = self.registered_before(definition, base).await {
                // Whoever registered it may have just used up the rate.
                self.pace.drain("RegisterTaskDefinition");
                return Ok((arn, attempt > 1));
            }
            match self.register_once(definition).await {
                Err(error) if error.kind == ErrorKind::Network && attempt < REGISTER_ATTEMPTS => {
                    tracing::debug!(%error, attempt, "the answer was lost; looking whether it was registered");
                    attempt += 1;
                }
                registered => return Ok((registered?, true)),
            }
        }
    }

    /// The ARN of a revision newer than `base`, or of the newest, that is this very definition with our plan's tag. Mostly that is the
    /// family's newest, or there is none; but other targets of the plan and other people may register into a family.
    pub(super) async fn registered_before(&self, definition: &TaskDefinition, base: Option<&str>) -> Option<String> {
        let ours = plan_id(definition)?;
        // A family that cannot be read costs at most a second revision; registering says what is wrong.
        let mut found = self.task_definition(definition.family()).await.ok()?;
        let oldest = base.and_then(revision).unwrap_or(u64::MAX);
        for _ in 0..REVISIONS_SEARCHED {
            let same_plan = found.status == "ACTIVE" && plan_id(&found.definition) == Some(ours);
            if same_plan && is_same(found.definition.as_value(), definition.as_value()) {
                return Some(found.arn);
            }
            let older = revision(&found.arn)?.checked_sub(1).filter(|older| *older > oldest)?;
            found = self.task_definition(&format!("{}:{older}", definition.family())).await.ok()?;
        }
        None
    }

    async fn register_once(&self, definition: &TaskDefinition) -> aws::Result<String> {
        const OPERATION: &str = "ecs:RegisterTaskDefinition";
        let body = CaptureBody::default();
        // What the SDK serializes is a placeholder: `ReplaceBody` sends the document itself.
        let placeholder = ContainerDefinition::builder().name("placeholder").build();
        let register = self.client.register_task_definition().family("placeholder").container_definitions(placeholder);
        let send = register
            .customize()
            .config_override(write().retry_classifier(LostAnswerIsOurs))
            .interceptor(ReplaceBody(definition.as_value().to_string().into_bytes()))
            .interceptor(body.clone())
            .send();
        call!("RegisterTaskDefinition", send)?;
        let body = body.take().unwrap_or_default();
        let answer: Value = serde_json::from_slice(&body).map_err(|error| aws::Error::unreadable(OPERATION, error))?;
        let arn = answer["taskDefinition"]["taskDefinitionArn"].as_str();
        arn.map(str::to_owned).ok_or_else(|| aws::Error::unreadable(OPERATION, "it names no ARN"))
    }

    /// The newest active revision of the family of `arn`, if it is newer than that one.
    pub(super) async fn newer_revision(&self, arn: &str) -> Result<Option<String>> {
        let newest = self.task_definition(family(arn)).await?;
        Ok((revision(&newest.arn) > revision(arn)).then_some(newest.arn))
    }
}

/// The plan by which a definition is registered, from its tag.
fn plan_id(definition: &TaskDefinition) -> Option<&str> {
    let tags = definition.get("tags")?.as_array()?;
    tags.iter().find(|tag| tag["key"] == TAG_PLAN_ID)?["value"].as_str()
}
