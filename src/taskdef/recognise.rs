//! Which containers of a task definition are sidecars that sidetap put there.
//!
//! Ours bear four `dockerLabels`: `sidetap.preset`, `sidetap.version`, `sidetap.config` and `sidetap.undo`. A vendor's
//! container that was pasted by hand has none, and is recognised by its image repository.

use serde_json::{Value, json};

use super::document::{TaskDefinition, name_of};
use super::fingerprint::fingerprint;
use super::preset::Preset;
use super::undo::{RoomTaken, Undo};

pub const PRESET_LABEL: &str = "sidetap.preset";
pub const VERSION_LABEL: &str = "sidetap.version";
/// A fingerprint of the container.
pub const CONFIG_LABEL: &str = "sidetap.config";
pub const UNDO_LABEL: &str = "sidetap.undo";

/// The preset label of a container, if sidetap put it there.
pub fn preset_of(container: &Value) -> Option<&str> {
    container["dockerLabels"][PRESET_LABEL].as_str()
}

/// The label of the sidecar that a container is: ours by its label, a vendor's by its image; none of another container.
pub(super) fn kind_of(container: &Value) -> Option<&str> {
    preset_of(container).or_else(|| vendor_of(container))
}

/// The preset of a vendor's container that was pasted by hand, by its image's repository.
fn vendor_of(container: &Value) -> Option<&'static str> {
    let is_its = |preset: &Preset| preset.repository().is_some_and(|repository| is_image_of(container, repository));
    [Preset::Levo, Preset::Traceable].iter().find(|preset| is_its(preset)).map(Preset::label)
}

/// Whether the container is a sidecar of `preset`: ours by its label, or the vendor's own by its image.
pub(super) fn is_of(container: &Value, preset: &Preset) -> bool {
    match preset_of(container) {
        Some(label) => label == preset.label(),
        None => preset.repository().is_some_and(|repository| is_image_of(container, repository)),
    }
}

/// The index of the last of our sidecars.
pub(super) fn last_sidecar(task: &TaskDefinition) -> Option<usize> {
    task.containers().iter().rposition(|container| preset_of(container).is_some())
}

/// What taking the container out has to undo; `None` where the label is missing or not readable.
pub(super) fn undo_of(container: &Value) -> Option<Undo> {
    serde_json::from_str(container["dockerLabels"][UNDO_LABEL].as_str()?).ok()
}

/// Whether the container is a sidecar of ours whose memory is only limited.
pub(super) fn reserves_nothing(container: &Value) -> bool {
    undo_of(container).is_some_and(|undo| undo.room == Some(RoomTaken::BestEffort))
}

/// Adds our labels, keeping others.
pub(super) fn label(container: &mut Value, preset: &Preset, version: &str, undo: &Undo) {
    if !container["dockerLabels"].is_object() {
        container["dockerLabels"] = json!({});
    }
    let labels = &mut container["dockerLabels"];
    labels[PRESET_LABEL] = preset.label().into();
    labels[VERSION_LABEL] = version.into();
    labels[UNDO_LABEL] = undo.to_label().into();
    container["dockerLabels"][CONFIG_LABEL] = fingerprint(container).into();
}

/// Takes the undo label off.
pub(super) fn remove_undo(container: &mut Value) {
    if let Some(labels) = container.get_mut("dockerLabels").and_then(Value::as_object_mut) {
        labels.shift_remove(UNDO_LABEL);
    }
}

/// A sidecar that is already there.
pub(super) enum Present<'a> {
    /// Ours, by its labels.
    Ours { index: usize, container: &'a Value },
    /// A vendor's, pasted by hand.
    Vendors { index: usize, container: &'a Value },
}

/// Finds the sidecar that injecting `preset` under `name` would replace: ours of that name, else ours of that preset,
/// else the vendor's own.
pub(super) fn find<'a>(task: &'a TaskDefinition, preset: &Preset, name: Option<&str>) -> Option<Present<'a>> {
    let wanted = name.unwrap_or(preset.container_name());
    let containers = || task.containers().iter().enumerate();
    let ours = |(_, container): &(usize, &Value)| preset_of(container).is_some();
    let same_preset =
        |(_, container): &(usize, &Value)| preset.captures() && preset_of(container) == Some(preset.label());
    let labelled = containers()
        .filter(ours)
        .find(|(_, container)| name_of(container) == wanted)
        .or_else(|| containers().find(same_preset));
    if let Some((index, container)) = labelled {
        return Some(Present::Ours { index, container });
    }
    let repository = preset.repository()?;
    let (index, container) = containers().find(|(_, container)| is_image_of(container, repository))?;
    Some(Present::Vendors { index, container })
}

/// Whether the container's image is of `repository`, in any registry, under any tag or digest.
fn is_image_of(container: &Value, repository: &str) -> bool {
    let image = container["image"].as_str().unwrap_or_default();
    let image = image.split_once('@').map_or(image, |(image, _digest)| image);
    let path = match image.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => path,
        _ => image,
    };
    path == repository || path.strip_suffix(repository).is_some_and(|registry| registry.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_recognised_in_any_registry_and_under_any_tag() {
        for (image, is) in [
            ("levoai/pcap-sensor", true),
            ("levoai/pcap-sensor:0.1.9", true),
            ("registry.example:5000/mirror/levoai/pcap-sensor:1", true),
            ("registry.example:5000/levoai/pcap-sensor@sha256:00", true),
            ("notlevoai/pcap-sensor", false),
            ("levoai/pcap-sensor-other", false),
        ] {
            assert_eq!(is_image_of(&json!({ "image": image }), "levoai/pcap-sensor"), is, "{image}");
        }
    }
}
