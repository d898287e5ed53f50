//! Ctrl-C in the wizard: before anything is changed it ends with nothing written; afterwards it only stops watching.

use std::time::{Duration, Instant};

use standin::{Script, Standin};

use crate::support::{Key, Question, Sidetap, nothing_was_written, snapshot, task_definition, walk_to};

fn account() -> Standin {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin
}

/// At this question; `exits` requires that the cursor is shown.
fn interrupted_at(question: Question) {
    let standin = account();
    let mut screen = walk_to(&standin, question);
    screen.settled();
    screen.press(Key::CtrlC).exits(130);
    assert!(screen.contents().contains("interrupted; nothing was changed"), "{screen}");
    // What is said is on a line of its own.
    assert!(screen.contents().lines().any(|line| line.starts_with("error: interrupted")), "{screen}");
    nothing_was_written(&standin);
}

#[test]
fn at_each_question_nothing_is_written_and_the_cursor_is_shown() {
    std::thread::scope(|scope| {
        for question in Question::ALL {
            scope.spawn(move || interrupted_at(question));
        }
    });
}

#[test]
fn in_a_line_that_is_half_typed_and_in_the_pages_of_the_plan() {
    let standin = account();
    let mut screen = walk_to(&standin, Question::Image);
    screen.type_text("example/side").press(Key::CtrlC).exits(130);
    snapshot("wizard-interrupted-typing", &screen.contents());
    let mut screen = walk_to(&standin, Question::Review);
    screen.press(Key::Enter).wait_for("lines 1 to");
    snapshot("wizard-changes", &screen.settled());
    screen.press(Key::Space).press(Key::Down).press(Key::CtrlC).exits(130);
    nothing_was_written(&standin);
}

#[test]
fn while_aws_is_asked() {
    let standin = account();
    standin.delay(Duration::from_secs(12));
    let mut screen = Sidetap::new("").against(&standin).on_screen();
    screen.wait_for("asking AWS who you are");
    let pressed = Instant::now();
    screen.press(Key::CtrlC).exits(130);
    assert!(pressed.elapsed() < Duration::from_secs(8), "{:?}", pressed.elapsed());
    assert!(screen.contents().contains("nothing was changed"), "{screen}");
    nothing_was_written(&standin);
}

#[test]
fn while_watching_it_says_that_the_deployment_goes_on() {
    let standin = account();
    standin.script("web", [Script::Stuck]);
    let mut screen = walk_to(&standin, Question::Review);
    screen.press(Key::Down).press(Key::Enter).wait_for("Ctrl-C stops watching").wait_for("0/2");
    screen.press(Key::CtrlC).exits(130);
    // The line that moved tells how long it took.
    let shown = screen.contents();
    let shown: Vec<&str> = shown.lines().filter(|line| !line.contains("0/2 running")).collect();
    snapshot("wizard-interrupted-watching", &shown.join("\n"));
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
    let running = standin.service_json("web")["taskDefinition"].clone();
    assert_eq!(running, standin.describe("web:2")["taskDefinition"]["taskDefinitionArn"]);
}
