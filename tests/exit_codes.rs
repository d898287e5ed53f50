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
