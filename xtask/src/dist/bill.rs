//! The bill of materials: the crates that are linked into a binary, in CycloneDX's JSON.
//!
//! `cargo cyclonedx` knows the form, and asks Cargo for the whole workspace; what only its other members need is left out
//! here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::package::{ENGINE, Package};
use super::{output, tool};
use crate::{root, run};

const NAME: &str = "bill-of-materials";

/// Writes the bill for the binary with these features.
pub fn write(package: &Package, host: &str, features: &[&str], to: &Path) -> Result<()> {
    let program = tool("cargo-cyclonedx", "0.5.9")?;
    let mut make = Command::new(program);
    make.args(["cyclonedx", "-qq", "--format", "json", "--spec-version", "1.5", "--no-build-deps", "--target", host]);
    make.args(["--override-filename", NAME]).args(features).env("SOURCE_DATE_EPOCH", super::time()?.to_string());
    // It writes one for each member, beside its manifest.
    let made = Made(package.members.iter().map(|member| member.join(format!("{NAME}.json"))).collect());
    run(&mut make)?;
    let text = fs::read_to_string(&made.0[0]).context("cargo cyclonedx has written no bill")?;
    let linked = package.linked(host, features)?.into_iter().map(|one| (one.name, one.version)).collect();
    // A path of this machine is in no release.
    let mut bill: Value = serde_json::from_str(&text.replace(&root().display().to_string(), "/sidetap"))?;
    keep(&mut bill, &linked)?;
    let compiler = output(Command::new("rustc").arg("--version"))?;
    bill["metadata"]["properties"] = json!([{ "name": "sidetap:rustc", "value": compiler.trim() }]);
    if features == ENGINE {
        let system = fs::read_to_string("/etc/os-release").context("this system does not say which it is")?;
        for (name, kind) in [("ca-certificates", "file"), ("libc6-dev", "library")] {
            let version = output(Command::new("dpkg-query").args(["--showformat=${Version}", "--show", name]))?;
            let component = from_distribution(&system, name, kind, &version)?;
            bill["components"].as_array_mut().context("a bill has components")?.push(component);
        }
    }
    fs::write(to, serde_json::to_string_pretty(&bill)? + "\n")?;
    Ok(())
}

/// Leaves out the components that are not linked, and what depends on them.
fn keep(bill: &mut Value, linked: &BTreeSet<(String, String)>) -> Result<()> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let components = bill["components"].as_array_mut().context("a bill has components")?;
    components.retain(|component| linked.contains(&(text(&component["name"]), text(&component["version"]))));
    ensure!(components.len() == linked.len(), "of {} crates, {} are in the bill", linked.len(), components.len());
    let mut kept: BTreeSet<String> = components.iter().map(|component| text(&component["bom-ref"])).collect();
    kept.insert(text(&bill["metadata"]["component"]["bom-ref"]));
    let dependencies = bill["dependencies"].as_array_mut().context("a bill has dependencies")?;
    dependencies.retain(|dependency| kept.contains(&text(&dependency["ref"])));
    for dependency in dependencies {
        if let Some(on) = dependency.get_mut("dependsOn").and_then(Value::as_array_mut) {
            on.retain(|one| kept.contains(&text(one)));
        }
    }
    Ok(())
}

/// What the image has of a package of the system that it is made on, which its `os-release` names.
fn from_distribution(system: &str, name: &str, kind: &str, version: &str) -> Result<Value> {
    let said = |wanted: &str| {
        let mut lines = system.lines().filter_map(|line| line.split_once('='));
        let found = lines.find(|(key, _)| *key == wanted).map(|(_, value)| value.trim_matches(['"', '\'']));
        found.with_context(|| format!("/etc/os-release has no {wanted}"))
    };
    let (id, release) = (said("ID")?, said("VERSION_ID")?);
    let escaped = version.replace('+', "%2B").replace(':', "%3A");
    let purl = format!("pkg:deb/{id}/{name}@{escaped}?distro={id}-{release}");
    Ok(json!({ "type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl }))
}

/// Files that are removed in the end, whatever the end is.
struct Made(Vec<PathBuf>);

impl Drop for Made {
    fn drop(&mut self) {
        for file in &self.0 {
            let _ = fs::remove_file(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_of_the_system_that_it_was_on() {
        let ubuntu = "PRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nVERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE=debian\n";
        let component = from_distribution(ubuntu, "libc6-dev", "library", "1:2.39-0ubuntu8+1").expect("a component");
        assert_eq!(component["purl"], "pkg:deb/ubuntu/libc6-dev@1%3A2.39-0ubuntu8%2B1?distro=ubuntu-24.04");
        assert_eq!(component["version"], "1:2.39-0ubuntu8+1");
        assert!(from_distribution("ID=debian\n", "libc6-dev", "library", "2.41").is_err());
    }

    #[test]
    fn what_is_not_linked_is_left_out() {
        let component = |name: &str| json!({ "name": name, "version": "1.0.0", "bom-ref": name });
        let mut bill = json!({
            "metadata": { "component": { "bom-ref": "sidetap" } },
            "components": [component("linked"), component("another member's")],
            "dependencies": [
                { "ref": "sidetap", "dependsOn": ["another member's", "linked"] },
                { "ref": "another member's", "dependsOn": ["linked"] },
                { "ref": "linked" },
            ],
        });
        let linked = [("linked".to_owned(), "1.0.0".to_owned())].into();
        keep(&mut bill, &linked).expect("all that is linked is there");
        assert_eq!(bill["components"], json!([component("linked")]));
        let dependencies = json!([{ "ref": "sidetap", "dependsOn": ["linked"] }, { "ref": "linked" }]);
        assert_eq!(bill["dependencies"], dependencies);
        assert!(keep(&mut bill, &[("missing".to_owned(), "1.0.0".to_owned())].into()).is_err());
    }
}
