//! What the tests share: the binary in a hermetic environment, a terminal to read it on, fixtures,
//! the stand-in, and third-party software.

mod fixtures;
mod interrupted;
mod not_run;
mod run;
#[cfg(target_os = "linux")]
mod screen;
mod third_party;
#[cfg(target_os = "linux")]
mod walk;

pub use fixtures::{fixture, fixture_path, registrable, task_definition};
pub use interrupted::wait_for;
#[cfg(unix)]
pub use interrupted::{ended_by, interrupted};
pub use not_run::not_run;
pub use run::{Finished, Sidetap};
#[cfg(target_os = "linux")]
pub use screen::{Key, Screen};
pub use third_party::{Python, free_port};
#[cfg(target_os = "linux")]
pub use walk::{Question, walk, walk_to};

/// Compares with `snapshots/NAME.snap`.
pub fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[time]");
    settings.add_filter(r"sidetap \d+\.\d+\.\d+", "sidetap [version]");
    settings.add_filter(r"(has \w+ )\d+\.\d+\.\d+", "$1[version]");
    settings.add_filter(r#"("?sidetap.version"?(:| +=) )"[^"]*""#, "$1\"[version]\"");
    settings.add_filter(r#"("?sidetap.config"?(:| +=) )"?[0-9a-f]+"?"#, "$1\"[fingerprint]\"");
    settings.add_filter(r#"("tool_version": )"[^"]*""#, "$1\"[version]\"");
    settings.add_filter(r"\b[0-9a-f]{16}\b", "[plan-id]");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Requires that nothing was changed at the stand-in.
#[track_caller]
pub fn nothing_was_written(standin: &standin::Standin) {
    let writes = ["RegisterTaskDefinition", "UpdateService", "TagResource", "UntagResource"];
    let written: Vec<_> = writes.iter().flat_map(|operation| standin.calls_of(operation)).collect();
    assert!(written.is_empty(), "{written:?}");
}
