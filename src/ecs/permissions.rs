//! Which IAM actions each command needs, and on what: the least policy that lets it work.
//!
//! Source of what can be narrowed: the service authorization reference. `tests/policy.rs` compares the table with the
//! calls that the commands make.

use serde_json::{Map, Value, json};

use super::arn::cluster_name;
pub use super::narrowing::{BadNarrowing, Narrowing};

/// A command that calls AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    List,
    Inject,
    Apply,
    Remove,
    Status,
    Rollback,
    Doctor,
    /// `sidetap` alone, on a terminal.
    Wizard,
}

impl Command {
    pub const ALL: [Command; 8] = [
        Command::List,
        Command::Inject,
        Command::Apply,
        Command::Remove,
        Command::Status,
        Command::Rollback,
        Command::Doctor,
        Command::Wizard,
    ];

    /// The command's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Command::List => "list",
            Command::Inject => "inject",
            Command::Apply => "apply",
            Command::Remove => "remove",
            Command::Status => "status",
            Command::Rollback => "rollback",
            Command::Doctor => "doctor",
            Command::Wizard => "wizard",
        }
    }
}

/// What an action is allowed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The action knows no resources.
    Anything,
    /// The action knows no resources, and can be held to a cluster.
    InCluster,
    Clusters,
    Services,
    ServiceDeployments,
    ServiceRevisions,
    Tasks,
    /// All revisions of all families: ECS decides which revision is meant before it asks IAM, and the new revision's
    /// number is not known before it is there.
    TaskDefinitions,
    /// What is tagged: services and the revisions that are registered.
    Tagged,
    /// The task's roles, to be passed to tasks.
    TaskRoles,
    /// CodeDeploy's deployment groups, which its deployments belong to.
    DeploymentGroups,
    Rules,
    Schedules,
    /// The roles by which rules and schedules run tasks, to be passed to EventBridge.
    ScheduleRoles,
    /// Users and roles whose policies are simulated.
    Principals,
    Roles,
    Repositories,
    PrefixLists,
}

/// When a permission is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    /// Only with `--include-schedules`.
    IncludeSchedules,
}

/// An action, what for, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    pub action: &'static str,
    pub scope: Scope,
    pub when: When,
    pub commands: &'static [Command],
    /// Why the action is needed although no call of that name is made.
    pub not_called: Option<&'static str>,
    /// Whether a sidecar cannot be injected into a service or a task definition without it. Others are needed to find
    /// these, or to tell more about what comes of it.
    pub injects: bool,
}

impl Permission {
    const fn that_injects(mut self) -> Self {
        self.injects = true;
        self
    }
}

/// The service that the roles of tasks are passed to.
pub(super) const TASKS_PRINCIPAL: &str = "ecs-tasks.amazonaws.com";

const LIST: &[Command] = &[Command::List];
const LIST_CLUSTERS: &[Command] = &[Command::List, Command::Wizard];
const PLANS: &[Command] = &[Command::Inject, Command::Remove, Command::Wizard];
const REGISTERS: &[Command] = &[Command::Inject, Command::Apply, Command::Remove, Command::Wizard];
/// Those that know `--include-schedules`, or a plan that was made with it.
const INCLUDE: &[Command] = &[Command::Inject, Command::Apply, Command::Remove];
const UPDATES: &[Command] = &[Command::Inject, Command::Apply, Command::Remove, Command::Rollback, Command::Wizard];
const FINDS_CLUSTERS: &[Command] = &[Command::List, Command::Inject, Command::Remove, Command::Status, Command::Wizard];
const LISTS_SERVICES: &[Command] = &[
    Command::List,
    Command::Inject,
    Command::Remove,
    Command::Status,
    Command::Rollback,
    Command::Doctor,
    Command::Wizard,
];
/// Those that look at tasks.
const TASKS: &[Command] =
    &[Command::Inject, Command::Apply, Command::Remove, Command::Status, Command::Rollback, Command::Wizard];
