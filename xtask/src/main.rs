//! Development commands; `cargo xtask` alone lists them.

mod bench_export;
mod bench_forward;
mod bench_peers;
mod collecting;
mod debian;
mod demo;
mod generate;
mod image;
mod live;
mod machine;
mod measure;
mod peers;
mod performance;
mod test;
mod traffic;

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::bench_peers::Effort;

const USAGE: &str = "usage: cargo xtask COMMAND

  demo [-- ARGUMENTS]      run the wizard, or sidetap with these arguments, in an account that is made up
  test                     install what the tests need, and run all of them and the lints
  bench-peers [--quick]    measure sidetap beside other programs, and write docs/performance.md; as root on Linux
  bench-collect            measure collecting alone, and print it
  bench-forward [--quick]  measure forwarding beside a plain forwarder, and write that part of it; as root on Linux
  bench-export [--quick]   measure sending over OTLP, and write that part of it; as root on Linux
  image                    make the sidecar's image as an OCI archive in target/image
  completions              write completions/ anew
  configuration            write the tables of docs/configuration.md anew
  man DIR                  write the manual pages into DIR";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["demo", ref arguments @ ..] = words[..] {
        return demo::run(arguments).unwrap_or_else(failed);
    }
    let result = match words[..] {
        ["test"] => test::run_all(),
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
        ["image"] => image::make(),
        ["completions"] => generate::completions(),
        ["configuration"] => generate::configuration(),
        ["man", directory] => generate::man(directory),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(64);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error),
    }
}

fn failed(error: anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

/// The top of the checkout.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ is in the checkout")
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
