//! Scripted deployments: what each poll of a service sees after an update.

use serde_json::{Value, json};

use crate::store::{Store, deployment};
use crate::{ACCOUNT, REGION};

/// What becomes of a deployment.
#[derive(Debug, Clone)]
pub enum Script {
    /// It completes at this poll, counted from 1.
    SucceedsAt(u32),
    /// Its tasks stop and it fails; nobody rolls back.
    Fails,
    /// Its tasks stop and the circuit breaker goes back: the failure is seen first, the rollback at the next poll.
    RollsBack,
    /// Somebody deploys another revision.
    Superseded,
    /// An alarm makes ECS go back, which only the service deployment tells of.
    RollsBackOnAlarm,
    /// Nothing ever happens.
    Stuck,
    /// The service is deleted.
    Deleted,
}

/// A script being played.
pub(crate) struct Playing {
    script: Script,
    polls: u32,
    deployment: String,
    task_definition: String,
    previous: String,
    stopping: Stopping,
}

/// Whether somebody stopped the deployment.
enum Stopping {
    No,
    /// ECS has been asked, and has not yet begun to go back.
    Requested,
    /// What is played is the way back, of this service deployment (ARN).
    Back(String),
}

impl Store {
    /// Starts a deployment of `task_definition`, which is not what the service runs.
    pub fn deploy(&mut self, cluster: &str, name: &str, task_definition: &str) {
        let id = format!("ecs-svc/{:019}", self.next());
        let usual = self.usual_script.clone().unwrap_or(Script::SucceedsAt(1));
        let service = self.service(cluster, name).expect("checked by the caller");
        let previous = service.json["taskDefinition"].as_str().unwrap_or_default().to_owned();
        let desired = service.json["desiredCount"].as_u64().unwrap_or_default();
        push(&mut service.json, deployment(&id, task_definition, "IN_PROGRESS", desired, 0));
        service.json["taskDefinition"] = task_definition.into();
        service.playing = Some(Playing {
            script: service.scripts.pop_front().unwrap_or(usual),
            polls: 0,
            deployment: id,
            task_definition: task_definition.to_owned(),
            previous,
            stopping: Stopping::No,
        });
    }

    /// Plays one poll of a service.
    pub fn poll(&mut self, cluster: &str, name: &str) {
        let (first, second, third) = (self.next(), self.next(), self.next());
        let usual = self.usual_script.clone().unwrap_or(Script::SucceedsAt(1));
        let Some(service) = self.service(cluster, name) else { return };
        let Some(mut playing) = service.playing.take() else { return };
        playing.polls += 1;
        if matches!(playing.stopping, Stopping::Requested) {
            let id = format!("ecs-svc/{first:019}");
            let arn = service_deployment_arn(&service.json, &playing.deployment);
            push(&mut service.json, deployment(&id, &playing.previous, "IN_PROGRESS", 2, 0));
            service.json["taskDefinition"] = playing.previous.clone().into();
            service.playing = Some(Playing {
                script: service.scripts.pop_front().unwrap_or(usual),
                polls: 0,
                deployment: id,
                task_definition: playing.previous,
                previous: playing.task_definition,
                stopping: Stopping::Back(arn.clone()),
            });
            let reason = "Rollback was requested by a call of StopServiceDeployment".to_owned();
            self.service_deployments.insert(arn, ("ROLLBACK_IN_PROGRESS".to_owned(), reason));
            return;
        }
        let json = &mut service.json;
        let mut stopped = false;
        let mut done = false;
        let mut back = None;
        let mut status = ("IN_PROGRESS".to_owned(), String::new());
        match (&playing.script, playing.polls) {
            (Script::SucceedsAt(poll), now) if now >= *poll => {
                complete(json);
                done = true;
            }
            (Script::SucceedsAt(_), now) => progress(json, now),
            (Script::Fails, _) => {
                fail(json);
                (stopped, done) = (true, true);
            }
            (Script::RollsBack, 1) => {
                json["deploymentConfiguration"]["deploymentCircuitBreaker"] =
                    json!({ "enable": true, "rollback": true });
                fail(json);
                stopped = true;
            }
            (Script::RollsBack, _) => {
                let id = format!("ecs-svc/{first:019}");
                push(json, deployment(&id, &playing.previous, "IN_PROGRESS", 2, 0));
                json["taskDefinition"] = playing.previous.clone().into();
                back = Some(id);
                done = true;
            }
            (Script::Superseded, _) => {
                let other = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/somebody-elses:{second}");
                push(json, deployment(&format!("ecs-svc/{second:019}"), &other, "IN_PROGRESS", 2, 0));
                json["taskDefinition"] = other.into();
                done = true;
            }
            (Script::RollsBackOnAlarm, _) => {
                let reason = "Service deployment rolled back because of an alarm".to_owned();
                status = ("ROLLBACK_IN_PROGRESS".to_owned(), reason);
            }
            (Script::Stuck, _) => {}
            (Script::Deleted, _) => {
                json["status"] = "DRAINING".into();
                done = true;
            }
        }
        let arn = service_deployment_arn(json, &playing.deployment);
        let task_definition = playing.task_definition.clone();
        let cluster = service.cluster.clone();
        if let Stopping::Back(arn) = &playing.stopping {
            if done {
                let back = matches!(playing.script, Script::SucceedsAt(_));
                let status = if back { "ROLLBACK_SUCCESSFUL" } else { "ROLLBACK_FAILED" };
                self.service_deployments.insert(arn.clone(), (status.to_owned(), String::new()));
            } else {
                service.playing = Some(playing);
            }
            return;
        }
        if let Some(deployment) = back {
            // The way back is a deployment like any other.
            service.playing = Some(Playing {
                script: Script::SucceedsAt(1),
                polls: 0,
                deployment,
                task_definition: playing.previous,
                previous: task_definition.clone(),
                stopping: Stopping::No,
            });
        } else if !done {
            service.playing = Some(playing);
        }
        if done {
            self.service_deployments.remove(&arn);
        } else {
            self.service_deployments.insert(arn, status);
        }
        if stopped {
            self.tasks.push(stopped_task(&cluster, third, name, &task_definition));
        }
    }
}

