//! What the task definitions of the demo are made of.

use serde_json::{Value, json};

use crate::{ACCOUNT, REGION};

pub fn image(name: &str, tag: &str) -> String {
    format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}:{tag}")
}

pub fn secret(name: &str, of: &str) -> Value {
    json!({ "name": name, "valueFrom": format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{of}-a1B2c3") })
}

pub fn parameter(name: &str, path: &str) -> Value {
    json!({ "name": name, "valueFrom": format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{path}") })
}

pub fn logs(group: &str) -> Value {
    json!({
        "logDriver": "awslogs",
        "options": { "awslogs-group": group, "awslogs-region": REGION, "awslogs-stream-prefix": "ecs" }
    })
}

pub fn port(port: u16) -> Value {
    json!([{ "containerPort": port, "protocol": "tcp" }])
}

/// A Linux task on Fargate with the usual roles.
pub fn fargate(family: &str, cpu: u64, memory: u64, containers: Value) -> Value {
    json!({
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": cpu.to_string(),
        "memory": memory.to_string(),
        "executionRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/ecsTaskExecutionRole"),
        "taskRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/{family}-task"),
        "runtimePlatform": { "cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX" },
        "containerDefinitions": containers
    })
}

pub fn on_instances(family: &str, network_mode: &str, containers: Value) -> Value {
    json!({
        "family": family,
        "networkMode": network_mode,
        "requiresCompatibilities": ["EC2"],
        "executionRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/ecsTaskExecutionRole"),
        "containerDefinitions": containers
    })
}

/// A family of that name, other than production's where the cluster is another.
pub fn family(name: &str, cluster: &str) -> String {
    if cluster == "production" { name.to_owned() } else { format!("{name}-{cluster}") }
}
