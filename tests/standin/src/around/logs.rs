//! CloudWatch Logs: which log groups there are.

use serde_json::{Value, json};

use super::{Around, Input, Reply, unsupported};
use crate::operations::Refusal;

/// The log groups of the region.
#[derive(Debug, Default)]
pub struct Logs {
    pub groups: Vec<Value>,
}

impl Logs {
    /// Adds a log group.
    pub fn group(&mut self, name: &str) {
        let arn = format!("arn:aws:logs:{}:{}:log-group:{name}", crate::REGION, crate::ACCOUNT);
        self.groups.push(json!({
            "logGroupName": name, "logGroupArn": arn, "arn": format!("{arn}:*"), "creationTime": 1_762_000_000_000_u64,
            "metricFilterCount": 0, "storedBytes": 0, "logGroupClass": "STANDARD"
        }));
    }
}

pub(crate) fn dispatch(state: &mut Around, operation: &str, input: &Input) -> Result<Reply, Refusal> {
    answer(&state.logs, operation, &input.json).map(Reply::Json)
}

fn answer(state: &Logs, operation: &str, body: &Value) -> Result<Value, Refusal> {
    if operation != "DescribeLogGroups" {
        return Err(unsupported(operation));
    }
    let limit = body["limit"].as_u64().unwrap_or(50);
    if !(1..=50).contains(&limit) {
        return Err(Refusal::new("InvalidParameterException", "limit must be between 1 and 50"));
    }
    let prefix = body["logGroupNamePrefix"].as_str().unwrap_or_default();
    let mut groups: Vec<&Value> = state
        .groups
        .iter()
        .filter(|group| group["logGroupName"].as_str().is_some_and(|name| name.starts_with(prefix)))
        .collect();
    groups.sort_by_key(|group| group["logGroupName"].as_str());
    let from: usize = body["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
    let next = from + limit as usize;
    let mut answer = json!({ "logGroups": groups.iter().skip(from).take(limit as usize).collect::<Vec<_>>() });
    if next < groups.len() {
        answer["nextToken"] = next.to_string().into();
    }
    Ok(answer)
}
