//! EventBridge Scheduler: groups and schedules.
//!
//! Source: the EventBridge Scheduler API reference (2021-06-30). An update replaces a schedule whole: what it does not
//! send is gone.

use serde_json::{Value, json};

use super::{Around, Input, Reply, page, unsupported};
use crate::operations::Refusal;
use crate::{ACCOUNT, REGION};

/// What the scheduler knows.
#[derive(Debug, Default)]
pub struct Scheduler {
    /// Groups beside `default`.
    pub groups: Vec<String>,
    /// Schedules as `GetSchedule` gives them.
    pub schedules: Vec<Value>,
}

/// What only the answer has.
const READ_ONLY: [&str; 3] = ["Arn", "CreationDate", "LastModificationDate"];

impl Scheduler {
    /// Adds an enabled daily schedule; a group that is not there comes with it.
    pub fn schedule(&mut self, group: &str, name: &str, target: Value) -> &mut Value {
        if group != "default" && !self.groups.iter().any(|other| other == group) {
            self.groups.push(group.to_owned());
        }
        self.schedules.push(json!({
            "Arn": format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{group}/{name}"),
            "GroupName": group,
            "Name": name,
            "ScheduleExpression": "rate(1 day)",
            "ScheduleExpressionTimezone": "UTC",
            "State": "ENABLED",
            "Target": target,
            "FlexibleTimeWindow": { "Mode": "OFF" },
            "CreationDate": 1_762_000_000.123,
            "LastModificationDate": 1_762_000_000.123
        }));
        self.schedules.last_mut().expect("just pushed")
    }

    /// The schedule of that group and name.
    pub fn find(&mut self, group: &str, name: &str) -> Option<&mut Value> {
        self.schedules.iter_mut().find(|schedule| schedule["GroupName"] == group && schedule["Name"] == name)
    }
}

/// The operation that a method and path mean.
pub(crate) fn operation(method: &str, path: &str) -> String {
    let operation = match (method, path, path.strip_prefix("/schedules/")) {
        ("GET", "/schedules", _) => "ListSchedules",
        ("GET", "/schedule-groups", _) => "ListScheduleGroups",
        ("GET", _, Some(_)) => "GetSchedule",
        ("PUT", _, Some(_)) => "UpdateSchedule",
        _ => return format!("{method} {path}"),
    };
    operation.to_owned()
}

pub(crate) fn dispatch(state: &mut Around, operation: &str, input: &Input) -> Result<Reply, Refusal> {
    let scheduler = &mut state.scheduler;
    let name = input.path.strip_prefix("/schedules/").unwrap_or_default();
    match operation {
        "ListScheduleGroups" => {
            let names = ["default".to_owned()].into_iter().chain(scheduler.groups.iter().cloned());
            list(input, "ScheduleGroups", names.map(|name| json!({ "Name": name, "State": "ACTIVE" })).collect())
        }
        "ListSchedules" => {
            let group = input.query("ScheduleGroup");
            if !["", "default"].contains(&group) && !scheduler.groups.iter().any(|other| other == group) {
                return Err(not_found(&format!("Schedule group {group} does not exist.")));
            }
            let schedules =
                scheduler.schedules.iter().filter(|schedule| group.is_empty() || schedule["GroupName"] == group);
            let summary = |schedule: &Value| {
                json!({
                    "Arn": schedule["Arn"],
                    "GroupName": schedule["GroupName"],
                    "Name": schedule["Name"],
                    "State": schedule["State"],
                    "Target": { "Arn": schedule["Target"]["Arn"] }
                })
            };
            list(input, "Schedules", schedules.map(summary).collect())
        }
        "GetSchedule" => {
            let group = Some(input.query("groupName")).filter(|group| !group.is_empty()).unwrap_or("default");
            let schedule = scheduler.find(group, name);
            schedule.map(|schedule| Reply::Json(schedule.clone())).ok_or_else(|| no_schedule(name))
        }
        "UpdateSchedule" => update(scheduler, name, &input.json),
        other => Err(unsupported(other)),
    }
}

fn update(scheduler: &mut Scheduler, name: &str, body: &Value) -> Result<Reply, Refusal> {
    let invalid = |message: &str| Err(Refusal::new("ValidationException", message));
    if let Some(key) = READ_ONLY.iter().chain(&["Name"]).find(|key| body.get(**key).is_some()) {
        return invalid(&format!("{key} is not a parameter"));
    }
    for key in ["FlexibleTimeWindow", "ScheduleExpression", "Target"] {
        if body.get(key).is_none() {
            return invalid(&format!("{key} must not be null"));
        }
    }
    let token = body["ClientToken"].as_str();
    if token.is_some_and(|token| !(1..=64).contains(&token.len())) {
        return invalid("ClientToken has 1 to 64 characters");
    }
    let group = body["GroupName"].as_str().unwrap_or("default");
    let schedule = scheduler.find(group, name).ok_or_else(|| no_schedule(name))?;
    let mut new = body.clone();
    let members = new.as_object_mut().expect("an object");
    members.shift_remove("ClientToken");
    for key in READ_ONLY.iter().chain(&["Name"]) {
        members.insert((*key).to_owned(), schedule[*key].clone());
    }
    members.insert("GroupName".to_owned(), group.into());
    for (key, default) in [("State", "ENABLED"), ("ScheduleExpressionTimezone", "UTC")] {
        members.entry(key).or_insert(default.into());
    }
    *schedule = new;
    Ok(Reply::Json(json!({ "ScheduleArn": schedule["Arn"] })))
}

fn list(input: &Input, key: &str, items: Vec<Value>) -> Result<Reply, Refusal> {
    let size = input.query("MaxResults").parse().unwrap_or(100);
    let (items, next) = page(&items, size, input.query("NextToken"))?;
    let mut answer = json!({ key: items });
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    Ok(Reply::Json(answer))
}

fn no_schedule(name: &str) -> Refusal {
    not_found(&format!("Schedule {name} does not exist."))
}

fn not_found(message: &str) -> Refusal {
    Refusal::new("ResourceNotFoundException", message)
}
