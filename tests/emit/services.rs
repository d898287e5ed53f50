//! Several services at once.

use serde_json::json;
use standin::Standin;

use crate::support::{Sidetap, fixture};

#[test]
fn a_warning_names_its_service_and_nobody_asks_for_schedules() {
    let standin = Standin::start();
    for name in ["web", "api"] {
        let mut definition = fixture("roomy.json");
        definition["family"] = json!(name);
        definition["containerDefinitions"][0].as_object_mut().expect("a container").remove("logConfiguration");
        standin.service("main", name, definition);
    }
    let line = "inject --cluster main --all-services --image i:1 --emit terraform";
    let finished = Sidetap::new(line).against(&standin).exits(0);
    let finished = finished.stderr_has("warning: `web`: ").stderr_has("warning: `api`: ");
    let asked = standin.calls().into_iter().filter(|call| !call.operation.starts_with("Describe"));
    let asked: Vec<String> = asked.map(|call| call.operation).collect();
    assert!(!asked.iter().any(|operation| operation.contains("Schedule") || operation.contains("Rule")), "{asked:?}");
    assert!(!finished.stderr().contains("EventBridge"), "{finished}");

    let line = "inject --cluster main --service web --image i:1 --emit terraform";
    Sidetap::new(line).against(&standin).exits(0).stderr_has("warning: the sidecar's log goes nowhere");
}
