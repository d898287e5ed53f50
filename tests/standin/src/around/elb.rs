//! Elastic Load Balancing v2: load balancers, their listeners, and the health of what is behind them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::tree::elements;
use super::{Around, Input, Reply, unsupported};
use crate::operations::Refusal;

/// The load balancers of the region, as their API names things.
#[derive(Debug, Default)]
pub struct Elb {
    pub load_balancers: Vec<Value>,
    pub listeners: Vec<Value>,
    pub target_groups: Vec<Value>,
    /// Descriptions of the targets' health, by the target group's ARN.
    pub target_health: BTreeMap<String, Vec<Value>>,
}

pub(crate) fn dispatch(state: &mut Around, operation: &str, input: &Input) -> Result<Reply, Refusal> {
    answer(&state.elb, operation, input).map(|members| Reply::Xml(elements(&members, "member")))
}

/// The members of the answer's result.
fn answer(state: &Elb, operation: &str, input: &Input) -> Result<Value, Refusal> {
    match operation {
        "DescribeLoadBalancers" => {
            let found = named(
                &state.load_balancers,
                &[("Names", "LoadBalancerName"), ("LoadBalancerArns", "LoadBalancerArn")],
                input,
            )
            .map_err(|missing| not_found("LoadBalancerNotFound", "Load balancers", &missing))?;
            Ok(json!({ "LoadBalancers": found }))
        }
        "DescribeListeners" => {
            let balancer = input.text("LoadBalancerArn");
            if !state.load_balancers.iter().any(|known| known["LoadBalancerArn"] == balancer) {
                return Err(not_found("LoadBalancerNotFound", "Load balancers", balancer));
            }
            let listeners = state.listeners.iter().filter(|listener| listener["LoadBalancerArn"] == balancer);
            Ok(json!({ "Listeners": listeners.collect::<Vec<_>>() }))
        }
        "DescribeTargetGroups" => {
            let found = named(&state.target_groups, &[("TargetGroupArns", "TargetGroupArn")], input)
                .map_err(|missing| not_found("TargetGroupNotFound", "Target groups", &missing))?;
            Ok(json!({ "TargetGroups": found }))
        }
        "DescribeTargetHealth" => {
            let group = input.text("TargetGroupArn");
            if !state.target_groups.iter().any(|known| known["TargetGroupArn"] == group) {
                return Err(not_found("TargetGroupNotFound", "Target groups", group));
            }
            Ok(json!({ "TargetHealthDescriptions": state.target_health.get(group).cloned().unwrap_or_default() }))
        }
        other => Err(unsupported(other)),
    }
}

/// Those that are named, or all; the first that is not there.
fn named(things: &[Value], parameters: &[(&str, &str)], input: &Input) -> Result<Vec<Value>, String> {
    let mut found = Vec::new();
    for (parameter, member) in parameters {
        for name in input.members(parameter) {
            let thing = things.iter().find(|thing| thing[*member] == name);
            found.push(thing.cloned().ok_or_else(|| name.to_owned())?);
        }
    }
    Ok(if found.is_empty() { things.to_vec() } else { found })
}

fn not_found(code: &'static str, what: &str, name: &str) -> Refusal {
    Refusal::new(code, &format!("{what} '[{name}]' not found"))
}
