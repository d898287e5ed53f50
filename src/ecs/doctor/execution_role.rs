//! Whether the task has the execution role that its sidecars need, and whether it may do what ECS does in its name.
//!
//! On Fargate, ECS pulls images from ECR and writes logs as this role; on instances it does so as the instance. Secrets
//! are read as this role everywhere. Source: "Amazon ECS task execution IAM role" in the developer guide.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::check::Check;
use super::image_name::ImageName;
use super::logs::AwsLogs;
use super::patient::{Launch, Patient, Sidecar, quoted};
use super::principal::{Decision, Verdict, Wish, simulate, statement};
use super::reader::{Fact, Reader, why};
use crate::aws::Service;

const PRESENT: &str = "execution-role";
const TRUST: &str = "execution-role-trust";
const PERMISSIONS: &str = "execution-role-permissions";
/// Who has to be trusted by the role.
const ECS_TASKS: &str = "ecs-tasks.amazonaws.com";

/// What a sidecar needs the role for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Need {
    /// Such as `its log`.
    what: &'static str,
    /// A name for a policy.
    policy: &'static str,
    wishes: Vec<Wish>,
}

/// What is known of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Role {
    trust: Value,
}

/// The check that needs no AWS: whether there is a role where one is needed.
pub(super) fn presence(patient: &Patient) -> Vec<Check> {
    let place = Place::of(patient);
    let of = |sidecar: &Sidecar<'_>| {
        let needs = needs(sidecar, patient.launch(), &place);
        let whats: Vec<&str> = needs.iter().map(|need| need.what).collect();
        match (patient.definition.text("executionRoleArn"), whats.is_empty()) {
            (_, true) => Check::ok(PRESENT, sidecar.name(), "the sidecar needs no execution role"),
            (Some(role), false) => Check::ok(PRESENT, role, format!("there is one for {}", whats.join(", "))),
            (None, false) => {
                let message =
                    format!("the task has no execution role, and the sidecar needs one for {}", whats.join(", "));
                Check::problem(PRESENT, sidecar.name(), message)
                    .fix("set `executionRoleArn` to a role with the managed policy AmazonECSTaskExecutionRolePolicy")
            }
        }
    };
    patient.sidecars().iter().map(of).collect()
}

/// Asks IAM about the role, and judges it.
pub(super) async fn examine(reader: &Reader, patient: &Patient) -> Vec<Check> {
    let place = Place::of(patient);
    let sidecars = patient.sidecars();
    let mut needs: Vec<Need> = sidecars.iter().flat_map(|sidecar| needs(sidecar, patient.launch(), &place)).collect();
    needs.dedup();
    let Some(arn) = patient.definition.text("executionRoleArn").filter(|_| !needs.is_empty()) else {
        return Vec::new();
    };
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let mut checks = vec![judge_role(arn, name, role(reader, name).await)];
    if checks[0].is_problem() && checks[0].code == PRESENT {
        return checks;
    }
    let principal = place.role_arn(arn);
    for need in needs {
        let asked = need.wishes.iter().map(|wish| simulate(reader, &principal, wish));
        let answers = futures_util::future::join_all(asked).await;
        checks.push(judge_need(arn, name, &need, answers));
    }
    checks
}

/// The role; `None` if there is none of that name.
async fn role(reader: &Reader, name: &str) -> Fact<Option<Role>> {
    let answer = match reader.query(Service::Iam, "GetRole", &[("RoleName", name)]).await {
        Err(error) if error.is("NoSuchEntity") || error.is("NoSuchEntityException") => return Ok(None),
        answer => answer.map_err(|error| why(&error))?,
    };
    let document = answer.at(&["GetRoleResult", "Role", "AssumeRolePolicyDocument"]);
    let document = percent_decode_str(document.map_or("", |document| document.text())).decode_utf8_lossy();
    let trust = serde_json::from_str(&document).map_err(|_| "its trust policy cannot be read".to_owned())?;
    Ok(Some(Role { trust }))
}

