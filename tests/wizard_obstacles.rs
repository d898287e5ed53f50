//! What the wizard says where it cannot go on, and with which exit code it ends there.

use serde_json::json;
use standin::{Fault, Standin};

use crate::support::{Key, Question, Screen, Sidetap, nothing_was_written, snapshot, task_definition, walk_to};

fn account() -> Standin {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin
}

/// A screen on which nothing fits but to go back, try again or quit.
#[track_caller]
fn look(screen: &mut Screen, name: &str) {
    screen.wait_for("What now?");
    snapshot(name, &screen.settled());
    assert_eq!(screen.wrapped_lines(), Vec::<String>::new(), "{screen}");
}

#[test]
fn a_region_without_clusters() {
    let standin = Standin::start();
    let mut screen = Sidetap::new("").against(&standin).on_screen();
    screen.wait_for(Question::Place.text()).press(Key::Enter);
    look(&mut screen, "wizard-no-clusters");
    screen.press(Key::Enter).wait_for(Question::Place.text()).press(Key::Enter).wait_for("What now?");
    screen.press(Key::Down).press(Key::Enter).exits(130);
}

#[test]
fn a_cluster_without_services() {
    let standin = Standin::start();
    standin.cluster("empty");
    let mut screen = Sidetap::new("").against(&standin).on_screen();
    screen.wait_for(Question::Place.text()).press(Key::Enter).wait_for(Question::Cluster.text()).press(Key::Enter);
    look(&mut screen, "wizard-no-services");
    screen.press(Key::Esc).wait_for(Question::Cluster.text()).press(Key::CtrlC).exits(130);
}

#[test]
fn a_cluster_in_which_no_service_can_have_a_sidecar() {
    let standin = Standin::start();
    for name in ["frames", "panes"] {
        let mut definition = task_definition(name);
        definition["runtimePlatform"] = json!({ "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE" });
        standin.service("main", name, definition);
    }
    let mut screen = Sidetap::new("").against(&standin).on_screen();
    screen.wait_for(Question::Place.text()).press(Key::Enter).wait_for(Question::Cluster.text()).press(Key::Enter);
    look(&mut screen, "wizard-all-blocked");
    screen.press(Key::Down).press(Key::Enter).exits(130);
}

#[test]
fn a_permission_that_is_missing_for_each_thing_that_is_read() {
    for (operation, before) in [
        ("ListClusters", Question::Place),
        ("ListServices", Question::Cluster),
        ("DescribeServices", Question::Cluster),
        ("DescribeTaskDefinition", Question::Cluster),
    ] {
        let standin = account();
        standin.fault(Fault::Deny { operation });
        let mut screen = walk_to(&standin, before);
        screen.press(Key::Enter);
        look(&mut screen, &format!("wizard-denied-{}", operation.to_lowercase()));
        // Trying again asks again, and it is still not allowed.
        let calls = standin.calls_of(operation).len();
        screen.press(Key::Enter).wait_until("another call", |_| standin.calls_of(operation).len() > calls);
        screen.wait_for("What now?");
        screen.settled();
        screen.press_times(Key::Down, 2).press(Key::Enter).exits(4);
        nothing_was_written(&standin);
    }
}

#[test]
fn a_permission_that_is_missing_to_register_fails_after_apply() {
    let standin = account();
    standin.fault(Fault::Deny { operation: "RegisterTaskDefinition" });
    let mut screen = walk_to(&standin, Question::Review);
    screen.press(Key::Down).press(Key::Enter).exits(4);
    snapshot("wizard-denied-register", &screen.contents());
    assert!(standin.calls_of("UpdateService").is_empty());
}

#[test]
fn credentials_that_have_expired() {
    let standin = account();
    standin.fault(Fault::ExpireCredentials);
    let mut screen = Sidetap::new("").against(&standin).on_screen();
    screen.wait_for("Try again");
    snapshot("wizard-expired", &screen.settled());
    screen.press(Key::Esc).exits(4);
    nothing_was_written(&standin);
}