const ROLLBACK: &[Command] = &[Command::Rollback];
const DOCTOR: &[Command] = &[Command::Doctor];

const fn needs(action: &'static str, scope: Scope, commands: &'static [Command]) -> Permission {
    Permission { action, scope, when: When::Always, commands, not_called: None, injects: false }
}

const fn for_schedules(action: &'static str, scope: Scope) -> Permission {
    Permission { action, scope, when: When::IncludeSchedules, commands: INCLUDE, not_called: None, injects: false }
}

/// Every permission of every command.
pub const PERMISSIONS: &[Permission] = &[
    // Which clusters there are; a plan of a task definition looks for the rules of all of them.
    needs("ecs:ListClusters", Scope::Anything, FINDS_CLUSTERS),
    needs("ecs:DescribeClusters", Scope::Clusters, LIST_CLUSTERS),
    needs("ecs:ListServices", Scope::InCluster, LISTS_SERVICES),
    needs("ecs:DescribeServices", Scope::Services, &Command::ALL).that_injects(),
    needs("ecs:ListTaskDefinitionFamilies", Scope::Anything, LIST),
    needs("ecs:DescribeTaskDefinition", Scope::Anything, &Command::ALL).that_injects(),
    needs("ecs:RegisterTaskDefinition", Scope::TaskDefinitions, REGISTERS).that_injects(),
    needs("ecs:UpdateService", Scope::Services, UPDATES).that_injects(),
    needs("ecs:TagResource", Scope::Tagged, UPDATES).that_injects(),
    // Which deployments there are, and why one failed.
    needs("ecs:DescribeServiceDeployments", Scope::ServiceDeployments, UPDATES),
    needs("ecs:ListServiceDeployments", Scope::Services, ROLLBACK),
    needs("ecs:DescribeServiceRevisions", Scope::ServiceRevisions, ROLLBACK),
    needs("ecs:StopServiceDeployment", Scope::ServiceDeployments, ROLLBACK),
    needs("ecs:ListTasks", Scope::InCluster, TASKS),
    needs("ecs:DescribeTasks", Scope::Tasks, TASKS),
    Permission {
        action: "iam:PassRole",
        scope: Scope::TaskRoles,
        when: When::Always,
        commands: REGISTERS,
        not_called: Some("ECS asks for it when a task definition with roles is registered"),
        injects: true,
    },
    // Whether a sidecar starts, and whether what it sends arrives.
    needs("iam:SimulatePrincipalPolicy", Scope::Principals, DOCTOR),
    needs("iam:GetRole", Scope::Roles, DOCTOR),
    needs("logs:DescribeLogGroups", Scope::Anything, DOCTOR),
    needs("ecr:BatchGetImage", Scope::Repositories, DOCTOR),
    needs("ecr:GetDownloadUrlForLayer", Scope::Repositories, DOCTOR),
    needs("ec2:DescribeSubnets", Scope::Anything, DOCTOR),
    needs("ec2:DescribeSecurityGroups", Scope::Anything, DOCTOR),
    needs("ec2:DescribeRouteTables", Scope::Anything, DOCTOR),
    needs("ec2:DescribeNetworkAcls", Scope::Anything, DOCTOR),
    needs("ec2:DescribeNetworkInterfaces", Scope::Anything, DOCTOR),
    needs("ec2:DescribeVpcEndpoints", Scope::Anything, DOCTOR),
    needs("ec2:GetManagedPrefixListEntries", Scope::PrefixLists, DOCTOR),
    needs("elasticloadbalancing:DescribeLoadBalancers", Scope::Anything, DOCTOR),
    needs("elasticloadbalancing:DescribeListeners", Scope::Anything, DOCTOR),
    needs("elasticloadbalancing:DescribeTargetHealth", Scope::Anything, DOCTOR),
    // What CodeDeploy deploys a service by.
    needs("codedeploy:GetDeployment", Scope::DeploymentGroups, UPDATES),
    // What else runs a task definition.
    needs("events:ListEventBuses", Scope::Anything, PLANS),
    needs("events:ListRuleNamesByTarget", Scope::Anything, PLANS),
    needs("events:ListTargetsByRule", Scope::Rules, PLANS),
    needs("scheduler:ListSchedules", Scope::Anything, PLANS),
    needs("scheduler:GetSchedule", Scope::Schedules, PLANS),
    for_schedules("events:ListTargetsByRule", Scope::Rules),
    for_schedules("events:PutTargets", Scope::Rules),
    for_schedules("scheduler:GetSchedule", Scope::Schedules),
    for_schedules("scheduler:UpdateSchedule", Scope::Schedules),
    Permission {
        action: "iam:PassRole",
        scope: Scope::ScheduleRoles,
        when: When::IncludeSchedules,
        commands: INCLUDE,
        not_called: Some("EventBridge asks for it when a target with a role is put"),
        injects: false,
    },
];

