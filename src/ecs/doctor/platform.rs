//! Whether the task and what runs it suit a sidecar: deployment controller, network mode, platform and rights.
//!
//! Nothing is asked here. Sources: "Fargate platform versions" and "Restart individual containers" in the ECS developer
//! guide; "KernelCapabilities" in its API reference.

use serde_json::Value;

use super::super::classify::{Handling, classify};
use super::check::Check;
use super::patient::{Launch, Patient, Running};
use crate::taskdef::{Error, check_platform};

/// The first platform version in which a task's containers share one network interface, and may be restarted by
/// themselves.
const LEAST_PLATFORM_VERSION: [u32; 3] = [1, 4, 0];

/// All checks of the platform.
pub(super) fn examine(patient: &Patient) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(running) = &patient.service {
        checks.push(controller(running));
        if patient.launch() == Launch::Fargate {
            checks.push(platform_version(running));
        }
    }
    checks.extend(system_and_network(patient));
    checks.extend(rights(patient));
    checks
}

fn controller(running: &Running) -> Check {
    const CODE: &str = "deployment-controller";
    let controller = running.service.controller.as_str();
    match classify(&running.service) {
        Handling::Full => {
            let strategy = running.service.strategy.to_lowercase().replace('_', "/");
            Check::ok(CODE, controller, format!("deploys new revisions itself ({strategy})"))
        }
        Handling::RegisterOnly { reason, .. } => Check::ok(CODE, controller, reason),
        Handling::Refused { reason, hint, .. } => Check::problem(CODE, controller, reason).fix(hint),
    }
}

fn platform_version(running: &Running) -> Check {
    const CODE: &str = "platform-version";
    let deployments = running.raw["deployments"].as_array().into_iter().flatten();
    let of = |value: &Value| value["platformVersion"].as_str().map(str::to_owned);
    let mut all = std::iter::once(&running.raw).chain(deployments).filter_map(of);
    let Some(version) = all.next() else {
        return Check::ok(CODE, "LATEST", "the newest platform version");
    };
    match parsed(&version) {
        Some(numbers) if numbers < LEAST_PLATFORM_VERSION => {
            let message = format!(
                "platform version {version} has no restart policy for containers, and a task's traffic is not all on \
                 one network interface: both come with 1.4.0"
            );
            let command = format!("aws ecs update-service {} --platform-version LATEST", running.named());
            Check::problem(CODE, version, message).fix(command)
        }
        _ => Check::ok(CODE, version, "1.4.0 or later"),
    }
}

/// `1.4.0`; `LATEST` is no number.
fn parsed(version: &str) -> Option<[u32; 3]> {
    let mut numbers = version.split('.').map(str::parse);
    let version = [numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?];
    numbers.next().is_none().then_some(version)
}

fn system_and_network(patient: &Patient) -> Vec<Check> {
    const SYSTEM: &str = "operating-system";
    const NETWORK: &str = "network-mode";
    let definition = &patient.definition;
    let mode = definition.text("networkMode").unwrap_or("bridge");
    let system = definition.get("runtimePlatform").and_then(|platform| platform["operatingSystemFamily"].as_str());
    let system = system.unwrap_or("LINUX");
    let captures = patient.sidecars().iter().any(|sidecar| sidecar.captures()) || patient.sidecars().is_empty();
    let linux = || Check::ok(SYSTEM, system, "sidecars are Linux containers");
    match check_platform(definition, captures) {
        Ok(()) => vec![linux(), Check::ok(NETWORK, mode, network_mode(mode))],
        Err(Error::Unsupported { code: "windows", reason, hint }) => {
            vec![Check::problem(SYSTEM, system, reason).fix(hint)]
        }
        Err(Error::Unsupported { reason, hint, .. }) => {
            vec![linux(), Check::problem(NETWORK, mode, reason).fix(hint)]
        }
        Err(other) => vec![linux(), Check::problem(NETWORK, mode, other.to_string())],
    }
}

fn network_mode(mode: &str) -> &'static str {
    match mode {
        "awsvpc" => "the containers of a task share one network",
        "host" => "the sidecar sees the traffic of every task on the instance",
        _ => "the sidecar needs no packets",
    }
}

/// Whether a sidecar that needs packets may read them: the right to is among those that containers have by default.
fn rights(patient: &Patient) -> Vec<Check> {
    const CODE: &str = "packet-rights";
    let of = |sidecar: super::patient::Sidecar<'_>| {
        let name = sidecar.name();
        let capabilities = &sidecar.container["linuxParameters"]["capabilities"];
        let list = |key: &str| capabilities[key].as_array().cloned().unwrap_or_default();
        let has = |list: &[Value], wanted: &str| {
            let plain = |text: &str| text.to_uppercase().trim_start_matches("CAP_").to_owned();
            list.iter().filter_map(Value::as_str).any(|one| plain(one) == wanted)
        };
        let (drop, add) = (list("drop"), list("add"));
        if (has(&drop, "NET_RAW") || has(&drop, "ALL")) && !has(&add, "NET_RAW") {
            let message = "the container gives up NET_RAW, without which no packets can be read";
            return Check::problem(CODE, name, message)
                .fix("take NET_RAW and ALL out of `linuxParameters.capabilities.drop`");
        }
        match sidecar.container["user"].as_str().filter(|user| !is_root(user)) {
            Some(user) => {
                let why = format!(
                    "it runs as `{user}`, who has NET_RAW only if the image's program was given it with setcap"
                );
                Check::not_checked(CODE, name, why)
            }
            None => Check::ok(CODE, name, "NET_RAW is among a container's default rights"),
        }
    };
    patient.sidecars().into_iter().filter(super::patient::Sidecar::captures).map(of).collect()
}

fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), Some("root" | "0" | ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platform_versions_are_compared_by_number() {
        assert!(parsed("1.3.0").unwrap() < LEAST_PLATFORM_VERSION);
        assert!(parsed("1.10.0").unwrap() > LEAST_PLATFORM_VERSION);
        assert_eq!(parsed("LATEST"), None);
        assert_eq!(parsed("1.4"), None);
    }
}
