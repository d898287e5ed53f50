//! Installs what the tests need and runs everything: formatting, lints and all tests.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::{cargo, debian, image, root, run};

/// A server of OTLP that we did not write.
const OTELITE: &str = "otelite@0.1.156";

const REQUIREMENTS: &str = "tests/requirements.txt";
/// The directory with what the tests run in Node.
const PACKAGES: &str = "tests/readers";

/// Programs that tests run, and the Debian packages that they are in.
const PROGRAMS: [(&str, &str); 20] = [
    ("buildah", "buildah"),
    ("capinfos", "wireshark-common"),
    ("curl", "curl"),
    ("editcap", "wireshark-common"),
    ("ethtool", "ethtool"),
    ("h2load", "nghttp2-client"),
    ("ip", "iproute2"),
    ("jq", "jq"),
    ("nghttpd", "nghttp2-server"),
    ("nghttpx", "nghttp2-proxy"),
    ("nginx", "nginx-light"),
    ("npm", "npm"),
    ("nsenter", "util-linux"),
    ("openssl", "openssl"),
    ("runc", "runc"),
    ("setcap", "libcap2-bin"),
    ("setpriv", "util-linux"),
    ("tcpdump", "tcpdump"),
    ("tshark", "tshark"),
    ("wrk", "wrk"),
];

/// What tells the engine alone from the whole: the library, and the command line. The image's tests run the rest of it.
const ENGINE_ALONE: [&str; 8] =
    ["--no-default-features", "--features", "engine", "--lib", "--test", "capture", "--test", "engine"];

/// Runs everything; the first failure ends it.
pub fn run_all() -> Result<()> {
    run(&mut cargo(&["fmt", "--all", "--", "--check"]))?;
    install_debian_packages();
    let python = prepare_python()?;
    install_otelite();
    let node = prepare_node()?;
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
    // The fuzz targets are no part of the workspace, and rot where nobody compiles them. It takes a minute the first time,
    // seconds after that.
    let fuzz = ["--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target", "--bins", "--examples"];
    run(cargo(&["check", "--locked"]).args(fuzz))?;
    let image = prepare_image();
    for tests_of in [&["--workspace"][..], &ENGINE_ALONE] {
        let mut tests = cargo(&["test", "--locked"]);
        tests.args(tests_of).env("SIDETAP_TEST_PYTHON", &python).env("SIDETAP_TEST_NODE", &node);
        if let Some(image) = &image {
            tests.env("SIDETAP_TEST_IMAGE", image);
        }
        run(&mut tests)?;
    }
    Ok(())
}

/// A Python environment with the pinned packages, made once and kept until the list changes.
fn prepare_python() -> Result<PathBuf> {
    let environment = root().join("target/test-python");
    let wanted = std::fs::read_to_string(root().join(REQUIREMENTS))?;
    let marker = environment.join("installed.txt");
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(environment);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let pip = environment.join("bin/pip");
    run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS]))?;
    std::fs::write(marker, wanted)?;
    Ok(environment)
}

/// Builds a server of OTLP, which takes some minutes the first time. A test that misses it says so.
fn install_otelite() {
    let installed = root().join("target/tools");
    if installed.join("bin/otelite").exists() {
        return;
    }
    let result = run(cargo(&["install", "--locked", "--debug", OTELITE, "--root"]).arg(installed));
    if let Err(error) = result {
        eprintln!("warning: {error:#}");
    }
}

/// The sidecar's image, which is built for release. Without it, the tests that run it say so.
fn prepare_image() -> Option<PathBuf> {
    image::archive().inspect_err(|error| eprintln!("warning: {error:#}")).ok()
}

/// Node's packages, those of the lock file, installed once and kept until it changes. None of them runs anything by that.
fn prepare_node() -> Result<PathBuf> {
    let environment = root().join("target/test-node");
    let wanted = std::fs::read_to_string(root().join(PACKAGES).join("package-lock.json"))?;
    let marker = environment.join("installed.json");
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(environment);
    }
    std::fs::create_dir_all(&environment)?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(root().join(PACKAGES).join(file), environment.join(file))?;
    }
    run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]).arg(&environment))?;
    std::fs::write(marker, wanted)?;
    Ok(environment)
}

/// Installs the Debian packages whose programs are missing. A test that misses one in spite of this says so.
fn install_debian_packages() {
    let mut missing = debian::missing(&PROGRAMS);
    // Debian keeps Python's `venv` in a package of its own.
    let venv = Command::new("python3").args(["-c", "import ensurepip, venv"]).stderr(Stdio::null()).status();
    if !venv.is_ok_and(|status| status.success()) {
        missing.extend(["python3", "python3-venv"]);
    }
    if let Err(error) = debian::install(missing) {
        eprintln!("warning: {error:#}");
    }
}
