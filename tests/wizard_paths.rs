//! The wizard's side ways: other sidecars, sizes, logs and regions than those that are suggested, and the whole plan.

use serde_json::{Value, json};
use standin::Standin;

use crate::support::{Key, Question, Screen, Sidetap, nothing_was_written, snapshot, task_definition, walk, walk_to};

fn account() -> Standin {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin
}

/// Answers a question above a typed line.
fn answer<'a>(screen: &'a mut Screen, question: &str, text: &str) -> &'a mut Screen {
    screen.wait_for(question).type_text(text).press(Key::Enter)
}

/// From the parameters' last question to the review, with what is suggested.
fn to_review(screen: &mut Screen) -> &mut Screen {
    screen.wait_for("go on with these, or change one?").press(Key::Enter);
    for question in [Question::Size, Question::Logs] {
        screen.wait_for(question.text()).press(Key::Enter);
    }
    screen.wait_for(Question::Review.text())
}

/// From the parameters' last question to the end, with what is suggested.
fn apply(screen: &mut Screen) {
    to_review(screen).press(Key::Down).press(Key::Enter).exits(0);
}

fn container(standin: &Standin, name: &str) -> Value {
    let described = standin.describe("web:2");
    let containers = described["taskDefinition"]["containerDefinitions"].as_array().cloned().unwrap_or_default();
    containers
        .into_iter()
        .find(|container| container["name"] == name)
        .unwrap_or_else(|| panic!("no {name}: {described}"))
}

#[test]
fn the_forwarder_is_asked_where_to() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Sidecar);
    screen.press(Key::Down).press(Key::Enter);
    answer(&mut screen, "forwarder: image", "example/sidetap:1");
    answer(&mut screen, "forwarder: destination", "collector.example:4790");
    screen.wait_for("forwarder: go on with these, or change one?");
    snapshot("wizard-forwarder", &screen.settled());
    // One of the rest is changed: the filter.
    screen.press_times(Key::Down, 3).press(Key::Enter);
    answer(&mut screen, "forwarder: filter", "tcp port 8080");
    screen.wait_for("tcp port 8080");
    // Pointing at the first row again goes on.
    screen.press_times(Key::Up, 3);
    apply(&mut screen);
    let command = json!(["forward", "--destination", "collector.example:4790", "--filter", "tcp port 8080"]);
    assert_eq!(container(&standin, "sidetap-forwarder")["command"], command);
}

#[test]
fn levo_s_sensor_is_asked_for_what_its_page_asks_for() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Sidecar);
    screen.press_times(Key::Down, 2).press(Key::Enter);
    screen.wait_for("levo: satellite").press(Key::Enter).wait_for("it is needed");
    snapshot("wizard-levo-needed", &screen.settled());
    answer(&mut screen, "levo: satellite", "https://satellite.example");
    answer(&mut screen, "levo: environment", "staging");
    answer(&mut screen, "levo: organisation", "org-1");
    screen.wait_for("levo: go on with these, or change one?").settled();
    // The profile for tight tasks is a switch.
    screen.press(Key::Up).press(Key::Enter).wait_for("profile for tight tasks on");
    snapshot("wizard-levo", &screen.settled());
    screen.press(Key::Down);
    apply(&mut screen);
    let entry_point = container(&standin, "levo-pcap-sensor")["entryPoint"].to_string();
    assert!(entry_point.contains(r#""--levoai-org-id","org-1""#), "{entry_point}");
}

#[test]
fn traceable_s_forwarder_has_a_usual_destination() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Sidecar);
    screen.press_times(Key::Down, 3).press(Key::Enter).wait_for("traceable: destination").press(Key::Enter);
    screen.wait_for("traceable: go on with these, or change one?");
    snapshot("wizard-traceable", &screen.settled());
    screen.press(Key::CtrlC).exits(130);
    nothing_was_written(&standin);
}

