//! `cargo xtask demo`: sidetap in an account that is made up, against the stand-in of the tests.
//!
//! The stand-in is in a process group of its own, so that Ctrl-C at the terminal is for sidetap alone, and ends when
//! its standard input does, whatever becomes of this process.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, ensure};
use signal_hook::consts::SIGINT;
use tempfile::TempDir;

use crate::{cargo, root};

const NOTICE: &str = "
This is a demo: no AWS account is used. Its clusters and services are made up by a server on this computer,
and what you change there is gone at the end. Where an image is asked for, any name will do.
";

/// Runs the wizard, or sidetap with these arguments; the exit code is sidetap's.
pub fn run(arguments: &[&str]) -> Result<ExitCode> {
    let arguments = arguments.strip_prefix(&["--"]).unwrap_or(arguments);
    build()?;
    let account = Account::open()?;
    let home = home(&account)?;
    // Ctrl-C is for sidetap; this process outlives it to clean up.
    signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false)))?;
    eprintln!("{NOTICE}");
    let mut sidetap = Command::new(program("sidetap")?);
    sidetap.args(arguments);
    let foreign = |name: &str| name.starts_with("AWS_") || name.starts_with("SIDETAP_") || name == "CI";
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(foreign)) {
        sidetap.env_remove(name);
    }
    let status = sidetap
        .env("HOME", home.path())
        .env("AWS_PROFILE", "shop")
        .env("AWS_ENDPOINT_URL", &account.url)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .status()
        .context("cannot run sidetap")?;
    Ok(ExitCode::from(status.code().and_then(|code| code.try_into().ok()).unwrap_or(1)))
}

fn build() -> Result<()> {
    let mut build = cargo(&["build", "--package", "sidetap", "--package", "standin", "--bins"]);
    let status = build.current_dir(root()).status().context("cannot run cargo")?;
    ensure!(status.success(), "cannot build sidetap and the stand-in");
    Ok(())
}

/// A program that was built beside this one.
fn program(name: &str) -> Result<PathBuf> {
    Ok(std::env::current_exe().context("where is this program?")?.with_file_name(name))
}

/// A running stand-in with the account in it.
struct Account {
    standin: Child,
    url: String,
    access_key: String,
    secret_key: String,
}

impl Account {
    fn open() -> Result<Self> {
        let mut standin = Command::new(program("standin")?)
            .args(["demo", "127.0.0.1:0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .context("cannot run the stand-in")?;
        // It says where it is, and with which keys, as two lines for a shell.
        let mut told = String::new();
        let mut output = BufReader::new(standin.stdout.take().context("the stand-in has no output")?);
        for _ in 0..2 {
            output.read_line(&mut told).context("cannot read what the stand-in says")?;
        }
        let value = |name: &str| {
            let mut words = told.split_whitespace();
            let found = words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            found.map(str::to_owned).with_context(|| format!("the stand-in did not tell {name}"))
        };
        Ok(Account {
            url: value("AWS_ENDPOINT_URL")?,
            access_key: value("AWS_ACCESS_KEY_ID")?,
            secret_key: value("AWS_SECRET_ACCESS_KEY")?,
            standin,
        })
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        // Closes its standard input, at which it ends.
        let _ = self.standin.wait();
    }
}

/// A home directory with two profiles, so that nobody's own is read or written.
fn home(account: &Account) -> Result<TempDir> {
    let home = tempfile::tempdir().context("no temporary directory")?;
    let settings = home.path().join(".aws");
    std::fs::create_dir(&settings)?;
    let config = "[profile shop]\nregion = eu-west-1\n\n[profile shop-frankfurt]\nregion = eu-central-1\n";
    std::fs::write(settings.join("config"), config)?;
    let keys = format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", account.access_key, account.secret_key);
    std::fs::write(settings.join("credentials"), format!("[shop]\n{keys}\n[shop-frankfurt]\n{keys}"))?;
    Ok(home)
}
