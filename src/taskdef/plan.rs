//! A change that is known before it is made.
//!
//! A plan names each target, what it was made from, and the exact operations; applying it makes those or stops.
//! `schemas/plan-1.0.json` describes the format.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::document::sha256;
use super::error::{Error, Result};
use super::target::{Action, Reason, Target, TargetKind};

/// The version of the plan format that this build writes; it reads every 1.x.
pub const FORMAT_VERSION: &str = "1.0";

/// Tag of a revision: which tool registered it.
pub const TAG_CREATED_BY: &str = "sidetap:created-by";
/// Tag of a revision and of a service: the plan by which it came about.
pub const TAG_PLAN_ID: &str = "sidetap:plan-id";

/// What is to be done to every target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub format_version: String,
    /// Derived from the plan's content: the same change of the same base has the same id.
    pub plan_id: String,
    pub tool_version: String,
    /// The account; absent where a file is changed.
    pub account: Option<String>,
    pub region: Option<String>,
    pub summary: Summary,
    pub targets: Vec<Target>,
}

/// Targets by action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub change: usize,
    pub no_change: usize,
    pub blocked: usize,
}

impl Summary {
    fn of(targets: &[Target]) -> Self {
        let count = |action| targets.iter().filter(|target| target.action == action).count();
        Summary { change: count(Action::Update), no_change: count(Action::None), blocked: count(Action::Blocked) }
    }
}

impl Plan {
    /// Makes a plan of decided targets: counts them, derives the id, and adds our tags to what ECS is to register.
    pub fn new(account: Option<String>, region: Option<String>, mut targets: Vec<Target>) -> Self {
        let changes: Vec<Value> =
            targets.iter().map(|target| json!([target.service_arn, target.file, target.base, target.patch])).collect();
        let plan_id = sha256(&json!([account, region, changes]))[..16].to_owned();
        for target in targets.iter_mut().filter(|target| target.kind != TargetKind::File) {
            target.tag(&plan_id);
        }
        Plan {
            format_version: FORMAT_VERSION.to_owned(),
            plan_id,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            account,
            region,
            summary: Summary::of(&targets),
            targets,
        }
    }

    /// Reads a plan file.
    pub fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text).map_err(|error| Error::NotAPlan(error.to_string()))?;
        match value["format_version"].as_str() {
            Some(version) if version.starts_with("1.") => {}
            Some(version) => {
                return Err(Error::NotAPlan(format!("its format version is {version}, this build reads 1.x")));
            }
            None => return Err(Error::NotAPlan("it has no `format_version`".into())),
        }
        let mut plan: Plan = serde_json::from_value(value).map_err(|error| Error::NotAPlan(error.to_string()))?;
        if plan.targets.iter().any(|target| (target.action == Action::Update) == target.patch.is_empty()) {
            return Err(Error::NotAPlan("a target's action does not fit its patch".into()));
        }
        let of_kind = |kind| plan.targets.iter().filter(|target| target.kind == kind).count();
        let (files, all) = (of_kind(TargetKind::File), plan.targets.len());
        if files > 0 && all > 1 {
            return Err(Error::NotAPlan("a file is the only target of its plan".into()));
        }
        if files < all && (plan.account.is_none() || plan.region.is_none()) {
            return Err(Error::NotAPlan("it names no account and region".into()));
        }
        // What is asked before a change counts on it, and a file can be edited.
        plan.summary = Summary::of(&plan.targets);
        Ok(plan)
    }

    /// Leaves a target alone that was to be changed.
    pub fn block(&mut self, index: usize, reason: Reason) {
        let target = &mut self.targets[index];
        target.action = Action::Blocked;
        target.reason = Some(reason);
        self.summary = Summary::of(&self.targets);
    }

    /// Whether nothing may be changed: a target is blocked and the others are not to go on without it, or there are
    /// no others.
    pub fn is_blocked(&self, keep_going: bool) -> bool {
        self.summary.blocked > 0 && (!keep_going || self.summary.change == 0)
    }
}
