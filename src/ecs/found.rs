//! The services that a plan is about, as they are now, also if some of them or their clusters are gone.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use super::arn::cluster_name;
use super::client::{Ecs, READS_AT_ONCE};
use super::error::{Error, Result};
use super::listing::SERVICES_A_CALL;
use super::service::Service;
use crate::taskdef::Target;

/// The services of a plan's targets as they are now.
pub(super) struct Found {
    by_arn: BTreeMap<String, Service>,
    /// Clusters (ARNs) that are no longer there.
    gone: BTreeSet<String>,
}

impl Found {
    /// Reads them, ten a call.
    pub async fn read(ecs: &Ecs, targets: &[&Target]) -> Result<Self> {
        let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for target in targets {
            let arn = target.service_arn.clone();
            clusters.entry(target.cluster_arn.as_deref().unwrap_or_default()).or_default().extend(arn);
        }
        let calls = clusters
            .iter()
            .flat_map(|(cluster, arns)| arns.chunks(SERVICES_A_CALL).map(move |arns| (*cluster, arns)))
            .map(|(cluster, arns)| async move { (cluster, ecs.describe_services(cluster, arns).await) });
        let mut calls = stream::iter(calls).buffered(READS_AT_ONCE);
        let mut found = Found { by_arn: BTreeMap::new(), gone: BTreeSet::new() };
        while let Some((cluster, services)) = calls.next().await {
            match services {
                // Only those that were in it cannot be changed.
                Err(Error::NotFound { what: "cluster", .. }) => {
                    found.gone.insert(cluster.to_owned());
                }
                services => found.by_arn.extend(services?.into_iter().map(|service| (service.arn.clone(), service))),
            }
        }
        Ok(found)
    }

    /// A target's service, if it is there.
    pub fn service(&self, target: &Target) -> Option<&Service> {
        self.by_arn.get(target.service_arn.as_deref()?)
    }

    /// Why a target's service is not there.
    pub fn missing(&self, target: &Target) -> Error {
        let cluster = target.cluster_arn.as_deref().unwrap_or_default();
        let reason = match self.gone.contains(cluster) {
            true => format!("cluster `{}` is gone, and `{}` with it", cluster_name(cluster), target.name()),
            false => format!("`{}` is gone", target.name()),
        };
        Error::Stale { reason }
    }
}
