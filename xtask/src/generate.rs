//! Files that sidetap itself writes.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{cargo, root, run};

const SHELLS: [(&str, &str); 4] =
    [("bash", "sidetap.bash"), ("zsh", "_sidetap"), ("fish", "sidetap.fish"), ("powershell", "_sidetap.ps1")];

/// Writes `completions/`.
pub fn completions() -> Result<()> {
    let directory = root().join("completions");
    fs::create_dir_all(&directory)?;
    for (shell, file) in SHELLS {
        let output = cargo(&["run", "--quiet", "--", "completions", shell]).current_dir(root()).output()?;
        if !output.status.success() {
            bail!("`sidetap completions {shell}` failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        fs::write(directory.join(file), output.stdout)?;
    }
    Ok(())
}

/// Writes the tables of `docs/configuration.md`. The engine alone has all of it, and is built sooner.
pub fn configuration() -> Result<()> {
    const BEGIN: &str = "<!-- made: `cargo xtask configuration` writes this part -->\n";
    const END: &str = "<!-- end -->";
    let arguments = ["run", "--quiet", "--no-default-features", "--features", "engine", "--", "configuration"];
    let output = cargo(&arguments).current_dir(root()).output()?;
    if !output.status.success() {
        bail!("`sidetap configuration` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let path = root().join("docs/configuration.md");
    let document = fs::read_to_string(&path)?;
    let (before, rest) = document.split_once(BEGIN).context("the document has no part that is made")?;
    let (_, after) = rest.split_once(END).context("the part that is made has no end")?;
    let made = String::from_utf8(output.stdout)?;
    fs::write(path, format!("{before}{BEGIN}\n{made}\n{END}{after}"))?;
    Ok(())
}

/// Writes the manual pages.
pub fn man(directory: &str) -> Result<()> {
    run(&mut cargo(&["run", "--quiet", "--", "man", directory]))
}
