//! The wizard's way back: Esc goes back a step, and the answers are kept.

use standin::Standin;

use crate::support::{Key, Question, Sidetap, nothing_was_written, snapshot, task_definition, walk_to};

/// Two services in one cluster.
fn account() -> Standin {
    let standin = Standin::start();
    for name in ["api", "web"] {
        standin.service("main", name, task_definition(name));
    }
    standin
}

#[test]
fn esc_goes_back_through_every_question_and_the_answers_are_kept() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Review);
    let plan = screen.settled();
    for question in Question::ALL.into_iter().rev().skip(1) {
        screen.press(Key::Esc).wait_for(question.text());
        let shown = screen.settled();
        match question {
            Question::Image => assert!(shown.contains("> example/sidetap:1"), "{screen}"),
            Question::Exports => assert!(shown.contains("> ndjson:-"), "{screen}"),
            Question::Services => assert!(shown.contains("[x] api") && shown.contains("[ ] web"), "{screen}"),
            _ => {}
        }
    }
    // Forward again, every answer as it is.
    for question in Question::ALL {
        screen.wait_for(question.text());
        if question != Question::Review {
            screen.press(Key::Enter);
        }
    }
    assert_eq!(screen.settled(), plan);
    screen.press(Key::CtrlC).exits(130);
    nothing_was_written(&standin);
}

#[test]
fn esc_on_the_first_screen_ends_the_wizard() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Place);
    screen.press(Key::Esc).exits(130);
    snapshot("wizard-left", &screen.contents());
    nothing_was_written(&standin);
}

#[test]
fn quit_and_back_are_also_rows_of_the_menu() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Review);
    screen.press(Key::Up).press(Key::Up).press(Key::Enter).wait_for(Question::Logs.text());
    screen.press(Key::Enter).wait_for(Question::Review.text()).press(Key::Up).press(Key::Enter).exits(130);
    assert!(screen.contents().contains("nothing was changed"), "{screen}");
    nothing_was_written(&standin);
}

#[test]
fn another_cluster_forgets_the_services_of_the_one_before() {
    let standin = account();
    standin.service("other", "worker", task_definition("worker"));
    let mut screen = walk_to(&standin, Question::Sidecar);
    screen.press(Key::Esc).wait_for(Question::Services.text()).press(Key::Esc).wait_for(Question::Cluster.text());
    screen.press(Key::Down).press(Key::Enter).wait_for(Question::Services.text());
    let shown = screen.settled();
    assert!(shown.contains("[ ] worker") && !shown.contains("api"), "{screen}");
    screen.press(Key::Enter).wait_for("Mark at least one service with space.");
    screen.press(Key::Esc).wait_for(Question::Cluster.text()).press(Key::CtrlC).exits(130);
}

#[test]
fn esc_leaves_a_line_that_is_typed_and_its_text_is_not_taken() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Logs);
    screen.press(Key::Down).press(Key::Enter).wait_for("Which CloudWatch log group?");
    screen.type_text("/ecs/other").press(Key::Esc).wait_for(Question::Logs.text());
    screen.press(Key::Enter).wait_for(Question::Review.text());
    screen.press(Key::Enter).wait_for("The plan").press(Key::Esc).wait_for(Question::Review.text());
    let shown = screen.history();
    assert!(!shown.contains("\"awslogs-group\": \"/ecs/other\""), "{shown}");
    screen.press(Key::CtrlC).exits(130);
    nothing_was_written(&standin);
}

#[test]
fn esc_instead_of_typing_the_name_of_a_production_cluster_goes_back_to_the_plan() {
    let standin = Standin::start();
    standin.service("production", "web", task_definition("web"));
    let mut screen = walk_to(&standin, Question::Review);
    screen.press(Key::Down).press(Key::Enter).wait_for("Change 1 service in cluster production?");
    screen.type_text("prod").press(Key::Enter).wait_for("that is not `production`");
    snapshot("wizard-production", &screen.settled());
    screen.press(Key::Esc).wait_for(Question::Review.text()).settled();
    nothing_was_written(&standin);
    screen.press(Key::Down).press(Key::Enter).wait_for("Change 1 service").type_text("production");
    screen.press(Key::Enter).exits(0);
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
}

#[test]
fn a_plan_that_is_saved_is_applied_by_the_command_that_is_told() {
    let standin = account();
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("plan.json");
    let path = path.to_str().expect("a path");
    let mut screen = walk_to(&standin, Question::Review);
    screen.press_times(Key::Down, 2).press(Key::Enter).wait_for("Save the plan in which file?");
    screen.press_times(Key::Backspace, 40).type_text(path).press(Key::Enter);
    screen.wait_for("Saved.").wait_for(Question::Review.text()).press(Key::Up).press(Key::Enter).exits(0);
    nothing_was_written(&standin);
    Sidetap::of(["apply", path, "--yes"]).against(&standin).exits(0);
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
}
