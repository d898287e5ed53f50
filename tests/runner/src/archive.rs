//! Images as OCI archives: what `buildah push` and `skopeo copy` write, unpacked.
//!
//! Source: the OCI image layout and image specifications, version 1.0. Deleted files in upper layers (white-outs) are not
//! known: images of one layer have none, and others are refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::image::{Image, run};

impl Image {
    /// Unpacks an OCI archive of one image with one layer, with owners, modes and file capabilities, below `directory`.
    pub fn of_archive(archive: &Path, directory: &Path) -> Result<Image> {
        let read = || {
            let [layout, root] = ["layout", "root"].map(|name| directory.join(name));
            for made in [&layout, &root] {
                fs::create_dir_all(made)?;
            }
            run(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(&layout))?;
            let index = json(&layout.join("index.json"))?;
            let manifest = blob(&layout, only(&index["manifests"])?)?;
            let manifest = json(&manifest)?;
            let layer = blob(&layout, only(&manifest["layers"])?)?;
            run(Command::new("tar")
                .args(["--xattrs", "--xattrs-include=*", "--numeric-owner", "-xzpf"])
                .arg(&layer)
                .arg("-C")
                .arg(&root))?;
            image(&json(&blob(&layout, &manifest["config"])?)?["config"], root)
        };
        read().with_context(|| format!("cannot use the image {}", archive.display()))
    }
}

fn json(path: &Path) -> Result<Value> {
    Ok(serde_json::from_slice(&fs::read(path).with_context(|| format!("cannot read {}", path.display()))?)?)
}

fn only(list: &Value) -> Result<&Value> {
    match list.as_array().map(Vec::as_slice) {
        Some([one]) => Ok(one),
        _ => bail!("it is not of one image with one layer"),
    }
}

/// Where the content of a descriptor is.
fn blob(layout: &Path, descriptor: &Value) -> Result<PathBuf> {
    let digest = descriptor["digest"].as_str().context("a descriptor without a digest")?;
    let (algorithm, value) = digest.split_once(':').context("a digest without an algorithm")?;
    Ok(layout.join("blobs").join(algorithm).join(value))
}

fn image(config: &Value, root: PathBuf) -> Result<Image> {
    let words = |key: &str| -> Vec<String> {
        config[key].as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let text = |key: &str| config[key].as_str().unwrap_or_default().to_owned();
    Ok(Image {
        root,
        entry_point: words("Entrypoint"),
        command: words("Cmd"),
        environment: words("Env"),
        user: text("User"),
        working_directory: text("WorkingDir"),
    })
}
