//! Values that the sidecar or AWS would refuse later are refused at once, with the flag, the reason and what to give.

use serde_json::json;

use crate::support::{Finished, Sidetap, fixture};

const SENSOR: &[&str] = &["--image", "example/sidetap:1"];
const FORWARDER: &[&str] = &["--sidecar", "forwarder", "--image", "example/sidetap:1", "--destination", "10.0.0.7"];

fn inject<'a>(sidecar: &[&'a str], rest: &[&'a str]) -> Sidetap {
    let words = ["inject", "--file", "roomy.json"].into_iter();
    Sidetap::of(words.chain(sidecar.iter().copied()).chain(rest.iter().copied()))
}

/// Refused as a usage error that names the flag and the reason, and says what to give.
fn refused(sidecar: &[&str], rest: &[&str], flag: &str, reason: &str) {
    let finished = inject(sidecar, rest).exits(64).stderr_has(flag).stderr_has(reason).stderr_has("hint:");
    assert_eq!(finished.stdout(), "", "{finished}");
}

#[test]
#[cfg(all(feature = "engine", target_os = "linux"))]
fn what_the_sidecar_would_refuse_when_it_starts_is_refused() {
    refused(SENSOR, &["--filter", "tcp prt 80"], "--filter tcp prt 80", "`prt`");
    refused(SENSOR, &["--export", "otlp:foo"], "--export otlp:foo", "URL");
    refused(SENSOR, &["--rate-limit", "1e300"], "--rate-limit", "1e300");
    refused(SENSOR, &["--export", "ndjson:/x", "--export", "pcapng:/x"], "`/x`", "two exports");
    refused(FORWARDER, &["--bpf-filter", "tcp and"], "--bpf-filter tcp and", "ends early");
    let elsewhere = &FORWARDER[..4];
    refused(elsewhere, &["--destination", "bad host"], "--destination", "bad host");
    refused(elsewhere, &["--destination", "collector:0"], "--destination collector:0", "port");
    let traceable = &["--sidecar", "traceable"];
    refused(traceable, &["--destination", "bad host"], "--destination bad host", "no name of a host");
    refused(traceable, &["--bpf-filter", "tcp prt 80"], "--bpf-filter", "`prt`");
}

#[test]
#[cfg(all(feature = "engine", target_os = "linux"))]
fn what_is_appended_for_the_sidecar_is_judged_as_well() {
    refused(FORWARDER, &["--", "--vni", "16777216"], "--vni", "24 bits");
    refused(FORWARDER, &["--", "--oversize=shrink"], "--oversize shrink", "split");
    refused(SENSOR, &["--", "--host-allow", "("], "--host-allow (", "unclosed group");
    refused(SENSOR, &["--", "surplus"], "would not start", "surplus");
    refused(SENSOR, &["--env", "SIDETAP_FILTER=tcp prt 80"], "would not start", "`prt`");
    refused(SENSOR, &["--env", "SIDETAP_STAT_DURATION=s3cr3t"], "`SIDETAP_STAT_DURATION`", "no duration");
    for variable in ["STAT_DURATION", "EXPORT", "PRIVACY_LEVEL", "ROTATE_FILES", "CPU_LIMIT", "TRACE_CONTEXT", "VNI"] {
        let preset = if variable == "VNI" { FORWARDER } else { SENSOR };
        let finished = inject(preset, &["--env", &format!("SIDETAP_{variable}=s3cr3t")]).exits(64);
        let finished = finished.stderr_has(&format!("`SIDETAP_{variable}` cannot be so"));
        assert!(!finished.stderr().contains("s3cr3t"), "{finished}");
    }
    for (preset, name) in [(SENSOR, "sensor"), (FORWARDER, "forwarder")] {
        let too_little = "5.0 MiB of memory are too little: at least 12.0 MiB are needed";
        refused(preset, &["--env", "SIDETAP_MEMORY_LIMIT=5MiB"], "would not start", too_little);
        refused(preset, &["--", "--memory-limit", "5MiB"], "would not start", too_little);
        let small = inject(preset, &["--env", "SIDETAP_MEMORY_LIMIT=12MiB", "--dry-run"]).exits(0);
        assert!(!small.stdout().contains("of memory"), "{name}: {small}");
    }
    for wrong in ["0", "0.0", "-1", "abc"] {
        let variable = format!("SIDETAP_CPU_LIMIT={wrong}");
        refused(SENSOR, &["--env", &variable], "`SIDETAP_CPU_LIMIT` cannot be so", "no number of CPUs such as `0.05`");
    }
    // A flag beats its variable, and what is empty is not set.
    inject(SENSOR, &["--filter", "tcp", "--env", "SIDETAP_FILTER=tcp prt 80", "--env", "SIDETAP_EXPORT="]).exits(0);
    // The image may have a newer version.
    inject(SENSOR, &["--", "--flag-of-tomorrow", "x"]).exits(0);
}

