//! What carrying out a plan still changes, where earlier runs have done a part of it: for whoever has to confirm that.

use futures_util::{StreamExt, stream};

use super::apply::ApplyOptions;
use super::arn::cluster_in_service_arn;
use super::client::{Ecs, READS_AT_ONCE};
use super::resume::{Standing, is_mistold};
use super::schedules::is_left;
use super::service::Service;
use crate::taskdef::plan::TAG_PLAN_ID;
use crate::taskdef::{Action, Plan, ScheduleAction, Target};

/// A change that is left to be made to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remaining {
    /// A revision is registered, and the service updated if there is one.
    Update,
    /// The service's tags are left or corrected.
    Tags,
    /// So many rules or schedules are pointed at the new revision.
    Schedules(usize),
    /// The service is taken back, since its deployment has failed.
    TakeBack,
    /// The service is taken back if its deployment fails or does not finish in time.
    MayTakeBack,
}

/// What is left to be changed, a list a target. `standings` are as for [`super::resume`].
pub async fn remaining(ecs: &Ecs, plan: &Plan, standings: &[Standing], options: &ApplyOptions) -> Vec<Vec<Remaining>> {
    let standings = (0..plan.targets.len()).map(|index| standings.get(index).unwrap_or(&Standing::ToDo));
    let targets = plan.targets.iter().zip(standings).map(|(target, standing)| async move {
        let mut remaining = of_target(&plan.plan_id, target, standing, options);
        if let Standing::Done(service) | Standing::Deploying(service) = standing {
            let left = schedules_left(ecs, target, &service.task_definition).await;
            remaining.extend((left > 0).then_some(Remaining::Schedules(left)));
        }
        remaining
    });
    stream::iter(targets).buffered(READS_AT_ONCE).collect().await
}

fn of_target(plan_id: &str, target: &Target, standing: &Standing, options: &ApplyOptions) -> Vec<Remaining> {
    let can_be_tagged = |service: &Service| cluster_in_service_arn(&service.arn).is_some();
    let untold = |service: &Service| service.tag(TAG_PLAN_ID) != Some(plan_id) && can_be_tagged(service);
    let (tags, end) = match standing {
        Standing::ToDo if target.action == Action::Update => return vec![Remaining::Update],
        Standing::ToDo => (false, None),
        Standing::WentBack(_) if options.retry_failed => return vec![Remaining::Update],
        Standing::WentBack(service) => (is_mistold(service) && can_be_tagged(service), None),
        Standing::Done(service) => (untold(service), None),
        Standing::Deploying(service) => (untold(service), Some(Remaining::MayTakeBack).filter(|_| options.wait)),
        Standing::Failed(service) => (untold(service), Some(Remaining::TakeBack)),
        Standing::Underway(_) | Standing::FailedBefore(_) | Standing::Mistold(..) if options.register_only => {
            (false, None)
        }
        Standing::Underway(_) => (false, Some(Remaining::MayTakeBack).filter(|_| options.wait)),
        Standing::FailedBefore(_) => (false, Some(Remaining::TakeBack)),
        Standing::Mistold(service, _) => (can_be_tagged(service), None),
    };
    let end = end.filter(|_| options.auto_rollback);
    tags.then_some(Remaining::Tags).into_iter().chain(end).collect()
}

async fn schedules_left(ecs: &Ecs, target: &Target, arn: &str) -> usize {
    let mut left = 0;
    for schedule in target.schedules.iter().filter(|schedule| schedule.action == ScheduleAction::Repoint) {
        left += usize::from(is_left(&ecs.signed, schedule, arn).await);
    }
    left
}