fn judge_role(arn: &str, name: &str, role: Fact<Option<Role>>) -> Check {
    match role {
        Err(reason) => Check::not_checked(TRUST, arn, reason),
        Ok(None) => Check::problem(PRESENT, arn, "there is no such role: the tasks do not start")
            .fix("set `executionRoleArn` to a role that is there")
            .fix(format!(
                "aws iam create-role --role-name {} --assume-role-policy-document '{}'",
                quoted(name),
                trust()
            )),
        Ok(Some(role)) if trusts(&role.trust) => Check::ok(TRUST, arn, format!("lets {ECS_TASKS} assume it")),
        Ok(Some(_)) => {
            let name = quoted(name);
            let message = format!("its trust policy does not let {ECS_TASKS} assume it: the tasks do not start");
            let command =
                format!("aws iam update-assume-role-policy --role-name {name} --policy-document '{}'", trust());
            Check::problem(TRUST, arn, message).fix(command)
        }
    }
}

fn judge_need(arn: &str, name: &str, need: &Need, answers: Vec<Fact<Vec<Decision>>>) -> Check {
    let mut denied: Vec<Decision> = Vec::new();
    let mut allowed: Vec<String> = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    for answer in answers {
        for decision in answer.unwrap_or_else(|reason| {
            unknown.push(reason);
            Vec::new()
        }) {
            match &decision.verdict {
                Verdict::Allowed => allowed.push(decision.action),
                Verdict::Depends(keys) => unknown.push(format!("{} depends on {}", decision.action, keys.join(", "))),
                Verdict::Denied(_) => denied.push(decision),
            }
        }
    }
    if denied.is_empty() {
        unknown.dedup();
        return match unknown.is_empty() {
            true => Check::ok(PERMISSIONS, arn, format!("for {}: may {}", need.what, allowed.join(", "))),
            false => Check::not_checked(PERMISSIONS, arn, format!("for {}: {}", need.what, unknown.join("; "))),
        };
    }
    let lines: Vec<String> = denied
        .iter()
        .map(|decision| {
            let reason = if let Verdict::Denied(reason) = decision.verdict { reason } else { "" };
            format!("{} on {} ({reason})", decision.action, decision.resource)
        })
        .collect();
    let message = format!("for {} the role lacks {}", need.what, lines.join(", "));
    let statements: Vec<String> =
        denied.iter().map(|decision| statement(&[&decision.action], &decision.resource)).collect();
    let policy = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{}]}}", statements.join(", "));
    let command = format!(
        "aws iam put-role-policy --role-name {} --policy-name {} --policy-document {}",
        quoted(name),
        need.policy,
        quoted(&policy)
    );
    Check::problem(PERMISSIONS, arn, message).fix(command)
}

/// A trust policy that lets ECS tasks have the role.
fn trust() -> String {
    format!(
        "{{\"Version\": \"2012-10-17\", \"Statement\": [{{\"Effect\": \"Allow\", \"Principal\": {{\"Service\": \
         \"{ECS_TASKS}\"}}, \"Action\": \"sts:AssumeRole\"}}]}}"
    )
}

fn trusts(policy: &Value) -> bool {
    let one_or_many = |value: &'_ Value, wanted: &[&str]| match value {
        Value::String(text) => wanted.contains(&text.as_str()),
        Value::Array(texts) => texts.iter().any(|text| wanted.iter().any(|wanted| text == wanted)),
        _ => false,
    };
    let lets = |statement: &Value| {
        statement["Effect"] == "Allow"
            && one_or_many(&statement["Principal"]["Service"], &[ECS_TASKS])
            && one_or_many(&statement["Action"], &["sts:AssumeRole", "sts:*", "*"])
    };
    match &policy["Statement"] {
        Value::Array(statements) => statements.iter().any(lets),
        statement => lets(statement),
    }
}

/// The partition, account and region that ARNs are made with.
struct Place {
    partition: String,
    account: String,
    region: String,
}

impl Place {
    /// Read from an ARN of the service or the role; empty where there is none.
    fn of(patient: &Patient) -> Self {
        let service = patient.service.as_ref().map(|running| running.service.arn.as_str());
        let arn = service.or_else(|| patient.definition.text("executionRoleArn")).unwrap_or_default();
        let part = |number| arn.split(':').nth(number).unwrap_or_default().to_owned();
        Place { partition: part(1), account: part(4), region: part(3) }
    }

    /// The role's ARN where only its name was given.
    fn role_arn(&self, role: &str) -> String {
        match role.starts_with("arn:") {
            true => role.to_owned(),
            false => format!("arn:{}:iam::{}:role/{role}", self.partition, self.account),
        }
    }
}

