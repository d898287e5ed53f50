//! Faults of the task itself, one test a fault: permissions, execution role, logs, platform, image.

use serde_json::{Value, json};
use standin::around::{Around, Effect, Image};
use standin::{ACCOUNT, Access, Registry};

use super::world::{CALLER, COLLECTORS, EXECUTION_ROLE, IMAGE, World, changed, forwarding, injected};
use crate::support::{Sidetap, task_definition};

#[test]
fn a_permission_that_is_missing() {
    let world = World::healthy().change(|around| {
        around.iam.state(CALLER, Effect::Deny, &["ecs:UpdateService"], &["*"]);
    });
    world.examined().has_only_problem(
        "permissions",
        "may not ecs:UpdateService on arn:aws:ecs:eu-west-1:123456789012:service/main/web: a policy denies it",
        "\"Action\": [\"ecs:UpdateService\"]",
    );
}

#[test]
fn a_role_that_may_not_be_passed() {
    let world = World::healthy().change(|around| around.iam.statements.retain(|s| s.actions != ["iam:PassRole"]));
    world.examined().has_only_problem("permissions", "iam:PassRole", EXECUTION_ROLE);
}

#[test]
fn a_permission_with_a_condition_is_not_judged() {
    let world = World::healthy().change(|around| {
        around.iam.statements.retain(|s| s.actions != ["iam:PassRole"]);
        around.iam.state(CALLER, Effect::AllowIf("aws:PrincipalOrgID"), &["iam:PassRole"], &["*"]);
    });
    world.examined().has_no_problems().did_not_check("permissions", "depends on aws:PrincipalOrgID");
}

#[test]
fn a_task_without_an_execution_role() {
    let mut definition = forwarding();
    definition.as_object_mut().unwrap().remove("executionRoleArn");
    World::with(definition).examined().has_only_problem(
        "execution-role",
        "no execution role, and the sidecar needs one for its log, its image",
        "AmazonECSTaskExecutionRolePolicy",
    );
}

#[test]
fn an_execution_role_that_is_not_there() {
    let world = World::healthy().change(|around| around.iam.roles.clear());
    world.examined().has_only_problem(
        "execution-role",
        "there is no such role",
        "aws iam create-role --role-name execution",
    );
}

#[test]
fn an_execution_role_that_ecs_may_not_assume() {
    let world = World::healthy().change(|around| {
        around.iam.roles[0]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] =
            "ec2.amazonaws.com".into();
    });
    world.examined().has_only_problem(
        "execution-role-trust",
        "does not let ecs-tasks.amazonaws.com assume it",
        "aws iam update-assume-role-policy --role-name execution",
    );
}

#[test]
fn an_execution_role_that_may_not_write_logs() {
    let world = World::healthy().change(|around| {
        around.iam.state(EXECUTION_ROLE, Effect::Deny, &["logs:PutLogEvents"], &["*"]);
    });
    world.examined().has_only_problem(
        "execution-role-permissions",
        "for its log the role lacks logs:PutLogEvents",
        "aws iam put-role-policy --role-name execution --policy-name sidetap-logs",
    );
}

#[test]
fn an_execution_role_that_may_not_pull_the_image() {
    let world =
        World::healthy().change(|around| around.iam.statements.retain(|s| s.actions != ["ecr:GetAuthorizationToken"]));
    world.examined().has_only_problem(
        "execution-role-permissions",
        "for its image the role lacks ecr:GetAuthorizationToken on *",
        "--policy-name sidetap-image",
    );
}

#[test]
fn an_execution_role_that_may_not_read_a_secret() {
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf";
    let flag = format!("TOKEN={secret}:key::");
    let flags = ["--sidecar", "forwarder", "--image", IMAGE, "--destination", COLLECTORS, "--secret", &flag];
    let world = World::with(injected(&flags));
    world.examined().has_only_problem(
        "execution-role-permissions",
        &format!("secretsmanager:GetSecretValue on {secret} (no policy allows it)"),
        "--policy-name sidetap-secrets",
    );
    let world = world.change(|around| {
        around.iam.state(EXECUTION_ROLE, Effect::Allow, &["secretsmanager:GetSecretValue"], &[secret]);
    });
    world.examined().has_no_problems();
}

#[test]
fn a_log_group_that_may_not_be_created() {
    let flags =
        ["--sidecar", "forwarder", "--image", IMAGE, "--destination", COLLECTORS, "--log-group", "/ecs/web/new"];
    let world = World::with(injected(&flags));
    world.examined().found("log-group", "ECS creates it").has_only_problem(
        "execution-role-permissions",
        "logs:CreateLogGroup",
        "--policy-name sidetap-logs",
    );
}

