//! `--output json`: standard output is one JSON document, however the run ends.

use serde_json::{Value, json};
use standin::{Fault, Standin};

use crate::support::{Finished, Sidetap, task_definition};

/// The error on standard output, which standard error tells as well.
fn error(finished: &Finished) -> Value {
    let document = finished.json();
    let error = document["error"].clone();
    let message = error["message"].as_str().unwrap_or_else(|| panic!("no message\n{finished}"));
    assert_eq!(error["exit_code"], finished.code(), "{finished}");
    let said: String = finished.stderr().split_whitespace().collect();
    let first: String = message.split_whitespace().collect();
    assert!(said.contains(&first), "`{message}` is not told\n{finished}");
    error
}

#[test]
fn an_error_is_an_object_with_its_kind_and_what_to_do() {
    for (line, code, kind, hint) in [
        ("inject --image i --file missing.json", 1, "failed", None),
        ("inject --image i --file bridge.json", 5, "blocked", Some("awsvpc")),
        ("inject --image i --file roomy.json --mtu 9 --sidecar forwarder --destination x", 64, "usage", Some("9001")),
        ("inject --image i --file roomy.json --memory nonsense", 64, "usage", None),
        ("inject --imag i --file roomy.json", 64, "usage", Some("--image")),
        ("list clusters --region eu-west-1", 4, "auth", Some("--profile")),
        ("apply missing.json", 1, "failed", None),
        ("remove --file yaml.json", 1, "failed", None),
        ("policy --region Ireland", 64, "usage", Some("eu-west-1")),
        ("rollback --service web", 64, "usage", None),
        ("status --service web", 64, "usage", Some("list clusters")),
        // Names that are also those of commands without such a result.
        ("--profile forward status --cluster capture --nonsense", 64, "usage", None),
    ] {
        let finished = Sidetap::new(&format!("{line} --output json")).exits(code);
        let error = error(&finished);
        assert_eq!(error["kind"], kind, "{finished}");
        let hints = error["hints"].as_array().expect("hints");
        let has = |text: &str| hints.iter().any(|hint| hint.as_str().is_some_and(|hint| hint.contains(text)));
        assert!(hint.is_none_or(has), "{finished}");
    }
}

#[test]
fn a_command_whose_output_is_a_stream_says_what_is_wrong_on_standard_error() {
    let finished = Sidetap::new("--region eu-west-1 capture --output json --nonsense").exits(64);
    assert_eq!(finished.stdout(), "", "{finished}");
}

#[test]
fn what_is_missing_is_told_with_a_command_line_that_would_be_ready() {
    let finished = Sidetap::new("inject --file roomy.json --env A=s3cr3t --output=json").exits(64);
    assert_eq!(error(&finished)["try"], "sidetap inject --file roomy.json --env 'A=***' '--output=json' --image IMAGE");
    assert!(Sidetap::new("--output json").exits(64).json()["error"]["message"].is_string());
}

#[test]
fn causes_are_told_one_by_one() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web")).fault(Fault::Deny { operation: "DescribeServices" });
    let line = "rollback --cluster main --service web --yes --output json";
    let finished = Sidetap::new(line).against(&standin).exits(4);
    let error = error(&finished);
    assert_eq!(error["message"], "cannot roll back `web`");
    assert!(error["causes"][0].as_str().expect("a cause").contains("AccessDenied"), "{finished}");
}

#[test]
fn what_is_blocked_is_the_plan_which_says_why() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin.edit_service("web", json!({ "resourceManagementType": "ECS" }));
    for (more, code) in [("--yes", 5), ("--dry-run", 5)] {
        let line = format!("inject --cluster main --service web --image i {more} --output json");
        let plan = Sidetap::new(&line).against(&standin).exits(code).json();
        assert_eq!(plan["targets"][0]["reason"]["code"], "express-service");
    }
    let plan = Sidetap::new("inject --file bridge.json --image i --dry-run --output json").exits(5).json();
    assert_eq!(plan["targets"][0]["action"], "blocked");
}

#[test]
fn control_characters_of_others_are_in_no_error() {
    let finished = Sidetap::of(["inject", "--file", "evil\u{202e}\u{1b}[2J.json", "--image", "i", "--output", "json"]);
    let stdout = finished.exits(1).stdout();
    assert!(!stdout.contains('\u{202e}') && !stdout.contains("\\u001b"), "{stdout}");
}

#[test]
fn exit_codes_are_a_list() {
    let codes = Sidetap::new("exit-codes --output json").exits(0).json();
    assert_eq!(codes[0]["code"], 0);
    assert!(codes.as_array().expect("a list").iter().any(|row| row["code"] == 64 && row["name"] == "usage"));
}

#[test]
fn what_is_emitted_is_in_an_object_with_what_could_not_be() {
    let standin = Standin::start();
    for name in ["web", "api"] {
        standin.service("main", name, task_definition(name));
    }
    standin.edit_service("api", json!({ "resourceManagementType": "ECS" }));
    let inject = "inject --cluster main --all-services --image i --output json --emit";
    for format in ["cloudformation", "terraform", "json"] {
        let document = Sidetap::new(&format!("{inject} {format}")).against(&standin).exits(3).json();
        assert_eq!(document["format"], format);
        assert_eq!(document["blocked"][0]["target"], "api");
        assert_eq!(document["blocked"][0]["reason"]["code"], "express-service");
        match format {
            "json" => assert_eq!(document["emitted"]["family"], "web"),
            _ => assert!(document["emitted"].as_str().expect("text").contains("sidetap-sensor")),
        }
    }
    standin.edit_service("web", json!({ "resourceManagementType": "ECS" }));
    let document = Sidetap::new(&format!("{inject} json")).against(&standin).exits(5).json();
    assert_eq!((&document["emitted"], document["blocked"].as_array().map(Vec::len)), (&Value::Null, Some(2)));
}

#[test]
fn a_file_that_is_changed_in_place_leaves_the_plan() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("web.json");
    std::fs::write(&path, task_definition("web").to_string()).expect("written");
    let run = |words: &[&str]| {
        let file = path.to_str().expect("a path");
        let words = words.iter().copied().chain(["--file", file, "--in-place", "--output", "json"]);
        Sidetap::of(words).exits(0).json()
    };
    assert_eq!(run(&["inject", "--image", "i"])["summary"]["change"], 1);
    assert_eq!(run(&["inject", "--image", "i"])["summary"]["no_change"], 1);
    assert_eq!(run(&["remove"])["summary"]["change"], 1);
    assert_eq!(run(&["remove"])["summary"]["no_change"], 1);
    let definition =
        Sidetap::of(["remove", "--file", path.to_str().expect("a path"), "--output", "json"]).exits(0).json();
    assert_eq!(definition["family"], "web");
}

#[test]
#[cfg(feature = "engine")]
fn records_have_no_place_for_an_error() {
    let finished = Sidetap::new("capture --read missing.pcap --output json").exits(1);
    assert_eq!(finished.stdout(), "", "{finished}");
    let finished = Sidetap::new("capture --nonsense --output json").exits(64);
    assert_eq!(finished.stdout(), "", "{finished}");
}
