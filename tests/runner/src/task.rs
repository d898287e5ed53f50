//! A running task, for whoever started it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::bundle::{Bundle, Place};
use crate::cgroup::{self, TaskGroup, Usage};
use crate::container::Container;
use crate::image::Images;
use crate::metadata::{Endpoint, Facts};
use crate::network::{self, Network, OUTSIDE, TASK};
use crate::process::Runc;
use crate::supervisor::{Event, Health, Member, Shared, Status, Supervisor};
use crate::sweep::{self, BUNDLES};

/// Why nothing can be run on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing(pub String);

/// What this process may not do, whatever is installed.
pub fn missing_rights() -> Option<Missing> {
    (!nix::unistd::geteuid().is_root()).then(|| Missing("running a task takes root".to_owned()))
}

/// What this machine lacks, if something.
pub fn missing() -> Option<Missing> {
    if let Some(missing) = missing_rights() {
        return Some(missing);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    for program in ["ip", "ldd", "mount", "nsenter", "runc", "setpriv", "tar"] {
        if !std::env::split_paths(&path).any(|directory| directory.join(program).is_file()) {
            return Some(Missing(format!("`{program}` is not installed")));
        }
    }
    let controllers = "cgroups with the controllers cpu and memory are not mounted at /sys/fs/cgroup";
    cgroup::Version::mounted().is_none().then(|| Missing(controllers.to_owned()))
}

/// A task. It is stopped at once when dropped.
pub struct Task {
    shared: Arc<Shared>,
    supervisor: Option<JoinHandle<Vec<Bundle>>>,
    /// Once the supervisor has ended.
    bundles: Vec<Bundle>,
    /// Until then.
    endpoint: Option<Endpoint>,
    group: Arc<TaskGroup>,
    network: Arc<Network>,
    directory: TempDir,
}

impl Task {
    /// Starts the containers of a task definition in a network, as a task of a service of that name. One task at a time
    /// can be in a network.
    ///
    /// # Errors
    /// If the document asks for something that is not known here, or the machine cannot do it.
    pub fn start(document: &Value, images: &Images, service: &str, network: &Arc<Network>) -> Result<Task> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("sidetap-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        check(document)?;
        let limits = (size(&document["cpu"])?, size(&document["memory"])?);
        let containers = containers(document)?;
        cgroup::Version::mounted().into_iter().for_each(sweep::sweep);
        let directory = sweep::directory_of(&name)?;
        let group = Arc::new(TaskGroup::make(&name, limits.0, limits.1)?);
        let facts = facts(document, service, limits, containers.clone());
        let etc = write_etc(directory.path(), &network.hosts())?;

        let mut members = Vec::new();
        let shared = Arc::new(Shared::default());
        for (container, _) in containers {
            let image = images.get(&container.image)?;
            let place = Place {
                network: &network::path(&network.task()),
                cgroup: &group.of_container(&container.name),
                version: group.version,
                hostname: "ip-10-0-1-10.eu-west-1.compute.internal",
                environment: &ecs_environment(&facts, &container.name),
                etc: &etc,
            };
            let bundle =
                Bundle::make(&directory.path().join(BUNDLES).join(&container.name), &container, image, &place)?;
            shared.lock().containers.insert(container.name.clone(), Status::created_now());
            members.push(Member::new(container, bundle));
        }
        let endpoint = Some(Endpoint::serve(network, facts, Arc::clone(&shared))?);
        let logs = directory.path().join("logs");
        std::fs::create_dir_all(&logs)?;
        let supervisor = Supervisor {
            members,
            runc: Runc::at(&directory.path().join("runc")),
            group: Arc::clone(&group),
            shared: Arc::clone(&shared),
            logs,
            prefix: name,
            stopping: false,
        };
        let supervisor = std::thread::Builder::new().name("supervisor".to_owned()).spawn(move || supervisor.run())?;
        let (supervisor, network) = (Some(supervisor), Arc::clone(network));
        Ok(Task { shared, supervisor, bundles: Vec::new(), endpoint, group, network, directory })
    }

    /// The directories of its cgroups.
    pub fn cgroups(&self) -> Vec<PathBuf> {
        self.group.directories()
    }

    /// Its network, and the one around it.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What happened so far.
    pub fn events(&self) -> Vec<Event> {
        self.shared.lock().events.clone()
    }

    /// What happened to one container so far.
    pub fn events_of(&self, container: &str) -> Vec<Event> {
        self.events().into_iter().filter(|event| event.container == container).collect()
    }

    /// How often a container was started.
    pub fn runs(&self, container: &str) -> u32 {
        self.shared.lock().containers.get(container).map_or(0, |status| status.runs)
    }

    /// What a container uses now, or had used when it last ended.
    ///
    /// # Panics
    /// If the kernel does not tell, or the container has not run: what is not known is no 0.
    pub fn usage(&self, container: &str) -> Usage {
        let now = self.group.usage(container);
        let status = self.shared.lock().containers.get(container).cloned();
        match (now, status) {
            (Ok(usage), Some(status)) if status.running => usage,
            (Err(error), Some(status)) if status.running => panic!("{error:#}"),
            (_, Some(Status { usage: Some(usage), .. })) => usage,
            _ => panic!("nobody knows what `{container}` has used"),
        }
    }

    /// The exit code of a container that has ended and is not to run again.
    pub fn exit_code(&self, container: &str) -> Option<i64> {
        let state = self.shared.lock();
        state.containers.get(container).filter(|status| status.ended)?.exit_code
    }

    /// Waits until a container runs.
    pub fn wait_until_running(&self, container: &str, longest: Duration) -> Result<()> {
        self.wait(container, "to run", longest, |status| status.running)
    }

    /// Waits until a container is healthy by its health check.
    pub fn wait_until_healthy(&self, container: &str, longest: Duration) -> Result<()> {
        self.wait(container, "to be healthy", longest, |status| status.health == Health::Healthy)
    }

    /// Waits until a container does not run and is not to run again; its exit code.
    pub fn wait_until_ended(&self, container: &str, longest: Duration) -> Result<i64> {
        self.wait(container, "to end", longest, |status| status.ended)?;
        let code = self.shared.lock().containers.get(container).and_then(|status| status.exit_code);
        code.with_context(|| format!("`{container}` never ran"))
    }

    fn wait(&self, container: &str, what: &str, longest: Duration, is: impl Fn(&Status) -> bool) -> Result<()> {
        let came = self.shared.wait(longest, |state| match state.containers.get(container) {
            Some(status) if is(status) => Some(Ok(())),
            _ if state.done => Some(Err(state.reason.clone().unwrap_or_else(|| "the task has ended".to_owned()))),
            _ => None,
        });
        match came {
            Some(Ok(())) => Ok(()),
            Some(Err(why)) => bail!("waited for `{container}` {what}: {why}\n{}", self.said(container)),
            None => bail!("waited for `{container}` {what} in vain\n{}", self.said(container)),
        }
    }

    /// Waits until a container has written something to standard error.
    pub fn wait_until_said(&self, container: &str, text: &str, longest: Duration) -> Result<()> {
        let end = Instant::now() + longest;
        while !self.said(container).contains(text) {
            if Instant::now() > end {
                bail!("waited for `{container}` to say `{text}`: {}", self.said(container));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Sends a signal to a container, by its name such as `KILL`.
    pub fn signal(&self, container: &str, signal: &str) {
        self.shared.lock().signals.push((container.to_owned(), signal.to_owned()));
    }

    /// What a container has written to standard output.
    pub fn output(&self, container: &str) -> String {
        self.log(container, "out")
    }

    /// What a container has written to standard error.
    pub fn said(&self, container: &str) -> String {
        self.log(container, "err")
    }

    fn log(&self, container: &str, ending: &str) -> String {
        let path = self.directory.path().join("logs").join(container).with_extension(ending);
        String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
    }

    /// A file of a container's file system, as it is now.
    pub fn file(&self, container: &str, path: &str) -> PathBuf {
        self.directory.path().join(BUNDLES).join(container).join("root").join(path.trim_start_matches('/'))
    }

    /// Why it ends, or has ended, if nobody asked for it.
    pub fn reason(&self) -> Option<String> {
        let state = self.shared.lock();
        let all_ended = || (state.done && !state.stop).then(|| "all of its containers have ended".to_owned());
        state.reason.clone().or_else(all_ended)
    }

    /// Stops the task as ECS does, and waits until all containers have ended. Why it ended, if nobody asked for it.
    pub fn stop(&mut self) -> Option<String> {
        self.shared.lock().stop = true;
        if let Some(supervisor) = self.supervisor.take() {
            self.bundles = supervisor.join().unwrap_or_default();
        }
        self.endpoint = None;
        self.shared.lock().reason.clone()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let containers: Vec<String> = self.shared.lock().containers.keys().cloned().collect();
        if self.supervisor.is_some() {
            containers.iter().for_each(|container| self.signal(container, "KILL"));
        }
        self.stop();
        self.bundles.clear();
    }
}

impl Status {
    fn created_now() -> Self {
        Status {
            running: false,
            ended: false,
            runs: 0,
            health: Health::Unknown,
            exit_code: None,
            started: None,
            created: SystemTime::now(),
            usage: None,
        }
    }
}

/// What of the task itself would run otherwise than its document says.
fn check(document: &Value) -> Result<()> {
    let mode = document["networkMode"].as_str().unwrap_or("awsvpc");
    if mode != "awsvpc" {
        bail!("the network mode `{mode}` is not known to this runner");
    }
    for key in ["volumes", "proxyConfiguration", "inferenceAccelerators", "pidMode", "ipcMode"] {
        let value = &document[key];
        if !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()) {
            bail!("`{key}` is not known to this runner");
        }
    }
    Ok(())
}

/// CPU units or MiB of a task, which are numbers or texts.
fn size(value: &Value) -> Result<Option<u64>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.parse().with_context(|| format!("the size `{text}` is no whole number"))?)),
        number => Ok(Some(number.as_u64().context("a size is no whole number")?)),
    }
}

