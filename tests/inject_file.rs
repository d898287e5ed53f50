//! `sidetap inject --file`.

use serde_json::{Value, json};

use crate::support::{Sidetap, fixture, snapshot};

fn injected(arguments: &str) -> Value {
    Sidetap::new(&format!("inject --image example/sidetap:1 {arguments}")).exits(0).json()
}

fn container<'a>(definition: &'a Value, name: &str) -> &'a Value {
    let containers = definition["containerDefinitions"].as_array().expect("containers");
    containers.iter().find(|container| container["name"] == name).unwrap_or_else(|| panic!("no `{name}`"))
}

#[test]
fn the_sensor_gets_five_percent_and_never_takes_the_task_down() {
    let sensor = injected("--file roomy.json");
    let sensor = container(&sensor, "sidetap-sensor");
    assert_eq!((&sensor["cpu"], &sensor["memory"], &sensor["memoryReservation"]), (&json!(12), &json!(25), &json!(25)));
    assert_eq!(sensor["essential"], false);
    assert_eq!(sensor["readonlyRootFilesystem"], true);
    assert_eq!(sensor["restartPolicy"]["enabled"], true);
    assert_eq!(sensor["stopTimeout"], 30);
    assert_eq!(sensor["healthCheck"]["command"], json!(["CMD", "sidetap", "health"]));
    assert_eq!(sensor["logConfiguration"]["options"]["awslogs-group"], "/ecs/web");
}

#[test]
fn every_preset_gives_the_container_that_its_users_know() {
    for (name, arguments) in [
        (
            "sensor",
            "--export otlp:http://collector:4318 --filter tcp --low-resource --log-group /sensors --region eu-west-1",
        ),
        (
            "forwarder",
            "--sidecar forwarder --destination collector:4789 --bpf-filter tcp --mtu 1500 --stat-duration 60",
        ),
        (
            "levo",
            "--sidecar levo --satellite-url https://satellite --levo-env staging --levoai-org-id org --low-resource \
             --memory 200",
        ),
        ("traceable", "--sidecar traceable --destination mirror.internal --env DEBUG=1"),
    ] {
        let mut line = format!("inject --file two-containers.json --dry-run --show-values {arguments}");
        if name == "sensor" || name == "forwarder" {
            line.push_str(" --image example/sidetap:1");
        }
        snapshot(&format!("plan-{name}"), &Sidetap::new(&line).exits(0).stdout());
    }
}

#[test]
fn the_vendors_defaults_are_the_ones_that_they_publish() {
    let line = "inject --file roomy.json --sidecar levo --satellite-url http://s --levo-env e --levoai-org-id o";
    let levo = Sidetap::new(line).exits(0).json();
    let levo = container(&levo, "levo-pcap-sensor");
    let line = [
        "./bin/init",
        "apidump",
        "--satellite-url",
        "http://s",
        "--levo-env",
        "e",
        "--levoai-org-id",
        "o",
        "--rate-limit",
        "1000",
    ];
    assert_eq!(levo["entryPoint"], json!(line));
    assert_eq!(levo["environment"], json!([{"name": "LEVO_AWS_REGION", "value": "eu-west-1"}]));
    assert_eq!(levo["logConfiguration"]["options"]["awslogs-stream-prefix"], "ecs-pcap");

    let line = "inject --file roomy.json --sidecar traceable";
    let traceable = Sidetap::new(line).exits(0).stderr_has("the sidecar is essential").json();
    let traceable = container(&traceable, "traceable-agent-packet-forwarder");
    assert_eq!(traceable["image"], "traceableai/packet-forwarder:1.0.10");
    assert_eq!(traceable["essential"], true);
    let names: Vec<_> = traceable["environment"].as_array().unwrap().iter().map(|v| v["name"].clone()).collect();
    assert_eq!(names, ["BPF_FILTER", "DESTINATION", "INTERFACE", "MTU", "STAT_DURATION"]);
}

