//! The licences of what is linked into the binary, each text once, with the crates that it is for.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result, ensure};

use super::files;
use super::package::Linked;

const NAMES: [&str; 5] = ["license", "licence", "copying", "notice", "unlicense"];

const RULE: &str =
    "====================================================================================================";

/// What is linked into every program that Rust makes.
const STANDARD_LIBRARY: &str =
    "Rust's standard library: MIT OR Apache-2.0, copyright of the Rust Project's contributors";

/// One text that has all of them.
pub fn of(linked: &[Linked]) -> Result<String> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut without = vec![STANDARD_LIBRARY.to_owned()];
    let mut list = String::new();
    for one in linked {
        let name = format!("{} {}", one.name, one.version);
        let licence = one.licence.as_deref().unwrap_or("see below");
        writeln!(list, "{name}: {licence}")?;
        let mut found = false;
        for file in files(&one.source)? {
            let file_name = file.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
            // `license.rs` would be code about licences.
            let code = file.extension().is_some_and(|extension| extension == "rs");
            if code || !NAMES.iter().any(|begin| file_name.starts_with(begin)) {
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&file)?).replace("\r\n", "\n").trim().to_owned();
            texts.entry(text).or_default().push(name.clone());
            found = true;
        }
        if !found {
            ensure!(one.licence.is_some(), "{name} has neither a licence nor a text of one");
            let authors = if one.authors.is_empty() { "its authors".to_owned() } else { one.authors.join(", ") };
            without.push(format!("{name}: {licence}, copyright of {authors}"));
        }
    }
    let mut texts: Vec<(String, Vec<String>)> = texts.into_iter().collect();
    texts.sort_by(|one, other| one.1.cmp(&other.1));
    let mut all = format!("sidetap is under the Apache License 2.0. It has in it:\n\n{list}");
    write!(all, "\n{RULE}\nWithout a text of their own:\n\n{}\n", without.join("\n"))?;
    for (text, crates) in texts {
        write!(all, "\n{RULE}\n{}\n\n{text}\n", crates.join(", "))?;
    }
    Ok(all)
}

/// Those of what the image has from Debian or Ubuntu: the C library in the program, and the certificates.
pub fn of_debian() -> Result<String> {
    let mut all = String::new();
    for file in [
        "/usr/share/doc/libc6/copyright",
        "/usr/share/common-licenses/LGPL-2.1",
        "/usr/share/doc/ca-certificates/copyright",
        "/usr/share/common-licenses/MPL-2.0",
    ] {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {file}, of Debian or Ubuntu"))?;
        write!(all, "\n{RULE}\n{file}\n\n{}\n", text.trim())?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(name: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, Linked) {
        let source = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in files {
            fs::write(source.path().join(name), text).expect("there is room");
        }
        let licence = Some("MIT".to_owned());
        let authors = vec!["Ada".to_owned()];
        let one = Linked {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence,
            authors,
            source: source.path().into(),
        };
        (source, one)
    }

    #[test]
    fn each_text_is_there_once_with_all_that_it_is_for() {
        let (_one, one) = linked("one", &[("LICENSE-MIT", "take it\r\n"), ("license.rs", "fn code() {}")]);
        let (_two, two) = linked("two", &[("COPYING", "take it\n"), ("NOTICE", "by Bob")]);
        let (_three, three) = linked("three", &[("README", "nothing of that")]);
        let text = of(&[one, two, three]).expect("licences");
        assert!(text.contains("\none 1.0.0, two 1.0.0\n\ntake it\n"), "{text}");
        assert!(text.contains("\ntwo 1.0.0\n\nby Bob\n"), "{text}");
        assert!(text.contains("three 1.0.0: MIT, copyright of Ada"), "{text}");
        assert!(!text.contains("fn code"), "{text}");
    }
}
