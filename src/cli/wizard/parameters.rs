//! What the sidecar needs to know: what it cannot do without is asked for, the rest can be changed.

use super::fields::{Asks, ParameterField, check, fields};
use super::prompter::{Field, Tone};
use super::{Go, Wizard};

pub fn step(wizard: &mut Wizard<'_>) -> anyhow::Result<Go> {
    let Some(sidecar) = wizard.answers.sidecar else { return Ok(Go::Back) };
    let first: Vec<&ParameterField> =
        fields(sidecar).iter().filter(|field| matches!(field.asks, Asks::Always | Asks::First)).collect();
    suggest(wizard, sidecar);
    // Whoever comes back has answered them all, and sees the last question again.
    let mut index = if wizard.came_back { first.len() } else { 0 };
    loop {
        let answered = match first.get(index) {
            Some(field) => ask(wizard, sidecar, field)?,
            None => match the_rest(wizard, sidecar)? {
                Some(go) => return Ok(go),
                None => false,
            },
        };
        match (answered, index) {
            (true, _) => index += 1,
            (false, 0) => return Ok(Go::Back),
            (false, _) => index -= 1,
        }
    }
}

/// What stands in a line the first time that it is asked for.
fn suggest(wizard: &mut Wizard<'_>, sidecar: &'static str) {
    let image = std::env::var("SIDETAP_IMAGE").unwrap_or_default();
    let suggested = match sidecar {
        "sensor" => vec![("--image", image), ("--export", "ndjson:-".to_owned())],
        "forwarder" => vec![("--image", image)],
        _ => Vec::new(),
    };
    let is_new = !wizard.answers.kept.contains_key(sidecar);
    for (flag, value) in suggested.into_iter().filter(|_| is_new) {
        wizard.answers.parameters.entry((sidecar, flag)).or_insert(value);
    }
}

fn value<'a>(wizard: &'a Wizard<'_>, sidecar: &'static str, field: &ParameterField) -> &'a str {
    wizard.answers.parameters.get(&(sidecar, field.flag)).map_or("", String::as_str)
}

/// Asks for one; returns whether it was answered.
fn ask(wizard: &mut Wizard<'_>, sidecar: &'static str, field: &ParameterField) -> anyhow::Result<bool> {
    wizard.begin();
    let initial = value(wizard, sidecar, field).to_owned();
    let usual = match field.usual {
        "" => String::new(),
        usual => format!("; empty: {usual}"),
    };
    let answer = wizard.prompter.input(&Field {
        question: &format!("{sidecar}: {} ({})", field.name, field.flag),
        help: &format!("{}{usual}", field.help),
        initial: &initial,
        check: &|text| check(sidecar, field, text),
    })?;
    let answered = answer.is_some();
    if let Some(text) = answer {
        wizard.answers.parameters.insert((sidecar, field.flag), text);
    }
    Ok(answered)
}

/// Shows all parameters and lets some be changed; none is to go back to the one that was asked for last.
fn the_rest(wizard: &mut Wizard<'_>, sidecar: &'static str) -> anyhow::Result<Option<Go>> {
    let mut start = 0;
    loop {
        wizard.begin();
        let fields = fields(sidecar);
        let mut rows = vec!["Go on".to_owned()];
        rows.extend(fields.iter().map(|field| {
            let value = match value(wizard, sidecar, field) {
                "" if field.usual.is_empty() => "not given",
                "" => field.usual,
                value => value,
            };
            format!("{:<24}{value}", field.name)
        }));
        if let Some(kept) = wizard.answers.kept.get(sidecar) {
            let (line, warning) = (kept.line(), kept.warning());
            let tones = [(Tone::Plain, line), (Tone::Warning, warning)];
            for (tone, text) in tones.into_iter().filter_map(|(tone, text)| Some((tone, text?))) {
                wizard.prompter.say(tone, &text);
            }
            wizard.prompter.say(Tone::Plain, "");
        }
        let question = format!("{sidecar}: go on with these, or change one?");
        let Some(index) = wizard.prompter.select(&question, &rows, start)? else { return Ok(None) };
        let Some(field) = index.checked_sub(1).and_then(|index| fields.get(index)) else {
            return Ok(Some(Go::Next));
        };
        start = index;
        if field.is_switch() {
            let switched = if value(wizard, sidecar, field).is_empty() { "on" } else { "" };
            wizard.answers.parameters.insert((sidecar, field.flag), switched.to_owned());
        } else {
            ask(wizard, sidecar, field)?;
        }
    }
}
