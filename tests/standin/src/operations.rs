//! The operations, each with AWS's page and batch limits and error types.

use serde_json::{Value, json};

use crate::deployments::service_deployment_arn;
use crate::register::register;
use crate::service_deployments;
use crate::store::{Store, StoredService, cluster_arn, last};

/// An error that AWS answers with.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub code: &'static str,
    pub message: String,
}

impl Refusal {
    pub fn new(code: &'static str, message: &str) -> Self {
        Refusal { code, message: message.to_owned() }
    }
}

pub(crate) type Answer = Result<Value, Refusal>;

/// Carries out one call.
pub(crate) fn dispatch(store: &mut Store, operation: &str, body: &Value) -> Answer {
    match operation {
        "ListClusters" => {
            let arns = store.clusters.iter().map(|name| cluster_arn(name).into()).collect();
            page(arns, body, 100, "clusterArns")
        }
        "DescribeClusters" => describe_clusters(store, body),
        "ListServices" => {
            let cluster = cluster(store, body)?;
            let services = store.services.iter().filter(|service| service.cluster == cluster);
            page(services.map(|service| service.json["serviceArn"].clone()).collect(), body, 10, "serviceArns")
        }
        "DescribeServices" => describe_services(store, body),
        "ListTaskDefinitionFamilies" => list_families(store, body),
        "DescribeTaskDefinition" => describe_task_definition(store, body),
        "RegisterTaskDefinition" => {
            let arn = register(store, body.clone())?;
            let tags = store.tags_of(&arn);
            Ok(json!({ "taskDefinition": store.revision(&arn).cloned(), "tags": tags }))
        }
        "UpdateService" => update_service(store, body),
        "TagResource" => tag_resource(store, body),
        "ListTagsForResource" => Ok(json!({ "tags": store.tags_of(text(body, "resourceArn")) })),
        "ListServiceDeployments" => service_deployments::list(store, body),
        "DescribeServiceDeployments" => Ok(service_deployments::describe(store, body)),
        "DescribeServiceRevisions" => Ok(service_deployments::describe_revisions(store, body)),
        "StopServiceDeployment" => service_deployments::stop(store, body),
        "ListTasks" => list_tasks(store, body),
        "DescribeTasks" => {
            let wanted = strings(body, "tasks");
            let tasks = store.tasks.iter().filter(|task| wanted.iter().any(|arn| task["taskArn"] == arn.as_str()));
            Ok(json!({ "tasks": tasks.collect::<Vec<_>>(), "failures": [] }))
        }
        other => Err(Refusal::new("UnsupportedFeatureException", &format!("the stand-in has no {other}"))),
    }
}

pub(crate) fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body[key].as_str().unwrap_or_default()
}

pub(crate) fn strings(body: &Value, key: &str) -> Vec<String> {
    let items = body[key].as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

pub(crate) fn invalid(message: &str) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}

/// A page of a list; the token is the index of the next item.
pub(crate) fn page(items: Vec<Value>, body: &Value, default: u64, key: &str) -> Answer {
    let size = body["maxResults"].as_u64().unwrap_or(default);
    if !(1..=100).contains(&size) {
        return Err(invalid("maxResults must be between 1 and 100"));
    }
    let from: usize = text(body, "nextToken").strip_prefix("token-").map_or(Ok(0), str::parse).unwrap_or(usize::MAX);
    if from > items.len() {
        return Err(invalid("Invalid token"));
    }
    let next = from + size as usize;
    let mut answer = json!({ key: items.iter().skip(from).take(size as usize).collect::<Vec<_>>() });
    if next < items.len() {
        answer["nextToken"] = format!("token-{next}").into();
    }
    Ok(answer)
}

pub(crate) fn cluster(store: &Store, body: &Value) -> Result<String, Refusal> {
    let name = last(body["cluster"].as_str().unwrap_or("default"));
    let known = store.clusters.iter().any(|cluster| cluster == name);
    known.then(|| name.to_owned()).ok_or_else(|| Refusal::new("ClusterNotFoundException", "Cluster not found."))
}

fn describe_clusters(store: &Store, body: &Value) -> Answer {
    let wanted = strings(body, "clusters");
    if wanted.len() > 100 {
        return Err(invalid("clusters can have at most 100 items"));
    }
    let active = |name: &str| of_cluster(store, name).filter(|service| service.json["status"] == "ACTIVE").count();
    let running =
        |name: &str| of_cluster(store, name).filter_map(|service| service.json["runningCount"].as_u64()).sum::<u64>();
    let found = store.clusters.iter().filter(|name| wanted.iter().any(|arn| last(arn) == name.as_str()));
    let clusters = found.map(|name| {
        json!({
            "clusterArn": cluster_arn(name), "clusterName": name, "status": "ACTIVE",
            "activeServicesCount": active(name), "runningTasksCount": running(name)
        })
    });
    Ok(json!({ "clusters": clusters.collect::<Vec<_>>(), "failures": [] }))
}

