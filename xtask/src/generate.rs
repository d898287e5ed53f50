//! Files that sidetap itself writes.

use std::fs;

use anyhow::{Result, bail};

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

/// Writes the manual pages.
pub fn man(directory: &str) -> Result<()> {
    run(&mut cargo(&["run", "--quiet", "--", "man", directory]))
}