fn needs(sidecar: &Sidecar<'_>, launch: Launch, place: &Place) -> Vec<Need> {
    let Place { partition, account, region } = place;
    let wish =
        |actions: &[&'static str], resource: String| Wish { actions: actions.to_vec(), resource, context: Vec::new() };
    let mut needs = Vec::new();
    if let Some(logs) = AwsLogs::of(sidecar.container).filter(|_| launch == Launch::Fargate) {
        let group = format!("arn:{partition}:logs:{}:{account}:log-group:{}", logs.region, logs.group);
        let stream = format!("{group}:log-stream:{}/{}/*", logs.stream_prefix, sidecar.name());
        let mut wishes = vec![wish(&["logs:CreateLogStream", "logs:PutLogEvents"], stream)];
        if logs.creates_group {
            wishes.push(wish(&["logs:CreateLogGroup"], format!("{group}:log-stream:")));
        }
        needs.push(Need { what: "its log", policy: "sidetap-logs", wishes });
    }
    let mut secrets: Vec<&str> = list(sidecar.container, "secrets", "valueFrom");
    secrets.extend(sidecar.container["repositoryCredentials"]["credentialsParameter"].as_str());
    secrets.extend(list(&sidecar.container["logConfiguration"], "secretOptions", "valueFrom"));
    if !secrets.is_empty() {
        let wishes = secrets.into_iter().map(|secret| secret_wish(secret, partition, region, account)).collect();
        needs.push(Need { what: "its secrets", policy: "sidetap-secrets", wishes });
    }
    if let Some(ecr) =
        ImageName::parse(sidecar.image()).and_then(|name| name.ecr()).filter(|_| launch == Launch::Fargate)
    {
        let repository = format!("arn:{partition}:ecr:{}:{}:repository/{}", ecr.region, ecr.account, ecr.repository);
        let wishes = vec![
            wish(&["ecr:GetAuthorizationToken"], "*".to_owned()),
            wish(&["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"], repository),
        ];
        needs.push(Need { what: "its image", policy: "sidetap-image", wishes });
    }
    needs
}

/// A member of each object in a list.
fn list<'a>(value: &'a Value, key: &str, member: &str) -> Vec<&'a str> {
    value[key].as_array().into_iter().flatten().filter_map(|item| item[member].as_str()).collect()
}

/// Reading a secret of Secrets Manager, or a parameter of Systems Manager, which may be given by its name alone.
fn secret_wish(from: &str, partition: &str, region: &str, account: &str) -> Wish {
    let (action, resource) = match from.split(':').nth(2) {
        // What follows the seventh part is a key in the secret, a stage and a version.
        Some("secretsmanager") => {
            ("secretsmanager:GetSecretValue", from.split(':').take(7).collect::<Vec<_>>().join(":"))
        }
        Some(_) => ("ssm:GetParameters", from.to_owned()),
        None => {
            let name = from.trim_start_matches('/');
            ("ssm:GetParameters", format!("arn:{partition}:ssm:{region}:{account}:parameter/{name}"))
        }
    };
    Wish { actions: vec![action], resource, context: Vec::new() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn trust_policies_of_every_shape_are_understood() {
        let one = json!({ "Statement": { "Effect": "Allow", "Principal": { "Service": ECS_TASKS }, "Action": "sts:AssumeRole" } });
        assert!(trusts(&one));
        let many = json!({ "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "sts:AssumeRole" },
            { "Effect": "Allow", "Principal": { "Service": ["ec2.amazonaws.com", ECS_TASKS] }, "Action": ["sts:AssumeRole"] }
        ] });
        assert!(trusts(&many));
        let other = json!({ "Statement": [
            { "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" },
            { "Effect": "Deny", "Principal": { "Service": ECS_TASKS }, "Action": "sts:AssumeRole" }
        ] });
        assert!(!trusts(&other));
    }

    #[test]
    fn secrets_are_wished_by_what_a_policy_names() {
        let of = |from: &str| {
            let wish = secret_wish(from, "aws", "eu-west-1", "1");
            (wish.actions[0], wish.resource)
        };
        let secret = "arn:aws:secretsmanager:eu-west-1:1:secret:key-AbCdEf";
        assert_eq!(of(&format!("{secret}:password::")), ("secretsmanager:GetSecretValue", secret.to_owned()));
        assert_eq!(of("/app/key"), ("ssm:GetParameters", "arn:aws:ssm:eu-west-1:1:parameter/app/key".to_owned()));
    }
}
