//! Each documented exit code is reached.

use sidetap::exit::Exit;
use standin::{Script, Standin};

use crate::support::{Sidetap, task_definition};

#[test]
fn each_exit_code_is_reached() {
    let standin = Standin::start();
    for (name, script) in [("good", Script::SucceedsAt(1)), ("bad", Script::Fails), ("slow", Script::Stuck)] {
        standin.service("main", name, task_definition(name)).script(name, [script]);
    }
    let run = |line: &str| Sidetap::new(line).against(&standin).run();
    let inject = |services: &str, more: &str| run(&format!("inject --cluster main {services} --image i --yes {more}"));
    let reached = [
        (Exit::Done, run("inject --file roomy.json --image i")),
        (Exit::Failed, run("inject --file missing.json --image i")),
        (Exit::Changes, run("inject --file roomy.json --image i --dry-run --detailed-exitcode")),
        (Exit::Partly, inject("--service good --service bad", "")),
        (Exit::Auth, Sidetap::new("list clusters").env("AWS_REGION", "eu-west-1").run()),
        (Exit::Blocked, run("inject --file full.json --image i")),
        (Exit::Deployment, {
            standin.service("main", "worse", task_definition("worse")).script("worse", [Script::Fails]);
            inject("--service worse", "")
        }),
        (Exit::TimedOut, inject("--service slow", "--timeout 1s")),
        (Exit::Usage, run("inject")),
    ];
    for (exit, finished) in &reached {
        assert_eq!(finished.code(), i32::from(exit.code()), "{finished}");
    }
    // `Interrupted` needs a signal: see `rollout`.
    assert_eq!(reached.len() + 1, Exit::ALL.len());
}

#[test]
fn taking_back_and_taking_out_end_with_the_same_codes() {
    let standin = Standin::start();
    let after = |name: &str, script: Script| {
        standin.service("main", name, task_definition(name));
        let inject = format!("inject --cluster main --service {name} --image i --yes");
        assert_eq!(Sidetap::new(&inject).against(&standin).run().code(), 0);
        standin.script(name, [script]);
    };
    let run = |line: String| Sidetap::new(&line).against(&standin).run();
    let rollback = |name: &str, more: &str| run(format!("rollback --cluster main --service {name} --yes {more}"));
    let remove = |name: &str, more: &str| run(format!("remove --cluster main --service {name} --yes {more}"));
    for (name, script) in [("a", Script::SucceedsAt(1)), ("b", Script::Fails), ("c", Script::Stuck)] {
        after(name, script.clone());
        after(&format!("{name}-too"), script);
    }
    standin.service("main", "bare", task_definition("bare"));
    for (exit, finished) in [
        (Exit::Changes, run("remove --cluster main --service a-too --dry-run --detailed-exitcode".to_owned())),
        (Exit::Partly, remove("a-too --service b-too", "--keep-going")),
        (Exit::Done, rollback("a", "")),
        (Exit::Deployment, rollback("b", "")),
        (Exit::TimedOut, rollback("c", "--timeout 1s")),
        (Exit::TimedOut, remove("c-too", "--timeout 1s")),
        (Exit::Done, remove("bare", "")),
        (Exit::Blocked, rollback("bare", "")),
        (Exit::Failed, rollback("nowhere", "")),
        (Exit::Usage, run("rollback --service web".to_owned())),
    ] {
        assert_eq!(finished.code(), i32::from(exit.code()), "{finished}");
    }
}
