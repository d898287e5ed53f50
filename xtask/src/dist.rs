//! What a release consists of, for this machine's target, in `target/dist`.
//!
//! The same commit and the same tools give the same bytes: members are sorted, belong to root, and are of the commit's time.

mod archive;
mod bill;
mod debian_package;
mod licences;
mod package;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::{cargo, root, run};
use package::Package;

const SUMS: &str = "SHA256SUMS";

/// Makes all of it.
pub fn make() -> Result<()> {
    warn_of_changes();
    let package = Package::read()?;
    let host = host()?;
    let time = time()?;
    let out = root().join("target/dist");
    let parts = root().join("target/dist-parts");
    for directory in [&out, &parts] {
        let _ = fs::remove_dir_all(directory);
        fs::create_dir_all(directory)?;
    }
    let binary = build(&package, &host)?;
    let name = format!("sidetap-{}-{host}", package.version);
    let stage = parts.join(&name);
    let linked = package.linked(&host, package::WHOLE)?;
    fill(&stage, &binary, &licences::of(&linked)?)?;
    archive::pack(&stage, time, &out.join(format!("{name}.tar.gz")))?;
    bill::write(&package, &host, package::WHOLE, &out.join(format!("{name}.cdx.json")))?;
    #[cfg(target_os = "linux")]
    {
        let architecture = crate::image::architecture()?;
        // Before the image, whose binary takes the place of this one.
        let deb = out.join(format!("sidetap_{}_{architecture}.deb", package.version));
        debian_package::make(&package, &host, &stage, time, &deb)?;
        crate::image::install_tools()?;
        let image = format!("sidetap-{}-{architecture}.oci", package.version);
        archive::repack(&crate::image::archive()?, time, &out.join(format!("{image}.tar")))?;
        bill::write(&package, &host, package::ENGINE, &out.join(format!("{image}.cdx.json")))?;
    }
    sum_up(&out)?;
    for file in files(&out)? {
        println!("{}", file.display());
    }
    Ok(())
}

/// Writes the licences of what the image has in it, for a target.
pub fn write_licences_of_image(target: &str, to: &Path) -> Result<()> {
    let linked = Package::read()?.linked(target, package::ENGINE)?;
    fs::write(to, licences::of(&linked)? + &licences::of_debian()?)?;
    Ok(())
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Says so where the checkout is not what its commit says.
fn warn_of_changes() {
    // There may be a checkout without git, whose time is then given.
    let git = Command::new("git").args(["status", "--porcelain"]).current_dir(root()).stderr(Stdio::null()).output();
    let changes = git.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if !changes.is_empty() {
        eprintln!("warning: this is not what the commit has, but with these changes, and is no release:\n{changes}");
    }
}

/// The binary with all features. Paths of this machine would make it another one elsewhere.
fn build(package: &Package, host: &str) -> Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).context("there is no home directory")?;
    let flags =
        format!("--remap-path-prefix={}=/sidetap --remap-path-prefix={}=/cargo", root().display(), home.display());
    let mut build = cargo(&["build", "--locked", "--release", "--bin", "sidetap", "--target", host]);
    run(build.env("RUSTFLAGS", flags).env("CARGO_INCREMENTAL", "0"))?;
    let name = format!("sidetap{}", std::env::consts::EXE_SUFFIX);
    Ok(package.target_directory.join(host).join("release").join(name))
}

/// Puts together what an archive has in it.
fn fill(stage: &Path, binary: &Path, licences: &str) -> Result<()> {
    fs::create_dir_all(stage.join("completions"))?;
    fs::copy(binary, stage.join(binary.file_name().context("a binary has a name")?))?;
    for file in files(&root().join("completions"))? {
        fs::copy(&file, stage.join("completions").join(file.file_name().context("a file has a name")?))?;
    }
    for file in ["LICENSE", "README.md", "CHANGELOG.md"] {
        fs::copy(root().join(file), stage.join(file))?;
    }
    fs::write(stage.join("THIRD-PARTY-LICENSES.txt"), licences)?;
    run(Command::new(binary).arg("man").arg(stage.join("man")))
}

/// Writes the checksums of all files, and has them judged where there is a judge.
fn sum_up(out: &Path) -> Result<()> {
    let mut lines = String::new();
    for file in files(out)? {
        lines.push_str(&format!(
            "{}  {}\n",
            sha256(&fs::read(&file)?),
            file.file_name().context("a file has a name")?.display()
        ));
    }
    fs::write(out.join(SUMS), lines)?;
    if cfg!(target_os = "linux") {
        let status =
            Command::new("sha256sum").args(["--check", "--strict", "--quiet", SUMS]).current_dir(out).status()?;
        ensure!(status.success(), "sha256sum does not find the checksums right");
    }
    Ok(())
}

/// The files of a directory, by name.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        files.push(entry?.path());
    }
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

/// This machine's target.
fn host() -> Result<String> {
    let said = output(Command::new("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say its host")?.to_owned())
}

/// What all files are dated, in seconds since 1970: `SOURCE_DATE_EPOCH`, else the time of the commit.
fn time() -> Result<u64> {
    let time = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(time) => time,
        Err(_) => output(Command::new("git").args(["log", "-1", "--format=%ct"]))?,
    };
    time.trim().parse().with_context(|| format!("`{}` is no time in seconds", time.trim()))
}

/// What a command prints, run at the top of the checkout.
fn output(command: &mut Command) -> Result<String> {
    let output = command.current_dir(root()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// Installs a tool from Cargo's registry into `target/tools`, once a version.
fn tool(name: &str, version: &str) -> Result<PathBuf> {
    let tools = root().join("target/tools");
    let program = tools.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let has = output(cargo(&["install", "--list", "--root"]).arg(&tools))?;
    if !program.is_file() || !has.lines().any(|line| line == format!("{name} v{version}:")) {
        let crate_name = format!("{name}@{version}");
        run(cargo(&["install", "--locked", "--debug", &crate_name, "--root"]).arg(&tools))?;
    }
    Ok(program)
}
