//! What is shown of many services: in brief, unless all is asked for.

use serde_json::Value;
use standin::{Fault, Script, Standin};

use crate::support::{Sidetap, snapshot, task_definition};

fn fleet() -> Standin {
    let standin = Standin::start();
    for number in 0..21 {
        let name = format!("service-{number:02}");
        standin.service("main", &name, task_definition(&name));
    }
    standin
}

const INJECT: &str = "inject --cluster main --all-services --image example/sidetap:1";

#[test]
fn a_plan_has_a_line_a_service_and_one_change_as_an_example() {
    let standin = fleet();
    standin.edit_service("service-03", serde_json::json!({"desiredCount": 0}));
    standin.edit_service("service-04", serde_json::json!({"deploymentController": {"type": "NEW"}}));
    let brief = Sidetap::new(&format!("{INJECT} --dry-run")).against(&standin).exits(5).stdout();
    snapshot("many-plan", &brief);
    let all = Sidetap::new(&format!("{INJECT} --dry-run -v")).against(&standin).exits(5).stdout();
    assert_eq!(all.matches("+++ planned").count(), 20, "{all}");
}

#[test]
fn a_result_tells_of_those_that_need_attention() {
    let standin = fleet();
    standin.script("service-02", [Script::RollsBack]);
    standin.fault(Fault::RefuseFamily { family: "service-05" });
    let line = format!("{INJECT} --yes --keep-going --max-parallel 30");
    let finished = Sidetap::new(&line).against(&standin).exits(3);
    let result = finished.stdout().split_once(" blocked\n").expect("the plan comes first").1.to_owned();
    let is_task = |word: &&str| word.len() == 32 && word.chars().all(|c| c.is_ascii_hexdigit());
    let task = result.split(' ').find(is_task).expect("a stopped task").to_owned();
    snapshot("many-result", &result.replace(&task, "[task]"));
    let finished = finished.stderr_has("with `--out PLAN.json`, `sidetap apply` could go on");
    finished.stderr_has("service-05: failed: ecs:RegisterTaskDefinition failed: Role is not valid");
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_one_bar_counts_them_all() {
    let standin = fleet();
    standin.script("service-20", [Script::Stuck]);
    let line = format!("{INJECT} --yes --max-parallel 30 --timeout 20s");
    let mut screen = Sidetap::new(&line).against(&standin).on_screen();
    screen.wait_for("21 services, 1 deploying, 20 deployed");
    screen.wait_for("service-20  service-20:2  0/2 running");
    assert!(!screen.contents().contains("service-19"), "only what is being deployed has a line: {screen}");
    screen.exits(3);
    assert!(screen.history().contains("service-20: timed out"), "{screen}");
}

#[test]
fn the_way_back_of_one_of_them_is_of_the_same_place() {
    let standin = fleet();
    let line = format!("{INJECT} --yes --no-wait --max-parallel 30 --region eu-west-1");
    let finished = Sidetap::new(&line).against(&standin).exits(0);
    finished.stdout_has("  sidetap rollback --cluster main --service TARGET --region eu-west-1\n");
}

#[test]
fn json_tells_of_all_of_them() {
    let standin = fleet();
    let line = format!("{INJECT} --yes --register-only --output json");
    let result = Sidetap::new(&line).against(&standin).exits(0).json();
    let outcomes: Vec<&Value> = result["results"].as_array().unwrap().iter().map(|result| &result["outcome"]).collect();
    assert_eq!(outcomes, vec!["registered"; 21]);
}
