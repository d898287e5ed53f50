//! File systems to run containers from, each with what its image says about how.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// An image, unpacked.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// The top of its file system.
    pub root: PathBuf,
    pub entry_point: Vec<String>,
    pub command: Vec<String>,
    /// As `NAME=VALUE`.
    pub environment: Vec<String>,
    /// `USER:GROUP`, by number; root if it is empty.
    pub user: String,
    pub working_directory: String,
}

/// Images by the names that task definitions give them.
#[derive(Debug, Clone, Default)]
pub struct Images(BTreeMap<String, Image>);

impl Images {
    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &str, image: Image) -> Self {
        self.0.insert(name.to_owned(), image);
        self
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Image> {
        self.0.get(name).with_context(|| format!("there is no image `{name}`"))
    }
}

impl Image {
    /// An image of programs of this machine, with the libraries that they load, below `root`.
    pub fn of_programs(root: &Path, programs: &[&str]) -> Result<Image> {
        // As Debian has it.
        for name in ["bin", "lib", "lib64", "sbin"] {
            let beneath = format!("usr/{name}");
            fs::create_dir_all(root.join(&beneath))?;
            symlink(&beneath, root.join(name)).with_context(|| format!("{} is not empty", root.display()))?;
        }
        let mut files = BTreeSet::new();
        for program in programs {
            let path = find(program)?;
            files.extend(libraries(&path)?);
            files.insert(path);
        }
        for file in files {
            copy(&file, root)?;
        }
        for directory in ["dev", "etc", "proc", "run", "sys", "tmp", "var/log", "var/lib"] {
            fs::create_dir_all(root.join(directory))?;
        }
        fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777))?;
        fs::write(root.join("etc/passwd"), "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")?;
        fs::write(root.join("etc/group"), "root:x:0:\nnogroup:x:65534:\n")?;
        fs::write(root.join("etc/nsswitch.conf"), "hosts: files dns\n")?;
        let environment = vec!["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()];
        Ok(Image { root: root.to_owned(), environment, working_directory: "/".to_owned(), ..Image::default() })
    }
}

fn find(program: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let mut files = directories.map(|directory| directory.join(program));
    files.find(|file| file.is_file()).with_context(|| format!("`{program}` is not installed"))
}

/// The libraries that a program is linked with, and its loader, as `ldd` tells.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let output = Command::new("ldd").arg(program).output().context("cannot run `ldd`")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let words = text.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    Ok(words.map(PathBuf::from).collect())
}

/// Copies a file to the same place below `root`.
fn copy(file: &Path, root: &Path) -> Result<()> {
    let relative = file.strip_prefix("/").with_context(|| format!("{} is no whole path", file.display()))?;
    let target = root.join(relative);
    if let Some(directory) = target.parent() {
        fs::create_dir_all(directory)?;
    }
    if !target.exists() {
        fs::copy(file, &target).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    Ok(())
}

/// Runs a program that has to succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
