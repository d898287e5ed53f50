//! One thing that a plan changes: a service, a task definition or a file.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::document::{TaskDefinition, name_of};
use super::error::{Error, Result};
use super::inject::Injected;
use super::known::unknown_fields;
use super::patch;
use super::plan::{TAG_CREATED_BY, TAG_PLAN_ID};
use super::plan_size::PlanSize;
use super::rules::MAX_TAGS;
use super::schedule::PlannedSchedule;
use super::warning::Warning;

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    Service,
    TaskDefinition,
    File,
}

/// What happens to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Update,
    None,
    Blocked,
}

/// One service, task definition or file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    pub kind: TargetKind,
    pub service_arn: Option<String>,
    pub cluster_arn: Option<String>,
    pub file: Option<String>,
    pub action: Action,
    /// Why the target is blocked.
    pub reason: Option<Reason>,
    pub base: Option<Base>,
    pub sidecar: Option<PlannedSidecar>,
    /// RFC 6902 operations on the register-ready base.
    pub patch: Vec<Value>,
    /// JSON pointers of fields that this build has never heard of; they are kept.
    pub unknown_fields: Vec<String>,
    pub size: Option<PlanSize>,
    pub warnings: Vec<Warning>,
    /// What else runs the base revision or its family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<PlannedSchedule>,
    /// The revision, as `family:revision`, that the service's tags told it to have run before what it runs now; they
    /// tell so again where the change is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_task_definition: Option<String>,
    /// IAM actions that applying needs.
    pub requires: Vec<String>,
    /// All tags of the service, and of the base, those included that only AWS may set; not part of the format.
    #[serde(skip)]
    pub service_tags: Vec<(String, String)>,
    #[serde(skip)]
    pub base_tags: Vec<(String, String)>,
    /// The documents before and after; not part of the format.
    #[serde(skip)]
    pub documents: Option<Documents>,
}

/// Why a target is blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub code: String,
    pub message: String,
    pub hints: Vec<String>,
}

impl From<&Error> for Reason {
    fn from(error: &Error) -> Self {
        Reason { code: error.code().to_owned(), message: error.to_string(), hints: error.hints() }
    }
}

/// What the plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    pub task_definition_arn: Option<String>,
    /// Of the register-ready document with sorted keys.
    pub sha256: String,
}

/// The container that is added or replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSidecar {
    pub preset: String,
    pub container_name: String,
}

/// A target's document before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Documents {
    pub base: TaskDefinition,
    pub patched: TaskDefinition,
}

impl Documents {
    /// The names of the containers that are no longer there afterwards.
    pub fn containers_gone(&self) -> Vec<&str> {
        let names = self.base.containers().iter().map(name_of);
        names.filter(|name| self.patched.container(name).is_none()).collect()
    }
}

impl Target {
    /// A target of which nothing is decided yet.
    fn new(kind: TargetKind) -> Self {
        Target {
            kind,
            service_arn: None,
            cluster_arn: None,
            file: None,
            action: Action::None,
            reason: None,
            base: None,
            sidecar: None,
            patch: Vec::new(),
            unknown_fields: Vec::new(),
            size: None,
            warnings: Vec::new(),
            schedules: Vec::new(),
            recorded_task_definition: None,
            requires: Vec::new(),
            service_tags: Vec::new(),
            base_tags: Vec::new(),
            documents: None,
        }
    }

    /// A file; `path` is `-` for standard input.
    pub fn file(path: &str) -> Self {
        Target { file: Some(path.to_owned()), ..Target::new(TargetKind::File) }
    }

    /// A service.
    pub fn service(service_arn: &str, cluster_arn: &str) -> Self {
        Target {
            service_arn: Some(service_arn.to_owned()),
            cluster_arn: Some(cluster_arn.to_owned()),
            ..Target::new(TargetKind::Service)
        }
    }

    /// A task definition that is registered for no service.
    pub fn task_definition() -> Self {
        Target::new(TargetKind::TaskDefinition)
    }

