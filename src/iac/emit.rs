//! A patched task definition as text to put into a description: which formats there are, and what they have in common.

use super::emission::Emission;
use super::{cloudformation, fragment, terraform};
use crate::taskdef::owner::Format;

/// The text, with a final newline.
pub fn emit(format: Format, emissions: &[Emission]) -> String {
    match format {
        Format::Json => fragment::text(emissions),
        Format::CloudFormation => cloudformation::text(emissions),
        Format::Terraform => terraform::text(emissions),
    }
}

/// What holds for all that is printed, as comments above it.
pub(super) const GENERAL: [&str; 2] = [
    "\"sidetap:\" marks what the sidecar adds or changes; all else is as it was.",
    "Values of environment variables are written out: keep this as private as they are.",
];

/// What a reader should know of an emission, a line each, for comments above it. `lost` are JSON pointers of what the
/// format has no place for.
pub(super) fn remarks(emission: &Emission, lost: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    let services = match emission.services.as_slice() {
        [] => String::new(),
        [service] => format!(" of the service {service}"),
        several => format!(" of the services {}", several.join(", ")),
    };
    lines.push(format!("The task definition {}{services}, with the sidecar {}.", name(emission), emission.sidecar));
    lines.extend(emission.removals().into_iter().map(|removal| format!("sidetap: {removal}.")));
    if !lost.is_empty() {
        lines.push(format!("There is no place here for what the task definition has at {}.", lost.join(", ")));
    }
    lines.iter().map(|line| comment(line)).collect()
}

/// The revision, or the family where ECS has none.
fn name(emission: &Emission) -> &str {
    emission.base.as_deref().map_or(emission.definition.family(), |arn| arn.rsplit('/').next().unwrap_or(arn))
}

/// Text that is safe in a comment: one line, and nothing that nobody sees.
pub(super) fn comment(text: &str) -> String {
    let plain = |letter: char| letter == ' ' || letter.is_ascii_graphic() || letter.is_alphanumeric();
    text.chars().map(|letter| if plain(letter) { letter } else { '?' }).collect()
}