#[test]
fn a_sidetap_answers_its_health_check_where_it_is_told_to() {
    let listens = |line: &str, name: &str| {
        let container = container(&Sidetap::new(line).exits(0).json(), name).clone();
        assert_eq!(container["healthCheck"]["command"], json!(["CMD", "sidetap", "health"]));
        let limit = json!({ "name": "SIDETAP_CPU_LIMIT", "value": "0.0117" });
        let mut environment = container["environment"].as_array().unwrap().clone();
        assert!(environment.contains(&limit), "its 12 CPU units: {environment:?}");
        environment.retain(|variable| *variable != limit);
        Value::from(environment)
    };
    let line = "inject --file roomy.json --image i";
    let custom = json!([{"name": "SIDETAP_LISTEN", "value": "127.0.0.1:19464"}]);
    assert_eq!(listens(line, "sidetap-sensor"), custom);
    let forwarder = format!("{line} --sidecar forwarder --destination c.internal");
    let beside = json!([{"name": "SIDETAP_LISTEN", "value": "127.0.0.1:19465"}]);
    assert_eq!(listens(&forwarder, "sidetap-forwarder"), beside);
    let given = json!([{"name": "SIDETAP_LISTEN", "value": "0.0.0.0:9000"}]);
    assert_eq!(listens(&format!("{line} --env SIDETAP_LISTEN=0.0.0.0:9000"), "sidetap-sensor"), given);
}

#[test]
fn a_second_injection_changes_nothing() {
    for size in ["", "--take-from app", "--grow-task", "--best-effort"] {
        let fixture = if size.is_empty() { "roomy.json" } else { "full.json" };
        let line = format!("inject --image i:1 {size} --file");
        let once = Sidetap::new(&format!("{line} {fixture}")).exits(0).stdout();
        let twice = Sidetap::new(&format!("{line} -")).stdin(&once).exits(0).stderr_has("nothing to change");
        assert_eq!(twice.stdout(), once, "{size}");
        let line = format!("{line} - --dry-run --detailed-exitcode");
        Sidetap::new(&line).stdin(&once).exits(0).stdout_has("1 unchanged");
    }
}

#[test]
fn an_upgrade_keeps_the_way_out_and_the_place() {
    let once = Sidetap::new("inject --file full.json --image i:1 --take-from app").exits(0).stdout();
    let upgraded = Sidetap::new("inject --file - --image i:2").stdin(&once).exits(0).json();
    assert_eq!(container(&upgraded, "sidetap-sensor")["image"], "i:2");
    assert_eq!(container(&upgraded, "app")["memory"], 512 - 25);
    let back = Sidetap::new("remove --file -").stdin(&upgraded.to_string()).exits(0).json();
    assert_eq!(back, fixture("full.json"));
}

#[test]
fn of_several_containers_the_first_gives_that_the_task_has() {
    let line = "--image i --take-from nobody --take-from app";
    let taken = Sidetap::new(&format!("inject --file full.json {line}")).exits(0);
    assert_eq!(container(&taken.json(), "app")["memory"], 512 - 25);
    let plan = Sidetap::new(&format!("inject --file full.json {line} --dry-run --output json")).exits(0).json();
    assert_eq!(plan["targets"][0]["size"]["taken_from"], "app");
    let again = Sidetap::new(&format!("inject --file - {line}")).stdin(&taken.stdout()).exits(0);
    again.stderr_has("nothing to change");
    Sidetap::new("inject --file full.json --image i --take-from nobody --take-from none")
        .exits(5)
        .stderr_has("it has no container `nobody` or `none` to take the sidecar's share from");
}

#[test]
fn changing_ones_mind_about_the_way_out_leaves_no_trace() {
    let taken = Sidetap::new("inject --file full.json --image i --take-from app").exits(0).stdout();
    let best = Sidetap::new("inject --file - --image i --best-effort").stdin(&taken).exits(0).stdout();
    let grown = Sidetap::new("inject --file - --image i --grow-task").stdin(&best).exits(0).stdout();
    for text in [best, grown] {
        assert_eq!(Sidetap::new("remove --file -").stdin(&text).exits(0).json(), fixture("full.json"));
    }
}

