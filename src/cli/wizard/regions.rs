//! Another region: one of the list, one by name, or one that has clusters.

use super::place::move_to;
use super::prompter::{Field, Tone};
use super::{Wizard, counted};
use crate::aws::{Session, check_region, partition_of_arn, partition_of_region, regions};
use crate::cli::output::progress::Counter;
use crate::ecs::{self, RegionSurvey};

/// The partition that the identity, or else the region, belongs to.
fn partition(wizard: &Wizard<'_>) -> String {
    let place = wizard.place.as_ref();
    let of_arn =
        place.and_then(|place| place.arn()).and_then(partition_of_arn).filter(|name| !regions(name).is_empty());
    let of_region = || partition_of_region(place.and_then(|place| place.region()).unwrap_or_default());
    of_arn.unwrap_or_else(of_region).to_owned()
}

/// Asks for a region.
pub fn choose_region(wizard: &mut Wizard<'_>) -> anyhow::Result<()> {
    let current = wizard.place.as_ref().and_then(|place| place.region()).map(str::to_owned);
    let listed = regions(&partition(wizard));
    let mut rows: Vec<String> = listed.iter().map(|region| format!("{:<16}{}", region.code, region.place)).collect();
    rows.push("another one, by its name".to_owned());
    let start = listed.iter().position(|region| Some(region.code) == current.as_deref()).unwrap_or(0);
    loop {
        wizard.begin();
        let Some(index) = wizard.prompter.select("Which region?", &rows, start)? else { return Ok(()) };
        let region = match listed.get(index) {
            Some(region) => Some(region.code.to_owned()),
            None => {
                wizard.begin();
                wizard.prompter.input(&Field {
                    question: "Which region?",
                    help: "its code, such as eu-west-1",
                    initial: current.as_deref().unwrap_or_default(),
                    check: &|text| check_region(text).map_err(|error| error.to_string()),
                })?
            }
        };
        if region.is_some() {
            move_to(wizard, region);
            return Ok(());
        }
    }
}

/// Looks for clusters in all regions, and asks for one of those that have some.
pub async fn search(wizard: &mut Wizard<'_>) -> anyhow::Result<()> {
    let Some(session) = wizard.place.as_ref().and_then(|place| place.session.as_ref().ok()).cloned() else {
        return Ok(());
    };
    let codes: Vec<&str> = regions(&partition(wizard)).iter().map(|region| region.code).collect();
    wizard.begin();
    wizard.prompter.say(Tone::Hint, &format!("asking {} for clusters ...", counted(codes.len(), "region")));
    let surveys = survey(wizard, &session, &codes).await?;
    show(wizard, &surveys)
}

async fn survey(wizard: &Wizard<'_>, session: &Session, codes: &[&str]) -> anyhow::Result<Vec<RegionSurvey>> {
    let counter = Counter::new(wizard.cx, &format!("of {} regions", codes.len()));
    let surveys = wizard.wait(ecs::search_regions(session, codes, |count| counter.set(count))).await;
    counter.clear();
    Ok(surveys?)
}

fn names(surveys: &[&RegionSurvey]) -> String {
    surveys.iter().map(|survey| survey.region.as_str()).collect::<Vec<&str>>().join(", ")
}

/// Shows what the regions answered.
pub fn show(wizard: &mut Wizard<'_>, surveys: &[RegionSurvey]) -> anyhow::Result<()> {
    let found: Vec<(&str, &[String])> = surveys
        .iter()
        .filter_map(|survey| Some((survey.region.as_str(), survey.clusters.as_deref().ok()?)))
        .filter(|(_, clusters)| !clusters.is_empty())
        .collect();
    let (disabled, refused): (Vec<&RegionSurvey>, Vec<&RegionSurvey>) =
        surveys.iter().filter(|survey| survey.clusters.is_err()).partition(|survey| survey.is_not_enabled());
    wizard.begin();
    if let Some(RegionSurvey { region, clusters: Err(error) }) = refused.first() {
        if refused.len() == surveys.len() {
            wizard.tell(&error.clone().into());
        } else {
            let told = format!("No answer from {}: {}", counted(refused.len(), "region"), names(&refused));
            wizard.prompter.say(Tone::Warning, &told);
            wizard.prompter.say(Tone::Hint, &format!("{region}: {error}"));
        }
    }
    if !disabled.is_empty() {
        let told = format!("Not enabled for this account: {}: {}", counted(disabled.len(), "region"), names(&disabled));
        wizard.prompter.say(Tone::Plain, &told);
    }
    let without = surveys.len() - found.len() - refused.len() - disabled.len();
    if without > 0 {
        wizard.prompter.say(Tone::Plain, &format!("No clusters in {}.", counted(without, "region")));
    }
    wizard.prompter.say(Tone::Plain, "");
    if found.is_empty() {
        wizard.prompter.select("What now?", &["Back".to_owned()], 0)?;
        return Ok(());
    }
    let row = |(region, clusters): &(&str, &[String])| {
        format!("{region:<16}{}: {}", counted(clusters.len(), "cluster"), clusters.join(", "))
    };
    let rows: Vec<String> = found.iter().map(row).collect();
    let current = wizard.place.as_ref().and_then(|place| place.region()).unwrap_or_default().to_owned();
    let start = found.iter().position(|(region, _)| *region == current).unwrap_or(0);
    if let Some(index) = wizard.prompter.select("Which region?", &rows, start)? {
        move_to(wizard, Some(found[index].0.to_owned()));
    }
    Ok(())
}
