//! The sidecar's image, without a daemon or a registry: `image/build.sh` makes its file system on this machine, and the
//! last stage of the Dockerfile, which `buildah` builds, makes the image of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::{debian, root, run};

/// Where all of it is made, in the target directory.
const DIRECTORY: &str = "image";

/// Makes the image for this machine's architecture, and tells where.
pub fn make() -> Result<()> {
    install_tools()?;
    println!("{}", archive()?.display());
    Ok(())
}

/// Installs what making it takes.
pub fn install_tools() -> Result<()> {
    debian::install(debian::missing(&[("buildah", "buildah"), ("setcap", "libcap2-bin")]))
}

/// The image that the tests are given, if one is.
#[cfg(target_os = "linux")]
pub fn given() -> Result<Option<PathBuf>> {
    crate::given("SIDETAP_TEST_IMAGE")
}

/// The same, else one that is made now, with what that takes.
#[cfg(target_os = "linux")]
pub fn given_or_made() -> Result<PathBuf> {
    if let Some(given) = given()? {
        return Ok(given);
    }
    install_tools()?;
    archive()
}

/// Makes the image for this machine's architecture; the OCI archive that it is in.
pub fn archive() -> Result<PathBuf> {
    archive_of(root(), &root().join("target"))
}

/// Makes the image of a checkout, in a target directory.
pub fn archive_of(checkout: &Path, target: &Path) -> Result<PathBuf> {
    let architecture = architecture()?;
    let directory = target.join(DIRECTORY);
    file_system(checkout, target, architecture, &directory.join("context/out"))?;
    let archive = directory.join(format!("sidetap-{architecture}.oci.tar"));
    let _ = std::fs::remove_file(&archive);
    let name = format!("sidetap:{architecture}");
    let context = format!("build={}", directory.join("context").display());
    let version = version(&directory.join("context/out/usr/local/bin/sidetap"))?;
    let arguments = [format!("VERSION={version}"), format!("REVISION={}", revision())];
    let build =
        ["build", "--isolation", "chroot", "--format", "docker", "--timestamp", "0", "--build-context", &context];
    let arguments = arguments.iter().flat_map(|argument| ["--build-arg", argument]);
    run(buildah(&directory).args(build).args(arguments).args(["--tag", &name]).arg(checkout))?;
    let to = format!("oci-archive:{}:{version}", archive.display());
    run(buildah(&directory).args(["push", "--format", "oci", &name, &to]))?;
    Ok(archive)
}

/// What is in the image, made from a checkout. The program is in `usr/local/bin`.
fn file_system(checkout: &Path, target: &Path, architecture: &str, out: &Path) -> Result<()> {
    let mut build = Command::new(checkout.join("image/build.sh"));
    run(build.arg(architecture).arg(out).env("CARGO_TARGET_DIR", target))
}

/// As Docker names it.
pub fn architecture() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => anyhow::bail!("sidetap's image is for amd64 and arm64, not for {other}"),
    }
}

/// The version that a sidetap says it has.
fn version(program: &Path) -> Result<String> {
    let output = Command::new(program).arg("--version").output().context("cannot run what was built")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(said.trim().strip_prefix("sidetap ").context("it does not say its version")?.to_owned())
}

/// The commit that this checkout is at, and that there is more in it where that is so; a copy that is built is of it, too.
fn revision() -> String {
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--abbrev=40", "--dirty", "--exclude", "*"]).current_dir(root());
    let output = git.stderr(Stdio::null()).output().ok().filter(|output| output.status.success());
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_else(|| "unknown".to_owned())
}

/// With a store of its own, so that nothing of it is left elsewhere.
fn buildah(directory: &Path) -> Command {
    let mut buildah = Command::new("buildah");
    buildah.args(["--storage-driver", "vfs", "--root"]).arg(directory.join("storage"));
    buildah.arg("--runroot").arg(directory.join("run"));
    buildah
}
