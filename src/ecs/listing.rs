//! Clusters, services and families of a region, all pages of them.
//!
//! Page and batch sizes are the API's largest: 100 to list, 100 clusters and ten services to describe.

use aws_sdk_ecs::types::{ServiceField, TaskDefinitionFamilyStatus};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::arn::{cluster_name, resource_name};
use super::client::{Ecs, READS_AT_ONCE, call};
use super::error::{Error, Place, Result, close_names, is_no_cluster};
use super::service::Service;

const PAGE: i32 = 100;
const CLUSTERS_A_CALL: usize = 100;
pub(super) const SERVICES_A_CALL: usize = 10;

/// A cluster with its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSummary {
    pub name: String,
    pub arn: String,
    pub status: String,
    pub active_services: i32,
    pub running_tasks: i32,
}

impl Ecs {
    /// The ARNs of all clusters.
    pub async fn cluster_arns(&self) -> Result<Vec<String>> {
        let mut pages = self.client.list_clusters().into_paginator().page_size(PAGE).items().send();
        let mut arns = Vec::new();
        while let Some(arn) = call!("ListClusters", pages.try_next())? {
            arns.push(arn);
        }
        Ok(arns)
    }

    /// All clusters, by name.
    pub async fn clusters(&self) -> Result<Vec<ClusterSummary>> {
        let arns = self.cluster_arns().await?;
        let calls = arns.chunks(CLUSTERS_A_CALL).map(|arns| async move {
            let answer = self.client.describe_clusters().set_clusters(Some(arns.to_vec()));
            let answer = call!("DescribeClusters", answer.send())?;
            let summaries = answer.clusters().iter().map(|cluster| ClusterSummary {
                name: cluster.cluster_name().unwrap_or_default().to_owned(),
                arn: cluster.cluster_arn().unwrap_or_default().to_owned(),
                status: cluster.status().unwrap_or_default().to_owned(),
                active_services: cluster.active_services_count(),
                running_tasks: cluster.running_tasks_count(),
            });
            Ok::<_, Error>(summaries.collect::<Vec<_>>())
        });
        let mut clusters: Vec<_> = stream::iter(calls).buffered(READS_AT_ONCE).try_concat().await?;
        clusters.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(clusters)
    }

    /// The ARNs of a cluster's services. Calls `seen` with their number after each page.
    pub async fn service_arns(&self, cluster: &str, seen: impl Fn(usize)) -> Result<Vec<String>> {
        let list = self.client.list_services().cluster(cluster);
        let mut pages = list.into_paginator().page_size(PAGE).send();
        let mut arns = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match call!("ListServices", async { page }) {
                Err(error) if is_no_cluster(&error) => return Err(self.no_cluster(cluster).await),
                page => page?,
            };
            arns.extend(page.service_arns().iter().cloned());
            seen(arns.len());
        }
        Ok(arns)
    }

    /// The services of these names or ARNs, in that order, with their tags; those that do not exist are left out.
    /// Calls `seen` with the number described.
    pub async fn services(&self, cluster: &str, names: &[String], seen: impl Fn(usize)) -> Result<Vec<Service>> {
        let calls = names.chunks(SERVICES_A_CALL).map(|names| self.describe_services(cluster, names));
        let mut calls = stream::iter(calls).buffered(READS_AT_ONCE);
        let mut services = Vec::with_capacity(names.len());
        while let Some(found) = calls.next().await {
            services.extend(found?);
            seen(services.len());
        }
        Ok(services)
    }

    /// The services that a person named.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the first that does not exist, with names that may have been meant.
    pub async fn named_services(&self, cluster: &str, names: &[String]) -> Result<Vec<Service>> {
        let services = self.services(cluster, names, |_| ()).await?;
        match names.iter().find(|name| !services.iter().any(|service| service.is(name))) {
            Some(missing) => Err(self.no_service(cluster, missing).await),
            None => Ok(services),
        }
    }

    /// Ten services at the most; those that do not exist are left out.
    pub(super) async fn describe_services(&self, cluster: &str, names: &[String]) -> Result<Vec<Service>> {
        let describe = self.client.describe_services().cluster(cluster).set_services(Some(names.to_vec()));
        let answer = match call!("DescribeServices", describe.include(ServiceField::Tags).send()) {
            Err(error) if is_no_cluster(&error) => return Err(self.no_cluster(cluster).await),
            answer => answer?,
        };
        Ok(answer.services.unwrap_or_default().into_iter().map(Service::from).collect())
    }

    /// All families with an active revision, by name. Calls `seen` with their number after each page.
    pub async fn families(&self, seen: impl Fn(usize)) -> Result<Vec<String>> {
        let list = self.client.list_task_definition_families().status(TaskDefinitionFamilyStatus::Active);
        let mut pages = list.into_paginator().page_size(PAGE).send();
        let mut families = Vec::new();
        while let Some(page) = pages.next().await {
            families.extend(call!("ListTaskDefinitionFamilies", async { page })?.families().iter().cloned());
            seen(families.len());
        }
        families.sort();
        Ok(families)
    }

    async fn no_cluster(&self, name: &str) -> Error {
        // A missing permission to list only costs the suggestion.
        let arns = self.cluster_arns().await.unwrap_or_default();
        let names = arns.iter().map(|arn| cluster_name(arn).to_owned());
        Error::NotFound {
            what: "cluster",
            name: cluster_name(name).to_owned(),
            place: Place::Region(self.region.clone()),
            close: close_names(cluster_name(name), names),
        }
    }

    pub(super) async fn no_service(&self, cluster: &str, name: &str) -> Error {
        let arns = self.service_arns(cluster, |_| ()).await.unwrap_or_default();
        let names = arns.iter().map(|arn| resource_name(arn).to_owned());
        Error::NotFound {
            what: "service",
            // An ARN may be of a service elsewhere that has the same name.
            name: name.to_owned(),
            place: Place::Cluster(cluster_name(cluster).to_owned()),
            close: close_names(resource_name(name), names),
        }
    }

    pub(super) async fn no_task_definition(&self, name: &str) -> Error {
        let families = self.families(|_| ()).await.unwrap_or_default();
        Error::NotFound {
            what: "task definition",
            name: resource_name(name).to_owned(),
            place: Place::Region(self.region.clone()),
            close: close_names(super::arn::family(name), families),
        }
    }
}
