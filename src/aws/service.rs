//! The services that are called beside ECS and STS, and how each is spoken to.

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Ec2,
    ElasticLoadBalancing,
    Iam,
    Logs,
    Ecr,
    Events,
    Scheduler,
    CodeDeploy,
}

impl Service {
    pub const ALL: [Service; 8] = [
        Service::Ec2,
        Service::ElasticLoadBalancing,
        Service::Iam,
        Service::Logs,
        Service::Ecr,
        Service::Events,
        Service::Scheduler,
        Service::CodeDeploy,
    ];

    /// The name in signatures, which is also the prefix of IAM actions.
    pub fn name(self) -> &'static str {
        match self {
            Service::Ec2 => "ec2",
            Service::ElasticLoadBalancing => "elasticloadbalancing",
            Service::Iam => "iam",
            Service::Logs => "logs",
            Service::Ecr => "ecr",
            Service::Events => "events",
            Service::Scheduler => "scheduler",
            Service::CodeDeploy => "codedeploy",
        }
    }

    /// The service's id as `AWS_ENDPOINT_URL_ID` has it; profiles have it in lower case.
    pub(super) fn id(self) -> &'static str {
        match self {
            Service::Ec2 => "EC2",
            Service::ElasticLoadBalancing => "ELASTIC_LOAD_BALANCING_V2",
            Service::Iam => "IAM",
            Service::Logs => "CLOUDWATCH_LOGS",
            Service::Ecr => "ECR",
            Service::Events => "EVENTBRIDGE",
            Service::Scheduler => "SCHEDULER",
            Service::CodeDeploy => "CODEDEPLOY",
        }
    }

    /// The version of a service that speaks the Query protocol.
    pub(super) fn version(self) -> &'static str {
        match self {
            Service::Ec2 => "2016-11-15",
            Service::ElasticLoadBalancing => "2015-12-01",
            Service::Iam => "2010-05-08",
            other => panic!("{} does not speak the Query protocol", other.name()),
        }
    }

    /// What stands before the operation in `x-amz-target` of a service that speaks JSON 1.1.
    pub(super) fn target_prefix(self) -> &'static str {
        match self {
            Service::Logs => "Logs_20140328",
            Service::Ecr => "AmazonEC2ContainerRegistry_V20150921",
            Service::Events => "AWSEvents",
            Service::CodeDeploy => "CodeDeploy_20141006",
            other => panic!("{} does not speak JSON 1.1", other.name()),
        }
    }

    /// The operation that a method and path mean to a service that speaks REST, for messages.
    pub(super) fn rest_operation(self, method: &str, path_and_query: &str) -> String {
        let path = path_and_query.split('?').next().unwrap_or_default().trim_end_matches('/');
        match (method, path, path.strip_prefix("/schedules/")) {
            ("GET", "/schedules", _) => "ListSchedules".to_owned(),
            ("GET", "/schedule-groups", _) => "ListScheduleGroups".to_owned(),
            ("GET", _, Some(_)) => "GetSchedule".to_owned(),
            ("PUT", _, Some(_)) => "UpdateSchedule".to_owned(),
            _ => format!("{method} {path}"),
        }
    }
}
