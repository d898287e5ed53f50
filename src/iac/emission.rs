//! A patched task definition, and what the sidecar changed of it.
//!
//! The change is told against the definition *without the sidecar*, not against what ECS has: a template does not know of
//! a sidecar that was injected before, and asks for all of it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::taskdef::document::name_of;
use crate::taskdef::owner::{Owner, Tool, owner};
use crate::taskdef::plan::{TAG_CREATED_BY, TAG_PLAN_ID};
use crate::taskdef::{Action, Plan, Target, TargetKind, TaskDefinition, without};

/// A patched task definition for whoever describes it elsewhere.
#[derive(Debug, Clone)]
pub struct Emission {
    /// With the sidecar, without tags that only a registration by sidetap has.
    pub definition: TaskDefinition,
    /// Without the sidecar.
    pub before: TaskDefinition,
    /// The name of the sidecar's container.
    pub sidecar: String,
    /// The revision's ARN, where ECS has it.
    pub base: Option<String>,
    /// The services that run it.
    pub services: Vec<String>,
    /// Who deploys the task definition.
    pub owner: Option<Owner>,
    /// Who deploys the services.
    pub service_owner: Option<Owner>,
}

impl Emission {
    /// What a plan decides, one for each task definition: services that share one share it here, too. Blocked targets
    /// have none.
    pub fn of_plan(plan: &Plan) -> Vec<Emission> {
        let mut emissions: Vec<Emission> = Vec::new();
        for emission in plan.targets.iter().filter_map(Emission::of) {
            let same = |other: &&mut Emission| other.base == emission.base && other.definition == emission.definition;
            match emissions.iter_mut().filter(|_| emission.base.is_some()).find(same) {
                Some(other) => other.services.extend(emission.services),
                None => emissions.push(emission),
            }
        }
        emissions
    }

    fn of(target: &Target) -> Option<Emission> {
        let documents = target.documents.as_ref().filter(|_| target.action != Action::Blocked)?;
        let sidecar = target.sidecar.as_ref()?.container_name.clone();
        let definition = without_our_tags(&documents.patched)?;
        // Where nothing would be left without it, all of it is what the sidecar brings.
        let before = without(&definition, &sidecar).unwrap_or_else(|_| definition.clone());
        Some(Emission {
            before,
            sidecar,
            base: target.base.as_ref().and_then(|base| base.task_definition_arn.clone()),
            services: if target.kind == TargetKind::Service { vec![target.name().to_owned()] } else { Vec::new() },
            owner: owner(&target.base_tags),
            service_owner: owner(&target.service_tags),
            definition,
        })
    }

    /// CloudFormation's stack and the name of the task definition in its template, as far as they are known.
    pub fn in_stack(&self) -> (Option<&str>, Option<&str>) {
        let of_cloudformation =
            |owner: &'_ Option<Owner>| owner.as_ref().is_some_and(|o| o.tool == Tool::CloudFormation);
        let owner = self.owner.as_ref().filter(|_| of_cloudformation(&self.owner));
        let service_owner = self.service_owner.as_ref().filter(|_| of_cloudformation(&self.service_owner));
        let stack = owner.or(service_owner).and_then(|owner| owner.stack.as_deref());
        (stack, owner.and_then(|owner| owner.logical_id.as_deref()))
    }

    /// What the sidecar changed, by JSON pointer, in a few words each. A container that is new has one mark, and a
    /// member that is changed one of its own.
    pub fn marks(&self) -> BTreeMap<String, String> {
        let mut marks = BTreeMap::new();
        mark_members(&mut marks, "", self.before.as_value(), self.definition.as_value());
        for (index, container) in self.definition.containers().iter().enumerate() {
            let pointer = format!("/containerDefinitions/{index}");
            match self.before.container(name_of(container)) {
                Some((_, before)) if name_of(container) != self.sidecar => {
                    mark_members(&mut marks, &pointer, before, container);
                }
                _ => {
                    marks.insert(pointer, "added, with all of this container".to_owned());
                }
            }
        }
        marks
    }

    /// What the sidecar took out, which no mark can show.
    pub fn removals(&self) -> Vec<String> {
        let mut removals = Vec::new();
        for before in self.before.containers() {
            let name = name_of(before);
            let Some((_, after)) = self.definition.container(name) else {
                removals.push(format!("the container `{name}` is to be taken out"));
                continue;
            };
            let gone = before.as_object().into_iter().flatten().filter(|(key, _)| after.get(key.as_str()).is_none());
            removals
                .extend(gone.filter(|_| name != self.sidecar).map(|(key, _)| format!("`{name}` loses its `{key}`")));
        }
        removals
    }
}

/// The definition without the tags that say how a revision came about; none that says so is made from a template.
fn without_our_tags(definition: &TaskDefinition) -> Option<TaskDefinition> {
    let mut value = definition.as_value().clone();
    if let Some(tags) = value.get_mut("tags").and_then(Value::as_array_mut) {
        tags.retain(|tag| tag["key"] != TAG_CREATED_BY && tag["key"] != TAG_PLAN_ID);
    }
    TaskDefinition::new(value).ok()
}

/// Marks the members that are new or differ.
fn mark_members(marks: &mut BTreeMap<String, String>, pointer: &str, before: &Value, after: &Value) {
    let members = after.as_object().into_iter().flatten();
    for (key, value) in members.filter(|(key, _)| !["containerDefinitions", "tags"].contains(&key.as_str())) {
        let mark = match before.get(key) {
            Some(before) if before == value => continue,
            Some(Value::Number(before)) => format!("was {before}"),
            Some(Value::String(before)) => format!("was {before}"),
            Some(_) => "changed".to_owned(),
            None => "added".to_owned(),
        };
        marks.insert(format!("{pointer}/{}", escaped(key)), mark);
    }
}

/// A key in a JSON pointer (RFC 6901, section 3).
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
