//! An ECS and STS endpoint for tests, with the few operations of other services that sidetap calls.
//!
//! It keeps task definitions as raw JSON, refuses what AWS refuses with AWS's error types, checks the signature and
//! `content-length` of every call, and plays scripted deployments. Faults can be asked for: throttling, replies that
//! are lost after the work was done, missing permissions, expired credentials.
//!
//! Source of its behaviour: the ECS API reference (2014-11-13) and errors that people report from the real service.

pub mod around;
mod demo;
mod deployments;
mod elsewhere;
mod fault;
mod operations;
mod rates;
mod register;
mod registry;
mod server;
mod service_deployments;
mod sigv4;
mod store;
mod tasks;

pub use deployments::Script;
pub use fault::Fault;
pub use rates::Exceeded;
pub use registry::{Access, Registry};
pub use server::Call;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

use crate::around::Around;
use crate::elsewhere::Elsewhere;
use crate::fault::Faults;
use crate::rates::Rates;
use crate::server::Log;
use crate::store::Store;

/// The account that everything belongs to.
pub const ACCOUNT: &str = "123456789012";
/// The region that everything is in.
pub const REGION: &str = "eu-west-1";
/// The only access key.
pub const ACCESS_KEY: &str = "AKIDSTANDIN";
/// Its secret.
pub const SECRET_KEY: &str = "standin/secret+key";

/// Whether the stand-in would register a task definition; the error that it would answer with if not.
pub fn accepts(body: &Value) -> Result<(), String> {
    let refused = |refusal: operations::Refusal| format!("{}: {}", refusal.code, refusal.message);
    register::register(&mut Store::default(), body.clone()).map(|_| ()).map_err(refused)
}

/// A running endpoint; it stops when the process does.
#[derive(Clone)]
pub struct Standin {
    address: SocketAddr,
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub store: Mutex<Store>,
    pub elsewhere: Mutex<Elsewhere>,
    pub around: Mutex<Around>,
    pub faults: Mutex<Faults>,
    pub rates: Mutex<Rates>,
    pub log: Log,
    /// How long each answer takes, to let calls overlap.
    pub delay: Mutex<Duration>,
}

