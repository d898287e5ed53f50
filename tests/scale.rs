//! Large accounts: all pages, few calls, little memory.

use std::time::Duration;

use standin::Standin;

use crate::support::{Python, Sidetap, task_definition};

const SERVICES: usize = 2000;

fn world() -> Standin {
    let standin = Standin::start();
    for cluster in 0..40 {
        standin.cluster(&format!("cluster-{cluster:02}"));
    }
    let arn = standin.task_definition(task_definition("shared"));
    for service in 0..SERVICES {
        standin.service_of("cluster-07", &format!("service-{service:04}"), &arn);
    }
    standin.delay(Duration::from_millis(2));
    standin
}

#[test]
fn two_thousand_services_are_listed_completely_with_few_calls() {
    let standin = world();
    let line = "list services --cluster cluster-07 --output json";
    let services = Sidetap::new(line).against(&standin).exits(0).json();
    let mut names: Vec<&str> = services.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    names.dedup();
    assert_eq!(names.len(), SERVICES);
    assert!(standin.calls_of("ListServices").len() <= 21);
    assert_eq!(standin.calls_of("DescribeServices").len(), 200);
    assert!((2..=8).contains(&standin.most_in_flight()), "{} at once", standin.most_in_flight());
    assert!(standin.calls().iter().all(|call| call.error.is_none()));
    assert_eq!(standin.exceeded(), []);
}

#[test]
fn changing_a_few_services_more_than_fit_in_aws_buckets_throttles_nobody() {
    let standin = Standin::start();
    for number in 0..22 {
        let name = format!("service-{number:02}");
        standin.service("main", &name, task_definition(&name));
    }
    standin.enforce_rates();
    let line = "inject --cluster main --all-services --image i --yes --max-parallel 50 --no-wait";
    Sidetap::new(line).against(&standin).exits(0);
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 22);
    assert_eq!(standin.calls_of("UpdateService").len(), 22);
    assert_eq!(standin.exceeded(), []);
}

#[test]
fn more_clusters_and_families_than_a_page_holds_are_listed() {
    let standin = Standin::start();
    for number in 0..250 {
        standin.cluster(&format!("c{number}"));
        standin.task_definition(task_definition(&format!("f{number}")));
    }
    let count = |line: &str| {
        let list = Sidetap::new(line).against(&standin).exits(0).json();
        list.as_array().unwrap().len()
    };
    assert_eq!(count("list clusters --output json"), 250);
    assert_eq!(count("list task-definitions --output json"), 250);
    assert_eq!(standin.calls_of("DescribeClusters").len(), 3);
}

/// Linux tells a process's largest resident size once it has ended.
#[cfg(target_os = "linux")]
#[test]
fn listing_them_takes_less_than_60_mib() {
    let Some(python) = Python::prepared("memory") else { return };
    let standin = world();
    let program = assert_cmd::cargo::cargo_bin!("sidetap");
    let script = "import resource, subprocess, sys\n\
                  subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n\
                  print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let output = python
        .program("python")
        .env_clear()
        .args(["-c", script])
        .arg(program)
        .args(["list", "services", "--cluster", "cluster-07", "--endpoint-url", &standin.url()])
        .env("AWS_ACCESS_KEY_ID", standin::ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", standin::SECRET_KEY)
        .env("AWS_REGION", standin::REGION)
        .output()
        .unwrap();
    let kib: u64 = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
    println!("largest resident size: {kib} KiB");
    assert!(kib < 60 * 1024, "{kib} KiB");
}
