//! Task definitions of real projects, where the shared corpus is beside the checkout.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::Sidetap;

const PRESETS: [&str; 4] = [
    "--image example/sidetap:1",
    "--sidecar forwarder --image example/sidetap:1 --destination collector",
    "--sidecar levo --satellite-url http://s --levo-env e --levoai-org-id o --region eu-west-1",
    "--sidecar traceable",
];
const SIZES: [&str; 4] = ["", "--grow-task", "--best-effort", "--cpu 16 --memory 32"];

pub fn files() -> Vec<PathBuf> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/task-definitions");
    let Ok(entries) = std::fs::read_dir(directory) else {
        crate::support::not_run(&format!("the corpus is not beside the checkout: {directory}"));
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// What can be registered of a file, as ECS would be sent it.
fn registrable(document: &Value) -> Value {
    let parsed = sidetap::taskdef::TaskDefinition::parse(document.clone()).unwrap();
    parsed.0.into_value()
}

#[test]
fn every_file_takes_every_sidecar_or_says_why_not_and_comes_back_exactly() {
    let files = files();
    let mut injections = 0;
    for path in &files {
        let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let base_is_fine = standin::accepts(&registrable(&document)).is_ok();
        let taken = format!("--take-from {}", first_container(&document));
        let sizes: Vec<&str> = SIZES.into_iter().chain([taken.as_str()]).collect();
        for (preset, size) in PRESETS.iter().flat_map(|preset| sizes.iter().map(move |size| (preset, size))) {
            let words = format!("{preset} {size}");
            let line = |file: &str| format!("inject --file {file} {words}");
            let injected = Sidetap::new(&line(path.to_str().unwrap())).run();
            if injected.code() == 5 {
                assert!(injected.stderr().contains("hint:"), "{injected}");
                continue;
            }
            assert_eq!(injected.code(), 0, "{injected}");
            if base_is_fine {
                standin::accepts(&injected.json()).unwrap_or_else(|why| panic!("{why}\n{injected}"));
            }
            injections += 1;
            let again = Sidetap::new(&line("-")).stdin(&injected.stdout()).exits(0);
            assert_eq!(again.stdout(), injected.stdout(), "{}", path.display());
            let removed = Sidetap::new("remove --file -").stdin(&injected.stdout()).exits(0);
            assert_eq!(removed.json(), document, "{} {words}", path.display());
        }
    }
    assert!(files.is_empty() || injections > 100, "only {injections} injections succeeded");
}

fn first_container(document: &Value) -> String {
    let name = registrable(document)["containerDefinitions"][0]["name"].clone();
    name.as_str().unwrap_or_default().to_owned()
}
