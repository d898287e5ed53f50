//! Spaces out calls, so that sidetap does not use up the request rate that everybody in the account shares.
//!
//! AWS counts the calls of a kind in a bucket of tokens that refills by so many a second, for an account in a region.
//! Source: "Request throttling for the Amazon ECS API". [`Paced`] stands between the SDK and the network, so that it
//! sees every attempt, repeated ones as well. It takes at most half of a bucket at once (three quarters where a bucket
//! is small), then less than what comes in: that leaves something for others, and two runs right after each other stay
//! within the bucket as well.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ecs::config::Intercept;
use aws_sdk_ecs::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::config_bag::ConfigBag;
use tokio::time::{Instant, sleep_until};

/// Calls at once and then a second, and the operations of the kind. AWS's own figures are beside each.
const KINDS: [(f64, f64, &[&str]); 9] = [
    // 50 and 20
    (25.0, 18.0, &["DescribeClusters", "ListClusters"]),
    // 100 and 20
    (50.0, 18.0, &["DescribeServices", "ListServices"]),
    // 50 and 5
    (25.0, 4.5, &["UpdateService"]),
    // 20 and 1
    (15.0, 1.0, &["RegisterTaskDefinition"]),
    // 50 and 20
    (25.0, 18.0, &["DescribeTaskDefinition", "ListTaskDefinitionFamilies", "ListTaskDefinitions"]),
    // 20 and 10
    (10.0, 9.0, &["TagResource", "UntagResource"]),
    // 50 and 20
    (25.0, 18.0, &["ListTagsForResource"]),
    // 100 and 20
    (50.0, 18.0, &["DescribeTasks", "ListTasks"]),
    // 50 and 20
    (25.0, 18.0, &["DescribeServiceDeployments", "ListServiceDeployments"]),
];

/// A bucket of ours.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Calls that may be made; negative if some are waiting.
    left: f64,
    since: Instant,
}

/// What may be called when: shared by all calls of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace(Arc<Mutex<BTreeMap<usize, Bucket>>>);

impl Pace {
    /// When the next call of `operation` may be made, which is then taken as made.
    fn reserve(&self, operation: &str, now: Instant) -> Instant {
        let mut due = now;
        self.change(operation, now, |left, rate| {
            *left -= 1.0;
            due = now + Duration::from_secs_f64((-*left).max(0.0) / rate);
        });
        due
    }

    /// Takes AWS's bucket as empty: somebody else has just used it up.
    pub fn drain(&self, operation: &str) {
        self.change(operation, Instant::now(), |left, _| *left = left.min(0.0));
    }

    fn change(&self, operation: &str, now: Instant, change: impl FnOnce(&mut f64, f64)) {
        let Some(kind) = KINDS.iter().position(|(.., operations)| operations.contains(&operation)) else { return };
        let (burst, rate, _) = KINDS[kind];
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(kind).or_insert(Bucket { left: burst, since: now });
        bucket.left = (bucket.left + now.duration_since(bucket.since).as_secs_f64() * rate).min(burst);
        bucket.since = now;
        change(&mut bucket.left, rate);
    }
}

/// An HTTP client whose calls keep to a [`Pace`].
#[derive(Debug)]
pub(super) struct Paced {
    pub client: SharedHttpClient,
    pub pace: Pace,
}

impl HttpClient for Paced {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.client.http_connector(settings, components);
        SharedHttpConnector::new(PacedConnector { inner, pace: self.pace.clone() })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.client.validate_base_client_config(components, config)
    }

    fn validate_final_config(&self, components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        self.client.validate_final_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.client.connector_metadata()
    }
}

#[derive(Debug)]
struct PacedConnector {
    inner: SharedHttpConnector,
    pace: Pace,
}

impl HttpConnector for PacedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let due = self.pace.reserve(operation, Instant::now());
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            sleep_until(due).await;
            inner.call(request).await
        })
    }
}

/// Learns from an answer that AWS's bucket is empty, whoever emptied it.
impl Intercept for Pace {
    fn name(&self) -> &'static str {
        "Pace"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let body = response.body().bytes().filter(|_| response.status().is_client_error()).unwrap_or_default();
        if String::from_utf8_lossy(body).contains("ThrottlingException")
            && let Some(metadata) = config.load::<Metadata>()
        {
            self.drain(metadata.name());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(pace: &Pace, operation: &str, calls: usize, now: Instant) -> Vec<f64> {
        (0..calls).map(|_| (pace.reserve(operation, now) - now).as_secs_f64()).collect()
    }

    #[test]
    fn registrations_go_one_a_second_after_the_first_15() {
        let (pace, now) = (Pace::default(), Instant::now());
        let waits = waits(&pace, "RegisterTaskDefinition", 18, now);
        assert!(waits[..15].iter().all(|wait| *wait == 0.0), "{waits:?}");
        assert_eq!(waits[15..], [1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_drained_bucket_has_no_first_15() {
        let (pace, now) = (Pace::default(), Instant::now());
        pace.drain("RegisterTaskDefinition");
        let first = waits(&pace, "RegisterTaskDefinition", 1, now)[0];
        assert!((0.9..=1.0).contains(&first), "{first}");
    }

    #[test]
    fn each_kind_has_a_pace_of_its_own_and_what_is_not_known_none() {
        let (pace, now) = (Pace::default(), Instant::now());
        waits(&pace, "DescribeTaskDefinition", 25, now);
        assert!(waits(&pace, "ListTaskDefinitions", 1, now)[0] > 0.0, "it shares the bucket");
        assert_eq!(waits(&pace, "DescribeServices", 50, now)[49], 0.0);
        assert_eq!(waits(&pace, "GetCallerIdentity", 1000, now)[999], 0.0);
    }
}
