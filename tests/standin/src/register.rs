//! `RegisterTaskDefinition`: AWS's limits, and what it fills in.

use serde_json::{Value, json};

use crate::operations::Refusal;
use crate::store::Store;
use crate::{ACCOUNT, REGION};

/// CPU units, the smallest and largest memory in MiB, and the step between.
const FARGATE: [(u64, u64, u64, u64); 7] = [
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// Stores a new revision and returns its ARN.
pub(crate) fn register(store: &mut Store, body: Value) -> Result<String, Refusal> {
    check(&body)?;
    let mut definition = body;
    let members = definition.as_object_mut().ok_or_else(|| client("not an object"))?;
    let tags = members.shift_remove("tags").and_then(|tags| tags.as_array().cloned()).unwrap_or_default();
    check_tags(&tags)?;
    let family = definition["family"].as_str().unwrap_or_default().to_owned();
    let revisions = store.families.entry(family.clone()).or_default();
    let revision = revisions.len() + 1;
    let arn = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{family}:{revision}");
    for container in definition["containerDefinitions"].as_array_mut().into_iter().flatten() {
        fill_in(container);
    }
    definition["taskDefinitionArn"] = arn.clone().into();
    definition["revision"] = revision.into();
    definition["status"] = "ACTIVE".into();
    definition["requiresAttributes"] = json!([{ "name": "com.amazonaws.ecs.capability.task-eni" }]);
    definition["compatibilities"] = json!(["EC2", "FARGATE"]);
    definition["registeredAt"] = json!(1_762_000_000.123);
    definition["registeredBy"] = format!("arn:aws:iam::{ACCOUNT}:user/tester").into();
    if definition["volumes"].is_null() {
        definition["volumes"] = json!([]);
    }
    if definition["placementConstraints"].is_null() {
        definition["placementConstraints"] = json!([]);
    }
    revisions.push(definition);
    store.tags.insert(arn.clone(), tags);
    Ok(arn)
}

fn fill_in(container: &mut Value) {
    for list in ["portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"] {
        if container[list].is_null() {
            container[list] = json!([]);
        }
    }
    for mapping in container["portMappings"].as_array_mut().into_iter().flatten() {
        if mapping["hostPort"].is_null() {
            mapping["hostPort"] = mapping["containerPort"].clone();
        }
        if mapping["protocol"].is_null() {
            mapping["protocol"] = json!("tcp");
        }
    }
    if container["healthCheck"].is_object() {
        for (key, default) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            if container["healthCheck"][key].is_null() {
                container["healthCheck"][key] = json!(default);
            }
        }
    }
    if container["cpu"].is_null() {
        container["cpu"] = json!(0);
    }
    if container["essential"].is_null() {
        container["essential"] = json!(true);
    }
}

fn client(message: &str) -> Refusal {
    Refusal::new("ClientException", message)
}

fn check(body: &Value) -> Result<(), Refusal> {
    let bytes = body.to_string().len();
    if bytes > 65536 {
        return Err(client(&format!("Actual length: '{bytes}'. Max allowed length is '65536' bytes.")));
    }
    let family = body["family"].as_str().unwrap_or_default();
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if family.is_empty() || !family.chars().all(valid) {
        return Err(client("Family contains invalid characters."));
    }
    for key in ["taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt"] {
        if body.get(key).is_some() {
            return Err(Refusal::new("SerializationException", &format!("unexpected member {key}")));
        }
    }
    let containers = body["containerDefinitions"].as_array().cloned().unwrap_or_default();
    if containers.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    if containers.len() > 10 {
        return Err(client("Too many containers."));
    }
    let mut names: Vec<&str> = containers.iter().filter_map(|container| container["name"].as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() != containers.len() {
        return Err(client("Container names must be unique within a task definition."));
    }
    for container in &containers {
        if container["image"].as_str().is_none_or(str::is_empty) {
            return Err(client("Container.image should not be null or empty."));
        }
    }
    check_sizes(body, &containers)
}

fn check_sizes(body: &Value, containers: &[Value]) -> Result<(), Refusal> {
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let (cpu, memory) = (number(&body["cpu"]), number(&body["memory"]));
    let fargate = body["requiresCompatibilities"].as_array().is_some_and(|kinds| kinds.iter().any(|k| k == "FARGATE"));
    if fargate {
        if body["networkMode"] != "awsvpc" {
            return Err(client("Networking mode must be 'awsvpc' for Fargate tasks."));
        }
        let (Some(cpu), Some(memory)) = (cpu, memory) else {
            return Err(client("Fargate requires that 'cpu' and 'memory' be defined at the task level."));
        };
        let row = FARGATE.iter().find(|row| row.0 == cpu);
        let offered = row.is_some_and(|(_, low, high, step)| {
            (*low..=*high).contains(&memory) && (memory - low) % step == 0 && (cpu, memory) != (256, 1536)
        });
        if !offered {
            return Err(client(&format!(
                "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS \
                 documentation for the valid values."
            )));
        }
    }
    let sum = |key: &str| containers.iter().filter_map(|container| number(&container[key])).sum::<u64>();
    if cpu.is_some_and(|cpu| sum("cpu") > cpu) {
        return Err(client(
            "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
        ));
    }
    if memory.is_some_and(|memory| sum("memoryReservation") > memory) {
        return Err(client(
            "The sum of all container 'memoryReservation' values cannot be greater than the value of the task 'memory'.",
        ));
    }
    for container in containers {
        let name = container["name"].as_str().unwrap_or_default();
        let (hard, soft) = (number(&container["memory"]), number(&container["memoryReservation"]));
        if hard.zip(memory).is_some_and(|(hard, memory)| hard > memory) {
            return Err(client(&format!("The 'memory' setting for container '{name}' is greater than for the task.")));
        }
        if hard.is_some_and(|hard| hard < 6) {
            return Err(client(&format!("The 'memory' setting for container '{name}' must be at least 6 MiB.")));
        }
        if hard.zip(soft).is_some_and(|(hard, soft)| soft > hard) {
            return Err(client(&format!("'memoryReservation' of container '{name}' is greater than 'memory'.")));
        }
        if memory.is_none() && hard.is_none() && soft.is_none() {
            return Err(client(&format!(
                "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be specified."
            )));
        }
    }
    Ok(())
}

fn check_tags(tags: &[Value]) -> Result<(), Refusal> {
    let invalid = |message: &str| Err(Refusal::new("InvalidParameterException", message));
    if tags.len() > 50 {
        return invalid("Tags can not have more than 50 elements.");
    }
    if tags.iter().any(|tag| tag["key"].as_str().is_some_and(|key| key.starts_with("aws:"))) {
        return invalid("Caller is not authorized to use reserved tag keys: aws:");
    }
    Ok(())
}
