//! EventBridge: buses, rules and their targets.
//!
//! Source: the EventBridge API reference (2015-10-07). A target is kept as it was put, so that fields which a client
//! does not know and does not send back are seen to be lost.

use serde_json::{Value, json};

use super::{Around, Input, Reply, page, unsupported};
use crate::operations::Refusal;
use crate::{ACCOUNT, REGION};

/// What EventBridge knows.
#[derive(Debug, Default)]
pub struct Events {
    /// Buses beside `default`.
    pub buses: Vec<String>,
    pub rules: Vec<Rule>,
    /// Targets that `PutTargets` answers with a failed entry for, by id.
    pub failing_targets: Vec<String>,
}

/// A rule.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    /// Its bus; empty means `default`.
    pub bus: String,
    pub name: String,
    /// Whether an AWS service made it, so that nobody else may change it.
    pub managed: bool,
    pub targets: Vec<Value>,
}

impl Events {
    /// Adds a rule on the default bus.
    pub fn rule(&mut self, name: &str, targets: impl IntoIterator<Item = Value>) -> &mut Rule {
        let targets = targets.into_iter().collect();
        self.rules.push(Rule { name: name.to_owned(), targets, ..Rule::default() });
        self.rules.last_mut().expect("just pushed")
    }

    fn find(&mut self, bus: &str, name: &str) -> Result<&mut Rule, Refusal> {
        let known = bus == "default" || self.buses.iter().any(|other| other == bus);
        let rule = self.rules.iter_mut().find(|rule| rule.on(bus) && rule.name == name && known);
        rule.ok_or_else(|| not_found(&format!("Rule {name} does not exist on EventBus {bus}.")))
    }
}

impl Rule {
    fn on(&self, bus: &str) -> bool {
        let own = if self.bus.is_empty() { "default" } else { &self.bus };
        own == bus
    }
}

pub(crate) fn dispatch(state: &mut Around, operation: &str, input: &Input) -> Result<Reply, Refusal> {
    let events = &mut state.events;
    let bus = input.json["EventBusName"].as_str().unwrap_or("default").to_owned();
    match operation {
        "ListEventBuses" => {
            let names = ["default".to_owned()].into_iter().chain(events.buses.iter().cloned());
            let arn = |name: &str| format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}");
            list(input, "EventBuses", names.map(|name| json!({ "Arn": arn(&name), "Name": name })).collect())
        }
        "ListRuleNamesByTarget" => {
            if bus != "default" && !events.buses.contains(&bus) {
                return Err(not_found(&format!("Event bus {bus} does not exist.")));
            }
            let names = events.rules.iter().filter(|rule| {
                rule.on(&bus) && rule.targets.iter().any(|target| target["Arn"] == input.json["TargetArn"])
            });
            list(input, "RuleNames", names.map(|rule| rule.name.clone().into()).collect())
        }
        "ListTargetsByRule" => {
            let rule = events.find(&bus, input.json["Rule"].as_str().unwrap_or_default())?;
            list(input, "Targets", rule.targets.clone())
        }
        "PutTargets" => put_targets(events, &bus, input),
        other => Err(unsupported(other)),
    }
}

fn put_targets(events: &mut Events, bus: &str, input: &Input) -> Result<Reply, Refusal> {
    let failing = events.failing_targets.clone();
    let rule = events.find(bus, input.json["Rule"].as_str().unwrap_or_default())?;
    if rule.managed {
        return Err(Refusal::new("ManagedRuleException", &format!("Rule {} is managed by an AWS service.", rule.name)));
    }
    let targets = input.json["Targets"].as_array().cloned().unwrap_or_default();
    if !(1..=10).contains(&targets.len()) {
        return Err(Refusal::new("ValidationException", "a call has 1 to 10 targets"));
    }
    let mut failed = Vec::new();
    for target in targets {
        if target["Arn"].as_str().is_none() || target["Id"].as_str().is_none() {
            return Err(Refusal::new("ValidationException", "a target has an Id and an Arn"));
        }
        if failing.iter().any(|id| target["Id"] == id.as_str()) {
            let message = "Internal failure, try again.";
            failed.push(json!({ "TargetId": target["Id"], "ErrorCode": "InternalFailure", "ErrorMessage": message }));
            continue;
        }
        rule.targets.retain(|other| other["Id"] != target["Id"]);
        rule.targets.push(target);
    }
    if rule.targets.len() > 5 {
        return Err(Refusal::new("LimitExceededException", "a rule has at most 5 targets"));
    }
    Ok(Reply::Json(json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed })))
}

fn list(input: &Input, key: &str, items: Vec<Value>) -> Result<Reply, Refusal> {
    let size = input.json["Limit"].as_u64().unwrap_or(100) as usize;
    let (items, next) = page(&items, size, input.json["NextToken"].as_str().unwrap_or_default())?;
    let mut answer = json!({ key: items });
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    Ok(Reply::Json(answer))
}

fn not_found(message: &str) -> Refusal {
    Refusal::new("ResourceNotFoundException", message)
}
