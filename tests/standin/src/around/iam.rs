//! IAM: roles, and what a principal's policies would allow.
//!
//! A simulation answers as IAM does where one resource is asked for; what is not allowed is denied implicitly.

use serde_json::{Value, json};

use super::tree::elements;
use super::wildcard::fits;
use super::{Around, Input, Reply, unsupported};
use crate::operations::Refusal;

/// The account's roles and policies.
#[derive(Debug, Default)]
pub struct Iam {
    /// Roles as `GetRole` gives them, but for their trust policy, which is plain JSON here.
    pub roles: Vec<Value>,
    pub statements: Vec<Statement>,
}

/// What a principal may or may not do.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The principal's ARN.
    pub principal: String,
    pub effect: Effect,
    /// Patterns with `*`.
    pub actions: Vec<String>,
    pub resources: Vec<String>,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
    /// It allows, if a condition holds that a simulation is not told of.
    AllowIf(&'static str),
}

impl Iam {
    /// Adds a statement.
    pub fn state(&mut self, principal: &str, effect: Effect, actions: &[&str], resources: &[&str]) {
        let owned = |patterns: &[&str]| patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let (actions, resources) = (owned(actions), owned(resources));
        self.statements.push(Statement { principal: principal.to_owned(), effect, actions, resources });
    }

    fn decide(&self, principal: &str, action: &str, resource: &str) -> (&'static str, Vec<&'static str>) {
        let one = |patterns: &[String], text: &str| patterns.iter().any(|pattern| fits(pattern, text));
        let meant: Vec<&Statement> = self
            .statements
            .iter()
            .filter(|s| s.principal == principal && one(&s.actions, action) && one(&s.resources, resource))
            .collect();
        let missing = meant.iter().filter_map(|s| if let Effect::AllowIf(key) = s.effect { Some(key) } else { None });
        let missing = missing.collect();
        match () {
            () if meant.iter().any(|s| s.effect == Effect::Deny) => ("explicitDeny", missing),
            () if meant.iter().any(|s| s.effect == Effect::Allow) => ("allowed", missing),
            () => ("implicitDeny", missing),
        }
    }
}

pub(crate) fn dispatch(state: &mut Around, operation: &str, input: &Input) -> Result<Reply, Refusal> {
    answer(&state.iam, operation, input).map(|members| Reply::Xml(elements(&members, "member")))
}

/// The members of the answer's result.
fn answer(state: &Iam, operation: &str, input: &Input) -> Result<Value, Refusal> {
    match operation {
        "GetRole" => get_role(state, input.text("RoleName")),
        "SimulatePrincipalPolicy" => simulate(state, input),
        other => Err(unsupported(other)),
    }
}

fn get_role(state: &Iam, name: &str) -> Result<Value, Refusal> {
    let role = state.roles.iter().find(|role| role["RoleName"] == name);
    let mut role = role
        .cloned()
        .ok_or_else(|| Refusal::new("NoSuchEntity", &format!("The role with name {name} cannot be found.")))?;
    role["AssumeRolePolicyDocument"] = percent_encoded(&role["AssumeRolePolicyDocument"].to_string()).into();
    Ok(json!({ "Role": role }))
}

fn simulate(state: &Iam, input: &Input) -> Result<Value, Refusal> {
    let principal = input.text("PolicySourceArn");
    let is_role = state.roles.iter().any(|role| role["Arn"] == principal);
    if !is_role && !principal.contains(":user/") {
        return Err(Refusal::new("NoSuchEntity", &format!("The principal {principal} cannot be found.")));
    }
    let resources = input.members("ResourceArns");
    let resources = if resources.is_empty() { vec!["*"] } else { resources };
    let actions = input.members("ActionNames");
    let pairs = actions.iter().flat_map(|action| resources.iter().map(move |resource| (*action, *resource)));
    let results = pairs.map(|(action, resource)| {
        let (decision, missing) = state.decide(principal, action, resource);
        json!({
            "EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision,
            "MatchedStatements": [], "MissingContextValues": missing
        })
    });
    Ok(json!({ "EvaluationResults": results.collect::<Vec<_>>(), "IsTruncated": false }))
}

/// As IAM encodes policy documents (RFC 3986).
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
