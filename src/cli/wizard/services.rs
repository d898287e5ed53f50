//! The services: many at once, with what each has and why some cannot be chosen.

use super::prompter::{Field, Row, Tone};
use super::{Go, Wizard, counted};
use crate::cli::output::progress::Counter;
use crate::cli::output::sanitise;
use crate::ecs::{self, SurveyedService, family_revision, resource_name};

/// A list that is longer is narrowed down by name first.
const LONG: usize = 30;

/// What is known of a cluster's services.
pub struct Seen {
    pub cluster: String,
    arns: Vec<String>,
    /// What names have to contain to be listed.
    filter: String,
    /// The listed ones, once they have been looked at.
    pub services: Vec<SurveyedService>,
}

impl Seen {
    /// Those that were chosen.
    pub fn chosen<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = &'a SurveyedService> {
        self.services.iter().filter(|service| names.contains(&service.service.name))
    }

    /// Whether the name of a service contains what is looked for.
    fn matches(&self, arn: &str) -> bool {
        resource_name(arn).to_lowercase().contains(&self.filter.to_lowercase())
    }
}

pub async fn step(wizard: &mut Wizard<'_>) -> anyhow::Result<Go> {
    let chosen = std::mem::take(&mut wizard.answers.services);
    let go = choose_services(wizard, &chosen).await?;
    if go == Go::Back {
        // They are there again when this step is.
        wizard.answers.services = chosen;
    }
    Ok(go)
}

async fn choose_services(wizard: &mut Wizard<'_>, chosen: &[String]) -> anyhow::Result<Go> {
    let cluster = wizard.answers.cluster.clone().unwrap_or_default();
    let mut listed = wizard.came_back;
    loop {
        wizard.begin();
        wizard.prompter.say(Tone::Hint, "reading the services ...");
        if let Err(error) = list(wizard, &cluster).await? {
            wizard.begin();
            wizard.tell(&error.into());
            match wizard.after_trouble()? {
                Some(go) => return Ok(go),
                None => continue,
            }
        }
        let count = wizard.seen.as_ref().map_or(0, |seen| seen.arns.len());
        if count == 0 {
            wizard.begin();
            return wizard.nothing_here(&format!("Cluster `{cluster}` has no services."));
        }
        if count > LONG && !std::mem::take(&mut listed) && !narrow(wizard, count)? {
            return Ok(Go::Back);
        }
        wizard.begin();
        wizard.prompter.say(Tone::Hint, "looking at what the services run ...");
        if let Err(error) = look(wizard, &cluster, chosen).await? {
            wizard.begin();
            wizard.tell(&error.into());
            match wizard.after_trouble()? {
                Some(go) => return Ok(go),
                None => continue,
            }
        }
        match mark(wizard, chosen)? {
            // The question before this one is which are to be listed.
            Go::Back if count > LONG => {}
            go => return Ok(go),
        }
    }
}

/// Lists the services' ARNs, unless they are known.
async fn list(wizard: &mut Wizard<'_>, cluster: &str) -> anyhow::Result<ecs::Result<()>> {
    if wizard.seen.as_ref().is_some_and(|seen| seen.cluster == cluster) {
        return Ok(Ok(()));
    }
    let counter = Counter::new(wizard.cx, "services");
    let arns = wizard.wait(wizard.connected()?.ecs.service_arns(cluster, |count| counter.set(count))).await;
    counter.clear();
    Ok(arns?.map(|arns| {
        let (cluster, filter) = (cluster.to_owned(), String::new());
        wizard.seen = Some(Seen { cluster, arns, filter, services: Vec::new() });
    }))
}

/// Asks which of many are meant. Returns whether somebody said.
fn narrow(wizard: &mut Wizard<'_>, count: usize) -> anyhow::Result<bool> {
    wizard.begin();
    let Some(seen) = &mut wizard.seen else { return Ok(false) };
    let arns = &seen.arns;
    let some = |text: &str| {
        let text = text.to_lowercase();
        match arns.iter().any(|arn| resource_name(arn).to_lowercase().contains(&text)) {
            true => Ok(()),
            false => Err("no service has that in its name".to_owned()),
        }
    };
    let answer = wizard.prompter.input(&Field {
        question: &format!("The cluster has {count} services. Which are to be listed?"),
        help: "a part of their names; empty lists all",
        initial: &seen.filter,
        check: &some,
    })?;
    let answered = answer.is_some();
    if let Some(filter) = answer {
        seen.filter = filter;
    }
    Ok(answered)
}

