//! Decides what became of a deployment, from one observation after the other. Pure: no calls, no clock.
//!
//! Success is judged by the deployment's id. "The service is stable" would also be true after a rollback, after
//! somebody else's deployment took over, and while nothing runs at all.

/// A deployment in the service's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedDeployment {
    pub id: String,
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: String,
    pub task_definition: String,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`; absent behind a Classic Load Balancer.
    pub rollout_state: Option<String>,
    pub reason: String,
    pub desired: i32,
    pub running: i32,
    pub pending: i32,
    /// Goes back to 0 once a task has run.
    pub failed: i32,
}

impl ObservedDeployment {
    pub fn is_primary(&self) -> bool {
        self.status == "PRIMARY"
    }
}

/// The service at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    pub status: String,
    pub desired: i32,
    pub running: i32,
    pub deployments: Vec<ObservedDeployment>,
    /// Whether ECS rolls back by itself.
    pub rolls_back: bool,
    /// Status and reason of the service deployment, where they could be read.
    pub service_deployment: Option<(String, String)>,
}

/// What a poll saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Service(Observation),
    /// The service was not among the answers.
    Missing,
}

/// How a deployment ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    /// It failed and still is the service's current one.
    Failed {
        reason: String,
    },
    /// ECS went back to the revision before.
    RolledBack {
        reason: String,
    },
    /// Another deployment of another revision took over.
    Superseded {
        by: String,
    },
    /// The service was deleted.
    Gone {
        reason: String,
    },
    /// The service wants no tasks, so that nothing was started and nothing is proved.
    Unverified,
    /// Watching ended before the deployment did.
    TimedOut,
}

/// What to do after an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Wait,
    Done(Outcome),
}

/// Decides what became of something that is watched.
pub trait Judge {
    /// Takes in one observation.
    fn observe(&mut self, seen: &Seen) -> Verdict;
}

/// A deployment that is watched.
#[derive(Debug, Clone)]
pub struct Rollout {
    deployment: String,
    /// Whether that is the deployment that we started, and not one that somebody forced of the same revision.
    original: bool,
    target: String,
    previous: String,
    missing: u32,
    failed_seen: u32,
}

/// A service may be missing from an answer by accident; three times in a row is none.
const MISSING_LIMIT: u32 = 3;
/// Where ECS rolls back by itself, the rollback shows up within this many polls after the failure.
const ROLLBACK_GRACE: u32 = 3;

impl Rollout {
    /// Watches `deployment`, which is to replace task definition `previous` by `target` (ARNs).
    pub fn new(deployment: &str, target: &str, previous: &str) -> Self {
        Rollout {
            deployment: deployment.to_owned(),
            original: true,
            target: target.to_owned(),
            previous: previous.to_owned(),
            missing: 0,
            failed_seen: 0,
        }
    }

    /// Takes in one observation.
    pub fn observe(&mut self, seen: &Seen) -> Verdict {
        let Seen::Service(service) = seen else {
            self.missing += 1;
            return match self.missing >= MISSING_LIMIT {
                true => done_gone("it is no longer there"),
                false => Verdict::Wait,
            };
        };
        self.missing = 0;
        if service.status != "ACTIVE" {
            return done_gone(&format!("it is {}", service.status));
        }
        let primary = service.deployments.iter().find(|deployment| deployment.is_primary());
        if let Some(primary) = primary.filter(|primary| primary.id != self.deployment) {
            if primary.task_definition == self.previous {
                return Verdict::Done(Outcome::RolledBack { reason: self.rollback_reason(service, primary) });
            }
            if primary.task_definition != self.target {
                return Verdict::Done(Outcome::Superseded { by: primary.task_definition.clone() });
            }
            // Somebody forced a new deployment of our revision: that one is ours now.
            self.deployment.clone_from(&primary.id);
            self.original = false;
        }
        if let Some(verdict) = self.by_service_deployment(service) {
            return verdict;
        }
        match service.deployments.iter().find(|deployment| deployment.id == self.deployment) {
            Some(ours) => self.judge(service, ours),
            None => Verdict::Wait,
        }
    }

    fn judge(&mut self, service: &Observation, ours: &ObservedDeployment) -> Verdict {
        match ours.rollout_state.as_deref() {
            Some("COMPLETED") if service.desired == 0 => Verdict::Done(Outcome::Unverified),
            Some("COMPLETED") => Verdict::Done(Outcome::Succeeded),
            Some("FAILED") => {
                self.failed_seen += 1;
                match service.rolls_back && self.failed_seen < ROLLBACK_GRACE {
                    true => Verdict::Wait,
                    false => Verdict::Done(Outcome::Failed { reason: ours.reason.clone() }),
                }
            }
            Some(_) if service.desired == 0 && service.running == 0 => Verdict::Done(Outcome::Unverified),
            Some(_) => Verdict::Wait,
            None if service.desired == 0 => Verdict::Done(Outcome::Unverified),
            // Behind a Classic Load Balancer ECS gives no state: ours alone and complete has to do.
            None => match service.deployments.len() == 1 && ours.is_primary() && ours.running == ours.desired {
                true => Verdict::Done(Outcome::Succeeded),
                false => Verdict::Wait,
            },
        }
    }

    fn by_service_deployment(&self, service: &Observation) -> Option<Verdict> {
        let (status, reason) = service.service_deployment.as_ref().filter(|_| self.original)?;
        let outcome = match status.as_str() {
            "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED" => {
                Outcome::RolledBack { reason: reason.clone() }
            }
            "STOPPED" => Outcome::Failed { reason: format!("the deployment was stopped: {reason}") },
            "SUCCESSFUL" if service.desired > 0 => Outcome::Succeeded,
            _ => return None,
        };
        Some(Verdict::Done(outcome))
    }

    /// Why ECS went back: our deployment's own reason while it is still listed, else the rollback's.
    fn rollback_reason(&self, service: &Observation, primary: &ObservedDeployment) -> String {
        let ours = service.deployments.iter().find(|deployment| deployment.id == self.deployment);
        let reason = ours.map(|ours| ours.reason.clone()).filter(|reason| !reason.is_empty());
        reason.unwrap_or_else(|| primary.reason.clone())
    }
}

impl Judge for Rollout {
    fn observe(&mut self, seen: &Seen) -> Verdict {
        Rollout::observe(self, seen)
    }
}

fn done_gone(reason: &str) -> Verdict {
    Verdict::Done(Outcome::Gone { reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "web:1";
    const NEW: &str = "web:2";

    fn deployment(id: &str, status: &str, definition: &str, state: Option<&str>) -> ObservedDeployment {
        ObservedDeployment {
            id: id.into(),
            status: status.into(),
            task_definition: definition.into(),
            rollout_state: state.map(str::to_owned),
            reason: format!("{id} is {state:?}"),
            desired: 2,
            running: 2,
            pending: 0,
            failed: 0,
        }
    }

    fn service(deployments: Vec<ObservedDeployment>) -> Observation {
        Observation {
            status: "ACTIVE".into(),
            desired: 2,
            running: 2,
            deployments,
            rolls_back: false,
            service_deployment: None,
        }
    }

    fn verdict(observations: Vec<Observation>) -> Verdict {
        let mut rollout = Rollout::new("d1", NEW, OLD);
        let mut verdict = Verdict::Wait;
        for observation in observations {
            assert_eq!(verdict, Verdict::Wait, "an outcome is final");
            verdict = rollout.observe(&Seen::Service(observation));
        }
        verdict
    }

    fn ours(state: &str) -> ObservedDeployment {
        deployment("d1", "PRIMARY", NEW, Some(state))
    }

    fn old() -> ObservedDeployment {
        deployment("d0", "ACTIVE", OLD, Some("COMPLETED"))
    }

    #[test]
    fn a_completed_deployment_has_succeeded() {
        let seen = vec![service(vec![ours("IN_PROGRESS"), old()]), service(vec![ours("COMPLETED")])];
        assert_eq!(verdict(seen), Verdict::Done(Outcome::Succeeded));
    }

    #[test]
    fn a_stable_service_that_went_back_is_no_success() {
        let back = service(vec![deployment("d2", "PRIMARY", OLD, Some("COMPLETED"))]);
        assert!(matches!(verdict(vec![back]), Verdict::Done(Outcome::RolledBack { .. })));
    }

    #[test]
    fn a_failure_waits_for_the_rollback_only_where_ecs_rolls_back() {
        let failed = service(vec![ours("FAILED"), old()]);
        assert!(matches!(verdict(vec![failed.clone()]), Verdict::Done(Outcome::Failed { .. })));

        let breaker = Observation { rolls_back: true, ..failed };
        assert_eq!(verdict(vec![breaker.clone(), breaker.clone()]), Verdict::Wait);
        assert!(matches!(verdict(vec![breaker.clone(); 3]), Verdict::Done(Outcome::Failed { .. })));
        let mut failed_ours = ours("FAILED");
        failed_ours.status = "ACTIVE".into();
        let back = service(vec![deployment("d2", "PRIMARY", OLD, Some("IN_PROGRESS")), failed_ours]);
        let Verdict::Done(Outcome::RolledBack { reason }) = verdict(vec![breaker, back]) else { panic!() };
        assert!(reason.starts_with("d1 is"), "the failure's own reason is told: {reason}");
    }

    #[test]
    fn another_revision_supersedes_and_our_own_does_not() {
        let other = service(vec![deployment("d9", "PRIMARY", "web:3", Some("IN_PROGRESS")), ours("IN_PROGRESS")]);
        assert_eq!(verdict(vec![other]), Verdict::Done(Outcome::Superseded { by: "web:3".into() }));

        let forced = service(vec![deployment("d9", "PRIMARY", NEW, Some("IN_PROGRESS"))]);
        let finished = service(vec![deployment("d9", "PRIMARY", NEW, Some("COMPLETED"))]);
        assert_eq!(verdict(vec![forced.clone(), finished.clone()]), Verdict::Done(Outcome::Succeeded));
        // Ours was stopped by that, which says nothing about theirs.
        let stopped = |mut seen: Observation| {
            seen.service_deployment = Some(("STOPPED".into(), "replaced".into()));
            seen
        };
        assert_eq!(verdict(vec![stopped(forced), stopped(finished)]), Verdict::Done(Outcome::Succeeded));
    }

    #[test]
    fn nothing_is_proved_where_nothing_runs() {
        let idle = |state| Observation { desired: 0, running: 0, ..service(vec![ours(state)]) };
        assert_eq!(verdict(vec![idle("COMPLETED")]), Verdict::Done(Outcome::Unverified));
        assert_eq!(verdict(vec![idle("IN_PROGRESS")]), Verdict::Done(Outcome::Unverified));
    }

    #[test]
    fn a_service_is_gone_when_it_drains_or_is_missed_three_times() {
        let draining = Observation { status: "DRAINING".into(), ..service(vec![]) };
        assert!(matches!(verdict(vec![draining]), Verdict::Done(Outcome::Gone { .. })));

        let mut rollout = Rollout::new("d1", NEW, OLD);
        assert_eq!(rollout.observe(&Seen::Missing), Verdict::Wait);
        assert_eq!(rollout.observe(&Seen::Missing), Verdict::Wait);
        assert_eq!(rollout.observe(&Seen::Service(service(vec![ours("IN_PROGRESS")]))), Verdict::Wait);
        assert_eq!(rollout.observe(&Seen::Missing), Verdict::Wait);
        assert_eq!(rollout.observe(&Seen::Missing), Verdict::Wait);
        assert!(matches!(rollout.observe(&Seen::Missing), Verdict::Done(Outcome::Gone { .. })));
    }

    #[test]
    fn without_a_rollout_state_ours_has_to_be_alone_and_complete() {
        let stateless = |id, status, definition| deployment(id, status, definition, None);
        let both = service(vec![stateless("d1", "PRIMARY", NEW), stateless("d0", "ACTIVE", OLD)]);
        let alone = service(vec![stateless("d1", "PRIMARY", NEW)]);
        assert_eq!(verdict(vec![both, alone]), Verdict::Done(Outcome::Succeeded));
    }

    #[test]
    fn the_service_deployment_tells_of_a_rollback_before_the_list_does() {
        let mut seen = service(vec![ours("IN_PROGRESS"), old()]);
        seen.service_deployment = Some(("ROLLBACK_IN_PROGRESS".into(), "alarm".into()));
        assert_eq!(verdict(vec![seen]), Verdict::Done(Outcome::RolledBack { reason: "alarm".into() }));
    }
}
