//! Finds out why a sidecar would not start, or why nothing arrives from it. Only reads.
//!
//! Each file looks at one subject: what it has to know is asked for first, and judged apart from that. What may not be
//! read is said, and keeps nothing else from being looked at.

mod acls;
mod check;
mod destination;
mod diagnosis;
mod execution_role;
mod image;
mod image_name;
mod load_balancer;
mod logs;
mod network;
mod passage;
mod patient;
mod permissions;
mod platform;
mod principal;
mod reader;
mod registry;
mod routes;
mod security_groups;
mod vpc;

pub use check::{Check, Outcome};
pub use diagnosis::{Diagnosis, Examined, Summary};

use futures_util::{StreamExt, TryStreamExt, stream};

use self::network::Source;
use self::patient::{Patient, Running};
use self::reader::Reader;
use super::arn::family_revision;
use super::client::{Ecs, READS_AT_ONCE};
use super::error::{Error, Result};
use super::planning::{InjectRequest, Selection, select};
use crate::aws::{Identity, Session, Web};
use crate::taskdef::{self, Envelope, SizeRequest, TaskDefinition, inject, receivers, sidecars};

const SIDECAR: &str = "sidecar";
const DESTINATION: &str = "destination";

/// Examines services and task definitions.
#[derive(Debug)]
pub struct Doctor<'a> {
    ecs: &'a Ecs,
    identity: Option<&'a Identity>,
    /// What is put, for the checks alone, into task definitions that have no sidecar.
    wanted: Option<InjectRequest<'a>>,
    reader: Reader,
    web: Web,
}

impl<'a> Doctor<'a> {
    pub fn new(
        ecs: &'a Ecs,
        session: &Session,
        identity: Option<&'a Identity>,
        wanted: Option<InjectRequest<'a>>,
    ) -> Self {
        Doctor { ecs, identity, wanted, reader: Reader::new(session), web: Web::new(session) }
    }

    /// Examines services of a cluster. `seen` is called with the number of services described.
    ///
    /// # Errors
    /// If the services or their task definitions cannot be read, or AWS refuses the credentials.
    pub async fn services(&self, cluster: &str, selection: &Selection, seen: impl Fn(usize)) -> Result<Diagnosis> {
        let services = select(self.ecs, cluster, selection, seen).await?;
        let running = self.ecs.running(services).await?;
        let examined = running.into_iter().map(|running| self.service(running));
        let examined = stream::iter(examined).buffered(READS_AT_ONCE).try_collect().await?;
        self.diagnosis(examined)
    }

    /// Examines a task definition that no service is known to run.
    ///
    /// # Errors
    /// If it cannot be read, or AWS refuses the credentials.
    pub async fn task_definition(&self, name: &str) -> Result<Diagnosis> {
        let revision = self.ecs.named_task_definition(name).await?;
        let mut examined = Examined::new("task-definition", family_revision(&revision.arn));
        examined.task_definition_arn = Some(revision.arn.clone());
        let patient = Patient { definition: revision.definition, service: None };
        self.diagnosis(vec![self.examine(examined, patient, &revision.arn).await])
    }

    async fn service(&self, running: Running) -> Result<Examined> {
        let mut examined = Examined::new("service", &running.service.name);
        examined.cluster_arn = Some(running.service.cluster_arn.clone());
        examined.service_arn = Some(running.service.arn.clone());
        let arn = running.service.task_definition.clone();
        if arn.is_empty() {
            examined.checks.push(Check::not_checked(
                SIDECAR,
                &running.service.name,
                "the service names no task definition",
            ));
            return Ok(examined);
        }
        let definition = self.reader.one_of_eight(self.ecs.task_definition(&arn)).await?.definition;
        examined.task_definition_arn = Some(arn.clone());
        Ok(self.examine(examined, Patient { definition, service: Some(running) }, &arn).await)
    }

    async fn examine(&self, mut examined: Examined, patient: Patient, revision: &str) -> Examined {
        let patient = examined.with_sidecar(patient, self.wanted);
        let checks = futures_util::join!(
            permissions::examine(&self.reader, self.identity, &patient, revision),
            execution_role::examine(&self.reader, &patient),
            logs::examine(&self.reader, &patient),
            image::examine(&self.reader, &self.web, &patient),
            self.network(&patient),
        );
        examined.checks.extend(alone(&patient));
        let (permissions, role, logs, image, network) = checks;
        examined.checks.extend([permissions, role, logs, image, network].into_iter().flatten());
        examined
    }

