//! Tasks of small shell scripts, whose lives are known.
#![cfg(target_os = "linux")]

#[path = "../../support/not_run.rs"]
mod not_run;

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use runner::{Happened, Health, Image, Images, Network, Task, missing};
use serde_json::{Value, json};
use tempfile::TempDir;

const LONG: Duration = Duration::from_secs(60);

/// Images `shell` and `other`, which are the same.
struct World {
    images: Images,
    _directory: TempDir,
}

impl World {
    /// None, with a word on why, where no task can run; under `CI=true` that is a failure.
    fn new() -> Option<World> {
        if let Some(missing) = missing() {
            not_run::not_run(&missing.0);
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("shell");
        std::fs::create_dir(&root).unwrap();
        let image = Image::of_programs(&root, &["sh", "sleep", "cat", "id", "touch", "head", "curl"]).unwrap();
        Some(World { images: Images::default().with("shell", image), _directory: directory })
    }

    fn start(&self, document: &Value) -> Task {
        Task::start(document, &self.images, "web", &Arc::new(Network::make().unwrap())).unwrap()
    }
}

fn script(name: &str, line: &str) -> Value {
    json!({ "name": name, "image": "shell", "essential": false, "command": ["sh", "-c", line] })
}

fn task(containers: &[Value]) -> Value {
    json!({ "family": "web", "cpu": "256", "memory": "512", "networkMode": "awsvpc", "containerDefinitions": containers })
}

fn with(mut container: Value, members: Value) -> Value {
    container.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    container
}

#[test]
fn containers_start_in_the_order_of_their_dependencies() {
    let Some(world) = World::new() else { return };
    let wait_for =
        |name: &str, condition: &str| json!({ "dependsOn": [{ "containerName": name, "condition": condition }] });
    // A first process that has no handler for SIGTERM does not end by it.
    let check =
        json!({ "stopTimeout": 2, "healthCheck": { "command": ["CMD-SHELL", "test -e /tmp/ready"], "interval": 1 } });
    let mut task = world.start(&task(&[
        with(script("last", "echo done"), wait_for("db", "HEALTHY")),
        with(with(script("db", "touch /tmp/ready; exec sleep 60"), wait_for("setup", "SUCCESS")), check),
        script("setup", "sleep 0.3"),
    ]));
    assert_eq!(task.wait_until_ended("last", LONG).unwrap(), 0);
    let events: Vec<String> = task
        .events()
        .iter()
        .map(|event| match event.happened {
            Happened::Started => format!("{} started", event.container),
            Happened::Exited { code, .. } => format!("{} exited {code}", event.container),
            Happened::Health(health) => format!("{} {health:?}", event.container),
            other => format!("{} {other:?}", event.container),
        })
        .collect();
    let expected = ["setup started", "setup exited 0", "db started", "db Healthy", "last started", "last exited 0"];
    assert_eq!(events, expected);
    assert_eq!(task.output("last"), "done\n");
    assert_eq!(task.stop(), None);
}

#[test]
fn a_container_has_what_fargate_gives_it_and_no_more() {
    let Some(world) = World::new() else { return };
    let root = with(
        script(
            "root",
            "grep() { while read a b; do [ \"$a\" = \"$1\" ] && echo $b; done; }; grep CapEff: < /proc/self/status; grep CapBnd: < /proc/self/status; cd /sys/fs/cgroup; if [ -e memory.max ]; then cat memory.max; else cat memory/memory.limit_in_bytes; fi; echo $AWS_EXECUTION_ENV $NAME; touch /new && echo written",
        ),
        json!({ "cpu": 12, "memory": 25, "environment": [{ "name": "NAME", "value": "a value" }] }),
    );
    let nobody = with(
        script(
            "nobody",
            "id -u; cat /proc/self/status | { while read a b; do [ \"$a\" = CapEff: ] && echo $b; done; }; touch /new || echo refused",
        ),
        json!({ "user": "65534:65534", "readonlyRootFilesystem": true }),
    );
    let task = world.start(&task(&[root, nobody]));
    task.wait_until_ended("root", LONG).unwrap();
    task.wait_until_ended("nobody", LONG).unwrap();
    // chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw, sys_chroot, mknod,
    // audit_write, setfcap
    let capabilities = "00000000a80425fb";
    let memory = 25 << 20;
    let expected = format!("{capabilities}\n{capabilities}\n{memory}\nAWS_ECS_FARGATE a value\nwritten\n");
    assert_eq!(task.output("root"), expected, "{}", task.said("root"));
    assert_eq!(task.output("nobody"), "65534\n0000000000000000\nrefused\n", "{}", task.said("nobody"));
}

#[test]
fn more_cpu_units_are_a_larger_weight() {
    let Some(world) = World::new() else { return };
    // Version 2 knows weights instead of shares, and what runc makes of the one for the other depends on its version.
    let weight = "cd /sys/fs/cgroup; if [ -e cpu.weight ]; then cat cpu.weight; else cat cpu/cpu.shares; fi";
    let units = |name: &str, units: u64| with(script(name, weight), json!({ "cpu": units }));
    let task = world.start(&task(&[units("small", 12), units("large", 200)]));
    let [small, large] = ["small", "large"].map(|name| {
        task.wait_until_ended(name, LONG).unwrap();
        task.output(name).trim().parse::<u64>().unwrap()
    });
    assert!(small < large, "{small} for 12 units, {large} for 200");
}

#[test]
fn what_takes_too_much_memory_is_killed_and_restarted_if_it_ran_long_enough() {
    let Some(world) = World::new() else { return };
    let hungry = "exec head -c 60m /dev/zero > /dev/shm/all";
    let task = world.start(&task(&[
        with(
            script("again", &format!("sleep 1.2; {hungry}")),
            json!({ "memory": 16, "restartPolicy": { "enabled": true, "restartAttemptPeriod": 1 } }),
        ),
        with(
            script("once", hungry),
            json!({ "memory": 16, "restartPolicy": { "enabled": true, "restartAttemptPeriod": 60 } }),
        ),
        script("bystander", "sleep 60"),
    ]));
    task.wait_until_ended("once", LONG).unwrap();
    let of = |container: &str| {
        task.events_of(container)
            .iter()
            .any(|event| matches!(event.happened, Happened::Exited { out_of_memory: true, .. }))
    };
    assert!(of("once"), "{:?}", task.events());
    assert_eq!(task.runs("once"), 1);
    let end = std::time::Instant::now() + LONG;
    while task.runs("again") < 2 && std::time::Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(of("again") && task.runs("again") >= 2, "{:?}", task.events());
    assert_eq!(task.runs("bystander"), 1);
}

#[test]
fn a_task_ends_with_its_essential_container_and_by_sigterm_and_stop_timeout() {
    let Some(world) = World::new() else { return };
    let mut task = world.start(&task(&[
        with(script("app", "sleep 1; exit 3"), json!({ "essential": true })),
        script("polite", "trap 'echo bye; exit 0' TERM; while :; do sleep 0.1; done"),
        with(script("stubborn", "trap '' TERM; while :; do sleep 0.1; done"), json!({ "stopTimeout": 2 })),
    ]));
    assert_eq!(task.wait_until_ended("stubborn", LONG).unwrap(), 137);
    assert_eq!(task.wait_until_ended("polite", LONG).unwrap(), 0);
    assert_eq!(task.output("polite"), "bye\n");
    assert_eq!(task.stop().unwrap(), "essential container `app` has ended with 3");
    let happened: Vec<Happened> = task.events_of("stubborn").iter().map(|event| event.happened).collect();
    let killed = Happened::Exited { code: 137, out_of_memory: false };
    assert_eq!(happened, [Happened::Started, Happened::Terminated, Happened::Killed, killed]);
}

#[test]
fn a_busy_task_is_held_to_its_quota() {
    let Some(world) = World::new() else { return };
    let busy = "while :; do :; done";
    let task = world.start(&task(&[
        // Weights mean nothing as long as each has a CPU of its own.
        script("app", busy),
        script("sidecar", busy),
    ]));
    task.wait_until_running("app", LONG).unwrap();
    task.wait_until_running("sidecar", LONG).unwrap();
    let used = || ["app", "sidecar"].map(|container| task.usage(container).cpu).iter().sum::<Duration>();
    let (begin, before) = (std::time::Instant::now(), used());
    std::thread::sleep(Duration::from_secs(4));
    let share = (used() - before).as_secs_f64() / begin.elapsed().as_secs_f64();
    // A quarter of a vCPU, whatever the machine has, and less on a machine that is busy itself.
    assert!(share < 0.4, "{share}");
    assert!(!task.usage("app").throttled.is_zero());
}

#[test]
fn metadata_is_told_and_health_is_found_out() {
    let Some(world) = World::new() else { return };
    let sick = json!({ "healthCheck": { "command": ["CMD", "cat", "/absent"], "interval": 1, "retries": 2 } });
    let task = world.start(&task(&[
        with(
            script("asks", "curl --silent $ECS_CONTAINER_METADATA_URI_V4; echo; curl --silent $ECS_CONTAINER_METADATA_URI_V4/task; sleep 60"),
            json!({ "dockerLabels": { "sidetap.preset": "sensor" } }),
        ),
        with(script("sick", "sleep 60"), sick),
    ]));
    let end = std::time::Instant::now() + LONG;
    while task.output("asks").lines().count() < 2 && std::time::Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(100));
    let output = task.output("asks");
    let mut lines = output.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (container, whole) = (lines.next().unwrap(), lines.next().unwrap());
    assert_eq!((&container["Name"], &container["Labels"]["sidetap.preset"]), (&json!("asks"), &json!("sensor")));
    assert_eq!(
        (&whole["Family"], &whole["LaunchType"], &whole["Limits"]["CPU"]),
        (&json!("web"), &json!("FARGATE"), &json!(0.25))
    );
    assert_eq!(whole["Containers"].as_array().unwrap().len(), 2);
    let sick =
        |task: &Task| task.events_of("sick").iter().any(|event| event.happened == Happened::Health(Health::Unhealthy));
    while !sick(&task) && std::time::Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(sick(&task));
}

