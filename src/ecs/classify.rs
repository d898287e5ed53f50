//! What can be done with a service, decided before anybody is asked anything.

use super::arn::resource_name;
use super::client::Ecs;
use super::service::Service;

/// How a service is handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handling {
    /// ECS deploys a new revision.
    Full,
    /// Another system deploys: a revision can be registered, and how to deploy it is told.
    RegisterOnly { code: &'static str, reason: String },
    /// Nothing may be done.
    Refused { code: &'static str, reason: String, hint: String },
}

/// Classifies a service by its deployment controller, owner and status.
pub fn classify(service: &Service) -> Handling {
    let refused =
        |code, reason: &str, hint: &str| Handling::Refused { code, reason: reason.to_owned(), hint: hint.to_owned() };
    if service.status != "ACTIVE" {
        let reason = format!("the service is {}", service.status);
        return refused("service-not-active", &reason, "only an active service can be updated");
    }
    if service.managed_by_ecs {
        return refused(
            "express-service",
            "it is an Express service, whose task definition ECS itself owns",
            "change it with UpdateExpressGatewayService",
        );
    }
    match service.controller.as_str() {
        "ECS" => Handling::Full,
        "CODE_DEPLOY" => Handling::RegisterOnly {
            code: "code-deploy",
            reason: "CodeDeploy deploys this service: the revision is registered, and the service not updated".into(),
        },
        "EXTERNAL" => Handling::RegisterOnly {
            code: "external-controller",
            reason: "an external controller deploys this service: the revision is registered, and the service not \
                     updated"
                .into(),
        },
        other => refused(
            "unknown-controller",
            &format!("its deployment controller `{other}` is new to this version"),
            "`--task-definition` registers a revision without touching the service",
        ),
    }
}

/// What to run to deploy a registered revision where an external controller deploys.
pub(super) fn how_to_deploy(ecs: &Ecs, service: &Service, task_definition: &str) -> String {
    let create = ["aws", "ecs", "create-task-set", "--cluster", resource_name(&service.cluster_arn)];
    let words = create.into_iter().chain(["--service", &service.name, "--task-definition", task_definition]);
    format!("{} …", ecs.command(words))
}

/// What to run to have ECS deploy once more what a service runs.
pub(super) fn how_to_deploy_again(ecs: &Ecs, service: &Service) -> String {
    let update = ["aws", "ecs", "update-service", "--cluster", resource_name(&service.cluster_arn)];
    ecs.command(update.into_iter().chain(["--service", &service.name, "--force-new-deployment"]))
}