#[test]
fn credentials_that_expire_on_the_way() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Logs);
    standin.fault(Fault::ExpireCredentials);
    screen.press(Key::Enter);
    look(&mut screen, "wizard-expired-on-the-way");
    screen.press_times(Key::Down, 2).press(Key::Enter).exits(4);
    nothing_was_written(&standin);
}

#[test]
fn credentials_that_expire_before_the_change() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Review);
    standin.fault(Fault::ExpireCredentials);
    screen.press(Key::Down).press(Key::Enter).exits(4);
    snapshot("wizard-expired-at-apply", &screen.contents());
}

#[test]
fn an_endpoint_that_nobody_listens_at() {
    let port = crate::support::free_port();
    let mut screen = Sidetap::new("")
        .with_keys()
        .env("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{port}"))
        .env("AWS_MAX_ATTEMPTS", "1")
        .on_screen();
    // An account that STS does not tell is no reason to stop; ECS may be reached all the same.
    screen.wait_for(Question::Place.text());
    snapshot("wizard-no-endpoint-place", &screen.settled());
    screen.press(Key::Enter);
    look(&mut screen, "wizard-no-endpoint");
    screen.press(Key::CtrlC).exits(130);
}

#[test]
fn a_task_with_nothing_left_has_three_ways_out() {
    let standin = Standin::start();
    let mut definition = task_definition("full");
    definition["containerDefinitions"][0]["cpu"] =
        definition["cpu"].as_str().and_then(|cpu| cpu.parse::<u64>().ok()).into();
    standin.service("main", "full", definition);
    let mut screen = walk_to(&standin, Question::Size);
    snapshot("wizard-full", &screen.settled());
    screen.press(Key::Enter).wait_for("5 % of CPU and memory, out of container `app`");
    snapshot("wizard-full-taken", &screen.settled());
    screen.press(Key::Enter).wait_for(Question::Logs.text()).press(Key::Enter).wait_for(Question::Review.text());
    screen.press(Key::Down).press(Key::Enter).exits(0);
    let registered = standin.describe("full:2");
    let containers = &registered["taskDefinition"]["containerDefinitions"];
    let sum: u64 = containers.as_array().into_iter().flatten().filter_map(|container| container["cpu"].as_u64()).sum();
    assert_eq!(Some(sum.to_string().as_str()), registered["taskDefinition"]["cpu"].as_str());
}

#[test]
fn a_value_that_is_wrong_is_told_while_it_is_typed() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Exports);
    screen.type_text(" ftp:there").wait_for("names no export");
    snapshot("wizard-wrong-export", &screen.settled());
    screen.press(Key::Enter).wait_for(Question::Exports.text());
    assert!(screen.settled().contains("> ndjson:- ftp:there"), "it is not taken\n{screen}");
    screen.press_times(Key::Backspace, " ftp:there".len()).press(Key::Enter).wait_for(Question::Parameters.text());
    screen.press(Key::Enter).wait_for(Question::Size.text()).press_times(Key::Down, 1).press(Key::Enter);
    screen.wait_for("How many percent").press(Key::Backspace).type_text("140").wait_for("> 140").wait_for("such as 5");
    snapshot("wizard-wrong-percent", &screen.settled());
    screen.press(Key::CtrlC).exits(130);
    nothing_was_written(&standin);
}

#[test]
fn a_region_that_the_account_has_not_enabled() {
    let standin = account();
    standin.refuse_region("af-south-1");
    let mut screen = walk_to(&standin, Question::Place);
    screen.press_times(Key::Down, 2).press(Key::Enter).wait_for("Which region?");
    screen.type_text("af-south").wait_without("eu-west-1").press(Key::Enter);
    screen.wait_for("has not enabled the region af-south-1").wait_for("Try again");
    snapshot("wizard-region-not-enabled", &screen.settled());
    screen.press_times(Key::Down, 3).press(Key::Enter).exits(4);
}
