//! The package that is released, as Cargo sees it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use super::output;
use crate::cargo;

/// The flags for the whole binary.
pub const WHOLE: &[&str] = &[];
/// The flags for what the image has.
pub const ENGINE: &[&str] = &["--no-default-features", "--features", "engine"];

/// What there is to know about it.
pub struct Package {
    pub version: String,
    pub target_directory: PathBuf,
    /// Of each member of the workspace, the one that is released first.
    pub members: Vec<PathBuf>,
    metadata: Value,
}

/// A crate that is linked into the binary.
#[derive(Debug, Clone)]
pub struct Linked {
    pub name: String,
    pub version: String,
    /// An SPDX expression, if it has one.
    pub licence: Option<String>,
    pub authors: Vec<String>,
    /// Where its source is.
    pub source: PathBuf,
}

impl Package {
    pub fn read() -> Result<Self> {
        let metadata = output(&mut cargo(&["metadata", "--locked", "--format-version", "1"]))?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let members: Vec<&str> = strings(&metadata["workspace_members"]).collect();
        let packages = || metadata["packages"].as_array().into_iter().flatten();
        let ours = packages().filter(|package| package["id"].as_str().is_some_and(|id| members.contains(&id)));
        let mut ours: Vec<&Value> = ours.collect();
        ours.sort_by_key(|package| package["name"] != "sidetap");
        let version = ours[0]["version"].as_str().context("a package has a version")?.to_owned();
        let members = ours.iter().map(|package| directory(package)).collect::<Result<_>>()?;
        let target_directory = metadata["target_directory"].as_str().context("there is a target directory")?.into();
        Ok(Package { version, target_directory, members, metadata })
    }

    /// The crates that are linked into the binary with these features, by name. Macros have done their work by then.
    pub fn linked(&self, host: &str, features: &[&str]) -> Result<Vec<Linked>> {
        let mut tree =
            cargo(&["tree", "--quiet", "--locked", "--package", "sidetap", "--edges", "normal,no-proc-macro"]);
        tree.args(["--target", host, "--prefix", "none", "--no-dedupe", "--format", "{p}"]).args(features);
        let tree = output(&mut tree)?;
        let linked: BTreeSet<(&str, &str)> = tree
            .lines()
            .filter_map(|line| {
                let mut words = line.split(' ');
                Some((words.next()?, words.next()?.strip_prefix('v')?))
            })
            .filter(|(name, _)| *name != "sidetap")
            .collect();
        linked.into_iter().map(|(name, version)| self.one(name, version)).collect()
    }

    fn one(&self, name: &str, version: &str) -> Result<Linked> {
        let mut packages = self.metadata["packages"].as_array().into_iter().flatten();
        let package = packages.find(|package| package["name"] == name && package["version"] == version);
        let package = package.with_context(|| format!("Cargo does not know {name} {version}"))?;
        Ok(Linked {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: package["license"].as_str().map(str::to_owned),
            authors: strings(&package["authors"]).map(str::to_owned).collect(),
            source: directory(package)?,
        })
    }
}

fn directory(package: &Value) -> Result<PathBuf> {
    let manifest = PathBuf::from(package["manifest_path"].as_str().context("a package has a manifest")?);
    Ok(manifest.parent().context("a manifest is in a directory")?.to_owned())
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}
