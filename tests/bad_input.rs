//! What people get wrong: one clear error with a hint, the right exit code, nothing changed.

use serde_json::json;
use standin::{Fault, Standin};

use crate::support::{Sidetap, fixture, snapshot, task_definition};

/// Errors of `inject --file`, as a reader sees them.
#[test]
fn errors_of_files_say_what_why_and_what_next() {
    let mut text = String::new();
    for (arguments, code) in [
        ("--file missing.json", 1),
        ("--file symlink.json", 1),
        ("--file trailing-comma.json", 1),
        ("--file yaml.json", 1),
        ("--file sidecar.json", 1),
        ("--file no-containers.json", 1),
        ("--file same-names.json", 1),
        ("--file ten-containers.json", 5),
        ("--file name-taken.json", 5),
        ("--file no-fargate-row.json", 5),
        ("--file placeholder-size.json", 5),
        ("--file windows.json", 5),
        ("--file bridge.json", 5),
        ("--file network-none.json", 5),
        ("--file full.json --take-from nobody", 5),
        ("--file roomy.json --take-from app --memory 300", 5),
        ("--file full-largest.json --grow-task", 5),
        ("--file roomy.json --memory-percentage-limit 100", 5),
        ("--file roomy.json --cpu-percentage-limit 0", 64),
        ("--file roomy.json --cpu-percentage-limit 101", 64),
        ("--file roomy.json --memory-percentage-limit NaN", 64),
        ("--file roomy.json --sidecar sensro", 64),
        ("--file roomy.json --sidecar roomy.json", 1),
        ("--file roomy.json --export otlp:", 64),
        ("--file roomy.json --destination x", 64),
        ("--file roomy.json --sidecar levo --levo-env staging", 64),
        ("--file roomy.json --export kafka:x", 64),
        ("--file roomy.json --rate-limit fast", 64),
        ("--file roomy.json --env A=1 --secret A=arn", 64),
        ("--file roomy.json --container-name a.b", 64),
        ("--file - --sidecar -", 64),
        ("--file - --in-place", 64),
        ("--file roomy.json --auto-rollback", 64),
    ] {
        let line = format!("inject --image i:1 {arguments}");
        let finished = Sidetap::new(&line).exits(code);
        assert_eq!(finished.stdout(), "", "{finished}");
        text.push_str(&format!("$ sidetap {line}\n{}exit {code}\n\n", finished.stderr()));
    }
    snapshot("errors-of-files", &text);
}

#[test]
fn a_sidecar_file_that_ecs_would_not_take_is_refused() {
    for (sidecar, says) in [
        (json!({"name": "a", "image": " "}), "it has no `image`"),
        (json!({"name": "a", "image": "i", "command": "sh"}), "its `command` is no array"),
        (json!({"name": "a", "image": "i", "memory": "abc"}), "cannot be read as a size"),
    ] {
        let finished = Sidetap::new("inject --file roomy.json --sidecar -").stdin(&sidecar.to_string()).run();
        assert!(matches!(finished.code(), 1 | 5), "{finished}");
        finished.stderr_has(says);
    }
    Sidetap::of(["inject", "--file", "roomy.json", "--image", ""]).exits(64);
}

#[test]
fn the_ready_command_line_does_not_repeat_secrets() {
    let finished = Sidetap::new("inject --file roomy.json --env KEY=s3cr3t --env=B=s3cr3t").exits(64);
    assert!(finished.stderr().contains("KEY=***") && !finished.stderr().contains("s3cr3t"), "{finished}");
}

#[test]
fn text_that_is_no_utf_8_json_is_told_so() {
    for (text, says) in
        [("", "it is empty"), ("  \n", "it is empty"), ("[1, 2]", "it is an array, not an object"), ("{", "EOF")]
    {
        Sidetap::new("inject --file - --image i").stdin(text).exits(1).stderr_has(says);
    }
    let large = "{\"containerDefinitions\":[{\"name\":\"a\"}],\"x\":12345678901234567890123}";
    Sidetap::new("inject --file - --image i").stdin(large).exits(1).stderr_has("too large to be kept exactly");
    let deep = "[".repeat(10_000);
    Sidetap::new("inject --file - --image i").stdin(&deep).exits(1).stderr_has("recursion limit");
}

#[test]
fn a_task_definition_near_64_kib_is_patched_and_one_above_is_refused() {
    let with = |bytes: usize| {
        let mut definition = fixture("roomy.json");
        definition["containerDefinitions"][0]["command"] = json!(["x".repeat(bytes)]);
        Sidetap::new("inject --file - --image i").stdin(&definition.to_string()).run()
    };
    let near = with(63_500);
    assert_eq!(near.code(), 0, "{near}");
    standin::accepts(&near.json()).unwrap();
    let above = with(64_500);
    assert_eq!(above.code(), 5);
    above.stderr_has("ECS takes 65536");
}