    /// Where the sidecars send to, and the way there.
    async fn network(&self, patient: &Patient) -> Vec<Check> {
        let source = Source::of(&self.reader, patient).await;
        let mut checks = routes::image_routes(&self.reader, patient, &source).await;
        for sidecar in patient.sidecars() {
            let receivers = match receivers(sidecar.preset, sidecar.container) {
                Ok(receivers) => receivers,
                Err(reason) => {
                    checks.push(Check::not_checked(DESTINATION, sidecar.name(), reason.to_string()));
                    continue;
                }
            };
            if receivers.is_empty() {
                checks.push(Check::ok(DESTINATION, sidecar.name(), "it sends nothing out of the task by itself"));
            }
            for receiver in &receivers {
                if let Some(proxy) = &receiver.proxy {
                    let reason = format!("it goes by the proxy that `{proxy}` names");
                    checks.push(Check::not_checked(DESTINATION, &receiver.host, reason));
                    continue;
                }
                let (place, found) = destination::find(&self.reader, receiver).await;
                checks.push(found);
                let mut targets = Vec::new();
                if let Some(balancer) = &place.balancer {
                    let (of_balancer, behind) = load_balancer::examine(&self.reader, balancer, place.flow).await;
                    checks.extend(of_balancer);
                    // Without groups of its own, what comes to it comes to its targets as it is.
                    if balancer.groups.is_empty() {
                        targets = behind;
                    }
                }
                checks.extend(network::examine(&self.reader, &source, &place, &targets).await);
            }
        }
        checks
    }

    fn diagnosis(&self, examined: Vec<Examined>) -> Result<Diagnosis> {
        if let Some(refused) = self.reader.refused() {
            return Err(Error::Call(refused));
        }
        let account = self.identity.map(|identity| identity.account.clone());
        Ok(Diagnosis::new(account, Some(self.ecs.region.clone()), examined))
    }
}

/// Examines a task definition in a file: what can be told without AWS.
pub fn examine_file(name: &str, definition: TaskDefinition, wanted: Option<InjectRequest<'_>>) -> Diagnosis {
    let mut examined = Examined::new("file", name);
    let patient = examined.with_sidecar(Patient { definition, service: None }, wanted);
    examined.checks.extend(alone(&patient));
    let reason =
        "permissions, roles, log groups, images and networks are looked at with `--service` or `--task-definition`";
    examined.checks.push(Check::not_checked("aws", name, reason));
    Diagnosis::new(None, None, vec![examined])
}

/// The checks that ask nobody.
fn alone(patient: &Patient) -> Vec<Check> {
    let mut checks = platform::examine(patient);
    checks.extend(execution_role::presence(patient));
    checks.extend(logs::configuration(patient));
    checks
}

impl Examined {
    fn new(kind: &'static str, name: &str) -> Self {
        Examined {
            kind,
            name: name.to_owned(),
            cluster_arn: None,
            service_arn: None,
            task_definition_arn: None,
            sidecars: Vec::new(),
            injected: false,
            checks: Vec::new(),
        }
    }

    /// The patient with a sidecar: its own, or the wanted one if it has none.
    fn with_sidecar(&mut self, patient: Patient, wanted: Option<InjectRequest<'_>>) -> Patient {
        let names = |definition: &TaskDefinition| {
            let names =
                sidecars(definition).into_iter().map(|(_, container)| taskdef::document::name_of(container).to_owned());
            names.collect::<Vec<String>>()
        };
        self.sidecars = names(&patient.definition);
        if !self.sidecars.is_empty() {
            self.checks.push(Check::ok(SIDECAR, self.sidecars.join(", "), "it is in the task definition"));
            return patient;
        }
        let Some(wanted) = wanted else {
            let reason = "there is none yet: say which as `sidetap inject` is told, such as `--sidecar` and `--image`";
            self.checks.push(Check::not_checked(SIDECAR, &self.name, reason));
            return patient;
        };
        let fargate = patient.launch() == patient::Launch::Fargate;
        let size = SizeRequest { fargate, ..wanted.size.clone() };
        match inject(&patient.definition, &Envelope::default(), wanted.sidecar, &size) {
            Ok(injected) => {
                let found = format!("`{}` can be put in", injected.container_name);
                self.checks.push(Check::ok(SIDECAR, wanted.sidecar.preset.label(), found));
                self.sidecars = names(&injected.definition);
                self.injected = true;
                Patient { definition: injected.definition, ..patient }
            }
            // The platform has checks of its own.
            Err(_) if taskdef::check_platform(&patient.definition, wanted.sidecar.preset.captures()).is_err() => {
                patient
            }
            Err(error) => {
                let problem = Check::problem(SIDECAR, wanted.sidecar.preset.label(), error.to_string());
                self.checks.push(error.hints().into_iter().fold(problem, Check::fix));
                patient
            }
        }
    }
}

impl Patient {
    /// Whether its service or roles are of this account, as far as is known.
    fn is_of_account(&self, account: &str) -> bool {
        let service = self.service.as_ref().map(|running| running.service.arn.as_str());
        let arn = service.or_else(|| self.definition.text("executionRoleArn"));
        arn.and_then(super::arn::account).is_none_or(|own| own == account)
    }
}
