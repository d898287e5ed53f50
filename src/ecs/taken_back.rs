//! Decides whether a deployment that was stopped has been taken back. Pure: no calls, no clock.
//!
//! `StopServiceDeployment` only asks for it. For a while the service still lists the deployment that is to go, which
//! may fail in the meantime; then ECS starts another one, of the revision before, and that one has to succeed.

use super::rollout::{Judge, Observation, Outcome, Rollout, Seen, Verdict};

/// The return of a service by ECS itself.
#[derive(Debug, Clone)]
pub(super) struct TakenBack {
    recorded: String,
    ours: String,
    /// Of the deployment that is being stopped; once ECS goes back, of the one by which it does.
    rollout: Rollout,
    is_on_the_way: bool,
}

impl TakenBack {
    /// Watches ECS stop `deployment` of task definition `ours` and go back to `recorded` (ARNs).
    pub fn new(deployment: &str, ours: &str, recorded: &str) -> Self {
        TakenBack {
            recorded: recorded.to_owned(),
            ours: ours.to_owned(),
            rollout: Rollout::new(deployment, ours, ""),
            is_on_the_way: false,
        }
    }

    /// What the service deployment that was stopped tells: that nothing more will come of it.
    fn by_service_deployment(service: &Observation) -> Option<Outcome> {
        let (status, reason) = service.service_deployment.as_ref()?;
        match status.as_str() {
            "ROLLBACK_FAILED" => Some(Outcome::Failed { reason: format!("ECS could not go back: {reason}") }),
            "STOPPED" => Some(Outcome::Failed { reason: format!("the deployment was only stopped: {reason}") }),
            "SUCCESSFUL" => Some(Outcome::Failed { reason: "the deployment ended before it was stopped".to_owned() }),
            _ => None,
        }
    }
}

impl Judge for TakenBack {
    fn observe(&mut self, seen: &Seen) -> Verdict {
        let Seen::Service(service) = seen else { return self.rollout.observe(seen) };
        if let Some(outcome) = Self::by_service_deployment(service) {
            return Verdict::Done(outcome);
        }
        let primary = service.deployments.iter().find(|deployment| deployment.is_primary());
        if let Some(primary) = primary.filter(|primary| !self.is_on_the_way && primary.task_definition == self.recorded)
        {
            self.is_on_the_way = true;
            self.rollout = Rollout::new(&primary.id, &self.recorded, &self.ours);
        }
        // The service deployment is the one that was stopped, whose rollback is what is wanted.
        let seen = Seen::Service(Observation { service_deployment: None, ..service.clone() });
        match self.rollout.observe(&seen) {
            // Of the deployment that is to go, only that somebody else took over or that all is gone means anything.
            Verdict::Done(Outcome::Failed { .. } | Outcome::Succeeded | Outcome::Unverified) if !self.is_on_the_way => {
                Verdict::Wait
            }
            verdict => verdict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rollout::ObservedDeployment;
    use super::*;

    const RECORDED: &str = "web:1";
    const OURS: &str = "web:2";

    fn deployment(id: &str, definition: &str, state: &str) -> ObservedDeployment {
        ObservedDeployment {
            id: id.into(),
            status: "PRIMARY".into(),
            task_definition: definition.into(),
            rollout_state: Some(state.into()),
            reason: format!("{id} is {state}"),
            desired: 2,
            running: 2,
            pending: 0,
            failed: 0,
        }
    }

    fn service(primary: ObservedDeployment, status: &str) -> Seen {
        Seen::Service(Observation {
            status: "ACTIVE".into(),
            desired: 2,
            running: 2,
            deployments: vec![primary],
            rolls_back: false,
            service_deployment: Some((status.into(), "because".into())),
        })
    }

    fn verdict(seen: &[Seen]) -> Verdict {
        let mut taken_back = TakenBack::new("d1", OURS, RECORDED);
        let mut verdict = Verdict::Wait;
        for seen in seen {
            assert_eq!(verdict, Verdict::Wait, "an outcome is final");
            verdict = taken_back.observe(seen);
        }
        verdict
    }

    #[test]
    fn the_way_back_has_to_be_completed() {
        let seen = [
            service(deployment("d1", OURS, "IN_PROGRESS"), "ROLLBACK_REQUESTED"),
            service(deployment("d1", OURS, "FAILED"), "ROLLBACK_REQUESTED"),
            service(deployment("d2", RECORDED, "IN_PROGRESS"), "ROLLBACK_IN_PROGRESS"),
        ];
        assert_eq!(verdict(&seen), Verdict::Wait);
        let end = [service(deployment("d2", RECORDED, "COMPLETED"), "ROLLBACK_SUCCESSFUL")];
        assert_eq!(verdict(&[&seen[..], &end[..]].concat()), Verdict::Done(Outcome::Succeeded));
    }

    #[test]
    fn a_way_back_that_ecs_gives_up_has_failed() {
        let seen = [
            service(deployment("d2", RECORDED, "IN_PROGRESS"), "ROLLBACK_IN_PROGRESS"),
            service(deployment("d2", RECORDED, "FAILED"), "ROLLBACK_FAILED"),
        ];
        assert_eq!(verdict(&seen), Verdict::Done(Outcome::Failed { reason: "ECS could not go back: because".into() }));
    }

    #[test]
    fn a_deployment_that_was_done_before_it_could_be_stopped_was_not_taken_back() {
        let seen = [service(deployment("d1", OURS, "COMPLETED"), "SUCCESSFUL")];
        assert!(matches!(verdict(&seen), Verdict::Done(Outcome::Failed { .. })));
    }

    #[test]
    fn somebody_elses_deployment_supersedes() {
        let seen = [service(deployment("d9", "web:9", "IN_PROGRESS"), "ROLLBACK_REQUESTED")];
        assert_eq!(verdict(&seen), Verdict::Done(Outcome::Superseded { by: "web:9".into() }));
        let seen = [
            service(deployment("d2", RECORDED, "IN_PROGRESS"), "ROLLBACK_IN_PROGRESS"),
            service(deployment("d9", "web:9", "IN_PROGRESS"), "ROLLBACK_IN_PROGRESS"),
        ];
        assert_eq!(verdict(&seen), Verdict::Done(Outcome::Superseded { by: "web:9".into() }));
    }
}
