//! The services around ECS: each has its state, and answers the operations that sidetap calls.
//!
//! `server` knows a call's service from the scope of its signature, and hands it to [`dispatch`].

mod code_deploy;
mod ec2;
mod ecr;
mod elb;
mod events;
mod iam;
mod input;
mod logs;
mod protocol;
mod scheduler;
mod tree;
mod wildcard;
mod xml;

pub use ecr::{Image, Repository};
pub use events::Rule;
pub use iam::Effect;
pub(crate) use input::Input;
pub(crate) use protocol::{Protocol, respond};

use serde_json::Value;

use crate::operations::Refusal;

/// What the services know. Tests fill it through `Standin::around`.
#[derive(Debug, Default)]
pub struct Around {
    pub code_deploy: code_deploy::CodeDeploy,
    pub ec2: ec2::Ec2,
    pub elb: elb::Elb,
    pub iam: iam::Iam,
    pub logs: logs::Logs,
    pub ecr: ecr::Ecr,
    pub events: events::Events,
    pub scheduler: scheduler::Scheduler,
}

/// An answer without an error.
#[derive(Debug)]
pub(crate) enum Reply {
    #[allow(dead_code, reason = "no service of the Query protocol has an operation yet")]
    /// What is inside `OPERATIONResponse` (EC2) or `OPERATIONResult` (IAM, load balancing); made with `xml`.
    Xml(String),
    Json(Value),
}

/// Whether this is one of the services here, by its name in signatures.
pub(crate) fn is_around(service: &str) -> bool {
    Protocol::of(service).is_some()
}

/// Carries out one call.
pub(crate) fn dispatch(state: &mut Around, service: &str, operation: &str, input: &Input) -> Result<Reply, Refusal> {
    match service {
        "codedeploy" => code_deploy::dispatch(state, operation, input),
        "ec2" => ec2::dispatch(state, operation, input),
        "elasticloadbalancing" => elb::dispatch(state, operation, input),
        "iam" => iam::dispatch(state, operation, input),
        "logs" => logs::dispatch(state, operation, input),
        "ecr" => ecr::dispatch(state, operation, input),
        "events" => events::dispatch(state, operation, input),
        _ => scheduler::dispatch(state, operation, input),
    }
}

/// The refusal of an operation that nobody has needed yet.
fn unsupported(operation: &str) -> Refusal {
    Refusal::new("UnsupportedOperation", &format!("the stand-in has no {operation}"))
}

/// A page of a list: which items, and the token of the next page, which is the index of its first item.
fn page<T: Clone>(items: &[T], size: usize, token: &str) -> Result<(Vec<T>, Option<String>), Refusal> {
    if !(1..=100).contains(&size) {
        return Err(Refusal::new("ValidationException", "a page has 1 to 100 items"));
    }
    let from = token.strip_prefix("token-").map_or(Ok(0), str::parse::<usize>);
    let from = from.map_err(|_| Refusal::new("ValidationException", "the token is invalid"))?;
    let next = from + size;
    let page = items.iter().skip(from).take(size).cloned().collect();
    Ok((page, (next < items.len()).then(|| format!("token-{next}"))))
}