#[test]
fn a_log_group_that_is_not_there() {
    let world =
        World::healthy().change(|around| around.logs.groups.retain(|group| group["logGroupName"] != "/ecs/web"));
    world.examined().has_only_problem(
        "log-group",
        "there is no such log group in eu-west-1",
        "aws logs create-log-group --log-group-name /ecs/web --region eu-west-1",
    );
}

#[test]
fn a_sensor_whose_records_go_nowhere() {
    let mut definition = injected(&["--image", IMAGE]);
    for container in definition["containerDefinitions"].as_array_mut().unwrap() {
        container.as_object_mut().unwrap().remove("logConfiguration");
    }
    World::with(definition).examined().has_only_problem(
        "log-configuration",
        "writes its records to its log",
        "--log-group",
    );
}

#[test]
fn a_log_driver_that_fargate_does_not_have() {
    let definition = changed(forwarding(), |sidecar| sidecar["logConfiguration"] = json!({ "logDriver": "syslog" }));
    World::with(definition).examined().has_only_problem("log-configuration", "no log driver `syslog`", "awslogs");
}

#[test]
fn logs_for_a_router_that_is_not_there() {
    let definition =
        changed(forwarding(), |sidecar| sidecar["logConfiguration"] = json!({ "logDriver": "awsfirelens" }));
    World::with(definition).examined().has_only_problem(
        "log-configuration",
        "needs a container",
        "firelensConfiguration",
    );
}

#[test]
fn a_service_that_ecs_itself_owns() {
    let world = World::healthy().service(json!({ "resourceManagementType": "ECS" }));
    world.examined().has_only_problem("deployment-controller", "Express service", "UpdateExpressGatewayService");
}

#[test]
fn a_controller_that_is_not_ecs_is_told_and_no_problem() {
    let world = World::healthy().service(json!({ "deploymentController": { "type": "CODE_DEPLOY" } }));
    world.examined().has_no_problems().found("deployment-controller", "CodeDeploy deploys this service");
}

#[test]
fn a_platform_version_that_is_too_old() {
    let world = World::healthy().service(json!({ "platformVersion": "1.3.0" }));
    world.examined().has_only_problem(
        "platform-version",
        "1.3.0 has no restart policy",
        "aws ecs update-service --cluster main --service web --platform-version LATEST",
    );
}

#[test]
fn a_network_mode_in_which_nothing_is_seen() {
    let mut definition = forwarding();
    definition["networkMode"] = "bridge".into();
    definition["requiresCompatibilities"] = json!(["EC2"]);
    let world = World::with(definition).service(json!({ "launchType": "EC2", "networkConfiguration": null }));
    let report = world.examined();
    report.has_only_problem("network-mode", "each container has a network of its own", "awsvpc");
    report.did_not_check("network", "the network of their instances");
}

#[test]
fn windows() {
    let mut definition = forwarding();
    definition["runtimePlatform"] = json!({ "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE" });
    World::with(definition).examined().has_only_problem("operating-system", "runs on Windows", "outside the task");
}

#[test]
fn a_container_without_the_right_to_packets() {
    let definition = changed(forwarding(), |sidecar| {
        sidecar["linuxParameters"] = json!({ "capabilities": { "drop": ["ALL"] } });
    });
    World::with(definition).examined().has_only_problem(
        "packet-rights",
        "NET_RAW",
        "linuxParameters.capabilities.drop",
    );
    let definition = changed(forwarding(), |sidecar| sidecar["user"] = "1000:1000".into());
    World::with(definition).examined().has_no_problems().did_not_check("packet-rights", "runs as `1000:1000`");
}

#[test]
fn an_image_for_another_architecture() {
    let mut definition = forwarding();
    definition["runtimePlatform"] = json!({ "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" });
    let world = World::with(definition).change(|around| {
        let manifests = around.ecr.repositories[0].images[0].manifest["manifests"].as_array_mut().unwrap();
        manifests.retain(|image| image["platform"]["architecture"] == "amd64");
    });
    world.examined().has_only_problem(
        "architecture",
        "the task is ARM64, and the image is for amd64 alone",
        "docker buildx build --platform linux/amd64,linux/arm64",
    );
}

#[test]
fn an_image_of_one_architecture_tells_it_in_its_configuration() {
    let registry = Registry::start();
    registry.blob("sidetap", "sha256:config", &json!({ "os": "linux", "architecture": "arm64" }));
    let world = World::healthy().change(|around| {
        let repository = &mut around.ecr.repositories[0];
        repository.images[0].manifest = json!({ "schemaVersion": 2, "config": { "digest": "sha256:config" } });
        repository.layers.insert("sha256:config".to_owned(), registry.url("sidetap/blobs/sha256:config"));
    });
    world.examined().has_only_problem("architecture", "the task is X86_64, and the image is for arm64", "buildx");
}

