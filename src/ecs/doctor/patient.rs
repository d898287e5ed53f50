//! What is examined: a task definition with its sidecars, and the service that runs it.

use std::net::IpAddr;

use aws_sdk_ecs::types::ServiceField;
use serde_json::Value;

use super::super::arn::resource_name;
use super::super::client::{Ecs, call};
use super::super::error::Result;
use super::super::listing::SERVICES_A_CALL;
use super::super::raw::CaptureBody;
use super::super::service::Service;
use crate::aws;
use crate::taskdef::document::name_of;
use crate::taskdef::{TaskDefinition, sidecars};

/// Where tasks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Launch {
    Fargate,
    /// Instances of one's own, in EC2 or elsewhere.
    Instances,
}

/// A task definition, and the service that runs it.
#[derive(Debug)]
pub(super) struct Patient {
    pub definition: TaskDefinition,
    pub service: Option<Running>,
}

/// A service, as it is understood and as `DescribeServices` gives it.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub service: Service,
    pub raw: Value,
}

/// A sidecar in a task definition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sidecar<'a> {
    /// The label of its preset.
    pub preset: &'a str,
    pub container: &'a Value,
}

impl Sidecar<'_> {
    pub fn name(&self) -> &str {
        name_of(self.container)
    }

    pub fn image(&self) -> &str {
        self.container["image"].as_str().unwrap_or_default()
    }

    /// Whether its work needs packets.
    pub fn captures(&self) -> bool {
        self.preset != "custom"
    }
}

impl Patient {
    pub fn sidecars(&self) -> Vec<Sidecar<'_>> {
        sidecars(&self.definition).into_iter().map(|(preset, container)| Sidecar { preset, container }).collect()
    }

    pub fn launch(&self) -> Launch {
        let fargate = match &self.service {
            Some(running) if !running.service.launch.is_empty() => running.service.is_fargate(),
            _ => self.definition.is_fargate(),
        };
        if fargate { Launch::Fargate } else { Launch::Instances }
    }
}

impl Running {
    /// What to add to an `aws ecs` command line to name it.
    pub fn named(&self) -> String {
        let cluster = quoted(resource_name(&self.service.cluster_arn));
        format!("--cluster {cluster} --service {}", quoted(&self.service.name))
    }

    /// The subnets, security groups and public address of its tasks.
    pub fn network(&self) -> Option<&Value> {
        let of = |value: &'_ Value| value["networkConfiguration"]["awsvpcConfiguration"].is_object();
        let sets = self.raw["taskSets"].as_array().into_iter().flatten();
        let all = std::iter::once(&self.raw).chain(sets);
        all.into_iter().find(|value| of(value)).map(|value| &value["networkConfiguration"]["awsvpcConfiguration"])
    }
}

impl Ecs {
    /// Services with the JSON that `DescribeServices` gives of them.
    pub(super) async fn running(&self, services: Vec<Service>) -> Result<Vec<Running>> {
        const OPERATION: &str = "ecs:DescribeServices";
        let mut all = Vec::with_capacity(services.len());
        for ten in services.chunks(SERVICES_A_CALL) {
            let cluster = ten.first().map_or("", |service| &service.cluster_arn);
            let arns = ten.iter().map(|service| service.arn.clone()).collect();
            let body = CaptureBody::default();
            let describe = self.client.describe_services().cluster(cluster).set_services(Some(arns));
            let describe = describe.include(ServiceField::Tags).customize().interceptor(body.clone());
            call!("DescribeServices", describe.send())?;
            let body = body.take().unwrap_or_default();
            let answer: Value =
                serde_json::from_slice(&body).map_err(|error| aws::Error::unreadable(OPERATION, error))?;
            let found = answer["services"].as_array().cloned().unwrap_or_default();
            all.extend(ten.iter().filter_map(|service| {
                let raw = found.iter().find(|raw| raw["serviceArn"] == service.arn.as_str())?.clone();
                Some(Running { service: service.clone(), raw })
            }));
        }
        Ok(all)
    }
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), |quoted| quoted.into_owned())
}

/// A network of one address.
pub(super) fn only(address: IpAddr) -> String {
    format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })
}
