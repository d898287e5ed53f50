//! Installs what the tests need and runs everything: formatting, lints and all tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{cargo, root, run};

const REQUIREMENTS: &str = "tests/requirements.txt";

/// Runs everything; the first failure ends it.
pub fn run_all() -> Result<()> {
    run(&mut cargo(&["fmt", "--all", "--", "--check"]))?;
    let python = prepare_python()?;
    for features in
        [&[][..], &["--no-default-features", "--features", "aws"], &["--no-default-features", "--features", "engine"]]
    {
        let mut arguments = vec!["clippy", "--locked", "--workspace", "--all-targets"];
        if !features.is_empty() {
            // Each feature alone, for the package that has them.
            arguments.retain(|argument| *argument != "--workspace");
        }
        arguments.extend(features);
        arguments.extend(["--", "-D", "warnings"]);
        run(&mut cargo(&arguments))?;
    }
    run(cargo(&["test", "--locked", "--workspace"]).env("SIDETAP_TEST_PYTHON", python))?;
    run(&mut cargo(&["test", "--locked", "--no-default-features", "--features", "engine"]))
}

/// A Python environment with the pinned packages, made once and kept until the list changes.
fn prepare_python() -> Result<PathBuf> {
    let environment = root().join("target/test-python");
    let wanted = std::fs::read_to_string(root().join(REQUIREMENTS))?;
    let marker = environment.join("installed.txt");
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(environment);
    }
    install_venv_module();
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let pip = environment.join("bin/pip");
    run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS]))?;
    std::fs::write(marker, wanted)?;
    Ok(environment)
}

/// Debian keeps Python's `venv` in a package of its own.
fn install_venv_module() {
    let works = Command::new("python3").args(["-c", "import ensurepip, venv"]).status();
    if works.is_ok_and(|status| status.success()) || !Path::new("/usr/bin/apt-get").exists() {
        return;
    }
    // Where this fails, making the environment says why.
    let _ = run(Command::new("apt-get").args(["update", "--quiet"]));
    let _ = run(Command::new("apt-get").args(["install", "--quiet", "--yes", "python3", "python3-venv"]));
}
