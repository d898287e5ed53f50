//! The cluster.

use super::prompter::Tone;
use super::{Go, Wizard, counted};
use crate::cli::output::sanitise;
use crate::ecs::ClusterSummary;

pub async fn step(wizard: &mut Wizard<'_>) -> anyhow::Result<Go> {
    loop {
        wizard.answers.cluster = None;
        wizard.begin();
        wizard.prompter.say(Tone::Hint, "reading the clusters ...");
        let clusters = wizard.wait(wizard.connected()?.ecs.clusters()).await?;
        wizard.begin();
        match clusters {
            Ok(clusters) => return choose_cluster(wizard, &clusters),
            Err(error) => wizard.tell(&error.into()),
        }
        if let Some(go) = wizard.after_trouble()? {
            return Ok(go);
        }
    }
}

fn choose_cluster(wizard: &mut Wizard<'_>, clusters: &[ClusterSummary]) -> anyhow::Result<Go> {
    let active: Vec<&ClusterSummary> = clusters.iter().filter(|cluster| cluster.status == "ACTIVE").collect();
    if active.is_empty() {
        let region = wizard.connected()?.ecs.region.clone();
        return wizard.nothing_here(&format!("There are no clusters in {region}."));
    }
    let width = active.iter().map(|cluster| sanitise(&cluster.name).chars().count()).max().unwrap_or(0).min(40);
    let row = |cluster: &&ClusterSummary| {
        let services = counted(usize::try_from(cluster.active_services).unwrap_or(0), "service");
        let tasks = counted(usize::try_from(cluster.running_tasks).unwrap_or(0), "running task");
        format!("{:<width$}  {services}, {tasks}", sanitise(&cluster.name))
    };
    let rows: Vec<String> = active.iter().map(row).collect();
    let before = wizard.seen.as_ref().map(|seen| seen.cluster.clone());
    let start = active.iter().position(|cluster| Some(&cluster.name) == before.as_ref()).unwrap_or(0);
    let Some(index) = wizard.prompter.select("Which cluster?", &rows, start)? else { return Ok(Go::Back) };
    let cluster = active[index].name.clone();
    if before.as_ref() != Some(&cluster) {
        wizard.seen = None;
        wizard.answers.forget_services();
    }
    wizard.answers.cluster = Some(cluster);
    Ok(Go::Next)
}
