//! Service deployments: a service on its way from one revision to another, which can be stopped.

use serde_json::{Value, json};

use crate::deployments::Playing;
use crate::operations::{Answer, Refusal, cluster, invalid, page, strings, text};
use crate::store::{Store, last};
use crate::{ACCOUNT, REGION};

/// `ListServiceDeployments`: those in progress; that is all that is known of a service.
pub(crate) fn list(store: &mut Store, body: &Value) -> Answer {
    let cluster = cluster(store, body)?;
    let wanted = strings(body, "status");
    let Some(deployment) = in_progress(store, |arn| last(arn) == last(text(body, "service")), &cluster) else {
        return page(Vec::new(), body, 100, "serviceDeployments");
    };
    let listed = wanted.is_empty() || wanted.iter().any(|status| deployment["status"] == status.as_str());
    page(if listed { vec![deployment] } else { Vec::new() }, body, 100, "serviceDeployments")
}

/// `DescribeServiceDeployments`. Those that have come to an end are no longer known, but for those that were stopped;
/// the service's own list tells of them.
pub(crate) fn describe(store: &mut Store, body: &Value) -> Value {
    let mut found = Vec::new();
    for arn in strings(body, "serviceDeploymentArns") {
        let service = arn.replace(":service-deployment/", ":service/");
        let service = service.rsplit_once('/').map_or("", |(service, _)| service).to_owned();
        let cluster = service.rsplit('/').nth(1).unwrap_or_default().to_owned();
        let known = in_progress(store, |other| other == service, &cluster);
        let known = known.filter(|deployment| deployment["serviceDeploymentArn"] == arn.as_str());
        let ended = || {
            let (status, reason) = store.service_deployments.get(&arn)?;
            Some(json!({ "serviceDeploymentArn": arn, "status": status, "statusReason": reason }))
        };
        found.extend(known.or_else(ended));
    }
    json!({ "serviceDeployments": found, "failures": [] })
}

/// `DescribeServiceRevisions`.
pub(crate) fn describe_revisions(store: &Store, body: &Value) -> Value {
    let revisions = strings(body, "serviceRevisionArns").into_iter().filter_map(|arn| {
        let (_, task_definition) = store.service_revisions.iter().find(|(known, _)| *known == arn)?;
        Some(json!({ "serviceRevisionArn": arn, "taskDefinition": task_definition }))
    });
    json!({ "serviceRevisions": revisions.collect::<Vec<_>>(), "failures": [] })
}

/// `StopServiceDeployment`: the way back begins at the next poll.
pub(crate) fn stop(store: &mut Store, body: &Value) -> Answer {
    if body["stopType"] != "ROLLBACK" {
        return Err(invalid("Invalid stopType"));
    }
    let arn = text(body, "serviceDeploymentArn").to_owned();
    let is_it = |json: &Value, playing: &Playing| playing.service_deployment(json) == arn;
    let found = store.services.iter_mut().find(|s| s.playing.as_ref().is_some_and(|p| is_it(&s.json, p)));
    let stopped = found.and_then(|service| service.playing.as_mut()).is_some_and(Playing::stop);
    if !stopped {
        return Err(Refusal::new("ConflictException", "Service deployment is not in a state that can be stopped."));
    }
    let reason = "Rollback was requested by a call of StopServiceDeployment".to_owned();
    store.service_deployments.insert(arn.clone(), ("ROLLBACK_REQUESTED".to_owned(), reason));
    Ok(json!({ "serviceDeploymentArn": arn }))
}

/// The service deployment in progress of the service that is meant.
fn in_progress(store: &mut Store, is_meant: impl Fn(&str) -> bool, cluster: &str) -> Option<Value> {
    let service = store.services.iter().find(|service| {
        let arn = service.json["serviceArn"].as_str().unwrap_or_default();
        service.cluster == cluster && is_meant(arn)
    })?;
    let playing = service.playing.as_ref()?;
    let arn = playing.service_deployment(&service.json);
    let (from, to) = playing.source_and_target();
    let (from, to, name) = (from.to_owned(), to.to_owned(), service.name.clone());
    let (service_arn, cluster_arn) = (service.json["serviceArn"].clone(), service.json["clusterArn"].clone());
    let started = ("IN_PROGRESS".to_owned(), String::new());
    let (status, reason) = store.service_deployments.get(&arn).cloned().unwrap_or(started);
    let (source, target) = (revision(store, cluster, &name, &from), revision(store, cluster, &name, &to));
    Some(json!({
        "serviceDeploymentArn": arn,
        "serviceArn": service_arn,
        "clusterArn": cluster_arn,
        "createdAt": 1_762_000_000.5,
        "status": status,
        "statusReason": reason,
        "sourceServiceRevisions": [{ "arn": source, "requestedTaskCount": 2, "runningTaskCount": 2 }],
        "targetServiceRevision": { "arn": target, "requestedTaskCount": 2, "runningTaskCount": 0 }
    }))
}

/// The ARN of a service's revision that runs a task definition; it has a number of its own.
fn revision(store: &mut Store, cluster: &str, service: &str, task_definition: &str) -> String {
    let of_service = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service-revision/{cluster}/{service}/");
    let known = store
        .service_revisions
        .iter()
        .find(|(arn, runs)| arn.starts_with(&of_service) && runs == task_definition)
        .map(|(arn, _)| arn.clone());
    known.unwrap_or_else(|| {
        let arn = format!("{of_service}{:019}", store.next());
        store.service_revisions.push((arn.clone(), task_definition.to_owned()));
        arn
    })
}
