//! A way back as people read it, and as programs do.

use std::fmt::Write;

use serde::Serialize;

use super::style::{self, paint};
use super::{plan, sanitise};
use crate::ecs::{Receipt, Rollback, Way, cluster_name, family_revision};
use crate::taskdef::diff::{self, Values};

/// The way back as JSON.
#[derive(Serialize)]
struct Document<'a> {
    account: Option<&'a str>,
    region: &'a str,
    cluster_arn: &'a str,
    service_arn: &'a str,
    /// `none`, `receipt`, `update`, `stop` or `follow`.
    way: &'static str,
    /// The deployment that is stopped or followed, where ECS is asked or going back by itself.
    service_deployment_arn: Option<&'a str>,
    task_definition: &'a str,
    previous_task_definition: &'a str,
}

/// The way back as text, with what changes as a diff.
pub fn text(rollback: &Rollback, values: Values) -> String {
    let service = &rollback.service;
    let to = family_revision(&rollback.to.arn);
    let action = match rollback.way {
        Way::Nothing => "no change".to_owned(),
        Way::Receipt => paint(style::ADDED, "correct its tags"),
        _ => paint(style::ADDED, "roll back"),
    };
    let mut text = format!("service {}: {action}\n", paint(style::STRONG, &sanitise(&service.name)));
    let by = match &rollback.way {
        Way::Nothing | Way::Receipt => "nothing: it is there".to_owned(),
        Way::Update => format!("a deployment of {to}"),
        Way::Stop(_) => format!("stopping the deployment in progress, which began at {to}"),
        Way::Follow(_) => "following ECS, which is going back already".to_owned(),
        Way::Underway if rollback.has_failed() => format!("nothing: the deployment of {to} that has begun has failed"),
        Way::Underway => format!("following the deployment of {to} that has begun"),
    };
    let told = Receipt::of(service).deployed.unwrap_or_default();
    let tags = format!("they tell of {told}");
    let way = match rollback.way {
        Way::Receipt => [("is back", "it runs what it ran before"), ("tags", tags.as_str())],
        _ => [("back to", to), ("by", by.as_str())],
    };
    let place = [("cluster", cluster_name(&service.cluster_arn)), ("runs", family_revision(&service.task_definition))];
    for (label, value) in place.into_iter().chain(way) {
        let _ = writeln!(text, "  {label:<9}{}", sanitise(value));
    }
    if let Some(documents) = &rollback.documents {
        text.push('\n');
        plan::coloured_diff(&mut text, &diff::unified(documents, values));
    }
    text.push('\n');
    text
}

/// The way back as JSON.
pub fn json(rollback: &Rollback, account: Option<&str>, region: &str) -> serde_json::Result<String> {
    let (way, service_deployment_arn) = match &rollback.way {
        Way::Nothing => ("none", None),
        Way::Receipt => ("receipt", None),
        Way::Update => ("update", None),
        Way::Stop(arn) => ("stop", Some(arn.as_str())),
        Way::Follow(arn) => ("follow", Some(arn.as_str())),
        Way::Underway => ("follow", None),
    };
    let document = Document {
        account,
        region,
        cluster_arn: &rollback.service.cluster_arn,
        service_arn: &rollback.service.arn,
        way,
        service_deployment_arn,
        task_definition: &rollback.service.task_definition,
        previous_task_definition: &rollback.to.arn,
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