#[test]
fn a_sidecar_that_others_refer_to_keeps_its_name_and_its_removal_drops_the_references() {
    let mut injected = Sidetap::new("inject --file roomy.json --image i").exits(0).json();
    injected["containerDefinitions"][0]["dependsOn"] =
        json!([{"containerName": "sidetap-sensor", "condition": "START"}]);
    let text = injected.to_string();
    let renamed = Sidetap::new("inject --file - --image i --container-name other").stdin(&text);
    renamed.exits(5).stderr_has("refers to the sidecar as `sidetap-sensor`");
    let removed =
        Sidetap::new("remove --file -").stdin(&text).exits(0).stderr_has("`app` referred to `sidetap-sensor`");
    assert_eq!(removed.json()["containerDefinitions"][0]["dependsOn"], json!([]));
}

#[test]
fn files_that_are_no_files_are_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("td.json");
    std::fs::write(&file, fixture("roomy.json").to_string()).unwrap();
    let path = file.to_str().unwrap();
    let line = |out| ["inject", "--file", path, "--image", "i", "--dry-run", "--out", out];
    Sidetap::of(line(path)).exits(64).stderr_has("would replace the task definition");
    Sidetap::of(line("-")).exits(64);
    Sidetap::of(line("/dev/null")).exits(1).stderr_has("is no regular file");
    Sidetap::of(line(directory.path().to_str().unwrap())).exits(1).stderr_has("is no regular file");
    Sidetap::of(line("/nowhere/plan.json")).exits(1).stderr_has("cannot write `/nowhere/plan.json`");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_pasted_vendor_container_is_replaced_where_it_stands_and_comes_back() {
    let line = "inject --file pasted-levo.json --sidecar levo --satellite-url http://s --levo-env e --levoai-org-id o";
    let injected = Sidetap::new(line).exits(0).json();
    assert_eq!(injected["containerDefinitions"].as_array().unwrap().len(), 2);
    assert_eq!(container(&injected, "levo")["image"], "levoai/pcap-sensor:0.1.9", "it keeps its name");
    let back = Sidetap::new("remove --file -").stdin(&injected.to_string()).exits(0).json();
    assert_eq!(back, fixture("pasted-levo.json"));
}

#[test]
fn a_pasted_vendor_container_in_a_task_that_grows_is_restored_with_its_task() {
    let mut pasted = fixture("pasted-levo.json");
    pasted["memory"] = json!("2048");
    pasted["containerDefinitions"][0]["memory"] = json!(2048);
    let line = "inject --file - --sidecar levo --satellite-url http://s --levo-env e --levoai-org-id o --grow-task";
    let once = Sidetap::new(line).stdin(&pasted.to_string()).exits(0).stdout();
    let twice = Sidetap::new(line).stdin(&once).exits(0).stdout();
    assert_eq!(once, twice);
    assert_eq!(Sidetap::new("remove --file -").stdin(&twice).exits(0).json(), pasted);
}

#[test]
fn a_damaged_undo_label_is_told_and_repaired() {
    let mut injected = Sidetap::new("inject --file roomy.json --image i").exits(0).json();
    injected["containerDefinitions"][1]["dockerLabels"]["sidetap.undo"] = json!("junk");
    let line = "inject --file - --image i";
    let repaired = Sidetap::new(line).stdin(&injected.to_string()).exits(0).stderr_has("no readable undo label");
    let again = Sidetap::new(line).stdin(&repaired.stdout()).exits(0);
    assert!(!again.stderr().contains("no readable undo label"), "{again}");
    let hostile = json!({"file": {"tags": {"was": [], "now": []}, "beside": {"tags": 5}}}).to_string();
    injected["containerDefinitions"][1]["dockerLabels"]["sidetap.undo"] = json!(hostile);
    let removed = Sidetap::new("remove --file -").stdin(&injected.to_string()).exits(0);
    assert_eq!(removed.json(), fixture("roomy.json"));
    removed.stderr_has("former shape cannot be read");
}