fn of_cluster<'a>(store: &'a Store, name: &'a str) -> impl Iterator<Item = &'a StoredService> {
    store.services.iter().filter(move |service| service.cluster == name)
}

fn describe_services(store: &mut Store, body: &Value) -> Answer {
    let cluster = cluster(store, body)?;
    let wanted = strings(body, "services");
    if wanted.is_empty() || wanted.len() > 10 {
        return Err(invalid("services can have at most 10 items"));
    }
    let with_tags = strings(body, "include").iter().any(|field| field == "TAGS");
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for name in wanted {
        store.poll(&cluster, last(&name));
        let Some(service) = store.service(&cluster, &name) else {
            failures.push(json!({ "arn": name, "reason": "MISSING" }));
            continue;
        };
        let mut json = service.json.clone();
        if with_tags {
            json["tags"] = store.tags_of(text(&json, "serviceArn")).into();
        }
        services.push(json);
    }
    Ok(json!({ "services": services, "failures": failures }))
}

fn list_families(store: &Store, body: &Value) -> Answer {
    let active = |revisions: &[Value]| revisions.iter().any(|revision| revision["status"] == "ACTIVE");
    let only_active = body["status"] == "ACTIVE";
    let families = store.families.iter().filter(|(_, revisions)| !only_active || active(revisions));
    page(families.map(|(family, _)| family.as_str().into()).collect(), body, 100, "families")
}

fn describe_task_definition(store: &mut Store, body: &Value) -> Answer {
    let definition = store.resolve(text(body, "taskDefinition")).cloned();
    let Some(definition) = definition else {
        return Err(Refusal::new("ClientException", "Unable to describe task definition."));
    };
    let mut answer = json!({ "taskDefinition": definition });
    if strings(body, "include").iter().any(|field| field == "TAGS") {
        answer["tags"] = store.tags_of(text(&answer["taskDefinition"], "taskDefinitionArn")).into();
    }
    Ok(answer)
}

fn update_service(store: &mut Store, body: &Value) -> Answer {
    let cluster = cluster(store, body)?;
    let name = text(body, "service");
    let Some(service) = store.service(&cluster, name) else {
        return Err(Refusal::new("ServiceNotFoundException", "Service not found."));
    };
    if service.json["status"] != "ACTIVE" {
        return Err(Refusal::new("ServiceNotActiveException", "Service was not ACTIVE."));
    }
    let controller = service.json["deploymentController"]["type"].clone();
    let running = service.json["taskDefinition"].clone();
    if let Some(definition) = body["taskDefinition"].as_str() {
        if controller == "CODE_DEPLOY" || controller == "EXTERNAL" {
            return Err(invalid(&format!(
                "Unable to update task definition on services with a {} deployment controller. Use AWS CodeDeploy to \
                 trigger a new deployment.",
                controller.as_str().unwrap_or_default()
            )));
        }
        let definition = store.resolve(definition).filter(|revision| revision["status"] == "ACTIVE").cloned();
        let Some(definition) = definition else {
            return Err(Refusal::new("ClientException", "TaskDefinition is inactive"));
        };
        if definition["taskDefinitionArn"] != running {
            store.deploy(&cluster, last(name), text(&definition, "taskDefinitionArn"));
        }
    }
    let service = store.service(&cluster, name).expect("it was there");
    let mut json = service.json.clone();
    if let Some(playing) = &service.playing {
        json["currentServiceDeployment"] = service_deployment_arn(&json, playing.deployment()).into();
    }
    Ok(json!({ "service": json }))
}

fn tag_resource(store: &mut Store, body: &Value) -> Answer {
    let arn = text(body, "resourceArn");
    if arn.contains(":service/") && arn.split('/').count() != 3 {
        return Err(invalid("Long arn format must be used for tagging operations"));
    }
    let tags = store.tags.entry(arn.to_owned()).or_default();
    for tag in body["tags"].as_array().into_iter().flatten() {
        let valid = |c: char| c.is_alphanumeric() || " +-=._:/@".contains(c);
        if !text(tag, "value").chars().all(valid) {
            return Err(invalid("The tag value contains invalid characters."));
        }
        tags.retain(|other| other["key"] != tag["key"]);
        tags.push(tag.clone());
    }
    Ok(json!({}))
}

fn list_tasks(store: &Store, body: &Value) -> Answer {
    let cluster = cluster(store, body)?;
    let group = format!("service:{}", text(body, "serviceName"));
    let tasks = store.tasks.iter().filter(|task| {
        let in_cluster = text(task, "taskArn").contains(&format!("task/{cluster}/"));
        in_cluster && task["group"] == group.as_str() && task["desiredStatus"] == body["desiredStatus"]
    });
    page(tasks.map(|task| task["taskArn"].clone()).collect(), body, 100, "taskArns")
}