#[test]
fn absolute_sizes_and_a_log_group_by_its_name() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Size);
    screen.press_times(Key::Down, 2).press(Key::Enter);
    answer(&mut screen, "How many CPU units?", "32");
    answer(&mut screen, "How many MiB of memory?", "64");
    screen.wait_for("32 CPU units and 64 MiB: go on");
    snapshot("wizard-absolute-size", &screen.settled());
    screen.press(Key::Enter).wait_for(Question::Logs.text()).press(Key::Down).press(Key::Enter);
    answer(&mut screen, "Which CloudWatch log group?", "/ecs/sidetap");
    screen.wait_for(Question::Review.text());
    // What sidetap tells its sensor is nothing to hide.
    let raw = whole_json(screen.press_times(Key::Down, 3).press(Key::Enter));
    assert!(raw.contains("\"value\": \"127.0.0.1:19464\"") && raw.contains("\"value\": \"0.0312\""), "{screen}");
    screen.press(Key::Enter).wait_for(Question::Review.text());
    screen.press(Key::Down).press(Key::Enter).exits(0);
    let sidecar = container(&standin, "sidetap-sensor");
    assert_eq!((&sidecar["cpu"], &sidecar["memory"]), (&json!(32), &json!(64)));
    assert_eq!(sidecar["logConfiguration"]["options"]["awslogs-group"], "/ecs/sidetap");
}

/// Waits for the plan as JSON and pages to its end; all that was on the screen so far.
fn whole_json(screen: &mut Screen) -> String {
    screen.wait_for("The plan as JSON").wait_for("lines 1 to");
    assert!(screen.settled().contains("\"format_version\": \"1.0\""), "{screen}");
    screen.press_times(Key::Space, 12).settled();
    String::from_utf8(screen.raw()).expect("text")
}

#[test]
fn values_of_variables_are_in_the_json_only_where_they_are_asked_for() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Sidecar);
    screen.press_times(Key::Down, 3).press(Key::Enter);
    answer(&mut screen, "traceable: destination", "hidden.example");
    to_review(&mut screen);
    for (row, shown) in [(0, false), (1, true)] {
        screen.press_times(Key::Down, 3).press(Key::Enter).wait_for("How is it shown?");
        snapshot("wizard-plan-values", &screen.settled());
        let raw = whole_json(screen.press_times(Key::Down, row).press(Key::Enter));
        assert!(raw.contains("\"environment\""), "{screen}");
        assert_eq!(raw.contains("\"value\": \"hidden.example\""), shown, "{screen}");
        screen.press(Key::Enter).wait_for(Question::Review.text());
    }
}

#[test]
fn a_share_in_percent_and_a_log_that_goes_nowhere() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Size);
    screen.press(Key::Down).press(Key::Enter).wait_for("How many percent").press(Key::Backspace);
    answer(&mut screen, "How many percent", "12.5");
    screen.wait_for("12.5 % of CPU and memory: go on").press(Key::Enter).wait_for(Question::Logs.text());
    screen.press_times(Key::Down, 2).press(Key::Enter).wait_for(Question::Review.text());
    screen.press(Key::Down).press(Key::Enter).exits(0);
    let sidecar = container(&standin, "sidetap-sensor");
    assert_eq!((&sidecar["cpu"], &sidecar["memory"]), (&json!(32), &json!(64)));
    assert_eq!(sidecar.get("logConfiguration"), None);
}

#[test]
fn a_region_by_its_name() {
    let standin = account();
    standin.cluster_in("eu-south-9", "newest");
    let mut screen = walk_to(&standin, Question::Place);
    screen.press_times(Key::Down, 2).press(Key::Enter).wait_for("Which region?");
    snapshot("wizard-regions", &screen.settled());
    screen.type_text("another one").wait_without("af-south-1").press(Key::Enter).wait_for("its code");
    screen.press_times(Key::Backspace, 9).type_text("eu south").wait_for("no AWS region");
    snapshot("wizard-wrong-region", &screen.settled());
    screen.press_times(Key::Backspace, 6);
    answer(&mut screen, "its code", "-south-9");
    screen.wait_for("region    eu-south-9").press(Key::Enter).wait_for("newest").press(Key::CtrlC).exits(130);
}

#[test]
fn what_is_there_already_is_nothing_to_change() {
    let standin = account();
    let line = "inject --cluster main --service web --image example/sidetap:1 --export ndjson:- --yes";
    Sidetap::new(line).against(&standin).exits(0);
    let registered = standin.calls_of("RegisterTaskDefinition").len();
    let screen = Sidetap::new("").against(&standin).on_screen();
    let mut screen = walk(screen, Question::Image);
    assert!(screen.settled().contains("> example/sidetap:1"), "{screen}");
    for question in [Question::Image, Question::Exports, Question::Parameters, Question::Size, Question::Logs] {
        screen.wait_for(question.text()).press(Key::Enter);
    }
    screen.wait_for(Question::Review.text());
    snapshot("wizard-nothing-to-change", &screen.settled());
    screen.press(Key::Up).press(Key::Enter).exits(130);
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), registered);
}
