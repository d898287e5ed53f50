//! The room that services have for a sidecar, and the ways to make some.

use std::cmp::Reverse;

use super::survey::SurveyedService;
use crate::taskdef::{Outlook, PlanSize, Room, Sidecar, SizeRequest, outlook, ways_out};

/// A way to make room, and for how many services it does.
#[derive(Debug, Clone, PartialEq)]
pub struct CommonWay {
    pub room: Room,
    pub fits: usize,
    /// What comes of it for the first of them.
    pub example: PlanSize,
}

impl SurveyedService {
    /// How it stands before the sidecar is put into it. None where what it runs is not known, or has sizes that cannot be
    /// read; planning says why.
    pub fn outlook(&self, sidecar: &Sidecar, size: &SizeRequest) -> Option<Outlook> {
        outlook(&self.revision.as_ref()?.definition, sidecar, &self.service.sized(size)).ok()
    }
}

/// The ways to make room for the sidecar, those that help most services first; to take what is left is one of them.
///
/// Of several services, each can give from a container of another name: one way has all the names that it takes.
pub fn common_ways(services: &[SurveyedService], sidecar: &Sidecar, size: &SizeRequest) -> Vec<CommonWay> {
    let size = SizeRequest { room: Room::Available, ..size.clone() };
    let of_each: Vec<Vec<(Room, PlanSize)>> =
        services.iter().map(|service| open_ways(service, sidecar, &size)).collect();
    let mut ways: Vec<CommonWay> = Vec::new();
    for (room, example) in of_each.iter().flatten() {
        match ways.iter_mut().find(|way| way.room == *room) {
            Some(way) => way.fits += 1,
            None => ways.push(CommonWay { room: room.clone(), fits: 1, example: example.clone() }),
        }
    }
    ways.sort_by_key(|way| Reverse(way.fits));
    match services.len() {
        1 => ways,
        _ => with_containers_together(ways, &of_each),
    }
}

/// The ways that are open to one service.
fn open_ways(service: &SurveyedService, sidecar: &Sidecar, size: &SizeRequest) -> Vec<(Room, PlanSize)> {
    let Some(revision) = &service.revision else { return Vec::new() };
    let left = service.outlook(sidecar, size).and_then(|look| look.sidecar.ok());
    let open = left.map(|example| (Room::Available, example)).into_iter();
    open.chain(ways_out(&revision.definition, sidecar, &service.service.sized(size))).collect()
}

/// The ways with one in the place of all that take from a container: from as few as serve every service that one of them
/// serves.
fn with_containers_together(ways: Vec<CommonWay>, of_each: &[Vec<(Room, PlanSize)>]) -> Vec<CommonWay> {
    let takes = |room: &Room| matches!(room, Room::TakeFrom(_));
    let (taking, mut ways): (Vec<CommonWay>, Vec<CommonWay>) = ways.into_iter().partition(|way| takes(&way.room));
    let mut open: Vec<&Vec<(Room, PlanSize)>> =
        of_each.iter().filter(|ways| ways.iter().any(|(room, _)| takes(room))).collect();
    let (fits, mut names) = (open.len(), Vec::new());
    let mut example = None;
    for CommonWay { room, example: first, .. } in taking {
        let before = open.len();
        open.retain(|ways| !ways.iter().any(|(other, _)| *other == room));
        if let Room::TakeFrom(name) = room
            && open.len() < before
        {
            names.extend(name);
            example = example.or(Some(first));
        }
    }
    if let Some(example) = example {
        let at = ways.iter().position(|way| way.fits <= fits).unwrap_or(ways.len());
        ways.insert(at, CommonWay { room: Room::TakeFrom(names), fits, example });
    }
    ways
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::definition::Revision;
    use super::super::service::Service;
    use super::*;
    use crate::taskdef::{Preset, TaskDefinition};

    /// A service whose task is full, with these containers of equal size.
    fn full(containers: &[&str]) -> SurveyedService {
        let share = 1024 / containers.len();
        let containers: Vec<_> = containers
            .iter()
            .map(|name| json!({ "name": name, "image": "i", "cpu": share, "memory": 2 * share }))
            .collect();
        let document = json!({
            "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "1024",
            "memory": "2048", "containerDefinitions": containers
        });
        SurveyedService {
            service: Service::from(aws_sdk_ecs::types::Service::builder().service_name("web").build()),
            revision: Some(Revision {
                arn: "arn".to_owned(),
                status: "ACTIVE".to_owned(),
                tags: Vec::new(),
                definition: TaskDefinition::new(document).unwrap(),
            }),
            sidecars: Vec::new(),
            blocked: None,
            register_only: None,
        }
    }

    fn rooms(services: &[SurveyedService]) -> Vec<(Room, usize)> {
        let sensor = Sidecar { image: Some("i".to_owned()), ..Sidecar::of(Preset::Sensor) };
        let ways = common_ways(services, &sensor, &SizeRequest::default());
        ways.into_iter().map(|way| (way.room, way.fits)).collect()
    }

    fn take(names: &[&str]) -> Room {
        Room::TakeFrom(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn one_way_takes_from_a_container_of_every_service() {
        let services = [full(&["app", "proxy"]), full(&["web", "proxy"]), full(&["main"]), full(&["main"])];
        let taking: Vec<_> =
            rooms(&services).into_iter().filter(|(room, _)| matches!(room, Room::TakeFrom(_))).collect();
        assert_eq!(taking, [(take(&["proxy", "main"]), 4)]);
        assert!(rooms(&services).contains(&(Room::GrowTask, 4)));
    }

    #[test]
    fn of_one_service_each_container_is_a_way() {
        let ways = rooms(&[full(&["app", "proxy"])]);
        assert!(ways.contains(&(take(&["app"]), 1)) && ways.contains(&(take(&["proxy"]), 1)), "{ways:?}");
    }
}
