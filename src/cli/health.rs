//! `sidetap health`: whether a sidetap that runs here lives, for a container's health check.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::context::Context;
use super::listen_arg::ListenArg;
use crate::exit::Exit;
use crate::export::monitor::{self, probe};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// Variables that say where the commands that run listen.
const VARIABLES: [&str; 2] = ["SIDETAP_LISTEN", "SIDETAP_HEALTH_LISTEN"];

/// Where they listen by custom.
const CUSTOM: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Somewhere that there is nobody to ask.
#[derive(Debug, thiserror::Error)]
#[error("{name} cannot be `{value}`: it is no `HOST:PORT`")]
pub struct BadAddress {
    name: &'static str,
    value: String,
}

/// Tell whether a sidetap that runs on this host lives.
///
/// Asks `/live` where `sidetap forward`, `sidetap capture` or `sidetap collect` listens for health checks, and exits with 0
/// if its packets are looked after, with 1 if not or if nobody answers within 3 seconds.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub struct Args {
    /// Who is asked. Default: SIDETAP_LISTEN, else SIDETAP_HEALTH_LISTEN, else 127.0.0.1:9464.
    #[arg(long, value_name = "HOST[:PORT]")]
    address: Option<String>,
}

const NOTES: &str = "0.0.0.0 and [::] mean this host.

Example, in a container's definition:
  \"healthCheck\": { \"command\": [\"CMD\", \"sidetap\", \"health\"] }";

pub fn run(args: &Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let end = Instant::now() + PATIENCE;
    let (name, text) = args.address.clone().map(|text| ("--address", text)).or_else(of_environment).unwrap_or_default();
    let mut said = Err(format!("`{text}` has no address"));
    for address in addresses(name, text, end)? {
        let address = probe::reachable(address);
        said = match monitor::probe(address, end.saturating_duration_since(Instant::now())) {
            Ok(()) => Ok(address),
            Err(error) => Err(error.to_string()),
        };
        if said.is_ok() {
            break;
        }
    }
    match said {
        Ok(address) => {
            cx.printer.result(&format!("live: {address}\n"))?;
            Ok(Exit::Done)
        }
        // One line: whoever runs health checks shows no more.
        Err(why) => {
            cx.printer.error(&format!("error: {why}\n"));
            Ok(Exit::Failed)
        }
    }
}

/// Where the command that runs here is told to listen.
fn of_environment() -> Option<(&'static str, String)> {
    VARIABLES.into_iter().find_map(|name| {
        let value = std::env::var(name).ok()?.trim().to_owned();
        (!value.is_empty()).then_some((name, value))
    })
}

/// What a text means: an address, or a name that has some. Nothing means where they listen by custom.
fn addresses(name: &'static str, text: String, end: Instant) -> anyhow::Result<Vec<SocketAddr>> {
    if text.is_empty() {
        return Ok(vec![SocketAddr::from((CUSTOM, monitor::PORT))]);
    }
    if let Ok(address) = text.parse::<ListenArg<{ monitor::PORT }>>() {
        return Ok(vec![address.0]);
    }
    let (host, port) = match text.rsplit_once(':') {
        None => (text.clone(), monitor::PORT),
        Some((host, port)) => match port.parse() {
            Ok(port) if !host.contains(':') => (host.to_owned(), port),
            _ => return Err(BadAddress { name, value: text }.into()),
        },
    };
    // The system's resolver takes its time, and cannot be told to give up.
    let (found, finds) = mpsc::channel();
    std::thread::spawn(move || found.send((host.as_str(), port).to_socket_addrs().map(Vec::from_iter)));
    match finds.recv_timeout(end.saturating_duration_since(Instant::now())) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(found) => found.with_context(|| format!("cannot look up `{text}`")),
        Err(_) => anyhow::bail!("looking up `{text}` takes too long"),
    }
}
