//! Which regions of an account have clusters.

use std::time::Duration;

use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::config::timeout::TimeoutConfig;
use futures_util::{StreamExt, stream};

use super::arn::cluster_name;
use super::client::{Ecs, READS_AT_ONCE};
use super::error::{Error, Result};
use crate::aws::{ErrorKind, Session};

/// A region that cannot be reached only costs its own line.
const PATIENCE: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 2;

/// What one region answered.
#[derive(Debug)]
pub struct RegionSurvey {
    pub region: String,
    /// The names of its clusters. An error where the account has not enabled the region, or may not list.
    pub clusters: Result<Vec<String>>,
}

/// Lists the clusters of these regions, eight regions at a time; the answers are in the order asked. `seen` is called
/// with the number of regions that have answered.
pub async fn search_regions(session: &Session, regions: &[&str], seen: impl Fn(usize)) -> Vec<RegionSurvey> {
    let searches =
        regions.iter().enumerate().map(|(index, region)| async move { (index, search(session, region).await) });
    let mut answers = stream::iter(searches).buffer_unordered(READS_AT_ONCE);
    let mut found = Vec::with_capacity(regions.len());
    while let Some(answer) = answers.next().await {
        found.push(answer);
        seen(found.len());
    }
    found.sort_by_key(|(index, _)| *index);
    let mut surveys: Vec<RegionSurvey> = found.into_iter().map(|(_, survey)| survey).collect();
    if surveys.iter().any(RegionSurvey::accepts_credentials) {
        surveys = surveys.into_iter().map(RegionSurvey::judged).collect();
    }
    surveys
}

impl RegionSurvey {
    /// Whether the account has not enabled the region.
    pub fn is_not_enabled(&self) -> bool {
        matches!(&self.clusters, Err(Error::Call(error)) if error.kind == ErrorKind::RegionNotEnabled)
    }

    fn accepts_credentials(&self) -> bool {
        match &self.clusters {
            Ok(_) => true,
            Err(Error::Call(error)) => error.kind == ErrorKind::AccessDenied,
            Err(_) => false,
        }
    }

    /// What a refusal of credentials means that are right elsewhere.
    fn judged(self) -> Self {
        let RegionSurvey { region, clusters } = self;
        let clusters = clusters.map_err(|error| match error {
            Error::Call(error) => Error::Call(error.with_credentials_right_elsewhere(&region)),
            error => error,
        });
        RegionSurvey { region, clusters }
    }
}

async fn search(session: &Session, region: &str) -> RegionSurvey {
    let clusters = async {
        let session = session.in_region(region)?;
        let mut arns = Ecs::impatient(&session).cluster_arns().await?;
        arns.sort();
        Ok::<_, Error>(arns.iter().map(|arn| cluster_name(arn).to_owned()).collect())
    };
    RegionSurvey { region: region.to_owned(), clusters: clusters.await }
}

impl Ecs {
    /// One that soon gives up.
    fn impatient(session: &Session) -> Self {
        let ecs = Ecs::new(session);
        let config = ecs.client.config().to_builder();
        let config = config
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build());
        Ecs { client: aws_sdk_ecs::Client::from_conf(config.build()), ..ecs }
    }
}
