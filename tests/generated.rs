//! Files that are generated and checked in, and the ones that `man` writes.

use sidetap::exit::Exit;

use crate::support::{Sidetap, snapshot};

#[test]
fn completions_are_fresh() {
    for (shell, file) in
        [("bash", "sidetap.bash"), ("zsh", "_sidetap"), ("fish", "sidetap.fish"), ("powershell", "_sidetap.ps1")]
    {
        let path = format!("{}/completions/{file}", env!("CARGO_MANIFEST_DIR"));
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let made = Sidetap::new(&format!("completions {shell}")).exits(0).stdout();
        assert!(kept == made, "completions/{file} is stale: run `cargo xtask completions`");
    }
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let directory = tempfile::tempdir().unwrap();
    Sidetap::of(["man", directory.path().to_str().unwrap()]).exits(0);
    for page in [
        "sidetap.1",
        "sidetap-inject.1",
        "sidetap-apply.1",
        "sidetap-remove.1",
        "sidetap-rollback.1",
        "sidetap-status.1",
        "sidetap-list-services.1",
    ] {
        let text = std::fs::read_to_string(directory.path().join(page)).unwrap_or_else(|_| panic!("no {page}"));
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
}

#[test]
fn help_says_what_there_is() {
    snapshot("help", &Sidetap::new("--help").exits(0).stdout());
    snapshot("help-status", &Sidetap::new("status -h").exits(0).stdout());
    snapshot("help-rollback", &Sidetap::new("rollback -h").exits(0).stdout());
    snapshot("help-remove", &Sidetap::new("remove -h").exits(0).stdout());
    snapshot("help-inject", &Sidetap::new("inject -h").exits(0).stdout());
    snapshot("help-exit-codes", &Sidetap::new("help exit-codes").exits(0).stdout());
}

#[test]
fn the_readme_gives_every_exit_code_its_meaning() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for exit in Exit::ALL {
        let row = format!(
            "| {} | {} |",
            exit.code(),
            exit.meaning().replace("--dry-run --detailed-exitcode", "`--dry-run --detailed-exitcode`")
        );
        assert!(readme.contains(&row), "{row}");
    }
}
