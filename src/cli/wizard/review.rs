//! The plan, and what becomes of it.

use std::path::Path;

use anstream::adapter::strip_str;

use super::answers::Line;
use super::keys::CtrlC;
use super::prompter::{Field, Tone};
use super::{Go, Wizard, choose, counted};
use crate::cli::begun::Begun;
use crate::cli::execute::carry_out;
use crate::cli::inject::plan_on_ecs;
use crate::cli::output::plan as plan_output;
use crate::cli::planning::{how_to_apply, save_as};
use crate::ecs::{self, Include};
use crate::taskdef::diff::Values;
use crate::taskdef::{Action, Plan, Target};

/// Lines of the menu, with its question.
const MENU: usize = 9;

/// What can be done on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Show,
    Apply,
    Save,
    Json,
    Back,
    Quit,
}

pub async fn step(wizard: &mut Wizard<'_>) -> anyhow::Result<Go> {
    let plan = loop {
        wizard.begin();
        wizard.prompter.say(Tone::Hint, "making the plan ...");
        match make_plan(wizard).await? {
            Ok(plan) => break plan,
            Err(error) => {
                wizard.begin();
                wizard.tell(&error);
                if let Some(go) = wizard.after_trouble()? {
                    return Ok(go);
                }
            }
        }
    };
    let mut said = None;
    loop {
        wizard.begin();
        show(wizard, &plan, said.take());
        let rows = rows(&plan);
        let Some(choice) = choose(wizard.prompter, "What is to be done?", &rows, 0)? else { return Ok(Go::Back) };
        match choice {
            Choice::Back => return Ok(Go::Back),
            Choice::Quit => return Ok(Go::Quit),
            Choice::Show => {
                let text = plan_output::text(&plan, Values::Masked);
                wizard.prompter.read("The plan", &strip_str(&text).to_string())?;
            }
            Choice::Json => {
                if let Some(values) = which_values(wizard, &plan)? {
                    let text = match values {
                        Values::Masked => serde_json::to_string_pretty(&plan.masked())?,
                        Values::Shown => serde_json::to_string_pretty(&plan)?,
                    };
                    wizard.prompter.read("The plan as JSON", &text)?;
                }
            }
            Choice::Save => said = save(wizard, &plan)?,
            Choice::Apply => {
                if sure(wizard, &plan)? {
                    return apply(wizard, &plan).await;
                }
            }
        }
    }
}

/// Asks whether values of environment variables are shown, if some are masked.
fn which_values(wizard: &mut Wizard<'_>, plan: &Plan) -> anyhow::Result<Option<Values>> {
    if serde_json::to_value(plan)? == serde_json::to_value(plan.masked())? {
        return Ok(Some(Values::Shown));
    }
    wizard.begin();
    let rows = [(Values::Masked, "Without them".to_owned()), (Values::Shown, "With them".to_owned())];
    choose(wizard.prompter, "The plan holds values of environment variables. How is it shown?", &rows, 0)
}

/// Plans what the equivalent command line would: the words of the answers, through its parsers.
async fn make_plan(wizard: &Wizard<'_>) -> anyhow::Result<anyhow::Result<Plan>> {
    let connected = wizard.connected()?;
    let args = Line::of(&wizard.answers.words())?;
    let region = Some(connected.ecs.region.clone());
    let planned = async {
        let (source, sidecar) = (args.source.resolve_on_ecs()?, args.sidecar.resolve(region)?);
        plan_on_ecs(connected, &source, sidecar, &args.size.request(), Some(Include::Warn), wizard.cx).await
    };
    Ok(wizard.wait(planned).await?)
}

fn show(wizard: &mut Wizard<'_>, plan: &Plan, said: Option<String>) {
    // As much as leaves room for the menu; `Show the changes` has all of it.
    let mut room = wizard.prompter.lines_left().saturating_sub(MENU + 1);
    let summary = plan.summary;
    if let Some(said) = said {
        wizard.prompter.say(Tone::Strong, &said);
        room = room.saturating_sub(1);
    }
    let mut targets: Vec<&Target> = plan.targets.iter().collect();
    // What cannot be done comes first.
    targets.sort_by_key(|target| target.action != Action::Blocked);
    let shown = targets.len().min((room / 2).max(1));
    for target in &targets[..shown] {
        let tone = if target.action == Action::Blocked { Tone::Warning } else { Tone::Row };
        wizard.prompter.say(tone, &line(target));
    }
    if shown < targets.len() {
        let rest = targets.len() - shown;
        wizard.prompter.say(Tone::Row, &format!("and {}", counted(rest, "more service")));
    }
    let counts = format!("{} to change, {} unchanged, {} blocked", summary.change, summary.no_change, summary.blocked);
    wizard.prompter.say(Tone::Strong, &counts);
    let warnings = warnings(plan);
    let changes = changes(plan);
    for (number, (text, services)) in warnings.iter().enumerate() {
        if wizard.prompter.lines_left() < MENU + 3 {
            let rest = counted(warnings.len() - number, "more warning");
            wizard.prompter.say(Tone::Row, &format!("and {rest}"));
            break;
        }
        let of = if plan.targets.len() > 1 { format!(" ({})", counted(*services, "service")) } else { String::new() };
        wizard.prompter.say(Tone::Warning, &format!("warning: {text}{of}"));
    }
    for change in &changes {
        if wizard.prompter.lines_left() < MENU + 2 {
            break;
        }
        wizard.prompter.say(Tone::Row, &format!("  {change}"));
    }
    wizard.prompter.say(Tone::Plain, "");
}