/// The ARN of a deployment as a service deployment.
pub(crate) fn service_deployment_arn(service: &Value, deployment: &str) -> String {
    let arn = service["serviceArn"].as_str().unwrap_or_default().replace(":service/", ":service-deployment/");
    format!("{arn}/{}", deployment.rsplit('/').next().unwrap_or_default())
}

fn primary(service: &mut Value) -> &mut Value {
    let deployments = service["deployments"].as_array_mut().expect("a list");
    deployments.iter_mut().find(|deployment| deployment["status"] == "PRIMARY").expect("one is primary")
}

/// A new primary deployment; the others stay, active.
fn push(service: &mut Value, new: Value) {
    primary(service)["status"] = "ACTIVE".into();
    service["deployments"].as_array_mut().expect("a list").insert(0, new);
}

/// Another task at each poll, but for the last, which comes with the end.
fn progress(service: &mut Value, poll: u32) {
    let primary = primary(service);
    let desired = primary["desiredCount"].as_u64().unwrap_or_default();
    let running = desired.saturating_sub(1).min(poll.into());
    primary["runningCount"] = running.into();
    primary["pendingCount"] = (desired - running).into();
}

fn complete(service: &mut Value) {
    let primary = primary(service);
    primary["rolloutState"] = "COMPLETED".into();
    primary["runningCount"] = primary["desiredCount"].clone();
    primary["pendingCount"] = 0.into();
    service["deployments"].as_array_mut().expect("a list").retain(|deployment| deployment["status"] == "PRIMARY");
}

fn fail(service: &mut Value) {
    let primary = primary(service);
    primary["rolloutState"] = "FAILED".into();
    primary["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start.".into();
    primary["failedTasks"] = 2.into();
}

fn stopped_task(cluster: &str, number: u64, service: &str, task_definition: &str) -> Value {
    json!({
        "taskArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/{cluster}/{number:032x}"),
        "group": format!("service:{service}"),
        "taskDefinitionArn": task_definition,
        "desiredStatus": "STOPPED",
        "lastStatus": "STOPPED",
        "stoppedAt": 1_762_000_000.5,
        "stoppedReason": "Essential container in task exited",
        "containers": [
            { "name": "app", "exitCode": 0 },
            { "name": "sidetap-sensor", "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage" }
        ]
    })
}

impl Playing {
    /// The deployment's id.
    pub fn deployment(&self) -> &str {
        &self.deployment
    }

    /// The ARN of the service deployment that it belongs to.
    pub fn service_deployment(&self, service: &Value) -> String {
        match &self.stopping {
            Stopping::Back(arn) => arn.clone(),
            _ => service_deployment_arn(service, &self.deployment),
        }
    }

    /// The task definitions from which and to which the service deployment was to go.
    pub fn source_and_target(&self) -> (&str, &str) {
        match self.stopping {
            Stopping::Back(_) => (&self.task_definition, &self.previous),
            _ => (&self.previous, &self.task_definition),
        }
    }

    /// Asks for it to be stopped; returns whether it could be.
    pub fn stop(&mut self) -> bool {
        let can = matches!(self.stopping, Stopping::No);
        if can {
            self.stopping = Stopping::Requested;
        }
        can
    }
}