#[test]
fn two_sidecars_live_side_by_side_and_leave_no_trace() {
    let sensor = Sidetap::new("inject --file full.json --image i --take-from app").exits(0).stdout();
    let line = "inject --file - --sidecar traceable --take-from app";
    let both = Sidetap::new(line).stdin(&sensor).exits(0).stdout();
    let both_json: Value = serde_json::from_str(&both).unwrap();
    assert_eq!(container(&both_json, "app")["memory"], 512 - 25 - 25);
    let upgraded = Sidetap::new("inject --file - --image i:2").stdin(&both).exits(0).stdout();
    for with_both in [both, upgraded] {
        let back = Sidetap::new("remove --file -").stdin(&with_both).exits(0).json();
        assert_eq!(back, fixture("full.json"));
    }
}

#[test]
fn a_task_that_was_grown_keeps_its_size_when_another_sidecar_has_made_room() {
    let task = json!({
        "family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "containerDefinitions": [{ "name": "app", "image": "i", "cpu": 0, "memory": 79 }],
    });
    let line = "inject --file - --image i --memory 434 --grow-task";
    let sensor = Sidetap::new(line).stdin(&task.to_string()).exits(0).stdout();
    let second = "inject --file - --sidecar sidecar-reserving.json --take-from app";
    let both = Sidetap::new(second).stdin(&sensor).exits(0).stdout();
    for again in [line, second] {
        let same = Sidetap::new(again).stdin(&both).exits(0).stderr_has("nothing to change").stdout();
        assert_eq!(same, both, "{again}");
    }
    assert_eq!(Sidetap::new("remove --file -").stdin(&both).exits(0).json(), task);
}

#[test]
fn a_full_task_is_refused_with_three_ways_out_that_work() {
    let refused = Sidetap::new("inject --file full.json --image i").exits(5);
    snapshot("refused-full-task", &refused.stderr());

    let grown = injected("--file full.json --grow-task");
    assert_eq!((&grown["cpu"], &grown["memory"]), (&json!("512"), &json!("1024")));
    let taken = injected("--file full.json --take-from app");
    assert_eq!((&container(&taken, "app")["cpu"], &taken["cpu"]), (&json!(244), &json!("256")));
    let best = injected("--file full.json --best-effort");
    let best = container(&best, "sidetap-sensor");
    assert_eq!((best.get("cpu"), best.get("memoryReservation"), &best["memory"]), (None, None, &json!(25)));
}

#[test]
fn a_container_that_cannot_give_the_share_is_told_with_what_it_can_and_what_else_there_is() {
    let line = "inject --file full.json --image i --take-from app --cpu 256";
    Sidetap::new(line)
        .exits(5)
        .stderr_has("`app` has `cpu` 256, too little to give 256 to the sidecar")
        .stderr_has("hint: `app` can give 254 CPU units at most: `--cpu 254` or less")
        .stderr_has("hint: without `--take-from`, `--grow-task` moves the task to 512 CPU units and 1024 MiB")
        .stderr_has("hint: without `--take-from`, `--best-effort`, instead of a figure for CPU, reserves nothing");
    for followed in ["--take-from app --cpu 254", "--grow-task --cpu 256", "--best-effort"] {
        Sidetap::new(&format!("inject --file full.json --image i {followed}")).exits(0);
    }

    let mut without_sizes = fixture("roomy.json");
    for size in ["cpu", "memory"] {
        without_sizes["containerDefinitions"][0].as_object_mut().unwrap().remove(size);
    }
    Sidetap::new("inject --file - --image i --take-from app")
        .stdin(&without_sizes.to_string())
        .exits(5)
        .stderr_has("`app` names no CPU or memory")
        .stderr_has("hint: the task has room for the sidecar: leave `--take-from` out");
    Sidetap::new("inject --file - --image i").stdin(&without_sizes.to_string()).exits(0);
}

#[test]
fn a_sidecar_that_takes_more_than_it_leaves_is_warned_of() {
    let inject = |size: &str| Sidetap::new(&format!("inject --file full.json --image i {size}")).exits(0);
    let warned = inject("--take-from app --cpu 254");
    warned.stderr_has("reserves 254 of the task's 256 CPU units, more than it leaves");
    for fine in ["--take-from app --cpu 128", "--grow-task --cpu 256", "--best-effort --memory 400"] {
        let run = inject(fine);
        assert!(!run.stderr().contains("more than it leaves"), "{run}");
    }
}

