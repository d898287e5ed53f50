//! Which sidecar.

use super::answers::Kept;
use super::fields::{self, SIDECARS};
use super::prompter::Tone;
use super::{Go, Wizard, counted};
use crate::taskdef::{Amount, Sidecar, amounts};

pub fn step(wizard: &mut Wizard<'_>) -> anyhow::Result<Go> {
    wizard.begin();
    let there = sidecars_there(wizard);
    for (sidecar, services) in &there {
        let (of, verb) = match &services[..] {
            [service] => (format!("`{service}`"), "has"),
            services => (counted(services.len(), "service"), "have"),
        };
        wizard
            .prompter
            .say(Tone::Plain, &format!("{of} {verb} a sidecar `{sidecar}`: taking it again upgrades it in place."));
    }
    if !there.is_empty() {
        wizard.prompter.say(Tone::Plain, "");
    }
    let rows = SIDECARS.map(|(name, what)| format!("{name:<11}{what}"));
    let likely = wizard.answers.sidecar.or(there.first().map(|(sidecar, _)| *sidecar));
    let start = SIDECARS.iter().position(|(name, _)| Some(*name) == likely).unwrap_or(0);
    let Some(index) = wizard.prompter.select("Which sidecar?", &rows, start)? else { return Ok(Go::Back) };
    let sidecar = SIDECARS[index].0;
    wizard.answers.sidecar = Some(sidecar);
    start_from_what_is_there(wizard, sidecar);
    Ok(Go::Next)
}

/// The sidecars that the chosen services have, with the names of those services.
fn sidecars_there(wizard: &Wizard<'_>) -> Vec<(&'static str, Vec<String>)> {
    let chosen = |name: &str| {
        let services = wizard.seen.iter().flat_map(|seen| seen.chosen(&wizard.answers.services));
        let having = services.filter(|service| service.sidecars.iter().any(|sidecar| sidecar.preset == name));
        having.map(|service| service.service.name.clone()).collect::<Vec<_>>()
    };
    let all = SIDECARS.iter().map(|(name, _)| (*name, chosen(name)));
    all.filter(|(_, services)| !services.is_empty()).collect()
}

/// An upgrade begins with what the first service's sidecar was told, unless something was answered already.
fn start_from_what_is_there(wizard: &mut Wizard<'_>, sidecar: &'static str) {
    if wizard.answers.kept.contains_key(sidecar) {
        return;
    }
    let mut told = told(wizard, sidecar).into_iter();
    let Some((service, first)) = told.next() else { return };
    let others = told.filter(|(_, other)| *other != first).map(|(service, _)| service).collect();
    for (flag, value) in fields::told(&first) {
        if !value.is_empty() {
            wizard.answers.parameters.insert((sidecar, flag), value);
        }
    }
    wizard.answers.logs = first.logs.clone();
    let (cpu, memory) = size_there(wizard, sidecar);
    (wizard.answers.size.cpu, wizard.answers.size.memory) = (cpu, memory);
    wizard.answers.kept.insert(sidecar, Kept { service, told: first, others });
}

/// The share that the sidecars of the chosen services have.
fn size_there(wizard: &Wizard<'_>, sidecar: &str) -> (Option<Amount>, Option<Amount>) {
    let chosen = wizard.seen.iter().flat_map(|seen| seen.chosen(&wizard.answers.services));
    let there = chosen.filter_map(|service| {
        let installed = service.sidecars.iter().find(|installed| installed.preset == sidecar)?;
        Some((&service.revision.as_ref()?.definition, installed))
    });
    amounts(&there.collect::<Vec<_>>())
}

/// What the sidecars of the chosen services were told, with the services' names.
fn told(wizard: &Wizard<'_>, sidecar: &str) -> Vec<(String, Sidecar)> {
    let chosen = wizard.seen.iter().flat_map(|seen| seen.chosen(&wizard.answers.services));
    let told = chosen.filter_map(|service| {
        let installed = service.sidecars.iter().find(|installed| installed.preset == sidecar)?;
        let told = installed.sidecar(&service.revision.as_ref()?.definition)?;
        Some((service.service.name.clone(), told))
    });
    told.collect()
}