#[test]
fn what_does_not_exist_on_ecs_is_named_with_what_may_have_been_meant() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    for (arguments, says) in [
        ("--cluster mian --service web", "did you mean `main`?"),
        ("--cluster main --service wbe", "did you mean `web`?"),
        ("--cluster main --service xyz", "`sidetap list services --cluster main` shows those"),
        ("--task-definition wbe", "did you mean `web`?"),
        ("--cluster elsewhere --service web", "`sidetap list clusters`"),
    ] {
        let line = format!("inject {arguments} --image i --yes");
        Sidetap::new(&line).against(&standin).exits(1).stderr_has(says);
    }
    assert!(standin.calls_of("RegisterTaskDefinition").is_empty());
}

#[test]
fn credentials_and_permissions_that_are_missing_are_told_apart() {
    let line = "inject --cluster main --service web --image i --yes";
    let expired = Standin::start();
    expired.service("main", "web", task_definition("web")).fault(Fault::ExpireCredentials);
    Sidetap::new(line).against(&expired).exits(4).stderr_has("expired").stderr_has("aws sso login");

    Sidetap::new(line)
        .env("AWS_REGION", "eu-west-1")
        .exits(4)
        .stderr_has("none were found")
        .stderr_has("--profile NAME");
    Sidetap::new(line).env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b").exits(64).stderr_has("--region");

    for operation in ["DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService"] {
        let standin = Standin::start();
        standin.service("main", "web", task_definition("web")).fault(Fault::Deny { operation });
        let finished = Sidetap::new(line).against(&standin).exits(4);
        finished.stderr_has(&format!("needs the IAM action ecs:{operation}"));
    }
}

#[test]
fn control_characters_from_elsewhere_do_not_reach_the_terminal() {
    let mut definition = fixture("roomy.json");
    definition["containerDefinitions"][0]["image"] = json!("evil\u{1b}[2J\u{7}");
    definition["containerDefinitions"][0]["name"] = json!("\u{1b}]0;title");
    let text = definition.to_string();
    for (line, code) in [
        ("inject --file - --image i --take-from \u{1b}x --dry-run", 5),
        ("inject --file - --image i --env A=\u{1b}x --dry-run --show-values", 0),
        ("inject --file - --image i", 0),
    ] {
        let finished = Sidetap::new(line).stdin(&text).exits(code);
        assert!(!finished.stderr().contains('\u{1b}'), "{finished}");
        assert!(!finished.stdout().contains('\u{1b}'), "{finished}");
    }
}

#[test]
fn a_key_that_is_there_twice_is_refused_and_nothing_of_it_is_lost() {
    let twice = r#"{"family":"web","containerDefinitions":[{"name":"app","image":"a"}],"volumes":[],
        "containerDefinitions":[{"name":"b","image":"b"}]}"#;
    let finished = Sidetap::new("inject --file - --image i --best-effort").stdin(twice).exits(1);
    assert_eq!(finished.stderr_has("`containerDefinitions` is there twice").stdout(), "");
    let inner = r#"{"family":"web","containerDefinitions":[{"name":"app","image":"a","cpu":1,"cpu":2}]}"#;
    Sidetap::new("inject --file - --image i").stdin(inner).exits(1).stderr_has("`cpu` is there twice");
}

#[test]
fn an_image_is_a_word_that_can_be_typed() {
    for image in ["e\u{1b}[31mvil\u{7}", "caf\u{e9}/x", "a\u{202e}b"] {
        Sidetap::of(["inject", "--file", "roomy.json", "--image", image]).exits(64).stderr_has("[REGISTRY/]NAME[:TAG]");
    }
}

#[test]
fn an_arn_from_elsewhere_is_no_service_of_the_same_name_here() {
    let standin = Standin::start();
    for cluster in ["main", "staging"] {
        standin.service(cluster, "web", task_definition("web"));
    }
    let inject = |arn: &str| {
        let line = format!("inject --cluster main --service {arn} --image i --dry-run --detailed-exitcode");
        Sidetap::new(&line).against(&standin).run()
    };
    let here = "arn:aws:ecs:eu-west-1:123456789012:service/main/web";
    assert_eq!(inject(here).code(), 2);
    for elsewhere in [
        "arn:aws:ecs:eu-west-1:123456789012:service/staging/web",
        "arn:aws:ecs:us-east-1:123456789012:service/main/web",
        "arn:aws:ecs:eu-west-1:999999999999:service/main/web",
    ] {
        let refused = inject(elsewhere);
        assert_eq!(refused.code(), 1, "{refused}");
        refused.stderr_has(elsewhere);
    }
    let rollback = "rollback --cluster main --service arn:aws:ecs:eu-west-1:123456789012:service/staging/web --dry-run";
    Sidetap::new(rollback).against(&standin).exits(1).stderr_has("there is no service");
}
