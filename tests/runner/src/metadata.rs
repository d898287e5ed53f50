//! The task metadata endpoint, version 4, as the containers of a task ask it.
//!
//! Source: "Amazon ECS task metadata endpoint version 4 for tasks on Fargate" in the developer guide.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use humantime::format_rfc3339_seconds;
use serde_json::{Value, json};

use crate::container::Container;
use crate::network::{METADATA, Network, TASK};
use crate::supervisor::{Health, Shared, Status};

/// Nobody is waited for longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often somebody new is looked for.
const TICK: Duration = Duration::from_millis(5);

/// What the endpoint tells that does not change.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub family: String,
    pub revision: String,
    pub cluster_arn: String,
    pub task_arn: String,
    pub service: String,
    /// CPU units and MiB.
    pub limits: (Option<u64>, Option<u64>),
    /// Each with its labels.
    pub containers: Vec<(Container, Value)>,
}

impl Facts {
    /// Where a container asks.
    pub fn uri(&self, container: &str) -> String {
        format!("http://{METADATA}/v4/{}", self.runtime_id(container))
    }

    fn task_id(&self) -> &str {
        self.task_arn.rsplit('/').next().unwrap_or_default()
    }

    /// As on Fargate: the task's id, and a number for the container.
    fn runtime_id(&self, container: &str) -> String {
        let index = self.containers.iter().position(|(other, _)| other.name == container).unwrap_or_default();
        format!("{}-{:010}", self.task_id(), 527_074_092 + index)
    }

    fn container(&self, container: &Container, labels: &Value, status: &Status) -> Value {
        let known = match (status.running, status.ended) {
            (true, _) => "RUNNING",
            (false, true) => "STOPPED",
            (false, false) => "CREATED",
        };
        let mut all_labels = json!({
            "com.amazonaws.ecs.cluster": self.cluster_arn,
            "com.amazonaws.ecs.container-name": container.name,
            "com.amazonaws.ecs.task-arn": self.task_arn,
            "com.amazonaws.ecs.task-definition-family": self.family,
            "com.amazonaws.ecs.task-definition-version": self.revision
        });
        if let (Some(all), Some(own)) = (all_labels.as_object_mut(), labels.as_object()) {
            all.extend(own.clone());
        }
        let mut told = json!({
            "DockerId": self.runtime_id(&container.name),
            "Name": container.name,
            "DockerName": container.name,
            "Image": container.image,
            "ImageID": "",
            "Labels": all_labels,
            "DesiredStatus": "RUNNING",
            "KnownStatus": known,
            "Limits": { "CPU": container.cpu.max(2) },
            "CreatedAt": format_rfc3339_seconds(status.created).to_string(),
            "Type": "NORMAL",
            "ContainerARN": format!("{}/{}", self.task_arn.replace(":task/", ":container/"), container.name),
            "Networks": [{
                "NetworkMode": "awsvpc",
                "IPv4Addresses": [TASK.to_string()],
                "AttachmentIndex": 0,
                "IPv4SubnetCIDRBlock": "10.0.1.0/24",
                "SubnetGatewayIpv4Address": "10.0.1.1/24"
            }],
            "Snapshotter": "overlayfs"
        });
        if let Some(memory) = container.memory {
            told["Limits"]["Memory"] = memory.into();
        }
        if let Some(started) = status.started {
            told["StartedAt"] = format_rfc3339_seconds(started).to_string().into();
        }
        if let Some(code) = status.exit_code {
            told["ExitCode"] = code.into();
        }
        if container.health_check.is_some() {
            let health = match status.health {
                Health::Unknown => "UNKNOWN",
                Health::Healthy => "HEALTHY",
                Health::Unhealthy => "UNHEALTHY",
            };
            told["Health"] = json!({ "status": health });
        }
        told
    }

    fn answer(&self, path: &str, shared: &Shared) -> Option<Value> {
        let (id, rest) = path.strip_prefix("/v4/")?.split_once('/').unwrap_or((path.strip_prefix("/v4/")?, ""));
        let (asking, labels) = self.containers.iter().find(|(container, _)| self.runtime_id(&container.name) == id)?;
        let state = shared.lock();
        let told = |container: &Container, labels: &Value| {
            Some(self.container(container, labels, state.containers.get(&container.name)?))
        };
        match rest {
            "" => told(asking, labels),
            "task" => {
                let containers: Vec<Value> =
                    self.containers.iter().filter_map(|(container, labels)| told(container, labels)).collect();
                // Fargate tells vCPUs, not units.
                let cpu = self.limits.0.map(|units| units as f64 / 1024.0);
                Some(json!({
                    "Cluster": self.cluster_arn,
                    "TaskARN": self.task_arn,
                    "Family": self.family,
                    "Revision": self.revision,
                    "DesiredStatus": "RUNNING",
                    "KnownStatus": "RUNNING",
                    "Limits": { "CPU": cpu, "Memory": self.limits.1 },
                    "AvailabilityZone": "eu-west-1a",
                    "LaunchType": "FARGATE",
                    "ServiceName": self.service,
                    "Containers": containers,
                    "ClockDrift": { "ClockErrorBound": 0.5, "ClockSynchronizationStatus": "SYNCHRONIZED" }
                }))
            }
            _ => None,
        }
    }
}

/// The endpoint. Its port is free again once this is dropped.
#[derive(Debug)]
pub(crate) struct Endpoint {
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Endpoint {
    /// Answers in the namespace around the task.
    ///
    /// # Errors
    /// If another task's endpoint is there still.
    pub fn serve(network: &Network, facts: Facts, shared: Arc<Shared>) -> Result<Endpoint> {
        let listener = network.outside_do(|| TcpListener::bind((METADATA, 80)))?;
        let listener = listener.context("cannot serve task metadata")?;
        listener.set_nonblocking(true)?;
        let (end, facts) = (Arc::new(AtomicBool::new(false)), Arc::new(facts));
        let ended = Arc::clone(&end);
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let (facts, shared) = (Arc::clone(&facts), Arc::clone(&shared));
                        // Nobody waits for somebody who is silent. Whoever goes away gets no answer.
                        std::thread::spawn(move || drop(answer(&stream, &facts, &shared)));
                    }
                    Err(_) => std::thread::sleep(TICK),
                }
            }
        });
        Ok(Endpoint { end, thread: Some(thread) })
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(mut stream: &TcpStream, facts: &Facts, shared: &Shared) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match facts.answer(path, shared) {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", json!({ "message": "there is nothing here" })),
    };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
