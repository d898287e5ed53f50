//! Where the sidecar's own log lines go.

use super::prompter::{Field, Tone};
use super::{Go, Wizard, choose};
use crate::taskdef::LogRequest;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Own,
    Named,
    Nowhere,
}

pub fn step(wizard: &mut Wizard<'_>) -> anyhow::Result<Go> {
    loop {
        wizard.begin();
        let groups = groups(wizard);
        let own = match &groups[..] {
            [Some(group)] => format!("The application's log group, {group}"),
            [None] => "As the application does: it has no log group, so nowhere".to_owned(),
            _ => "Each application's own log group".to_owned(),
        };
        if groups.len() > 1 && groups.contains(&None) {
            wizard.prompter.say(Tone::Warning, "Some of the services have no log group that a sidecar could follow.");
            wizard.prompter.say(Tone::Plain, "");
        }
        let named = match &wizard.answers.logs.group {
            Some(group) => format!("The log group {group}, or another one"),
            None => "A log group by its name".to_owned(),
        };
        let rows = [(Choice::Own, own), (Choice::Named, named), (Choice::Nowhere, "Nowhere".to_owned())];
        let logs = &wizard.answers.logs;
        let start = if logs.none { 2 } else { usize::from(logs.group.is_some()) };
        match choose(wizard.prompter, "Where does the sidecar log?", &rows, start)? {
            None => return Ok(Go::Back),
            Some(Choice::Own) => {
                let stream_prefix = wizard.answers.logs.stream_prefix.take();
                wizard.answers.logs = LogRequest { stream_prefix, ..LogRequest::default() };
            }
            Some(Choice::Nowhere) => wizard.answers.logs = LogRequest { none: true, ..LogRequest::default() },
            Some(Choice::Named) => {
                if !ask_group(wizard)? {
                    continue;
                }
            }
        }
        return Ok(Go::Next);
    }
}

/// The log groups that the chosen services' sidecars would follow, each once.
fn groups(wizard: &Wizard<'_>) -> Vec<Option<String>> {
    let services = wizard.seen.iter().flat_map(|seen| seen.chosen(&wizard.answers.services));
    let mut groups: Vec<_> = services.map(|service| service.log_group().map(str::to_owned)).collect();
    groups.sort();
    groups.dedup();
    groups
}

fn ask_group(wizard: &mut Wizard<'_>) -> anyhow::Result<bool> {
    let before = wizard.answers.logs.group.clone().unwrap_or_default();
    wizard.begin();
    let answer = wizard.prompter.input(&Field {
        question: "Which CloudWatch log group?",
        help: "its name, such as /ecs/sidetap (--log-group)",
        initial: &before,
        check: &check_group,
    })?;
    let answered = answer.is_some();
    if let Some(group) = answer {
        let LogRequest { region, stream_prefix, .. } = std::mem::take(&mut wizard.answers.logs);
        let region = region.filter(|_| group == before);
        wizard.answers.logs = LogRequest { group: Some(group), region, stream_prefix, none: false };
    }
    Ok(answered)
}

fn check_group(text: &str) -> Result<(), String> {
    let request = LogRequest { group: Some(text.to_owned()), ..LogRequest::default() };
    request.check().map_err(|error| error.hints().join("; "))
}
