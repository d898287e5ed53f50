//! Where sidecars run, and whether they still are what sidetap put in.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::client::{Ecs, READS_AT_ONCE, is_unavailable};
use super::digests::Digests;
use super::drift::{Drift, drift};
use super::error::{Error, Result};
use super::listing::SERVICES_A_CALL;
use super::revisions::read_revisions;
use super::service::Service;
use crate::taskdef::{PresentSidecar, present_sidecars};

/// Which services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those of all clusters.
    All,
    /// Those of a cluster, by name or ARN.
    Cluster(String),
    /// These of a cluster.
    Services { cluster: String, names: Vec<String> },
}

/// One service.
#[derive(Debug, Clone)]
pub struct ServiceStatus {
    pub service: Service,
    /// In the order of the task definition.
    pub sidecars: Vec<PresentSidecar>,
    pub drift: Vec<Drift>,
}

/// What one look at the services has shown.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// By cluster, then by name.
    pub services: Vec<ServiceStatus>,
    /// What could not be looked at, and why.
    pub notes: Vec<String>,
}

/// Looks at services, once or again and again. Revisions do not change, so that each is read only once.
#[derive(Debug)]
pub struct Status<'a> {
    ecs: &'a Ecs,
    scope: Scope,
    revisions: BTreeMap<String, Vec<PresentSidecar>>,
}

impl<'a> Status<'a> {
    pub fn new(ecs: &'a Ecs, scope: Scope) -> Self {
        Status { ecs, scope, revisions: BTreeMap::new() }
    }

    /// Looks once. Calls `seen` with the number of services described.
    pub async fn look(&mut self, seen: impl Fn(usize)) -> Result<Look> {
        let mut services = self.services(seen).await?;
        services.sort_by(|a, b| (&a.cluster_arn, &a.name).cmp(&(&b.cluster_arn, &b.name)));
        self.read_revisions(&services).await?;
        let none = Vec::new();
        let of = |service: &Service| self.revisions.get(&service.task_definition).unwrap_or(&none).clone();
        let present: Vec<Vec<PresentSidecar>> = services.iter().map(of).collect();
        let mut notes = Vec::new();
        let digests = self.digests(&services, &present, &mut notes).await?;
        let status = services.into_iter().zip(present).zip(digests).map(|((service, sidecars), digests)| {
            let drift = drift(&service, &sidecars, &digests, env!("CARGO_PKG_VERSION"));
            ServiceStatus { service, sidecars, drift }
        });
        Ok(Look { services: status.collect(), notes })
    }

    async fn services(&self, seen: impl Fn(usize)) -> Result<Vec<Service>> {
        let clusters = match &self.scope {
            Scope::Services { cluster, names } => return self.ecs.named_services(cluster, names).await,
            Scope::Cluster(cluster) => vec![cluster.clone()],
            Scope::All => self.ecs.cluster_arns().await?,
        };
        let lists = clusters.iter().map(|cluster| async move {
            let arns = self.ecs.service_arns(cluster, |_| ()).await?;
            Ok::<_, Error>((cluster, arns))
        });
        let lists: Vec<(&String, Vec<String>)> = stream::iter(lists).buffered(READS_AT_ONCE).try_collect().await?;
        let batches =
            lists.iter().flat_map(|(cluster, arns)| arns.chunks(SERVICES_A_CALL).map(move |arns| (cluster, arns)));
        let calls = batches.map(|(cluster, arns)| self.ecs.describe_services(cluster, arns));
        let mut calls = stream::iter(calls).buffered(READS_AT_ONCE);
        let mut services = Vec::new();
        while let Some(found) = calls.next().await {
            services.extend(found?);
            seen(services.len());
        }
        Ok(services)
    }

    /// Reads the revisions that are new.
    async fn read_revisions(&mut self, services: &[Service]) -> Result<()> {
        let running = services.iter().map(|service| service.task_definition.as_str());
        let new = running.filter(|arn| !self.revisions.contains_key(*arn));
        let read = read_revisions(self.ecs, new, |_| ()).await;
        for (arn, revision) in read {
            let sidecars = match revision {
                Ok(revision) => present_sidecars(&revision.definition),
                // Deleted since; a service that still runs it is about to go.
                Err(error) if error.is_no_task_definition() => Vec::new(),
                Err(error) => return Err(error),
            };
            self.revisions.insert(arn, sidecars);
        }
        Ok(())
    }

    /// The images of running tasks, where a sidecar's image can have changed beneath its tag.
    async fn digests(
        &self,
        services: &[Service],
        present: &[Vec<PresentSidecar>],
        notes: &mut Vec<String>,
    ) -> Result<Vec<Digests>> {
        let reads = services.iter().zip(present).map(|(service, sidecars)| async move {
            let can_differ = service.running > 1 && sidecars.iter().any(PresentSidecar::has_mutable_image);
            if !can_differ {
                return Ok((Digests::default(), None));
            }
            match self.ecs.image_digests(service).await {
                Ok(digests) => Ok((digests, None)),
                Err(error) if is_unavailable(&error) => Ok((Digests::default(), Some(error))),
                Err(error) => Err(Error::from(error)),
            }
        });
        let read: Vec<_> = stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
        if let Some(error) = read.iter().find_map(|(_, error)| error.as_ref()) {
            notes.push(format!("images of running tasks are not compared: {error}"));
        }
        Ok(read.into_iter().map(|(digests, _)| digests).collect())
    }
}
