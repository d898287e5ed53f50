//! Development commands; `cargo xtask` alone lists them.

#[cfg(unix)]
mod bench_export;
#[cfg(unix)]
mod bench_forward;
#[cfg(unix)]
mod bench_image;
#[cfg(unix)]
mod bench_peers;
#[cfg(target_os = "linux")]
mod bench_sizing;
#[cfg(unix)]
mod collecting;
mod debian;
#[cfg(unix)]
mod demo;
mod dist;
mod generate;
mod image;
#[cfg(unix)]
mod live;
#[cfg(unix)]
mod machine;
#[cfg(unix)]
mod measure;
#[cfg(unix)]
mod peers;
#[cfg(unix)]
mod performance;
mod test;
#[cfg(unix)]
mod traffic;
#[cfg(target_os = "linux")]
mod trial;

use std::io::Write;
use std::path::Path;
#[cfg(target_os = "linux")]
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

#[cfg(unix)]
use crate::bench_peers::Effort;

const USAGE: &str = "usage: cargo xtask COMMAND

  demo [-- ARGUMENTS]      run the wizard, or sidetap with these arguments, in an account that is made up
  try                      run a task with a sensor on this computer, and show what it records; as root on Linux
  test                     install what the tests need, and run all of them and the lints
  bench-peers [--quick]    measure sidetap beside other programs, and write docs/performance.md; as root on Linux
  bench-collect            measure collecting alone, and print it
  bench-forward [--quick]  measure forwarding beside a plain forwarder, and write that part of it; as root on Linux
  bench-export [--quick]   measure sending over OTLP, and write that part of it; as root on Linux
  bench-image              measure the sidecar's image, and write that part of it; as root on Linux
  bench-sizing [--quick]   measure what a sensor of each size follows, and write docs/sizing.md; as root on Linux
  dist                     make what a release consists of, for this machine's target, in target/dist
  image                    make the sidecar's image as an OCI archive in target/image
  completions              write completions/ anew
  configuration            write the tables of docs/configuration.md anew
  man DIR                  write the manual pages into DIR";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    #[cfg(unix)]
    if let ["demo", ref arguments @ ..] = words[..] {
        return demo::run(arguments).unwrap_or_else(failed);
    }
    let result = match words[..] {
        ["test"] => test::run_all(),
        #[cfg(target_os = "linux")]
        ["try"] => return trial::run_all().unwrap_or_else(failed),
        #[cfg(target_os = "linux")]
        ["bench-sizing"] => bench_sizing::run_all(bench_sizing::Effort::FULL),
        #[cfg(target_os = "linux")]
        ["bench-sizing", "--quick"] => bench_sizing::run_all(bench_sizing::Effort::QUICK),
        ["dist"] => dist::make(),
        ["image"] => image::make(),
        // How `image/build.sh` gets them.
        ["licences", target, file] => dist::write_licences_of_image(target, Path::new(file)),
        ["completions"] => generate::completions(),
        ["configuration"] => generate::configuration(),
        ["man", directory] => generate::man(directory),
        #[cfg(unix)]
        _ => return measured(&words),
        #[cfg(not(unix))]
        _ => return usage(),
    };
    ended(result)
}

/// What measures, and the parts of it that it starts again.
#[cfg(unix)]
fn measured(words: &[&str]) -> ExitCode {
    let result = match *words {
        ["bench-peers"] => bench_peers::run_all(Effort::FULL),
        ["bench-peers", "--quick"] => bench_peers::run_all(Effort::QUICK),
        ["bench-collect"] => bench_peers::run_collecting(Effort::QUICK),
        ["bench-forward"] => bench_forward::run_all(bench_forward::Effort::FULL),
        ["bench-forward", "--quick"] => bench_forward::run_all(bench_forward::Effort::QUICK),
        ["bench-export"] => bench_export::run_all(bench_export::Effort::FULL),
        ["bench-export", "--quick"] => bench_export::run_all(bench_export::Effort::QUICK),
        // The receiver of `bench-export`.
        ["swallow", address] => bench_export::swallow(address),
        // How the namespaces of `bench-forward` get traffic.
        ["pelt", ref arguments @ ..] => bench_forward::pelt(arguments),
        // How programs that are measured are started.
        ["measure", ref command @ ..] => measure::wrap(command),
        ["bench-image"] => bench_image::run_all(),
        // How its sensors are started.
        ["start", program] => bench_image::start(program),
        _ => return usage(),
    };
    ended(result)
}

fn ended(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error),
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(64)
}

fn failed(error: anyhow::Error) -> ExitCode {
    // There may be no terminal any more, which is why it failed.
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
    ExitCode::FAILURE
}

/// The top of the checkout.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ is in the checkout")
}

/// The whole path of the file that an environment variable names, if it is set.
#[cfg(target_os = "linux")]
fn given(variable: &str) -> Result<Option<PathBuf>> {
    let Some(path) = std::env::var_os(variable) else { return Ok(None) };
    let path = std::path::absolute(path).with_context(|| format!("{variable} names no file"))?;
    if !path.is_file() {
        bail!("{variable} names {}, which is no file", path.display());
    }
    Ok(Some(path))
}

/// Runs a command at the top of the checkout, and says which.
fn run(command: &mut Command) -> Result<()> {
    eprintln!("$ {command:?}");
    let status = command.current_dir(root()).status().with_context(|| format!("cannot run {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(())
}

/// Cargo, as it was called.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}
