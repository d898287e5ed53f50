//! What a user or role may do, by the simulation of its policies.

use super::reader::{Fact, Reader, why};
use crate::aws::{Service, Xml};

/// Actions on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub actions: Vec<&'static str>,
    /// An ARN, or `*` for actions that know no resources.
    pub resource: String,
    /// Condition keys that the call would come with.
    pub context: Vec<(&'static str, String)>,
}

/// What the simulation says of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    pub action: String,
    pub resource: String,
    pub verdict: Verdict,
}

/// Whether it is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Allowed,
    /// Why not.
    Denied(&'static str),
    /// It depends on these condition keys, which a simulation is not told.
    Depends(Vec<String>),
}

/// Asks IAM whether `principal` may do what is wished.
pub(super) async fn simulate(reader: &Reader, principal: &str, wish: &Wish) -> Fact<Vec<Decision>> {
    let mut params = vec![
        ("PolicySourceArn".to_owned(), principal.to_owned()),
        ("ResourceArns.member.1".to_owned(), wish.resource.clone()),
    ];
    for (number, action) in (1..).zip(&wish.actions) {
        params.push((format!("ActionNames.member.{number}"), (*action).to_owned()));
    }
    for (number, (key, value)) in (1..).zip(&wish.context) {
        let entry = format!("ContextEntries.member.{number}");
        params.push((format!("{entry}.ContextKeyName"), (*key).to_owned()));
        params.push((format!("{entry}.ContextKeyType"), "string".to_owned()));
        params.push((format!("{entry}.ContextKeyValues.member.1"), value.clone()));
    }
    let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    match reader.query(Service::Iam, "SimulatePrincipalPolicy", &params).await {
        Ok(answer) => {
            let results = answer.at(&["SimulatePrincipalPolicyResult", "EvaluationResults"]);
            Ok(results
                .into_iter()
                .flat_map(|results| results.children("member"))
                .map(|one| decision(one, wish))
                .collect())
        }
        Err(error) => Err(why(&error)),
    }
}

fn decision(result: &Xml, wish: &Wish) -> Decision {
    let keys = result.child("MissingContextValues").into_iter().flat_map(|keys| keys.children("member"));
    let keys: Vec<String> = keys.map(|key| key.text().to_owned()).collect();
    let no = |path: &[&str]| result.at(path).is_some_and(|allowed| allowed.text() == "false");
    let verdict = match result.text_of("EvalDecision").unwrap_or_default() {
        "allowed" => Verdict::Allowed,
        _ if no(&["OrganizationsDecisionDetail", "AllowedByOrganizations"]) => {
            Verdict::Denied("a policy of the organisation does not allow it")
        }
        _ if no(&["PermissionsBoundaryDecisionDetail", "AllowedByPermissionsBoundary"]) => {
            Verdict::Denied("the permissions boundary does not allow it")
        }
        "explicitDeny" => Verdict::Denied("a policy denies it"),
        _ if !keys.is_empty() => Verdict::Depends(keys),
        _ => Verdict::Denied("no policy allows it"),
    };
    Decision {
        action: result.text_of("EvalActionName").unwrap_or_default().to_owned(),
        resource: wish.resource.clone(),
        verdict,
    }
}

/// A policy statement that allows actions on a resource.
pub(super) fn statement(actions: &[&str], resource: &str) -> String {
    let actions: Vec<String> = actions.iter().map(|action| format!("\"{action}\"")).collect();
    format!("{{\"Effect\": \"Allow\", \"Action\": [{}], \"Resource\": \"{resource}\"}}", actions.join(", "))
}