    /// Decides that the target becomes `injected`; `arn` is the base's, where ECS has it.
    #[must_use]
    pub fn injected(self, preset: &str, base: TaskDefinition, arn: Option<&str>, injected: Injected) -> Self {
        let sidecar = PlannedSidecar { preset: preset.to_owned(), container_name: injected.container_name.clone() };
        let target = Target { sidecar: Some(sidecar), size: Some(injected.size), ..self };
        target.changed(base, arn, injected.definition, injected.warnings)
    }

    /// Decides that the target becomes `patched`, or stays if that is the same.
    #[must_use]
    pub fn changed(
        mut self,
        base: TaskDefinition,
        arn: Option<&str>,
        patched: TaskDefinition,
        warnings: Vec<Warning>,
    ) -> Self {
        self.patch = patch::between(&base, &patched);
        self.action = if self.patch.is_empty() { Action::None } else { Action::Update };
        self.base = Some(Base { task_definition_arn: arn.map(str::to_owned), sha256: base.sha256() });
        self.unknown_fields = unknown_fields(base.as_value());
        self.warnings.extend(warnings);
        self.requires = self.required_actions(&base);
        self.documents = Some(Documents { base, patched });
        self
    }

    /// Decides that the target must be left alone.
    #[must_use]
    pub fn blocked(mut self, reason: Reason) -> Self {
        self.action = Action::Blocked;
        self.reason = Some(reason);
        self
    }

    /// Whose change this is, for people: a service's name, a revision or a path.
    pub fn name(&self) -> &str {
        let tail = |arn: &str| arn.rfind('/').map_or(0, |slash| slash + 1);
        let arn = self.service_arn.as_deref();
        let revision = self.base.as_ref().and_then(|base| base.task_definition_arn.as_deref());
        match arn.or(self.file.as_deref().or(revision)) {
            Some(file) if self.kind == TargetKind::File => file,
            Some(arn) => &arn[tail(arn)..],
            None => "task definition",
        }
    }

    /// The body that applying registers: exactly the base with the patch.
    pub fn body(&self, base: &TaskDefinition) -> Result<TaskDefinition> {
        if self.base.as_ref().is_none_or(|expected| expected.sha256 != base.sha256()) {
            return Err(Error::BaseMoved);
        }
        patch::apply(base, &self.patch)
    }

    fn required_actions(&self, base: &TaskDefinition) -> Vec<String> {
        if self.kind == TargetKind::File || self.action != Action::Update {
            return Vec::new();
        }
        let mut actions = vec!["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition", "ecs:TagResource"];
        if self.kind == TargetKind::Service {
            actions.extend(["ecs:DescribeServices", "ecs:UpdateService"]);
        }
        if base.get("taskRoleArn").or(base.get("executionRoleArn")).is_some() {
            actions.push("iam:PassRole");
        }
        actions.sort_unstable();
        actions.into_iter().map(str::to_owned).collect()
    }

    /// Adds our tags to what is registered; a revision that has no room for them goes without.
    pub(super) fn tag(&mut self, plan_id: &str) {
        let Some(documents) = self.documents.as_mut().filter(|_| self.action == Action::Update) else {
            return;
        };
        let mut tags = documents.patched.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
        tags.retain(|tag| tag["key"] != TAG_CREATED_BY && tag["key"] != TAG_PLAN_ID);
        if tags.len() + 2 > MAX_TAGS {
            self.warnings.push(Warning::new(
                "no-room-for-tags",
                format!("the revision is not tagged: it has {} of {MAX_TAGS} tags", tags.len()),
            ));
            return;
        }
        tags.push(json!({ "key": TAG_CREATED_BY, "value": format!("sidetap {}", env!("CARGO_PKG_VERSION")) }));
        tags.push(json!({ "key": TAG_PLAN_ID, "value": plan_id }));
        documents.patched.set("tags", tags.into());
        self.patch = patch::between(&documents.base, &documents.patched);
    }
}
