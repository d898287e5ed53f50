//! Other regions than the one that everything is in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::REGION;
use crate::operations::{self, Refusal};
use crate::store::Store;

/// What other regions have, by the region that a call is signed for. Their ARNs are those of [`REGION`] all the same.
#[derive(Default)]
pub(crate) struct Elsewhere {
    regions: BTreeMap<String, Store>,
    refused: BTreeSet<String>,
}

impl Elsewhere {
    pub fn region(&mut self, name: &str) -> &mut Store {
        self.regions.entry(name.to_owned()).or_default()
    }

    pub fn refuse(&mut self, region: &str) {
        self.refused.insert(region.to_owned());
    }

    /// Refuses the keys in a region that is not enabled, with the code of the service that is asked.
    pub fn knows_keys(&self, region: &str, code: &'static str) -> Result<(), Refusal> {
        match self.refused.contains(region) {
            true => Err(Refusal::new(code, "The security token included in the request is invalid.")),
            false => Ok(()),
        }
    }

    /// The answer of another region. One that nobody has set up has no clusters to list, and otherwise what [`REGION`]
    /// has, for tests that only ask which region is called: it gives no answer here.
    pub fn dispatch(&mut self, region: &str, operation: &str, body: &Value) -> Option<Result<Value, Refusal>> {
        if let Err(refusal) = self.knows_keys(region, "UnrecognizedClientException") {
            return Some(Err(refusal));
        }
        if region == REGION || region.is_empty() {
            return None;
        }
        if operation == "ListClusters" {
            return Some(operations::dispatch(self.region(region), operation, body));
        }
        self.regions
            .get_mut(region)
            .filter(|store| !store.clusters.is_empty())
            .map(|store| operations::dispatch(store, operation, body))
    }
}