#[test]
fn a_vendors_forwarder_may_know_more_of_the_filter_language() {
    inject(&["--sidecar", "traceable"], &["--bpf-filter", "host collector.example"]).exits(0);
}

#[test]
#[cfg(all(feature = "engine", target_os = "linux"))]
fn variables_of_whoever_injects_are_none_of_the_sidecar() {
    let run = inject(FORWARDER, &[]).env("SIDETAP_VNI", "x").env("SIDETAP_FILTER", "tcp prt 80").env("MTU", "x");
    run.exits(0);
}

#[test]
fn names_that_linux_or_cloudwatch_cannot_have_are_refused() {
    refused(FORWARDER, &["--interface", "much-too-long-a-name"], "--interface", "is no interface");
    refused(FORWARDER, &["--interface", "a/b"], "--interface", "is no interface");
    refused(FORWARDER, &["--interface", ", "], "--interface", "is no interface");
    inject(FORWARDER, &["--interface", "eth0,eth1"]).exits(0);
    inject(FORWARDER, &["--interface", "eth0, eth1"]).exits(0);
    for group in ["two words", "a:b", ""] {
        refused(SENSOR, &["--log-group", group], "--log-group", "CloudWatch");
    }
    refused(SENSOR, &["--log-stream-prefix", "a:b"], "--log-stream-prefix", "CloudWatch");
    refused(SENSOR, &["--log-region", "eu west"], "--log-region", "eu-west-1");
    inject(SENSOR, &["--log-group", "/ecs/web#1", "--region", "eu-west-1"]).exits(0);
}

#[test]
fn a_name_is_given_once() {
    refused(SENSOR, &["--env", "X=1", "--env", "X=2"], "`X`", "twice as `--env`");
    refused(SENSOR, &["--secret", "X=arn:a", "--secret", "X=arn:b"], "`X`", "twice as `--secret`");
    refused(SENSOR, &["--env", "X=1", "--secret", "X=arn:a"], "`X`", "as `--env` and as `--secret`");
}

#[test]
fn a_flag_takes_the_place_of_what_a_container_definition_says() {
    let sidecar = json!({
        "name": "agent", "image": "agent:1",
        "environment": [{ "name": "A", "value": "1" }, { "name": "B", "value": "1" }],
        "secrets": [{ "name": "C", "valueFrom": "arn:old" }]
    });
    let words = "inject --file roomy.json --sidecar - --secret A=arn:new --env C=2 --env B=2";
    let patched = Sidetap::new(words).stdin(&sidecar.to_string()).exits(0).json();
    let containers = patched["containerDefinitions"].as_array().expect("containers");
    let agent = containers.iter().find(|container| container["name"] == "agent").expect("the sidecar");
    assert_eq!(agent["environment"], json!([{ "name": "B", "value": "2" }, { "name": "C", "value": "2" }]));
    assert_eq!(agent["secrets"], json!([{ "name": "A", "valueFrom": "arn:new" }]));
}

/// What is said of a sensor with these flags beside an application without a log.
fn told_without_log(flags: &str) -> Finished {
    let mut definition = fixture("roomy.json");
    for container in definition["containerDefinitions"].as_array_mut().expect("containers") {
        container.as_object_mut().expect("a container").remove("logConfiguration");
    }
    let line = format!("inject --file - --image i:1 --dry-run {flags}");
    Sidetap::new(&line).stdin(&definition.to_string()).exits(0)
}

#[test]
fn records_that_go_to_a_log_that_is_not_there_are_told() {
    for flags in ["", "--export ndjson:-", "--export ndjson:- --export otlp:http://collector:4318"] {
        told_without_log(flags).stdout_has("they go nowhere without an `--export`");
    }
    for flags in
        ["--export otlp:http://collector:4318", "--export none", "--export ndjson:- --log-group /g --region r-1"]
    {
        let finished = told_without_log(flags);
        assert!(!finished.stdout().contains("they go nowhere"), "{finished}");
    }
}

#[test]
fn a_plan_that_cannot_be_saved_is_told_by_the_name_that_was_given() {
    let finished = Sidetap::new("inject --file roomy.json --image i:1 --dry-run --out /proc/plan.json").exits(1);
    let finished = finished.stderr_has("cannot write `/proc/plan.json`");
    assert!(!finished.stderr().contains(".tmp"), "{finished}");
}