/// The least policy for `commands`, as an IAM policy document.
pub fn policy(commands: &[Command], narrowing: &Narrowing, include_schedules: bool) -> Value {
    let mut scopes: Vec<(Scope, Vec<&str>)> = Vec::new();
    for permission in PERMISSIONS {
        let wanted = permission.commands.iter().any(|command| commands.contains(command));
        if !wanted || (permission.when == When::IncludeSchedules && !include_schedules) {
            continue;
        }
        match scopes.iter_mut().find(|(scope, _)| *scope == permission.scope) {
            Some((_, actions)) if actions.contains(&permission.action) => {}
            Some((_, actions)) => actions.push(permission.action),
            None => scopes.push((permission.scope, vec![permission.action])),
        }
    }
    let place = Place::of(narrowing);
    let statements: Vec<Value> = scopes.iter().map(|(scope, actions)| statement(*scope, actions, &place)).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The parts of ARNs, `*` where they are open.
struct Place {
    partition: &'static str,
    region: String,
    account: String,
    /// The cluster's name, if there is one.
    cluster: Option<String>,
}

impl Place {
    fn of(narrowing: &Narrowing) -> Self {
        // A cluster's ARN says where it is.
        let arn: Vec<&str> = narrowing.cluster.as_deref().unwrap_or_default().splitn(6, ':').collect();
        let of_arn = |index: usize| arn.get(index).filter(|_| arn.len() == 6).map(|part| (*part).to_owned());
        let region = narrowing.region.clone().or_else(|| of_arn(3)).unwrap_or_else(|| "*".to_owned());
        let partition = match region.as_str() {
            "*" => "*",
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        Place {
            partition,
            region,
            account: narrowing.account.clone().or_else(|| of_arn(4)).unwrap_or_else(|| "*".to_owned()),
            cluster: narrowing.cluster.as_deref().map(|cluster| cluster_name(cluster).to_owned()),
        }
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    fn roles(&self) -> String {
        format!("arn:{}:iam::{}:role/*", self.partition, self.account)
    }

    fn users(&self) -> String {
        format!("arn:{}:iam::{}:user/*", self.partition, self.account)
    }

    fn cluster_arn(&self) -> String {
        self.arn("ecs", &format!("cluster/{}", self.cluster.as_deref().unwrap_or("*")))
    }

    /// Something in the cluster, or in any.
    fn in_cluster(&self, kind: &str) -> String {
        let cluster = self.cluster.as_ref().map_or(String::new(), |cluster| format!("{cluster}/"));
        self.arn("ecs", &format!("{kind}/{cluster}*"))
    }
}

fn statement(scope: Scope, actions: &[&str], place: &Place) -> Value {
    let at_cluster = || place.cluster.as_ref().map(|_| json!({ "ArnLike": { "ecs:cluster": place.cluster_arn() } }));
    let passed_to = |services: &[&str]| Some(json!({ "StringEquals": { "iam:PassedToService": services } }));
    let task_definitions = || place.arn("ecs", "task-definition/*:*");
    let (sid, resources, condition) = match scope {
        Scope::Anything => ("Anything", vec!["*".to_owned()], None),
        Scope::InCluster => ("InCluster", vec!["*".to_owned()], at_cluster()),
        Scope::Clusters => ("Clusters", vec![place.cluster_arn()], None),
        Scope::Services => ("Services", vec![place.in_cluster("service")], None),
        Scope::ServiceDeployments => {
            ("ServiceDeployments", vec![place.in_cluster("service"), place.in_cluster("service-deployment")], None)
        }
        Scope::ServiceRevisions => {
            ("ServiceRevisions", vec![place.in_cluster("service"), place.in_cluster("service-revision")], None)
        }
        Scope::Tasks => ("Tasks", vec![place.in_cluster("task")], None),
        Scope::TaskDefinitions => ("TaskDefinitions", vec![task_definitions()], None),
        Scope::Tagged => ("Tags", vec![place.in_cluster("service"), task_definitions()], None),
        Scope::TaskRoles => ("TaskRoles", vec![place.roles()], passed_to(&[TASKS_PRINCIPAL])),
        Scope::DeploymentGroups => ("DeploymentGroups", vec![place.arn("codedeploy", "deploymentgroup:*")], None),
        Scope::Rules => ("Rules", vec![place.arn("events", "rule/*")], None),
        Scope::Schedules => ("Schedules", vec![place.arn("scheduler", "schedule/*/*")], None),
        Scope::Principals => ("Principals", vec![place.roles(), place.users()], None),
        Scope::Roles => ("Roles", vec![place.roles()], None),
        Scope::Repositories => ("Repositories", vec![place.arn("ecr", "repository/*")], None),
        Scope::PrefixLists => ("PrefixLists", vec![place.arn("ec2", "prefix-list/*")], None),
        Scope::ScheduleRoles => {
            let services = ["events.amazonaws.com", "scheduler.amazonaws.com"];
            ("ScheduleRoles", vec![place.roles()], passed_to(&services))
        }
    };
    let mut statement = Map::new();
    statement.insert("Sid".to_owned(), sid.into());
    statement.insert("Effect".to_owned(), "Allow".into());
    statement.insert("Action".to_owned(), actions.into());
    statement.insert("Resource".to_owned(), resources.into());
    if let Some(condition) = condition {
        statement.insert("Condition".to_owned(), condition);
    }
    statement.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(policy: &Value) -> Vec<&str> {
        let statements = policy["Statement"].as_array().unwrap();
        statements.iter().flat_map(|s| s["Resource"].as_array().unwrap()).filter_map(Value::as_str).collect()
    }

    #[test]
    fn a_clusters_arn_says_where_it_is() {
        let cluster = Some("arn:aws-cn:ecs:cn-north-1:123456789012:cluster/main".to_owned());
        let policy = policy(&[Command::Inject], &Narrowing { cluster, ..Narrowing::default() }, false);
        let resources = resources(&policy);
        assert!(resources.contains(&"arn:aws-cn:ecs:cn-north-1:123456789012:service/main/*"), "{resources:?}");
        assert!(resources.contains(&"arn:aws-cn:iam::123456789012:role/*"), "{resources:?}");
        assert!(!resources.iter().any(|arn| arn.contains(":*:")), "{resources:?}");
    }

    #[test]
    fn nothing_is_needed_twice_and_nothing_is_needed_by_nobody() {
        for (index, permission) in PERMISSIONS.iter().enumerate() {
            assert!(!permission.commands.is_empty(), "{}", permission.action);
            let same = |other: &&Permission| {
                (other.action, other.scope, other.when) == (permission.action, permission.scope, permission.when)
            };
            assert_eq!(PERMISSIONS[index..].iter().filter(same).count(), 1, "{}", permission.action);
        }
    }
}
