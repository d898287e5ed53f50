//! What the wizard's screens look like where there is little room, much to show, or names that are not what they seem.

use serde_json::json;
use standin::Standin;

use crate::support::{Key, Question, Screen, Sidetap, nothing_was_written, snapshot, task_definition, walk, walk_to};

/// A cluster with so many services, all of one task definition.
fn fleet(count: usize) -> Standin {
    let standin = Standin::start();
    let arn = standin.task_definition(task_definition("web"));
    for number in 0..count {
        standin.service_of("main", &format!("service-{number:03}"), &arn);
    }
    standin
}

/// The title is there, no line goes on in the next, and the question is.
#[track_caller]
fn fits(screen: &mut Screen, question: &str) {
    let shown = screen.settled();
    assert!(shown.starts_with("sidetap  "), "the title has left the screen\n{screen}");
    assert!(shown.contains(question), "the question has left the screen\n{screen}");
    assert_eq!(screen.wrapped_lines(), Vec::<String>::new(), "{screen}");
}

#[test]
fn in_80_columns_and_24_rows_every_screen_of_the_demo_fits_and_nothing_scrolls_away() {
    let standin = Standin::start();
    standin.demo();
    let mut screen = walk_to(&standin, Question::Place);
    let scrolled = screen.scrolled();
    for question in Question::ALL {
        screen.wait_for(question.text());
        fits(&mut screen, question.text());
        assert_eq!(screen.scrolled(), scrolled, "{screen}");
        match question {
            // All that are not blocked.
            Question::Services => screen.type_text("a"),
            Question::Image => screen.type_text("example/sidetap:1"),
            Question::Size => break,
            _ => &mut screen,
        };
        screen.press(Key::Enter);
    }
    // Some have no room but by reserving nothing.
    screen.press(Key::Enter).wait_for("nothing reserved: go on");
    fits(&mut screen, Question::Size.text());
    screen.press(Key::Enter).wait_for(Question::Logs.text());
    fits(&mut screen, Question::Logs.text());
    screen.press(Key::Enter).wait_for(Question::Review.text());
    fits(&mut screen, Question::Review.text());
    assert_eq!(screen.scrolled(), scrolled, "{screen}");
    snapshot("wizard-demo-review", &screen.settled());
    nothing_was_written(&standin);
}

#[test]
fn in_a_narrow_terminal_of_few_rows_the_questions_can_be_answered() {
    let standin = fleet(3);
    let screen = Sidetap::new("").against(&standin).on_screen_of(50, 12);
    let mut screen = walk(screen, Question::Review);
    snapshot("wizard-narrow", &screen.settled());
    screen.press(Key::Down).press(Key::Enter).exits(0);
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
}

#[test]
fn three_hundred_services_are_narrowed_down_by_name() {
    let standin = fleet(300);
    let mut screen = walk_to(&standin, Question::Cluster);
    screen.press(Key::Enter).wait_for("The cluster has 300 services. Which are to be listed?");
    screen.type_text("nothing").wait_for("> nothing").wait_for("no service has that in its name");
    snapshot("wizard-300-narrow", &screen.settled());
    screen.press_times(Key::Backspace, 7).type_text("SERVICE-29").press(Key::Enter).wait_for(Question::Services.text());
    snapshot("wizard-300-listed", &screen.settled());
    // Only those that are listed are looked at.
    assert_eq!(standin.calls_of("DescribeServices").len(), 1);
    screen.press(Key::Esc).wait_for("Which are to be listed?").press(Key::Enter).wait_for(Question::Services.text());
    screen.type_text("a").press(Key::Enter).wait_for(Question::Sidecar.text());
    // Back is the list, not the question before it.
    screen.press(Key::Esc).wait_for(Question::Services.text());
    assert!(screen.settled().contains("[x] service-290"), "{screen}");
    screen.press(Key::Enter).wait_for(Question::Sidecar.text()).press(Key::Enter);
    screen.wait_for(Question::Image.text()).type_text("i").press(Key::Enter).wait_for(Question::Exports.text());
    screen.press(Key::Enter).wait_for(Question::Parameters.text()).press(Key::Enter);
    screen.wait_for(Question::Size.text());
    snapshot("wizard-300-size", &screen.settled());
    screen.press(Key::Enter).wait_for(Question::Logs.text()).press(Key::Enter).wait_for(Question::Review.text());
    snapshot("wizard-300-review", &screen.settled());
    fits(&mut screen, Question::Review.text());
    screen.press(Key::Down).press(Key::Enter).wait_for("Change 10 services in cluster main?").press(Key::CtrlC);
    screen.exits(130);
    nothing_was_written(&standin);
}

#[test]
fn all_of_three_hundred_services_are_a_list_of_pages() {
    let standin = fleet(300);
    let mut screen = walk_to(&standin, Question::Cluster);
    screen.press(Key::Enter).wait_for("Which are to be listed?").press(Key::Enter).wait_for(Question::Services.text());
    fits(&mut screen, Question::Services.text());
    let first = screen.settled();
    screen.press(Key::Right).wait_for("[Page 2/");
    fits(&mut screen, Question::Services.text());
    screen.press(Key::Left).wait_for("[Page 1/");
    assert_eq!(screen.settled(), first);
    screen.press(Key::CtrlC).exits(130);
}

