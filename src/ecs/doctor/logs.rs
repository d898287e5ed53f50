//! Whether what a sidecar writes to its log arrives.

use serde_json::{Value, json};

use super::check::Check;
use super::patient::{Launch, Patient, Sidecar, quoted};
use super::reader::{Fact, Reader, why};
use crate::aws::Service;
use crate::taskdef::document::present;
use crate::taskdef::writes_records;

const CONFIGURATION: &str = "log-configuration";
const GROUP: &str = "log-group";
/// The log drivers of Fargate.
const OF_FARGATE: [&str; 3] = ["awslogs", "splunk", "awsfirelens"];

/// The settings of the log driver `awslogs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AwsLogs {
    pub group: String,
    pub region: String,
    pub stream_prefix: String,
    pub creates_group: bool,
}

impl AwsLogs {
    pub fn of(container: &Value) -> Option<Self> {
        let logs = present(container, "logConfiguration").filter(|logs| logs["logDriver"] == "awslogs")?;
        let option = |name: &str| logs["options"][name].as_str().unwrap_or_default().to_owned();
        Some(AwsLogs {
            group: option("awslogs-group"),
            region: option("awslogs-region"),
            stream_prefix: option("awslogs-stream-prefix"),
            creates_group: option("awslogs-create-group") == "true",
        })
    }
}

/// The checks that need no AWS.
pub(super) fn configuration(patient: &Patient) -> Vec<Check> {
    patient.sidecars().iter().map(|sidecar| of_container(sidecar, patient)).collect()
}

fn of_container(sidecar: &Sidecar<'_>, patient: &Patient) -> Check {
    let name = sidecar.name();
    let Some(logs) = present(sidecar.container, "logConfiguration") else {
        return match writes_records(sidecar.preset, sidecar.container) {
            true => Check::problem(CONFIGURATION, name, "the sensor writes its records to its log, and has none")
                .fix("inject it again with `--log-group NAME`, or with `--export otlp:URL`"),
            false => Check::ok(CONFIGURATION, name, "it has no log: what it says about itself is lost"),
        };
    };
    let driver = logs["logDriver"].as_str().unwrap_or_default();
    let router = |container: &Value| present(container, "firelensConfiguration").is_some();
    match driver {
        _ if patient.launch() == Launch::Fargate && !OF_FARGATE.contains(&driver) => {
            Check::problem(CONFIGURATION, name, format!("Fargate has no log driver `{driver}`"))
                .fix("use `awslogs`: inject it again with `--log-group NAME`")
        }
        "awsfirelens" if !patient.definition.containers().iter().any(router) => {
            Check::problem(CONFIGURATION, name, "the log driver `awsfirelens` needs a container that routes logs")
                .fix("add a container with a `firelensConfiguration`, or inject it again with `--log-group NAME`")
        }
        _ => Check::ok(CONFIGURATION, name, format!("its log goes to `{driver}`")),
    }
}

/// Asks whether the log groups are there, and judges it.
pub(super) async fn examine(reader: &Reader, patient: &Patient) -> Vec<Check> {
    let mut checks: Vec<Check> = Vec::new();
    for mut logs in patient.sidecars().iter().filter_map(|sidecar| AwsLogs::of(sidecar.container)) {
        if logs.region.is_empty() {
            logs.region.clone_from(&reader.session.region);
        }
        let check = judge(&logs, exists(reader, &logs).await);
        if !checks.contains(&check) {
            checks.push(check);
        }
    }
    checks
}

/// Whether the log group is there. Of names with a common beginning, the shortest comes first.
async fn exists(reader: &Reader, logs: &AwsLogs) -> Fact<bool> {
    let body = json!({ "logGroupNamePrefix": logs.group, "limit": 50 });
    let answer = reader.json(&logs.region, Service::Logs, "DescribeLogGroups", &body).await;
    let answer = answer.map_err(|error| why(&error))?;
    let groups = answer["logGroups"].as_array().into_iter().flatten();
    Ok(groups.clone().any(|group| group["logGroupName"] == logs.group.as_str()))
}

fn judge(logs: &AwsLogs, exists: Fact<bool>) -> Check {
    let AwsLogs { group, region, .. } = logs;
    match exists {
        Ok(true) => Check::ok(GROUP, group, format!("it is there, in {region}")),
        Ok(false) if logs.creates_group => {
            Check::ok(GROUP, group, format!("it is not there yet: ECS creates it in {region} (`awslogs-create-group`)"))
        }
        Ok(false) => {
            let message = format!("there is no such log group in {region}: the tasks do not start");
            Check::problem(GROUP, group, message)
                .fix(format!("aws logs create-log-group --log-group-name {} --region {region}", quoted(group)))
                .fix("or set `awslogs-create-group` to `true`, and allow the execution role logs:CreateLogGroup")
        }
        Err(reason) => Check::not_checked(GROUP, group, reason),
    }
}
