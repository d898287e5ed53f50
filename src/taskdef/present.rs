//! The sidecars that a task definition has: sidetap's, and vendors' that were pasted by hand.

use serde_json::Value;

use super::document::{TaskDefinition, name_of};
use super::fingerprint::{Settings, settings_of};
use super::recognise::{VERSION_LABEL, kind_of, preset_of};
use super::sizing::{Size, basis, container_size, reservation_of};
use super::undo::without_sidecars;

/// A sidecar in a task definition.
#[derive(Debug, Clone, PartialEq)]
pub struct PresentSidecar {
    pub container_name: String,
    /// The preset, by our label or the image's repository.
    pub preset: String,
    /// Whether sidetap put it there.
    pub is_ours: bool,
    /// The version of the sidetap that put it there.
    pub version: Option<String>,
    pub image: String,
    /// CPU units; absent where none are reserved.
    pub cpu: Option<u64>,
    /// The hard limit, else what is reserved.
    pub memory_mib: Option<u64>,
    /// What the task, or else its containers together, have without sidecars of ours.
    pub of: Size,
    pub settings: Settings,
}

/// The sidecars, in the order of the task definition.
pub fn present_sidecars(definition: &TaskDefinition) -> Vec<PresentSidecar> {
    let of = without_sidecars(definition).and_then(|bare| basis(&bare)).unwrap_or_default();
    definition.containers().iter().filter_map(|container| sidecar(container, of)).collect()
}

fn sidecar(container: &Value, of: Size) -> Option<PresentSidecar> {
    let preset = kind_of(container)?;
    // A size that cannot be read is one that is not known.
    let size = container_size(container).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Some(PresentSidecar {
        container_name: name_of(container).to_owned(),
        preset: preset.to_owned(),
        is_ours: preset_of(container).is_some(),
        version: container["dockerLabels"][VERSION_LABEL].as_str().map(str::to_owned),
        image: text(&container["image"]),
        cpu: size.cpu.filter(|cpu| *cpu > 0),
        memory_mib: size.memory_mib.or(reservation_of(container).unwrap_or_default()),
        of,
        settings: settings_of(container),
    })
}

impl PresentSidecar {
    /// Its CPU in percent of the task's.
    pub fn cpu_percentage(&self) -> Option<f64> {
        percentage(self.cpu, self.of.cpu)
    }

    /// Its memory in percent of the task's.
    pub fn memory_percentage(&self) -> Option<f64> {
        percentage(self.memory_mib, self.of.memory_mib)
    }

    /// Whether the image is named by a tag, which can mean another image tomorrow.
    pub fn has_mutable_image(&self) -> bool {
        !self.image.contains("@sha256:")
    }
}

/// To one decimal place.
fn percentage(part: Option<u64>, whole: Option<u64>) -> Option<f64> {
    let (part, whole) = part.zip(whole.filter(|whole| *whole > 0))?;
    Some((part as f64 * 1000.0 / whole as f64).round() / 10.0)
}