#[test]
fn a_repository_that_is_not_there() {
    let world = World::healthy().change(|around| around.ecr.repositories.clear());
    world.examined().has_only_problem(
        "image",
        "there is no repository `sidetap` in account 123456789012, eu-west-1",
        "aws ecr create-repository --repository-name sidetap --region eu-west-1",
    );
}

#[test]
fn a_tag_that_is_not_there() {
    let world = World::healthy().change(|around| around.ecr.repositories[0].images[0].tag = "0.2.0".to_owned());
    let push = format!("docker push {IMAGE}");
    world.examined().has_only_problem("image", "`sidetap` has no image `0.1.0`", &push);
}

#[test]
fn a_repository_of_another_account() {
    let other = "210987654321.dkr.ecr.eu-west-1.amazonaws.com/sidetap:0.1.0";
    let definition = injected(&["--sidecar", "forwarder", "--image", other, "--destination", COLLECTORS]);
    let world = World::with(definition).change(|around| around.ecr.closed_accounts.push("210987654321".to_owned()));
    world.examined().has_no_problems().did_not_check("image", "another account, the repository's policy");
    let world = world.change(|around: &mut Around| {
        around.ecr.closed_accounts.clear();
        around.ecr.repositories[0].registry = "210987654321".to_owned();
    });
    world.examined().has_no_problems().found("image", "the repository's policy has to let the execution role pull it");
    assert_ne!(ACCOUNT, "210987654321");
}

/// A world whose sidecar's image is in a registry that is no ECR.
fn of_registry(access: Access, reference: &str) -> World {
    let registry = Registry::start();
    let index = json!({ "manifests": [{ "platform": { "os": "linux", "architecture": "amd64" } }] });
    let media_type = "application/vnd.oci.image.index.v1+json";
    registry.access(access).manifest("team/sidetap", "1", media_type, &index);
    let image = format!("{}/team/sidetap:{reference}", registry.host());
    let mut world = World::with(injected(&["--sidecar", "forwarder", "--image", &image, "--destination", COLLECTORS]));
    world.registry = registry;
    world
}

#[test]
fn images_of_other_registries_are_found_with_the_token_that_everybody_gets() {
    for access in [Access::Open, Access::Token] {
        let report = of_registry(access, "1").examined();
        report.has_no_problems().found("image", "it is there").found("architecture", "linux/amd64");
    }
}

#[test]
fn a_tag_that_another_registry_does_not_have() {
    let world = of_registry(Access::Token, "2");
    world.examined().has_only_problem("image", "has no `2` of `team/sidetap`", "docker push");
}

#[test]
fn an_image_that_wants_credentials() {
    let world = of_registry(Access::Private, "1");
    world.examined().has_only_problem("image", "names no credentials", "repositoryCredentials.credentialsParameter");
}

#[test]
fn an_image_with_credentials_in_a_secret_is_not_looked_for() {
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-AbCdEf";
    let definition = changed(forwarding(), |sidecar| {
        sidecar["image"] = "registry.invalid/sidetap:1".into();
        sidecar["repositoryCredentials"] = json!({ "credentialsParameter": secret });
    });
    let report = World::with(definition).examined();
    report.has_only_problem("execution-role-permissions", secret, "--policy-name sidetap-secrets");
    report.did_not_check("image", "credentials from a secret");
}

#[test]
fn a_registry_that_cannot_be_reached_is_no_problem_of_the_task() {
    let definition = changed(forwarding(), |sidecar| sidecar["image"] = "127.0.0.1:1/sidetap:1".into());
    World::with(definition).examined().has_no_problems().did_not_check("image", "127.0.0.1:1 did not answer");
}

#[test]
fn a_task_with_no_room_for_the_sidecar() {
    let mut full: Value = task_definition("full");
    full["containerDefinitions"][0]["cpu"] = 256.into();
    let world = World::healthy();
    world.standin.service("main", "full", full);
    let line =
        format!("doctor --cluster main --service full --sidecar forwarder --image {IMAGE} --destination {COLLECTORS}");
    let finished = Sidetap::new(&line).against(&world.standin).exits(5);
    let text = finished.stdout();
    assert!(text.contains("problem: sidecar: forwarder") && text.contains("--grow-task"), "{text}");
}

#[test]
fn one_index_may_hold_several_architectures() {
    let world = World::healthy().change(|around| {
        let manifest = around.ecr.repositories[0].images[0].manifest.clone();
        let media_type = "application/vnd.docker.distribution.manifest.list.v2+json".to_owned();
        around.ecr.repositories[0].images =
            vec![Image { tag: "0.1.0".to_owned(), digest: "sha256:list".to_owned(), media_type, manifest }];
    });
    world.examined().has_no_problems().found("architecture", "the image has linux/amd64");
}
