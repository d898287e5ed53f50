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
pub fn common_ways(services: &[SurveyedService], sidecar: &Sidecar, size: &SizeRequest) -> Vec<CommonWay> {
    let size = SizeRequest { room: Room::Available, ..size.clone() };
    let mut ways: Vec<CommonWay> = Vec::new();
    for service in services {
        let Some(revision) = &service.revision else { continue };
        let left = service.outlook(sidecar, &size).and_then(|look| look.sidecar.ok());
        let open = left.map(|example| (Room::Available, example)).into_iter();
        for (room, example) in open.chain(ways_out(&revision.definition, sidecar, &service.service.sized(&size))) {
            match ways.iter_mut().find(|way| way.room == room) {
                Some(way) => way.fits += 1,
                None => ways.push(CommonWay { room, fits: 1, example }),
            }
        }
    }
    ways.sort_by_key(|way| Reverse(way.fits));
    ways
}
