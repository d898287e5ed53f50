//! The rates of AWS: token buckets that every call takes from, in real time.
//!
//! Source: "Request throttling for the Amazon ECS API". A bucket belongs to an account in a region, and the operations
//! of a kind share it. Calls that are refused for other reasons have taken their token all the same.

use std::collections::BTreeMap;
use std::time::Instant;

/// The name of a bucket, how many calls it holds, and how many it gets a second.
const BUCKETS: [(&str, f64, f64, &[&str]); 10] = [
    ("cluster read", 50.0, 20.0, &["DescribeClusters", "ListClusters"]),
    ("service read", 100.0, 20.0, &["DescribeServices", "ListServices"]),
    ("service modify", 50.0, 5.0, &["CreateService", "DeleteService", "UpdateService"]),
    ("task definition modify", 20.0, 1.0, &["DeregisterTaskDefinition", "RegisterTaskDefinition"]),
    (
        "task definition read",
        50.0,
        20.0,
        &["DescribeTaskDefinition", "ListTaskDefinitionFamilies", "ListTaskDefinitions"],
    ),
    ("tag modify", 20.0, 10.0, &["TagResource", "UntagResource"]),
    ("tag read", 50.0, 20.0, &["ListTagsForResource"]),
    ("cluster resource read", 100.0, 20.0, &["DescribeTasks", "ListTasks"]),
    ("service deployment read", 50.0, 20.0, &["DescribeServiceDeployments", "ListServiceDeployments"]),
    ("service revision read", 50.0, 20.0, &["DescribeServiceRevisions"]),
];

/// A call beyond what AWS allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    /// The operation, such as `DescribeServices`.
    pub operation: String,
    /// The bucket that was empty.
    pub bucket: &'static str,
}

/// The state of all buckets, and what went beyond them.
#[derive(Default)]
pub(crate) struct Rates {
    /// The calls left in a bucket of a region, and when that was true.
    left: BTreeMap<(String, &'static str), (f64, Instant)>,
    exceeded: Vec<Exceeded>,
    enforced: bool,
}

impl Rates {
    pub fn enforce(&mut self) {
        self.enforced = true;
    }

    pub fn exceeded(&self) -> Vec<Exceeded> {
        self.exceeded.clone()
    }

    /// Takes a call in. Returns whether it is to be throttled.
    pub fn throttles(&mut self, region: &str, operation: &str, now: Instant) -> bool {
        let Some((bucket, capacity, refill, _)) = BUCKETS.iter().find(|bucket| bucket.3.contains(&operation)) else {
            return false;
        };
        let (left, since) = self.left.entry((region.to_owned(), *bucket)).or_insert((*capacity, now));
        *left = (*left + now.duration_since(*since).as_secs_f64() * refill).min(*capacity);
        *since = now;
        if *left >= 1.0 {
            *left -= 1.0;
            return false;
        }
        self.exceeded.push(Exceeded { operation: operation.to_owned(), bucket });
        self.enforced
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_empties_and_refills() {
        let (mut rates, start) = (Rates::default(), Instant::now());
        rates.enforce();
        let mut refused = |operation: &str, at: f64, calls: usize| {
            let now = start + Duration::from_secs_f64(at);
            (0..calls).filter(|_| rates.throttles("eu-west-1", operation, now)).count()
        };
        assert_eq!(refused("RegisterTaskDefinition", 0.0, 22), 2, "20 at once");
        assert_eq!(refused("RegisterTaskDefinition", 0.9, 1), 1, "not a second yet");
        assert_eq!(refused("DeregisterTaskDefinition", 1.1, 2), 1, "one a second, whichever of the kind");
        assert_eq!(refused("UpdateService", 1.1, 50), 0, "another kind has a bucket of its own");
        assert_eq!(refused("RegisterTaskDefinition", 100.0, 21), 1, "never more than it holds");
        assert_eq!(refused("GetCallerIdentity", 100.0, 1000), 0);
        assert_eq!(rates.exceeded().len(), 5);
    }

    #[test]
    fn without_enforcement_it_only_counts() {
        let mut rates = Rates::default();
        let now = Instant::now();
        assert!((0..51).all(|_| !rates.throttles("eu-west-1", "DescribeTaskDefinition", now)));
        assert!(!rates.throttles("eu-central-1", "DescribeTaskDefinition", now), "each region has its own");
        let bucket = "task definition read";
        assert_eq!(rates.exceeded(), [Exceeded { operation: "DescribeTaskDefinition".into(), bucket }]);
    }
}