#[test]
fn what_asks_for_less_goes_with_what_was_asked() {
    let refused = Sidetap::new("inject --file full.json --image i --best-effort --memory 1025").exits(5);
    let refused = refused.stderr_has("hint: ask for less with `--memory MIB`\n");
    assert!(!refused.stderr().contains("--cpu"), "{refused}");
}

#[test]
fn sizes_as_text_are_read_and_grown() {
    let grown = injected("--file vcpu-strings.json --grow-task");
    assert_eq!((&grown["cpu"], &grown["memory"]), (&json!("1024"), &json!("2048")));
    let back = Sidetap::new("remove --file -").stdin(&grown.to_string()).exits(0).json();
    assert_eq!(back, fixture("vcpu-strings.json"));
}

#[test]
fn without_task_sizes_the_containers_are_the_base_and_without_those_absolute_values_are_asked_for() {
    let sensor = injected("--file ec2-host.json");
    let sensor = container(&sensor, "sidetap-sensor");
    assert_eq!((&sensor["cpu"], &sensor["memory"]), (&json!(6), &json!(12)));
    Sidetap::new("inject --file ec2-no-sizes.json --image i").exits(5).stderr_has("--cpu UNITS");
    let absolute = injected("--file ec2-no-sizes.json --cpu 32");
    assert_eq!(container(&absolute, "sidetap-sensor")["cpu"], 32);
}

#[test]
fn a_best_effort_sidecar_in_a_task_that_names_no_cpu_is_warned_of() {
    let line = "inject --file ec2-no-sizes.json --image i --best-effort --dry-run";
    snapshot("plan-no-cpu-limit", &Sidetap::new(line).exits(0).stdout());
    let limited = Sidetap::new(&format!("{line} --env SIDETAP_CPU_LIMIT=0.05")).exits(0).stdout();
    assert!(limited.contains("SIDETAP_CPU_LIMIT") && !limited.contains("nothing limits"), "{limited}");
}

#[test]
fn a_cpu_limit_that_is_empty_is_none_and_the_share_is_the_limit() {
    let limit = json!({ "name": "SIDETAP_CPU_LIMIT", "value": "0.0117" });
    for preset in ["sensor", "forwarder --destination c.internal"] {
        for empty in ["SIDETAP_CPU_LIMIT=", "SIDETAP_CONFIG="] {
            let words = format!("--file full.json --best-effort --sidecar {preset} --env {empty}");
            let patched = injected(&words);
            let environment = &patched["containerDefinitions"][1]["environment"];
            assert!(environment.as_array().unwrap().contains(&limit), "{words}: {environment}");
        }
    }
}

#[test]
fn a_cpu_limit_that_may_be_missing_or_limits_nothing_is_warned_of() {
    let planned = |rest: &str| {
        let line = format!("inject --file roomy.json --image i --dry-run {rest}");
        Sidetap::new(&line).exits(0).stdout()
    };
    for file in ["--env SIDETAP_CONFIG=/etc/s.toml", "-- --config /etc/s.toml"] {
        let plan = planned(file);
        assert!(plan.contains("unless its configuration file has `cpu-limit`"), "{plan}");
        assert!(plan.contains("`--env SIDETAP_CPU_LIMIT=0.0117` limits it, whatever the file says"), "{plan}");
    }
    let plan = planned("--env SIDETAP_CPU_LIMIT=64");
    assert!(plan.contains("more than the 0.25 CPUs that the task has"), "{plan}");
    for fine in ["--env SIDETAP_CPU_LIMIT=0.25", "--env SIDETAP_CONFIG=/etc/s.toml --env SIDETAP_CPU_LIMIT=0.1"] {
        let plan = planned(fine);
        assert!(!plan.contains("CPU limit of") && !plan.contains("limits the CPU"), "{plan}");
    }
}

#[test]
fn a_size_in_which_the_sidecar_does_not_start_is_told_and_planned() {
    let planned = |rest: &str| {
        let line = format!("inject --file roomy.json --image i --dry-run {rest}");
        Sidetap::new(&line).exits(0).stdout()
    };
    let plan = planned("--memory 14");
    assert!(plan.contains("known to need: it will not start with less than 15 MiB (`--memory 25`)"), "{plan}");
    let plan = planned("--memory 15");
    assert!(plan.contains("known to need: it may be killed for lack of memory (`--memory 25`)"), "{plan}");
    let plan = planned("--env SIDETAP_MEMORY_LIMIT=26MiB");
    assert!(plan.contains("told to use more memory than the 25 MiB that its container has"), "{plan}");
}

