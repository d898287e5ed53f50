//! The question before a change, on a terminal.

use serde_json::json;
use standin::{Fault, Script, Standin};

use crate::support::{Key, Screen, Sidetap, nothing_was_written, snapshot, task_definition};

const LINE: &str = "inject --cluster main --service web --image example/sidetap:1";

/// A service, and the command that would change it.
fn prepared() -> (Standin, Sidetap) {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let sidetap = Sidetap::new(LINE).against(&standin);
    (standin, sidetap)
}

/// The question about it, on a screen with room for the whole plan.
fn asked() -> (Standin, Screen) {
    let (standin, sidetap) = prepared();
    let mut screen = sidetap.on_screen_of(100, 100);
    screen.wait_for("Change 1 target in account 123456789012 in eu-west-1?");
    (standin, screen)
}

#[test]
fn the_plan_is_on_the_screen_above_the_question() {
    let (standin, mut screen) = asked();
    snapshot("confirm-screen", &screen.settled());
    nothing_was_written(&standin);
}

#[test]
fn yes_changes_the_service() {
    let (standin, mut screen) = asked();
    screen.type_text("y").exits(0);
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
    assert_eq!(
        standin.service_json("web")["taskDefinition"],
        standin.describe("web:2")["taskDefinition"]["taskDefinitionArn"]
    );
}

#[test]
fn no_enter_and_escape_change_nothing() {
    let answers: [fn(&mut Screen) -> &mut Screen; 3] =
        [|screen| screen.type_text("n"), |screen| screen.press(Key::Enter), |screen| screen.press(Key::Esc)];
    for answer in answers {
        let (standin, mut screen) = asked();
        answer(&mut screen).wait_for("nothing was changed").exits(1);
        nothing_was_written(&standin);
    }
}

#[test]
fn ctrl_c_at_the_question_shows_the_cursor_and_writes_nothing() {
    let (standin, mut screen) = asked();
    screen.settled();
    assert!(!screen.cursor_visible(), "dialoguer hides it");
    screen.press(Key::CtrlC).wait_for("interrupted; nothing was changed").exits(130);
    nothing_was_written(&standin);
}

#[test]
fn sigterm_at_the_question_does_what_ctrl_c_does() {
    let (standin, mut screen) = asked();
    screen.settled();
    screen.terminate().wait_for("interrupted; nothing was changed").exits(130);
    nothing_was_written(&standin);
}

#[test]
fn keys_that_mean_nothing_answer_nothing() {
    let (standin, mut screen) = asked();
    let before = screen.settled();
    for key in [Key::Up, Key::Left, Key::Right, Key::Backspace] {
        screen.press(key);
    }
    screen.wait_without("nothing was changed").press_times(Key::Down, 3);
    assert_eq!(screen.settled(), before);
    screen.press(Key::Esc).wait_for("nothing was changed").exits(1);
    nothing_was_written(&standin);
}

#[test]
fn a_plan_that_is_longer_than_the_screen_stays_above_it() {
    let (standin, sidetap) = prepared();
    let mut screen = sidetap.on_screen();
    screen.wait_for("Change 1 target").settled();
    assert!(screen.scrolled() > 0);
    let first = screen.history().lines().find(|line| !line.is_empty()).map(str::to_owned);
    assert!(first.is_some_and(|line| line.starts_with("account 123456789012")), "{}", screen.history());
    let question = screen.contents().lines().last().map(str::to_owned).unwrap_or_default();
    assert!(!screen.wrapped_lines().contains(&question), "{screen}");
    nothing_was_written(&standin);
}

#[test]
fn another_size_in_the_middle_of_the_question_loses_nothing() {
    let (standin, mut screen) = asked();
    screen.settled();
    screen.resize(80, 24).type_text("y").exits(0);
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
}

#[test]
fn no_control_character_of_a_name_reaches_the_terminal() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let described = standin.describe("web");
    let arn = described["taskDefinition"]["taskDefinitionArn"].as_str().unwrap_or_default();
    standin.edit_revision(arn, |revision| {
        revision["containerDefinitions"][0]["name"] = "app\u{7}\u{1b}]0;owned\u{7}\u{202e}".into();
    });
    let mut screen = Sidetap::new(LINE).against(&standin).on_screen_of(100, 100);
    screen.wait_for("Change 1 target").press(Key::Space).settled();
    let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
    for forbidden in ["\u{7}", "\u{1b}]", "\u{202e}"] {
        assert!(!raw.contains(forbidden), "{raw:?}");
    }
}

/// A plan that was carried out up to a point: `standin` has the service, and `more` are flags of the first run.
fn begun(standin: &Standin, more: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let plan = directory.path().join("plan.json").to_str().expect("a path").to_owned();
    Sidetap::new(&format!("{LINE} --yes --out {plan} {more}")).against(standin).run();
    (directory, plan)
}

/// Applies a plan on a screen, and says no to what is asked once `remains` has been shown.
fn says_no_to(standin: &Standin, line: &str, remains: &str) {
    let writes = |standin: &Standin| {
        let operations = ["UpdateService", "TagResource", "PutTargets", "RegisterTaskDefinition"];
        operations.map(|operation| standin.calls_of(operation).len())
    };
    let before = writes(standin);
    let mut screen = Sidetap::new(line).against(standin).on_screen_of(160, 110);
    screen.wait_for(remains).wait_for("Change 1 target in account 123456789012 in eu-west-1?");
    screen.type_text("n").wait_for("nothing was changed").exits(1);
    assert_eq!(writes(standin), before);
}

#[test]
fn what_is_left_of_a_begun_plan_is_shown_and_asked_for_too() {
    let service = || {
        let standin = Standin::start();
        standin.service("main", "web", task_definition("web"));
        standin
    };
    // Only the tags.
    let standin = service();
    standin.fault(Fault::Deny { operation: "TagResource" });
    let (_directory, plan) = begun(&standin, "");
    standin.repair();
    says_no_to(&standin, &format!("apply {plan}"), "still to be done: the tags of `web` are set");
    Sidetap::new(&format!("apply {plan} --yes")).against(&standin).exits(0);
    // Then nothing is left, and nothing is asked.
    Sidetap::new(&format!("apply {plan}")).against(&standin).on_screen_of(160, 110).exits(0);

    // Only a way back, which was not asked for before.
    let standin = service();
    standin.script("web", [Script::Fails]);
    let (_directory, plan) = begun(&standin, "");
    let line = format!("apply {plan} --auto-rollback");
    says_no_to(&standin, &line, "still to be done: `web`, whose deployment has failed: taken back");

    // Only a rule.
    let standin = service();
    let revision = |number: u32| format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:{number}");
    let target = json!({
        "Id": "run", "Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main",
        "EcsParameters": { "TaskDefinitionArn": revision(1) }
    });
    standin.around(|around| {
        around.events.rule("nightly", [target]);
        around.events.failing_targets.push("run".to_owned());
    });
    let (_directory, plan) = begun(&standin, "--include-schedules");
    standin.around(|around| around.events.failing_targets.clear());
    let remains = "still to be done: 1 rule or schedule of `web` is pointed at the new revision";
    says_no_to(&standin, &format!("apply {plan}"), remains);
    Sidetap::new(&format!("apply {plan} --yes")).against(&standin).exits(0).stdout_has("now runs web:2");
    Sidetap::new(&format!("apply {plan}")).against(&standin).on_screen_of(160, 110).exits(0);
}
