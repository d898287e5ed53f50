//! Follows deployments until they end: polls, and lets a [`Judge`] decide.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::client::{Ecs, call, is_unavailable};
use super::error::{Error, Result};
use super::listing::SERVICES_A_CALL;
use super::rollout::{Judge, Outcome, Seen, Verdict};
use super::service::Service;

const POLL: Duration = Duration::from_secs(5);
const POLL_LATER: Duration = Duration::from_secs(10);
/// Polls this close to each other are made together.
const TOGETHER: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_secs(120);
/// The API's largest batch.
const SERVICE_DEPLOYMENTS_A_CALL: usize = 20;

/// A deployment that is followed.
pub(super) struct Watched {
    /// The caller's number for it.
    pub target: usize,
    pub service: Service,
    judge: Box<dyn Judge>,
    started: Instant,
    deadline: Instant,
    due: Instant,
}

/// What a poll of one deployment gave.
pub(super) struct Polled {
    pub target: usize,
    /// The service as it is now, if it is still there.
    pub service: Option<Service>,
    pub end: Option<End>,
    /// Why this poll failed, if it did and the next may not.
    pub trouble: Option<String>,
}

/// Why a deployment is no longer followed.
pub(super) enum End {
    Outcome(Outcome),
    /// AWS no longer lets us look.
    Lost(Error),
}

impl Watched {
    pub fn new(target: usize, service: Service, judge: impl Judge + 'static, timeout: Duration) -> Self {
        let started = Instant::now();
        let deadline = started + timeout;
        let due = (started + POLL).min(deadline);
        let judge = Box::new(judge);
        Watched { target, service, judge, started, deadline, due }
    }
}

/// The deployments that are being followed.
#[derive(Default)]
pub(super) struct Watch {
    watched: Vec<Watched>,
    /// Service deployments cannot be read here.
    without_service_deployments: bool,
}

impl Watch {
    pub fn len(&self) -> usize {
        self.watched.len()
    }

    /// The caller's numbers of the deployments that are followed.
    pub fn targets(&self) -> Vec<usize> {
        self.watched.iter().map(|watched| watched.target).collect()
    }

    pub fn add(&mut self, watched: Watched) {
        self.watched.push(watched);
    }

    /// Waits until at least one deployment is due, and polls all that are: ten services a call. Those that have ended
    /// are no longer followed.
    ///
    /// A poll that fails is no verdict: the deployment goes on, and so does watching it.
    pub async fn poll(&mut self, ecs: &Ecs) -> Vec<Polled> {
        let Some(due) = self.watched.iter().map(|watched| watched.due).min() else {
            return Vec::new();
        };
        tokio::time::sleep_until(due).await;
        let due = due + TOGETHER;
        let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for watched in self.watched.iter().filter(|watched| watched.due <= due) {
            clusters.entry(watched.service.cluster_arn.clone()).or_default().push(watched.service.arn.clone());
        }
        let mut found: BTreeMap<String, Result<Option<Service>>> = BTreeMap::new();
        for (cluster, arns) in clusters {
            for arns in arns.chunks(SERVICES_A_CALL) {
                match ecs.describe_services(&cluster, arns).await {
                    Ok(services) => {
                        found.extend(arns.iter().map(|arn| (arn.clone(), Ok(None))));
                        found.extend(services.into_iter().map(|service| (service.arn.clone(), Ok(Some(service)))));
                    }
                    Err(error) => found.extend(arns.iter().map(|arn| (arn.clone(), Err(error.clone())))),
                }
            }
        }
        // The one that the service named right after the update is ours; a later one is not.
        let named = self.watched.iter().filter(|watched| watched.due <= due);
        let named: Vec<String> = named.filter_map(|watched| watched.service.service_deployment.clone()).collect();
        let deployments = self.service_deployments(ecs, named).await;
        let mut polled = Vec::new();
        for watched in self.watched.iter_mut().filter(|watched| watched.due <= due) {
            let seen = found.remove(&watched.service.arn).unwrap_or(Ok(None));
            let deployment = watched.service.service_deployment.as_ref().and_then(|arn| deployments.get(arn));
            polled.push(watched.take_in(seen, deployment.cloned()));
        }
        let ended = |target: usize| polled.iter().any(|p: &Polled| p.target == target && p.end.is_some());
        self.watched.retain(|watched| !ended(watched.target));
        polled
    }

    /// Status and reason of service deployments, by ARN. It needs a permission of its own, and not every region has it;
    /// without it the services' lists of deployments have to do.
    async fn service_deployments(&mut self, ecs: &Ecs, arns: Vec<String>) -> BTreeMap<String, (String, String)> {
        let mut found = BTreeMap::new();
        for arns in arns.chunks(SERVICE_DEPLOYMENTS_A_CALL) {
            if self.without_service_deployments {
                break;
            }
            let describe = ecs.client.describe_service_deployments();
            let describe = describe.set_service_deployment_arns(Some(arns.to_vec()));
            match call!("DescribeServiceDeployments", describe.send()) {
                Ok(answer) => found.extend(answer.service_deployments().iter().filter_map(|deployment| {
                    let status = deployment.status()?.as_str().to_owned();
                    let reason = deployment.status_reason().unwrap_or_default().to_owned();
                    let arn = deployment.service_deployment_arn()?.to_owned();
                    tracing::trace!(arn, status, "service deployment");
                    Some((arn, (status, reason)))
                })),
                Err(error) => self.without_service_deployments = is_unavailable(&error),
            }
        }
        found
    }
}

impl Watched {
    /// `seen` is what the poll found, `None` where the service was not in the answer, or why the poll failed;
    /// `deployment` status and reason of the service deployment, where they could be read.
    fn take_in(&mut self, seen: Result<Option<Service>>, deployment: Option<(String, String)>) -> Polled {
        let verdict = match &seen {
            Err(_) => Verdict::Wait,
            Ok(None) => self.judge.observe(&Seen::Missing),
            Ok(Some(service)) => {
                let mut observation = service.observation();
                observation.service_deployment = deployment;
                self.judge.observe(&Seen::Service(observation))
            }
        };
        let now = Instant::now();
        let interval = if now - self.started < LATER { POLL } else { POLL_LATER };
        self.due = (now + interval).min(self.deadline.max(now));
        let mut end = match verdict {
            Verdict::Done(outcome) => Some(End::Outcome(outcome)),
            Verdict::Wait if now >= self.deadline => Some(End::Outcome(Outcome::TimedOut)),
            Verdict::Wait => None,
        };
        let (service, trouble) = match seen {
            Ok(service) => (service, None),
            Err(error) if error.is_about_permission() => {
                end = Some(End::Lost(error));
                (None, None)
            }
            Err(error) => (None, Some(error.to_string())),
        };
        Polled { target: self.target, service, end, trouble }
    }
}
