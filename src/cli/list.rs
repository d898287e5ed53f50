//! `sidetap list`: clusters, services and task definitions of a region.

use serde::Serialize;

use super::context::Context;
use super::output::progress::Counter;
use super::output::table;
use super::planning::{block_on, session};
use super::region::explained;
use super::usage::Usage;
use crate::ecs::{Ecs, OverviewedService, cluster_name, family_revision, overview};
use crate::exit::Exit;

/// List clusters, services or task definitions.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the clusters of the region.
    Clusters,
    /// List the services of a cluster, and what can be done with them.
    Services {
        /// The cluster, by name or ARN.
        #[arg(long, value_name = "CLUSTER")]
        cluster: Option<String>,
    },
    /// List the families of task definitions that have an active revision.
    TaskDefinitions,
}

#[derive(Serialize)]
struct ClusterRow {
    name: String,
    arn: String,
    status: String,
    active_services: i32,
    running_tasks: i32,
}

#[derive(Serialize)]
struct ServiceRow {
    name: String,
    arn: String,
    status: String,
    task_definition: String,
    launch: String,
    desired: i32,
    running: i32,
    scheduling: String,
    deployment: String,
    /// `full`, `register-only`, `refused` or `unknown`.
    support: &'static str,
    reason: Option<String>,
    /// Containers of the revision that runs.
    sidecars: Vec<String>,
    /// Containers that sidetap deployed and that the revision does not have.
    lost: Vec<String>,
}

#[derive(Serialize)]
struct FamilyRow {
    family: String,
}

pub fn run(args: Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let cluster = match args.what {
        What::Services { cluster: None } => {
            return Err(Usage::new("which cluster's services?")
                .hint("`sidetap list clusters` shows the clusters")
                .missing("--cluster CLUSTER")
                .into());
        }
        What::Services { cluster } => cluster,
        What::Clusters => return block_on(explained(cx, clusters(cx))),
        What::TaskDefinitions => return block_on(explained(cx, families(cx))),
    };
    block_on(explained(cx, services(&cluster.unwrap_or_default(), cx)))
}

async fn clusters(cx: &Context) -> anyhow::Result<Exit> {
    let ecs = Ecs::new(&session(cx).await?);
    let rows: Vec<ClusterRow> = ecs
        .clusters()
        .await?
        .into_iter()
        .map(|cluster| ClusterRow {
            name: cluster.name,
            arn: cluster.arn,
            status: cluster.status,
            active_services: cluster.active_services,
            running_tasks: cluster.running_tasks,
        })
        .collect();
    table::show(
        &cx.printer,
        &rows,
        &["CLUSTER", "STATUS", "SERVICES", "TASKS"],
        &format!("no clusters in {}", ecs.region),
        |row| {
            vec![row.name.clone(), row.status.clone(), row.active_services.to_string(), row.running_tasks.to_string()]
        },
    )
}

async fn services(cluster: &str, cx: &Context) -> anyhow::Result<Exit> {
    let ecs = Ecs::new(&session(cx).await?);
    let counter = Counter::new(cx, "services");
    let overview = overview(&ecs, cluster, |count| counter.set(count)).await;
    counter.clear();
    let overview = overview?;
    if let Some(error) = &overview.denied {
        cx.printer.note(&format!("what the task definitions allow and have is not known: {error}"));
    }
    let rows: Vec<ServiceRow> = overview.services.into_iter().map(ServiceRow::from).collect();
    table::show(
        &cx.printer,
        &rows,
        &["SERVICE", "TASK DEFINITION", "LAUNCH", "RUNNING", "DEPLOYMENT", "SUPPORT", "SIDECAR"],
        &format!("no services in cluster {}", cluster_name(cluster)),
        |row| {
            vec![
                row.name.clone(),
                family_revision(&row.task_definition).to_owned(),
                row.launch.clone(),
                format!("{}/{}", row.running, row.desired),
                row.deployment.clone(),
                row.support.to_owned(),
                sidecars(row),
            ]
        },
    )
}

async fn families(cx: &Context) -> anyhow::Result<Exit> {
    let ecs = Ecs::new(&session(cx).await?);
    let counter = Counter::new(cx, "families");
    let families = ecs.families(|count| counter.set(count)).await?;
    counter.clear();
    let rows: Vec<FamilyRow> = families.into_iter().map(|family| FamilyRow { family }).collect();
    let none = format!("no task definitions in {}", ecs.region);
    table::show(&cx.printer, &rows, &["FAMILY"], &none, |row| vec![row.family.clone()])
}

/// Those that run, else those that have run.
fn sidecars(row: &ServiceRow) -> String {
    match (row.sidecars.is_empty(), row.lost.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("was {}", row.lost.join(" ")),
        (false, _) => row.sidecars.join(" "),
    }
}

impl From<OverviewedService> for ServiceRow {
    fn from(overviewed: OverviewedService) -> Self {
        let service = overviewed.service;
        let deployment = match service.controller.as_str() {
            "ECS" => service.strategy.clone(),
            other => other.to_owned(),
        };
        ServiceRow {
            name: service.name,
            arn: service.arn,
            status: service.status,
            task_definition: service.task_definition,
            launch: service.launch,
            desired: service.desired,
            running: service.running,
            scheduling: service.scheduling,
            deployment,
            support: overviewed.support.name(),
            reason: overviewed.reason,
            sidecars: overviewed.sidecars.into_iter().map(|sidecar| sidecar.container_name).collect(),
            lost: overviewed.lost,
        }
    }
}
