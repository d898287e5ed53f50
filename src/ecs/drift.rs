//! What differs between what sidetap did to a service and what the service runs now. Pure: no calls.
//!
//! `docs/operating.md` says of each kind how it comes about and what to do.

use serde::Serialize;

use super::arn::family_revision;
use super::digests::Digests;
use super::receipt::Receipt;
use super::service::Service;
use crate::taskdef::{PresentSidecar, Settings};

/// A kind of drift; its name is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftCode {
    /// A later revision does not have the sidecar.
    SidecarLost,
    /// The sidecar's container is not what sidetap put in.
    SettingsDiffer,
    /// Running tasks have different images of the sidecar under one tag.
    ImageMoved,
    /// The service runs another revision than the one that sidetap deployed.
    OtherRevision,
    /// An older sidetap put the sidecar in.
    OlderVersion,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    pub code: DriftCode,
    pub message: String,
}

impl DriftCode {
    /// The name by which scripts know it.
    pub fn name(self) -> &'static str {
        match self {
            DriftCode::SidecarLost => "sidecar-lost",
            DriftCode::SettingsDiffer => "settings-differ",
            DriftCode::ImageMoved => "image-moved",
            DriftCode::OtherRevision => "other-revision",
            DriftCode::OlderVersion => "older-version",
        }
    }
}

/// All that differs. `sidecars` are those of the revision that the service runs, `digests` what its running tasks have,
/// and `version` is that of this sidetap.
pub(super) fn drift(service: &Service, sidecars: &[PresentSidecar], digests: &Digests, version: &str) -> Vec<Drift> {
    let mut found = Vec::from_iter(of_revision(service, sidecars));
    for sidecar in sidecars.iter().filter(|sidecar| sidecar.is_ours) {
        let name = &sidecar.container_name;
        if sidecar.settings == Settings::Changed {
            let message = format!("container `{name}` is not what sidetap put in");
            found.push(Drift { code: DriftCode::SettingsDiffer, message });
        }
        if let Some(put_in_by) = sidecar.version.as_deref().filter(|other| is_older(other, version)) {
            let message = format!("`{name}` was put in by sidetap {put_in_by}, this is {version}");
            found.push(Drift { code: DriftCode::OlderVersion, message });
        }
    }
    for sidecar in sidecars.iter().filter(|sidecar| sidecar.has_mutable_image()) {
        let (name, images) = (&sidecar.container_name, digests.of(&sidecar.container_name));
        if images > 1 {
            let message = format!("running tasks have {images} different images of `{name}` under {}", sidecar.image);
            found.push(Drift { code: DriftCode::ImageMoved, message });
        }
    }
    found
}

/// Whether the service runs what sidetap deployed.
pub(super) fn of_revision(service: &Service, sidecars: &[PresentSidecar]) -> Option<Drift> {
    let receipt = Receipt::of(service);
    let runs = family_revision(&service.task_definition);
    let has = |name: &str| sidecars.iter().any(|sidecar| sidecar.is_ours && sidecar.container_name == name);
    let lost: Vec<String> = receipt.sidecars.iter().filter(|name| !has(name)).map(|name| format!("`{name}`")).collect();
    let Some(deployed) = receipt.deployed.as_deref() else {
        let message = format!("it runs {runs}, which lacks {}", lost.join(" and "));
        return (!lost.is_empty()).then_some(Drift { code: DriftCode::SidecarLost, message });
    };
    if runs == deployed {
        return None;
    }
    if receipt.previous.as_deref() == Some(runs) {
        let message = format!("it is back at {runs}, and sidetap deployed {deployed}");
        return Some(Drift { code: DriftCode::OtherRevision, message });
    }
    if !lost.is_empty() {
        let message = format!("it runs {runs}, which lacks {}; {deployed} had it", lost.join(" and "));
        return Some(Drift { code: DriftCode::SidecarLost, message });
    }
    let has_any = sidecars.iter().any(|sidecar| sidecar.is_ours);
    let message = format!("it runs {runs}, and sidetap deployed {deployed}");
    has_any.then_some(Drift { code: DriftCode::OtherRevision, message })
}

/// Whether a version comes before another, by its numbers; one that has none is no version.
fn is_older(version: &str, than: &str) -> bool {
    numbers(version).zip(numbers(than)).is_some_and(|(version, than)| version < than)
}

fn numbers(version: &str) -> Option<Vec<u64>> {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    core.split('.').map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, older) in [
            ("0.9.0", true),
            ("0.10.0", false),
            ("0.9.12", true),
            ("0.10.1", false),
            ("1.0.0", false),
            ("0.10.0-rc.1", false),
            ("dev", false),
            ("", false),
        ] {
            assert_eq!(is_older(version, "0.10.0"), older, "{version}");
        }
    }
}
