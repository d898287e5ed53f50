//! `sidetap status`, against the stand-in.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use standin::{Fault, Script, Standin};

#[cfg(target_os = "linux")]
use crate::support::Key;
#[cfg(unix)]
use crate::support::interrupted;
use crate::support::{Sidetap, registrable, snapshot, task_definition, wait_for};

const INJECT: &str = "inject --cluster main --service web --image example/sidetap:1 --yes";

fn injected() -> Standin {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    Sidetap::new(INJECT).against(&standin).exits(0);
    standin
}

fn row(standin: &Standin) -> Value {
    let line = "status --cluster main --service web --output json";
    Sidetap::new(line).against(standin).exits(0).json()[0].clone()
}

/// The codes of what has drifted.
fn drift(standin: &Standin) -> Vec<String> {
    let drift = row(standin)["drift"].as_array().expect("a list").clone();
    drift.iter().map(|drift| drift["code"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Registers what web:2 is with a change, and has the service run it, as somebody's pipeline would.
fn deploy_changed(standin: &Standin, change: impl FnOnce(&mut Value)) {
    let mut definition = registrable(&standin.describe("web:2")["taskDefinition"]);
    change(&mut definition);
    let arn = standin.task_definition(definition);
    standin.edit_service("web", json!({"taskDefinition": arn}));
}

#[test]
fn every_service_has_a_line_and_what_has_drifted_is_told_below() {
    let standin = Standin::start();
    for name in ["api", "plain", "two", "web"] {
        standin.service("main", name, task_definition(name));
    }
    let mut pasted = task_definition("pasted");
    pasted["containerDefinitions"].as_array_mut().unwrap().push(json!({
        "name": "levo", "image": "levoai/pcap-sensor:0.1.9", "cpu": 16, "memory": 64, "essential": false
    }));
    standin.service("staging", "pasted", pasted);
    for (name, sidecar) in [
        ("web", "sensor"),
        ("two", "sensor"),
        ("two", "forwarder --destination collector"),
        ("api", "sensor --best-effort"),
    ] {
        let line = format!("inject --cluster main --service {name} --image i --yes --sidecar {sidecar}");
        Sidetap::new(&line).against(&standin).exits(0);
    }
    let lost = standin.task_definition(task_definition("api"));
    standin.edit_service("api", json!({"taskDefinition": lost}));

    let mut text = String::new();
    for line in ["status", "status --cluster main --service web --service api", "status --cluster staging"] {
        let finished = Sidetap::new(line).against(&standin).exits(0);
        text.push_str(&format!("$ sidetap {line}\n{}{}\n", finished.stdout(), finished.stderr()));
    }
    snapshot("status", &text.replace(env!("CARGO_PKG_VERSION"), "X.Y.Z"));
    let json = Sidetap::new("status --output json").against(&standin).exits(0).json();
    snapshot("status-json", &format!("{:#}\n", json[0]));
    assert_eq!(json.as_array().unwrap().len(), 5);
}

#[test]
fn what_sidetap_has_just_done_has_not_drifted() {
    let standin = injected();
    assert_eq!(drift(&standin), [""; 0]);
    Sidetap::new(&format!("{INJECT} --env LEVEL=2")).against(&standin).exits(0);
    assert_eq!(drift(&standin), [""; 0], "after an upgrade");
    Sidetap::new("rollback --cluster main --service web --yes").against(&standin).exits(0);
    assert_eq!(drift(&standin), [""; 0], "after a rollback");
    Sidetap::new("remove --cluster main --service web --yes").against(&standin).exits(0);
    assert_eq!((drift(&standin), &row(&standin)["sidecars"]), (vec![], &json!([])), "after a removal");
    // What somebody deploys without a sidecar is theirs.
    let other = standin.task_definition(task_definition("web"));
    standin.edit_service("web", json!({"taskDefinition": other}));
    assert_eq!(drift(&standin), [""; 0]);
    // Also a deployment that ECS took back while sidetap watched leaves a true receipt.
    let back = Standin::start();
    back.service("main", "web", task_definition("web")).script("web", [Script::RollsBack]);
    Sidetap::new(INJECT).against(&back).exits(6);
    assert_eq!(drift(&back), [""; 0]);
}

#[test]
fn a_later_revision_without_the_sidecar_has_lost_it() {
    let standin = injected();
    deploy_changed(&standin, |definition| {
        definition["containerDefinitions"].as_array_mut().unwrap().pop();
    });
    assert_eq!(drift(&standin), ["sidecar-lost"]);
    let message = "web: sidecar-lost: it runs web:3, which lacks `sidetap-sensor`; web:2 had it";
    Sidetap::new("status --cluster main").against(&standin).exits(0).stdout_has(message);
    Sidetap::new(INJECT).against(&standin).exits(0);
    assert_eq!(drift(&standin), [""; 0], "injecting again is the remedy");

    // A receipt that does not tell which revision was deployed still tells what it had.
    let older = Standin::start();
    older.service("main", "web", task_definition("web")).tag_service("web", "sidetap:sidecar", "sidetap-sensor");
    assert_eq!(drift(&older), ["sidecar-lost"]);
}

#[test]
fn settings_that_somebody_changed_differ_from_what_was_put_in() {
    for change in [
        |sidecar: &mut Value| sidecar["image"] = json!("example/sidetap:2"),
        |sidecar: &mut Value| sidecar["memory"] = json!(26),
        |sidecar: &mut Value| sidecar["command"].as_array_mut().unwrap().push(json!("--rate-limit=5")),
        |sidecar: &mut Value| sidecar["environment"].as_array_mut().unwrap().clear(),
    ] {
        let standin = injected();
        deploy_changed(&standin, |definition| change(&mut definition["containerDefinitions"][1]));
        // Whoever did so deployed another revision, which is told as well.
        assert_eq!(drift(&standin), ["other-revision", "settings-differ"]);
        let arn = row(&standin)["task_definition"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        standin.tag_service("web", "sidetap:task-definition", &arn);
        assert_eq!(drift(&standin), ["settings-differ"]);
        Sidetap::new(INJECT).against(&standin).exits(0);
        assert_eq!(drift(&standin), [""; 0], "injecting again is the remedy");
    }
    // What has no fingerprint cannot be told to differ.
    let standin = injected();
    let arn = row(&standin)["task_definition"].as_str().unwrap().to_owned();
    standin.edit_revision(&arn, |revision| {
        let labels = revision["containerDefinitions"][1]["dockerLabels"].as_object_mut().unwrap();
        labels.remove("sidetap.config").expect("it was there");
    });
    assert_eq!(drift(&standin), [""; 0]);
}

#[test]
fn a_tag_that_means_different_images_in_running_tasks_has_moved() {
    let standin = injected();
    standin.running_tasks("web", "sidetap-sensor", &["sha256:aa", "sha256:aa"]);
    assert_eq!(drift(&standin), [""; 0]);
    standin.running_tasks("web", "sidetap-sensor", &["sha256:bb"]);
    assert_eq!(drift(&standin), ["image-moved"]);
    let message = "running tasks have 2 different images of `sidetap-sensor` under example/sidetap:1";
    Sidetap::new("status --cluster main").against(&standin).exits(0).stdout_has(message);

    // Only the tasks of the revision that the service runs are compared.
    Sidetap::new(&format!("{INJECT} --env LEVEL=2")).against(&standin).exits(0);
    standin.running_tasks("web", "sidetap-sensor", &["sha256:cc"]);
    assert_eq!(drift(&standin), [""; 0]);

    // A digest cannot move, and other containers are none of our business.
    let pinned = Standin::start();
    pinned.service("main", "web", task_definition("web"));
    let digest = "0".repeat(64);
    let line = format!("inject --cluster main --service web --image example/sidetap@sha256:{digest} --yes");
    Sidetap::new(&line).against(&pinned).exits(0);
    pinned.running_tasks("web", "sidetap-sensor", &["sha256:aa", "sha256:bb"]);
    pinned.running_tasks("web", "app", &["sha256:aa", "sha256:bb"]);
    assert_eq!(drift(&pinned), [""; 0]);
    assert!(pinned.calls_of("ListTasks").is_empty(), "nothing is asked that cannot matter");
}

#[test]
fn a_revision_that_sidetap_did_not_deploy_is_another_one() {
    let standin = injected();
    deploy_changed(&standin, |definition| definition["containerDefinitions"][0]["image"] = json!("example/web:2"));
    assert_eq!(drift(&standin), ["other-revision"]);
    let message = "web: other-revision: it runs web:3, and sidetap deployed web:2";
    Sidetap::new("status --cluster main").against(&standin).exits(0).stdout_has(message);

    // ECS went back while nobody watched: nothing is lost that a later revision should have had.
    let back = Standin::start();
    back.service("main", "web", task_definition("web")).script("web", [Script::RollsBack]);
    Sidetap::new(&format!("{INJECT} --no-wait")).against(&back).exits(0);
    for _ in 0..2 {
        Sidetap::new("list services --cluster main").against(&back).exits(0);
    }
    assert_eq!(drift(&back), ["other-revision"]);
    let message = "web: other-revision: it is back at web:1, and sidetap deployed web:2";
    Sidetap::new("status --cluster main").against(&back).exits(0).stdout_has(message);
}

#[test]
fn a_sidecar_that_an_older_sidetap_put_in_is_told_and_one_of_a_newer_is_not() {
    for (version, expected) in [("0.0.9", vec!["older-version"]), ("999.0.0", vec![])] {
        let standin = injected();
        let arn = row(&standin)["task_definition"].as_str().unwrap().to_owned();
        standin.edit_revision(&arn, |revision| {
            revision["containerDefinitions"][1]["dockerLabels"]["sidetap.version"] = json!(version);
        });
        assert_eq!(drift(&standin), expected, "{version}");
        assert_eq!(row(&standin)["sidecars"][0]["version"], version);
    }
}

#[test]
fn all_clusters_are_read_with_few_calls_and_few_at_once() {
    let standin = Standin::start();
    let arn = standin.task_definition(task_definition("shared"));
    for cluster in ["a", "b", "c"] {
        for number in 0..25 {
            standin.service_of(cluster, &format!("{cluster}-{number:02}"), &arn);
        }
    }
    standin.delay(std::time::Duration::from_millis(20));
    let rows = Sidetap::new("status --output json").against(&standin).exits(0).json();
    assert_eq!(rows.as_array().unwrap().len(), 75);
    assert_eq!(standin.calls_of("DescribeServices").len(), 9, "tens");
    assert_eq!(standin.calls_of("DescribeTaskDefinition").len(), 1, "services of one revision");
    assert!(standin.most_in_flight() <= 8, "{}", standin.most_in_flight());
}

#[test]
fn what_may_not_be_asked_is_told_and_what_does_not_exist_is_named() {
    let standin = injected();
    standin.fault(Fault::Deny { operation: "ListTasks" });
    let finished = Sidetap::new("status --cluster main").against(&standin).exits(0);
    finished.stderr_has("images of running tasks are not compared").stderr_has("1 of 1 service with a sidecar");
    standin.fault(Fault::Deny { operation: "DescribeServices" });
    Sidetap::new("status").against(&standin).exits(4).stderr_has("needs the IAM action ecs:DescribeServices");

    let standin = injected();
    Sidetap::new("status --cluster mian").against(&standin).exits(1).stderr_has("did you mean `main`?");
    Sidetap::new("status --cluster main --service wbe").against(&standin).exits(1).stderr_has("did you mean `web`?");
    Sidetap::new("status --service web").against(&standin).exits(64).stderr_has("--cluster CLUSTER");
    Sidetap::new("status --watch 10ms").against(&standin).exits(64).stderr_has("at least 1s");
    let none = Standin::start();
    none.cluster("empty");
    let finished = Sidetap::new("status").against(&none).exits(0).stderr_has("0 of 0 services");
    assert_eq!(finished.stdout(), "");
}

#[test]
fn control_characters_in_tags_do_not_reach_the_terminal() {
    let standin = injected();
    standin.tag_service("web", "sidetap:sidecar", "evil\u{1b}[2J");
    standin.tag_service("web", "sidetap:task-definition", "\u{7}web:9\u{202e}");
    let finished = Sidetap::new("status --cluster main").against(&standin).exits(0).stdout_has("sidecar-lost");
    for character in ['\u{1b}', '\u{7}', '\u{202e}'] {
        assert!(!finished.stdout().contains(character), "{finished}");
    }
}

#[cfg(unix)]
#[test]
fn watching_prints_a_block_under_its_time_and_ends_with_ctrl_c() {
    let standin = injected();
    let before = standin.calls_of("ListServices").len();
    let read = standin.calls_of("DescribeTaskDefinition").len();
    let line = "status --cluster main --watch 1s";
    let (code, stdout, stderr) = interrupted(&standin, line, "ListServices", before + 3);
    assert_eq!((code, stderr.as_str()), (Some(130), ""));
    let times = stdout.lines().filter(|line| line.ends_with("Z  1 of 1 service with a sidecar, 0 drifted")).count();
    assert!(times >= 2, "{stdout}");
    assert!(!stdout.contains('\u{1b}'), "{stdout}");
    assert_eq!(standin.calls_of("DescribeTaskDefinition").len(), read + 1, "a revision is read once");
}

#[cfg(target_os = "linux")]
#[test]
fn watching_on_a_terminal_draws_each_look_in_the_place_of_the_last() {
    for colour in ["", "--color never"] {
        let standin = injected();
        let line = format!("status --cluster main --watch 1s {colour}");
        let mut screen = Sidetap::new(&line).against(&standin).on_screen();
        screen.wait_for("1 of 1 service with a sidecar, 0 drifted");
        deploy_changed(&standin, |definition| {
            definition["containerDefinitions"].as_array_mut().unwrap().pop();
        });
        screen.wait_for("0 of 1 service with a sidecar, 1 drifted").wait_for("web: sidecar-lost");
        screen.wait_without("0 drifted");
        assert_eq!(screen.contents().matches("SERVICE").count(), 1, "{}", screen.contents());
        assert_eq!(screen.scrolled(), 0);
        screen.press(Key::CtrlC).exits(130);
        assert!(screen.cursor_visible());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_table_that_is_longer_than_the_terminal_says_so() {
    let standin = Standin::start();
    let arn = standin.task_definition(task_definition("shared"));
    for number in 0..40 {
        standin.service_of("main", &format!("service-{number:02}"), &arn);
    }
    let mut screen = Sidetap::new("status --cluster main --watch 1s").against(&standin).on_screen();
    screen.wait_for("… 20 more lines");
    assert_eq!(screen.scrolled(), 0);
    screen.press(Key::CtrlC).exits(130);
}

#[cfg(unix)]
#[test]
fn watching_for_programs_is_a_document_a_line() {
    let standin = injected();
    let before = standin.calls_of("ListServices").len();
    let line = "status --cluster main --watch 1s --output json";
    let (code, stdout, _) = interrupted(&standin, line, "ListServices", before + 3);
    assert_eq!(code, Some(130));
    let lines: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.len() >= 2);
    assert_eq!(lines[0]["services"][0]["sidecars"][0]["preset"], "sensor");
    assert!(lines[0]["time"].as_str().unwrap().ends_with('Z'));
}

#[cfg(unix)]
#[test]
fn a_look_that_fails_is_told_and_tried_again_and_lost_credentials_end_it() {
    let standin = injected();
    let (before, described) = (standin.calls_of("ListServices").len(), standin.calls_of("DescribeServices").len());
    let meanwhile = standin.clone();
    let other = std::thread::spawn(move || {
        wait_for(&meanwhile, "DescribeServices", described + 1);
        // More often than the SDK tries.
        meanwhile.fault(Fault::Throttle { operation: "DescribeServices", times: 5 });
        wait_for(&meanwhile, "ListServices", before + 4);
        meanwhile.fault(Fault::ExpireCredentials);
    });
    let finished = Sidetap::new("status --cluster main --watch 1s").against(&standin).exits(4);
    other.join().unwrap();
    finished.stderr_has("cannot look for now").stderr_has("aws sso login");
}

#[test]
fn watching_ends_when_nobody_reads_any_more() {
    let standin = injected();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("sidetap"))
        .args(["status", "--cluster", "main", "--watch", "1s"])
        .env_clear()
        .env("AWS_ENDPOINT_URL", standin.url())
        .env("AWS_ACCESS_KEY_ID", standin::ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", standin::SECRET_KEY)
        .env("AWS_REGION", standin::REGION)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("1 of 1 service"), "{line}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