/// The containers, each with its labels.
fn containers(document: &Value) -> Result<Vec<(Container, Value)>> {
    let definitions = document["containerDefinitions"].as_array().context("there are no containers")?;
    let containers: Vec<_> = definitions
        .iter()
        .map(|definition| Ok((Container::of(definition)?, definition["dockerLabels"].clone())))
        .collect::<Result<_>>()?;
    for (container, _) in &containers {
        if !container.secrets.is_empty() {
            bail!("container `{}` has secrets, which are not known to this runner", container.name);
        }
        for (name, _) in &container.depends_on {
            if !containers.iter().any(|(other, _)| other.name == *name) {
                bail!("container `{}` depends on `{name}`, which is not there", container.name);
            }
        }
    }
    Ok(containers)
}

fn facts(
    document: &Value,
    service: &str,
    limits: (Option<u64>, Option<u64>),
    containers: Vec<(Container, Value)>,
) -> Facts {
    let account = "arn:aws:ecs:eu-west-1:123456789012";
    Facts {
        family: document["family"].as_str().unwrap_or("task").to_owned(),
        revision: document["revision"].as_u64().unwrap_or(1).to_string(),
        cluster_arn: format!("{account}:cluster/local"),
        task_arn: format!("{account}:task/local/{:016x}{:016x}", 0x5e1f_7a9b_0000_0000_u64, std::process::id()),
        service: service.to_owned(),
        limits,
        containers,
    }
}

/// What ECS sets in every container.
fn ecs_environment(facts: &Facts, container: &str) -> Vec<String> {
    let uri = facts.uri(container);
    vec![
        "AWS_DEFAULT_REGION=eu-west-1".to_owned(),
        "AWS_REGION=eu-west-1".to_owned(),
        "AWS_EXECUTION_ENV=AWS_ECS_FARGATE".to_owned(),
        format!("ECS_CONTAINER_METADATA_URI={}", uri.replace("/v4/", "/v3/")),
        format!("ECS_CONTAINER_METADATA_URI_V4={uri}"),
    ]
}

fn write_etc(directory: &Path, hosts: &str) -> Result<PathBuf> {
    let etc = directory.join("etc");
    std::fs::create_dir_all(&etc)?;
    std::fs::write(
        etc.join("hosts"),
        format!("127.0.0.1 localhost\n{TASK} ip-10-0-1-10.eu-west-1.compute.internal\n{hosts}"),
    )?;
    std::fs::write(etc.join("resolv.conf"), format!("nameserver {OUTSIDE}\n"))?;
    Ok(etc)
}