/// Looks at the services that are to be listed, and at those that were chosen before.
async fn look(wizard: &mut Wizard<'_>, cluster: &str, chosen: &[String]) -> anyhow::Result<ecs::Result<()>> {
    let Some(seen) = &wizard.seen else { return Ok(Ok(())) };
    let is_chosen = |arn: &str| chosen.iter().any(|name| name == resource_name(arn));
    let wanted: Vec<String> = seen.arns.iter().filter(|arn| seen.matches(arn) || is_chosen(arn)).cloned().collect();
    let counter = Counter::new(wizard.cx, "task definitions");
    let ecs = &wizard.connected()?.ecs;
    let services = wizard.wait(ecs::survey(ecs, cluster, &wanted, |count| counter.set(count))).await;
    counter.clear();
    Ok(services?.map(|services| {
        if let Some(seen) = &mut wizard.seen {
            seen.services = services;
        }
    }))
}

/// Asks which of the services.
fn mark(wizard: &mut Wizard<'_>, chosen: &[String]) -> anyhow::Result<Go> {
    let Some(seen) = &wizard.seen else { return Ok(Go::Back) };
    let services = seen.services.clone();
    let name_width = width(services.iter().map(|service| sanitise(&service.service.name)), 36);
    let revision_width = width(services.iter().map(|s| sanitise(family_revision(&s.service.task_definition))), 24);
    let row = |service: &SurveyedService| Row {
        text: row(service, name_width, revision_width),
        chosen: chosen.contains(&service.service.name),
        locked: service.blocked.clone(),
    };
    let rows: Vec<Row> = services.iter().map(row).collect();
    let mut asked_before = false;
    loop {
        wizard.begin();
        if rows.iter().all(|row| row.locked.is_some()) {
            for row in rows.iter().take(10) {
                let reason = row.locked.as_deref().unwrap_or_default();
                wizard.prompter.say(Tone::Row, &format!("  {}: {reason}", row.text.trim_end()));
            }
            let listed = counted(rows.len(), "service");
            return wizard.nothing_here(&format!("None of {listed} can be given a sidecar."));
        }
        if asked_before {
            wizard.prompter.say(Tone::Warning, "Mark at least one service with space.");
        }
        let Some(marked) = wizard.prompter.multi_select("Which services are given a sidecar?", &rows)? else {
            return Ok(Go::Back);
        };
        if !marked.is_empty() {
            let names: Vec<String> = marked.into_iter().map(|index| services[index].service.name.clone()).collect();
            if names != chosen {
                wizard.answers.kept.clear();
            }
            wizard.answers.services = names;
            return Ok(Go::Next);
        }
        asked_before = true;
    }
}

fn row(surveyed: &SurveyedService, name_width: usize, revision_width: usize) -> String {
    let service = &surveyed.service;
    if surveyed.blocked.is_some() {
        return sanitise(&service.name);
    }
    let has = surveyed.sidecars.iter().map(|sidecar| match &sidecar.version {
        Some(version) => format!("has {} {version}: upgrade", sidecar.preset),
        None => format!("has {} by hand: upgrade", sidecar.preset),
    });
    let only = surveyed.register_only.as_ref().map(|_| format!("registers only: {}", service.controller));
    let notes: Vec<String> = has.chain(only).collect();
    format!(
        "{:<name_width$}  {:<revision_width$}  {:>7}  {}",
        sanitise(&service.name),
        sanitise(family_revision(&service.task_definition)),
        format!("{}/{}", service.running, service.desired),
        notes.join(", ")
    )
}

fn width(texts: impl Iterator<Item = String>, most: usize) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0).min(most)
}

#[cfg(test)]
impl Seen {
    /// These services, as if they had been looked at.
    pub fn of_tests(cluster: &str, services: Vec<SurveyedService>) -> Self {
        let arns = services.iter().map(|service| service.service.arn.clone()).collect();
        Seen { cluster: cluster.to_owned(), arns, filter: String::new(), services }
    }
}