impl Standin {
    /// Starts an empty endpoint on a free port.
    pub fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into())
    }

    /// Starts an empty endpoint at an address.
    pub fn start_at(address: SocketAddr) -> Self {
        let shared = Arc::new(Shared {
            store: Mutex::default(),
            elsewhere: Mutex::default(),
            around: Mutex::default(),
            faults: Mutex::default(),
            rates: Mutex::default(),
            log: Log::default(),
            delay: Mutex::default(),
        });
        let address = server::start(address, shared.clone());
        Standin { address, shared }
    }

    /// The endpoint's URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a cluster.
    pub fn cluster(&self, name: &str) -> &Self {
        self.store().add_cluster(name);
        self
    }

    /// Adds a cluster in another region; calls are of the region that they are signed for.
    pub fn cluster_in(&self, region: &str, name: &str) -> &Self {
        self.shared.elsewhere.lock().unwrap().region(region).add_cluster(name);
        self
    }

    /// Refuses the keys in a region, as one does that the account has not enabled.
    pub fn refuse_region(&self, region: &str) -> &Self {
        self.shared.elsewhere.lock().unwrap().refuse(region);
        self
    }

    /// Registers a task definition as an earlier deployment would have, and returns its ARN.
    pub fn task_definition(&self, body: Value) -> String {
        register::register(&mut self.store(), body).expect("the stand-in accepts it")
    }

    /// Registers `body`, and adds an active service that runs it with two tasks.
    pub fn service(&self, cluster: &str, name: &str, body: Value) -> &Self {
        let arn = self.task_definition(body);
        self.store().add_service(cluster, name, &arn);
        self
    }

    /// Adds a service that runs a task definition that is there.
    pub fn service_of(&self, cluster: &str, name: &str, task_definition: &str) -> &Self {
        self.store().add_service(cluster, name, task_definition);
        self
    }

    /// Fills or reads the services around ECS.
    pub fn around<T>(&self, work: impl FnOnce(&mut Around) -> T) -> T {
        work(&mut self.shared.around.lock().unwrap())
    }

    /// Merges members into a service's JSON.
    pub fn edit_service(&self, name: &str, members: Value) -> &Self {
        let mut store = self.store();
        let service = store.service_named(name);
        for (key, value) in members.as_object().expect("an object") {
            service.json[key] = value.clone();
        }
        drop(store);
        self
    }

    /// Decides what becomes of the service's next deployments, in this order; later ones succeed.
    pub fn script(&self, service: &str, scripts: impl IntoIterator<Item = Script>) -> &Self {
        self.store().service_named(service).scripts.extend(scripts);
        self
    }

    /// Makes calls fail.
    pub fn fault(&self, fault: Fault) -> &Self {
        self.shared.faults.lock().unwrap().add(fault);
        self
    }

    /// Takes all faults back.
    pub fn repair(&self) -> &Self {
        self.shared.faults.lock().unwrap().clear();
        self
    }

    /// Makes every answer take this long.
    pub fn delay(&self, delay: Duration) -> &Self {
        *self.shared.delay.lock().unwrap() = delay;
        self
    }

    /// Throttles what goes beyond AWS's rates, as AWS does.
    pub fn enforce_rates(&self) -> &Self {
        self.shared.rates.lock().unwrap().enforce();
        self
    }

    /// The calls that went beyond AWS's rates, whether they were throttled or not.
    pub fn exceeded(&self) -> Vec<Exceeded> {
        self.shared.rates.lock().unwrap().exceeded()
    }

    /// Marks a revision inactive.
    pub fn deregister(&self, arn: &str) {
        self.store().revision(arn).expect("a revision")["status"] = "INACTIVE".into();
    }

    /// Deletes a revision: it can no longer be read.
    pub fn delete_revision(&self, arn: &str) {
        self.store().families.values_mut().for_each(|revisions| revisions.retain(|r| r["taskDefinitionArn"] != arn));
    }

    /// Deletes a cluster with its services.
    pub fn delete_cluster(&self, name: &str) {
        let mut store = self.store();
        store.clusters.retain(|cluster| cluster != name);
        store.services.retain(|service| service.cluster != name);
    }

    /// Tags a service or revision as only AWS itself can, with any key.
    pub fn tag(&self, arn: &str, key: &str, value: &str) -> &Self {
        self.store().tags.entry(arn.to_owned()).or_default().push(json!({ "key": key, "value": value }));
        self
    }

    /// All calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.log.calls()
    }

    /// The calls of one operation.
    pub fn calls_of(&self, operation: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.operation == operation).collect()
    }

    /// The most calls that were being answered at once.
    pub fn most_in_flight(&self) -> usize {
        self.shared.log.most_in_flight()
    }

    /// A service's JSON as `DescribeServices` gives it, with its tags.
    pub fn service_json(&self, name: &str) -> Value {
        let mut store = self.store();
        let mut json = store.service_named(name).json.clone();
        let arn = json["serviceArn"].as_str().unwrap_or_default().to_owned();
        json["tags"] = store.tags_of(&arn).into();
        json
    }

    /// A registered task definition with its tags, as `{taskDefinition, tags}`.
    pub fn describe(&self, name: &str) -> Value {
        let mut store = self.store();
        let definition = store.resolve(name).expect("a revision").clone();
        let arn = definition["taskDefinitionArn"].as_str().unwrap_or_default().to_owned();
        json!({ "taskDefinition": definition, "tags": store.tags_of(&arn) })
    }

    /// Adds running tasks of a service, each with one of `digests` as the image of `container`.
    pub fn running_tasks(&self, service: &str, container: &str, digests: &[&str]) -> &Self {
        tasks::run(&mut self.store(), service, container, digests);
        self
    }

    /// Sets a tag of a service, as somebody else would.
    pub fn tag_service(&self, name: &str, key: &str, value: &str) -> &Self {
        let mut store = self.store();
        let arn = store.service_named(name).json["serviceArn"].as_str().unwrap_or_default().to_owned();
        let tags = store.tags.entry(arn).or_default();
        tags.retain(|tag| tag["key"] != key);
        tags.push(json!({ "key": key, "value": value }));
        drop(store);
        self
    }

    /// Sets a member of a stored revision, as if ECS had grown a new field.
    pub fn edit_revision(&self, arn: &str, edit: impl FnOnce(&mut Value)) {
        edit(self.store().revision(arn).expect("a revision"));
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.shared.store.lock().unwrap()
    }
}
