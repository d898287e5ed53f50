//! The Debian package; `Cargo.toml` says what is in it.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::package::Package;
use super::{output, tool};
use crate::{cargo, debian, root, run};

/// Where `Cargo.toml` has what is made from.
const PARTS: &str = "target/dist-parts/debian";

const COPYRIGHT: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: sidetap
Comment: What is linked into the program is in THIRD-PARTY-LICENSES.txt, beside this file.

Files: *
Copyright: 2026, the authors of sidetap
License: Apache-2.0
 On Debian systems, the text of the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.
";

/// Makes it of what an archive has in it.
pub fn make(package: &Package, host: &str, stage: &Path, time: u64, deb: &Path) -> Result<()> {
    debian::install(debian::missing(&[("dpkg-shlibdeps", "dpkg-dev")]))?;
    let parts = root().join(PARTS);
    fs::create_dir_all(parts.join("man"))?;
    for page in super::files(&stage.join("man"))? {
        fs::copy(&page, parts.join("man").join(page.file_name().unwrap_or_default()))?;
    }
    fs::copy(stage.join("THIRD-PARTY-LICENSES.txt"), parts.join("THIRD-PARTY-LICENSES.txt"))?;
    fs::write(parts.join("copyright"), COPYRIGHT)?;
    fs::write(parts.join("changelog"), changelog(&package.version, &date(time)?))?;
    tool("cargo-deb", "3.8.0")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = [root().join("target/tools/bin")].into_iter().chain(std::env::split_paths(&path));
    let mut make = cargo(&["deb", "--no-build", "--no-strip", "--package", "sidetap", "--target", host, "--output"]);
    make.arg(deb).env("PATH", std::env::join_paths(paths)?).env("SOURCE_DATE_EPOCH", time.to_string());
    run(&mut make)
}

/// As Debian wants one; ours has its own form.
fn changelog(version: &str, date: &str) -> String {
    format!(
        "sidetap ({version}) unstable; urgency=medium\n\n  * What is new is in CHANGELOG.md, beside this.\n\n \
         -- The authors of sidetap <authors@sidetap.invalid>  {date}\n"
    )
}

/// As a mail has it.
fn date(time: u64) -> Result<String> {
    let date =
        output(std::process::Command::new("date").args(["--utc", "--rfc-email", "--date", &format!("@{time}")]))?;
    Ok(date.trim().to_owned())
}