#[test]
fn a_task_can_follow_another_at_once() {
    let Some(world) = World::new() else { return };
    let network = Arc::new(Network::make().unwrap());
    let mut silent = Vec::new();
    for _ in 0..3 {
        let document = task(&[script("app", "curl --silent $ECS_CONTAINER_METADATA_URI_V4; exec sleep 60")]);
        let task = Task::start(&document, &world.images, "web", &network).unwrap();
        // Somebody asks the metadata endpoint nothing, and never goes away. Others get their answers.
        silent.push(network.outside_do(|| TcpStream::connect(("169.254.170.2", 80))).unwrap().unwrap());
        let end = std::time::Instant::now() + Duration::from_secs(4);
        while !task.output("app").contains("KnownStatus") {
            assert!(std::time::Instant::now() < end, "{}", task.said("app"));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn nothing_is_left_behind() {
    let Some(world) = World::new() else { return };
    let task = world.start(&task(&[script("app", "sleep 60")]));
    task.wait_until_running("app", LONG).unwrap();
    let (namespace, file) = (task.network().task(), task.file("app", "/"));
    let cgroups = task.cgroups();
    assert!(file.exists() && !cgroups.is_empty());
    drop(task);
    assert!(!std::path::Path::new("/run/netns").join(&namespace).exists());
    assert!(!file.exists() && !cgroups.iter().any(|cgroup| cgroup.exists()));
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(file.to_str().unwrap().trim_end_matches("bundles/app/root/")), "{mounts}");
}