#[test]
fn what_a_response_adds_is_not_registered_and_comes_back_on_removal() {
    let injected = injected("--file describe-output.json");
    for key in ["taskDefinition", "taskDefinitionArn", "revision", "status", "registeredAt", "requiresAttributes"] {
        assert!(injected.get(key).is_none(), "{key}");
    }
    assert_eq!(injected["tags"], json!([{"key": "team", "value": "checkout"}]));
    standin::accepts(&injected).unwrap();
}

#[test]
fn a_sidecar_from_a_file_keeps_its_own_size_and_command_line() {
    let with = injected(
        "--file two-containers.json --sidecar sidecar.json --log-group /x --region eu-west-1 -- --level debug",
    );
    let sidecar = container(&with, "envoy");
    assert_eq!((&sidecar["cpu"], &sidecar["memory"]), (&json!(32), &json!(64)));
    assert_eq!(sidecar["command"], json!(["run", "--level", "debug"]));
    assert_eq!(sidecar["dockerLabels"]["sidetap.preset"], "custom");
    Sidetap::new("inject --file two-containers.json --sidecar sidecar-unknown-volume.json")
        .exits(5)
        .stderr_has("names `nowhere`, which the task does not have");
}

#[test]
fn fields_that_this_version_does_not_know_are_kept_and_named() {
    let kept = injected("--file unknown-fields.json");
    let original = fixture("unknown-fields.json");
    assert_eq!(kept["futureTop"], original["futureTop"]);
    assert_eq!(container(&kept, "app"), &original["containerDefinitions"][0]);
    Sidetap::new("inject --file unknown-fields.json --image i --dry-run")
        .exits(0)
        .stdout_has("/futureTop, /containerDefinitions/0/futureField, /containerDefinitions/0/restartPolicy/zNew");
}

#[test]
fn values_of_the_environment_are_masked_in_the_diff_unless_asked_for() {
    let line = "inject --file roomy.json --image i --env API_KEY=s3cr3t --dry-run";
    let masked = Sidetap::new(line).exits(0).stdout();
    assert!(masked.contains("API_KEY") && !masked.contains("s3cr3t") && !masked.contains("hunter2"), "{masked}");
    Sidetap::new(&format!("{line} --show-values")).exits(0).stdout_has("s3cr3t");

    let before = Sidetap::new("inject --file roomy.json --image i --env API_KEY=s3cr3t").exits(0).stdout();
    let line = "inject --file - --image i --env API_KEY=changed --dry-run";
    let changed = Sidetap::new(line).stdin(&before).exits(0).stdout_has("*** (changed)");
    assert!(!changed.stdout().contains("s3cr3t"), "{changed}");
}

#[test]
fn in_place_replaces_the_file_whole_and_keeps_its_mode_and_links() {
    let directory = tempfile::tempdir().unwrap();
    let (file, link) = (directory.path().join("td.json"), directory.path().join("link.json"));
    std::fs::write(&file, fixture("roomy.json").to_string()).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
    }
    let path = link.to_str().unwrap();
    let done = Sidetap::of(["inject", "--file", path, "--image", "i", "--in-place"]).exits(0);
    assert_eq!(done.stdout(), "");
    let injected: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    container(&injected, "sidetap-sensor");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.symlink_metadata().unwrap().is_symlink());
    }
    Sidetap::of(["remove", "--file", path, "--in-place"]).exits(0);
    let back: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(back, fixture("roomy.json"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "no temporary file is left");
}

#[test]
fn the_sample_that_ships_with_the_project_shows_a_plan() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/web.json");
    let plan = Sidetap::of(["inject", "--file", sample, "--image", "example/sidetap:0.1.0", "--dry-run"]).exits(0);
    snapshot("plan-sample", &plan.stdout().replace(sample, "examples/web.json"));
}
