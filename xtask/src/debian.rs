//! Programs that are needed, from Debian's packages where there is a Debian.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::run;

/// The packages of programs that are not installed. Each program stands beside its package.
pub fn missing<'a>(programs: &[(&str, &'a str)]) -> Vec<&'a str> {
    programs.iter().filter(|(program, _)| !is_installed(program)).map(|(_, package)| *package).collect()
}

/// Installs packages, without starting the services that they bring.
pub fn install(mut packages: Vec<&str>) -> Result<()> {
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    if !is_installed("apt-get") {
        bail!("please install {}", packages.join(", "));
    }
    let apt = |words: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(["--quiet", "--yes"]).args(words);
        run(&mut apt)
    };
    apt(&["update"])?;
    let _quiet = NoServices::declare();
    apt(&[&["install", "--no-install-recommends"], &packages[..]].concat())
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Those of the administrator are not in everyone's path.
    let directories = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    directories.map(|directory| directory.join(program)).any(|file| file.is_file())
}

/// While this is there, a package that is installed does not start its service: tests and benches start their own.
struct NoServices(&'static Path);

impl NoServices {
    /// Nothing, if the administrator has a policy already or we may not set one.
    fn declare() -> Option<Self> {
        let policy = Path::new("/usr/sbin/policy-rc.d");
        let mut file = OpenOptions::new().write(true).create_new(true).open(policy).ok()?;
        let declared = NoServices(policy);
        // 101: the action is not allowed.
        file.write_all(b"#!/bin/sh\nexit 101\n").ok()?;
        run(Command::new("chmod").arg("755").arg(policy)).ok()?;
        Some(declared)
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.0);
    }
}