/// A target in a line.
fn line(target: &Target) -> String {
    let base = target.base.as_ref().and_then(|base| base.task_definition_arn.as_deref());
    let base = base.map_or("-", ecs::family_revision);
    match (target.action, &target.reason, &target.size) {
        (Action::Blocked, Some(reason), _) => format!("{}: blocked: {}", target.name(), reason.message),
        (Action::Update, _, Some(size)) => format!("{} ({base}): {}", target.name(), plan_output::size(size)),
        _ => format!("{} ({base}): nothing to change", target.name()),
    }
}

/// Each warning once, with how many services it is about.
fn warnings(plan: &Plan) -> Vec<(String, usize)> {
    let mut warnings: Vec<(String, usize)> = Vec::new();
    for warning in plan.targets.iter().flat_map(|target| &target.warnings) {
        match warnings.iter_mut().find(|(text, _)| *text == warning.message) {
            Some((_, services)) => *services += 1,
            None => warnings.push((warning.message.clone(), 1)),
        }
    }
    warnings
}

/// The paths that change, each once.
fn changes(plan: &Plan) -> Vec<String> {
    let mut changes: Vec<String> = Vec::new();
    for target in plan.targets.iter().filter(|target| target.action == Action::Update) {
        for change in plan_output::changed_paths(target) {
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    }
    changes
}

fn rows(plan: &Plan) -> Vec<(Choice, String)> {
    let mut rows = vec![(Choice::Show, "Show the changes".to_owned())];
    match (plan.summary.change, plan.summary.blocked) {
        (0, _) => {}
        (change, 0) => rows.push((Choice::Apply, format!("Apply to {}", counted(change, "service")))),
        (change, blocked) => rows
            .push((Choice::Apply, format!("Apply to {}, and leave out {blocked} blocked", counted(change, "service")))),
    }
    rows.push((Choice::Save, "Save the plan".to_owned()));
    rows.push((Choice::Json, "Show it as JSON".to_owned()));
    rows.push((Choice::Back, "Back".to_owned()));
    rows.push((Choice::Quit, "Quit".to_owned()));
    rows
}

/// Where much may go wrong, one key is too little.
fn sure(wizard: &mut Wizard<'_>, plan: &Plan) -> anyhow::Result<bool> {
    let cluster = wizard.answers.cluster.clone().unwrap_or_default();
    let is_production = cluster.to_lowercase().contains("prod");
    if plan.summary.change < 2 && !is_production {
        return Ok(true);
    }
    wizard.begin();
    let answer = wizard.prompter.input(&Field {
        question: &format!("Change {} in cluster {cluster}?", counted(plan.summary.change, "service")),
        help: "type the cluster's name to go on",
        initial: "",
        check: &|text| match text == cluster {
            true => Ok(()),
            false => Err(format!("that is not `{cluster}`")),
        },
    })?;
    Ok(answer.is_some())
}

/// Saves the plan; returns what to say about it.
fn save(wizard: &mut Wizard<'_>, plan: &Plan) -> anyhow::Result<Option<String>> {
    wizard.begin();
    let answer = wizard.prompter.input(&Field {
        question: "Save the plan in which file?",
        help: "it holds the values of environment variables, so that only you may read it",
        initial: &format!("sidetap-plan-{}.json", plan.plan_id),
        check: &|text| match text {
            "" => Err("it is needed".to_owned()),
            "-" => Err("it has to be a file".to_owned()),
            path if Path::new(path).exists() => Err("it is there already".to_owned()),
            _ => Ok(()),
        },
    })?;
    let Some(path) = answer else { return Ok(None) };
    Ok(Some(match save_as(Path::new(&path), plan) {
        Ok(()) => {
            wizard.saved = true;
            let command = how_to_apply(Path::new(&path), plan, &wizard.connected()?.ecs.place);
            format!("Saved. `{command}` carries it out.")
        }
        Err(error) => format!("It was not saved: {error:#}"),
    }))
}

/// Makes the change, watches it, and says how to go back and how to do it again.
async fn apply(wizard: &mut Wizard<'_>, plan: &Plan) -> anyhow::Result<Go> {
    wizard.answers.keep_going |= plan.summary.blocked > 0;
    wizard.begin_as("applying the plan");
    wizard.prompter.say(Tone::Hint, "Ctrl-C stops watching; what was started goes on in ECS");
    let mut args = Line::of(&wizard.answers.words())?;
    // Blocked services are left out. Nobody has asked for more after a failure.
    args.apply.keep_going = false;
    let (begun, interrupt) = (Begun::default(), wizard.interrupt.clone());
    wizard.prompter.ctrl_c(CtrlC::Interrupts);
    let exit = carry_out(wizard.connected()?, plan, begun, &args.apply, interrupt, wizard.cx).await?;
    wizard.say_command_line();
    Ok(Go::Done(exit))
}