#[test]
fn another_size_in_the_middle_of_a_list() {
    let standin = fleet(300);
    let mut screen = walk_to(&standin, Question::Cluster);
    screen.press(Key::Enter).wait_for("Which are to be listed?").press(Key::Enter).wait_for(Question::Services.text());
    screen.press_times(Key::Down, 3).press(Key::Space);
    screen.settled();
    for (columns, rows) in [(60, 14), (120, 40), (80, 24)] {
        screen.resize(columns, rows).press(Key::Down).settled();
        screen.press(Key::Up);
        let shown = screen.settled();
        assert!(shown.contains("> [x] service-003"), "{columns}x{rows}\n{screen}");
        // In fewer rows than it was begun in, the list is worth more than the question.
        assert!(shown.matches(Question::Services.text()).count() <= 1, "{columns}x{rows}\n{screen}");
        assert_eq!(screen.wrapped_lines(), Vec::<String>::new(), "{screen}");
    }
    screen.press(Key::Enter).wait_for(Question::Sidecar.text());
    fits(&mut screen, Question::Sidecar.text());
    screen.press(Key::CtrlC).exits(130);
    nothing_was_written(&standin);
}

#[test]
fn another_size_in_the_middle_of_the_review_and_of_the_plan() {
    let standin = fleet(1);
    let mut screen = walk_to(&standin, Question::Review);
    screen.settled();
    screen.resize(100, 40).press(Key::Enter).wait_for("lines 1 to");
    snapshot("wizard-resized-changes", &screen.settled());
    screen.resize(60, 16).press(Key::Down).wait_for("lines 2 to").settled();
    assert_eq!(screen.wrapped_lines(), Vec::<String>::new(), "{screen}");
    screen.resize(80, 24).press(Key::Esc).wait_for(Question::Review.text());
    fits(&mut screen, Question::Review.text());
    screen.press(Key::Down).press(Key::Enter).exits(0);
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
}

/// Names with what controls a terminal, changes the direction of text, is wider than a column, or never ends.
const ODD: [&str; 6] = [
    "bell\u{7}\u{1b}[45mand-colour\u{1b}]0;title\u{7}",
    "gnp.\u{202e}exe\u{2066}",
    "\u{9b}31mold-control",
    "two\nlines\r\u{8}",
    "注文サービス注文サービス注文サービス注文サービス注文サービス注文サービス",
    "zero\u{200b}width\u{feff}\u{ad}",
];

#[test]
fn odd_names_reach_the_screen_without_what_is_odd() {
    let standin = Standin::start();
    let cluster = "main\u{1b}[45m\u{202e}";
    let long = "long-".repeat(60);
    for name in ODD.into_iter().chain([long.as_str()]) {
        let mut definition = task_definition("web");
        definition["containerDefinitions"][0]["name"] = json!(name);
        definition["containerDefinitions"][0]["logConfiguration"]["options"]["awslogs-group"] = json!(name);
        standin.service(cluster, name, definition);
    }
    let blocked = "blocked\u{7}\u{1b}[45m";
    standin.service(cluster, blocked, task_definition("web"));
    standin.edit_service(blocked, json!({ "status": "DRAIN\u{1b}[45mING\u{202e}" }));
    let mut screen = walk_to(&standin, Question::Services);
    fits(&mut screen, Question::Services.text());
    snapshot("wizard-odd-services", &screen.settled());
    screen.type_text("a").press(Key::Enter).wait_for(Question::Sidecar.text()).press(Key::Enter);
    screen.wait_for(Question::Image.text()).type_text("i").press(Key::Enter).wait_for(Question::Exports.text());
    screen.press(Key::Enter).wait_for(Question::Parameters.text()).press(Key::Enter).wait_for(Question::Size.text());
    fits(&mut screen, Question::Size.text());
    screen.press(Key::Enter).wait_for(Question::Logs.text());
    fits(&mut screen, Question::Logs.text());
    screen.press(Key::Enter).wait_for(Question::Review.text());
    fits(&mut screen, Question::Review.text());
    snapshot("wizard-odd-review", &screen.settled());
    screen.press(Key::Enter).wait_for("lines 1 to").press_times(Key::Space, 4).press(Key::Esc);
    screen.wait_for(Question::Review.text()).press(Key::Down).press(Key::Enter).wait_for("type the cluster's name");
    screen.settled();
    screen.press(Key::CtrlC).exits(130);
    assert_eq!(screen.stray(), Vec::<String>::new());
    nothing_was_written(&standin);
}

#[test]
fn a_failed_deployment_s_reasons_are_sanitised_as_well() {
    let standin = Standin::start();
    let name = "web\u{1b}[45m\u{202e}\u{7}";
    standin.service("main", name, task_definition("web"));
    standin.script(name, [standin::Script::Fails]);
    let mut screen = walk_to(&standin, Question::Review);
    screen.press(Key::Down).press(Key::Enter).exits(6);
    assert_eq!(screen.stray(), Vec::<String>::new());
    assert!(screen.history().contains("OutOfMemoryError"), "{}", screen.history());
}

#[test]
fn many_clusters_are_searched_by_typing() {
    let standin = Standin::start();
    for number in 0..30 {
        standin.cluster(&format!("cluster-{number:02}"));
    }
    standin.service("the-one", "web", task_definition("web"));
    let mut screen = walk_to(&standin, Question::Cluster);
    fits(&mut screen, Question::Cluster.text());
    screen.type_text("one").wait_without("cluster-00");
    snapshot("wizard-search", &screen.settled());
    screen.press(Key::Enter).wait_for(Question::Services.text()).press(Key::Esc).wait_for(Question::Cluster.text());
    screen.press(Key::CtrlC).exits(130);
}
