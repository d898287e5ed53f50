//! Whether the caller may do what `sidetap inject` does.
//!
//! Source: "Actions, resources, and condition keys for Amazon ECS" in the service authorization reference.

use super::super::arn;
use super::super::permissions::{PERMISSIONS, Scope, TASKS_PRINCIPAL};
use super::check::Check;
use super::patient::Patient;
use super::principal::{Decision, Verdict, Wish, simulate, statement};
use super::reader::{Fact, Reader};
use crate::aws::{Identity, Service};

const CODE: &str = "permissions";

/// The principal whose policies count, as IAM can simulate them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    Principal(String),
    /// No principal with policies of its own.
    None(String),
}

/// Asks what the caller may do, and judges it.
pub(super) async fn examine(
    reader: &Reader,
    identity: Option<&Identity>,
    patient: &Patient,
    revision: &str,
) -> Vec<Check> {
    let Some(identity) = identity else {
        return vec![Check::not_checked(CODE, "the caller", "who calls is not known, as STS did not answer")];
    };
    let principal = match caller(reader, &identity.arn).await {
        Caller::Principal(principal) => principal,
        Caller::None(reason) => return vec![Check::not_checked(CODE, &identity.arn, reason)],
    };
    let wishes = wishes(patient, revision);
    let asked = wishes.iter().map(|wish| simulate(reader, &principal, wish));
    let answers = futures_util::future::join_all(asked).await;
    judge(&principal, answers)
}

fn judge(principal: &str, answers: Vec<Fact<Vec<Decision>>>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut allowed: Vec<String> = Vec::new();
    for answer in answers {
        let decisions = match answer {
            Ok(decisions) => decisions,
            Err(reason) => {
                let check = Check::not_checked(CODE, principal, reason);
                if !checks.contains(&check) {
                    checks.push(check);
                }
                continue;
            }
        };
        for Decision { action, resource, verdict } in decisions {
            match verdict {
                Verdict::Allowed if allowed.contains(&action) => {}
                Verdict::Allowed => allowed.push(action),
                Verdict::Denied(reason) => {
                    let message = format!("`{principal}` may not {action} on {resource}: {reason}");
                    let fix = format!("allow it in a policy: {}", statement(&[&action], &resource));
                    checks.push(Check::problem(CODE, action, message).fix(fix));
                }
                Verdict::Depends(keys) => {
                    let reason = format!("whether it is allowed depends on {}", keys.join(", "));
                    checks.push(Check::not_checked(CODE, action, reason));
                }
            }
        }
    }
    if !allowed.is_empty() {
        checks.push(Check::ok(CODE, principal, format!("may {}", allowed.join(", "))));
    }
    checks
}

/// What injecting into this task takes: the same actions that `sidetap policy` allows, on what they would be called on.
fn wishes(patient: &Patient, revision: &str) -> Vec<Wish> {
    let family = revision.rsplit_once(':').map_or(revision, |(family, _)| family);
    let revisions = format!("{family}:*");
    let service = patient.service.as_ref().map(|running| running.service.arn.clone());
    let roles = ["executionRoleArn", "taskRoleArn"].into_iter().filter_map(|key| patient.definition.text(key));
    let roles: Vec<String> = roles.filter(|role| role.starts_with("arn:")).map(str::to_owned).collect();
    let mut wishes: Vec<Wish> = Vec::new();
    for permission in PERMISSIONS.iter().filter(|permission| permission.injects) {
        let resources = match permission.scope {
            Scope::Anything => vec!["*".to_owned()],
            Scope::TaskDefinitions => vec![revisions.clone()],
            Scope::Services => service.iter().cloned().collect(),
            Scope::Tagged => service.iter().chain([&revisions]).cloned().collect(),
            Scope::TaskRoles => roles.clone(),
            _ => Vec::new(),
        };
        for resource in resources {
            match wishes.iter_mut().find(|wish| wish.resource == resource) {
                Some(wish) if wish.actions.contains(&permission.action) => {}
                Some(wish) => wish.actions.push(permission.action),
                None => {
                    wishes.push(Wish { actions: vec![permission.action], context: context(permission.scope), resource })
                }
            }
        }
    }
    wishes
}

/// The condition keys that a call comes with.
fn context(scope: Scope) -> Vec<(&'static str, String)> {
    match scope {
        Scope::TaskRoles => vec![("iam:PassedToService", TASKS_PRINCIPAL.to_owned())],
        _ => Vec::new(),
    }
}

/// The principal of a caller's ARN. The ARN of a session lacks the path of its role, which only IAM knows.
async fn caller(reader: &Reader, caller_arn: &str) -> Caller {
    let Some(role) = role_of_session(caller_arn) else { return principal(caller_arn) };
    let found = reader.query(Service::Iam, "GetRole", &[("RoleName", role)]).await;
    let arn = found.ok().and_then(|answer| Some(answer.at(&["GetRoleResult", "Role", "Arn"])?.text().to_owned()));
    let partition = caller_arn.split(':').nth(1).unwrap_or("aws");
    let account = arn::account(caller_arn).unwrap_or_default();
    Caller::Principal(arn.unwrap_or_else(|| format!("arn:{partition}:iam::{account}:role/{role}")))
}

/// The role in `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
fn role_of_session(arn: &str) -> Option<&str> {
    arn.split_once(":assumed-role/")?.1.split('/').next()
}

fn principal(arn: &str) -> Caller {
    match arn.split(':').nth(5).unwrap_or_default() {
        "root" => Caller::None("the root user has no policies to simulate, and may do everything".to_owned()),
        resource if resource.starts_with("user/") || resource.starts_with("role/") => Caller::Principal(arn.to_owned()),
        _ => Caller::None("IAM simulates the policies of users and roles alone".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_users_and_root_are_told_apart() {
        assert_eq!(role_of_session("arn:aws:sts::1:assumed-role/Admin/me@example.com"), Some("Admin"));
        assert_eq!(role_of_session("arn:aws:iam::1:user/me"), None);
        assert_eq!(principal("arn:aws:iam::1:user/me"), Caller::Principal("arn:aws:iam::1:user/me".into()));
        assert!(matches!(principal("arn:aws:iam::1:root"), Caller::None(_)));
        assert!(matches!(principal("arn:aws:sts::1:federated-user/me"), Caller::None(_)));
    }
}
