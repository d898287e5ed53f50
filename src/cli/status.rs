//! `sidetap status`: where sidecars run, and whether they still are what sidetap put in.

use std::io::IsTerminal;
use std::time::{Duration, SystemTime};

use super::context::Context;
use super::execute::on_ctrl_c;
use super::output::progress::Counter;
use super::output::services::{self, Columns};
use super::planning::{block_on, session};
use super::region::explained;
use super::run_args::duration;
use super::usage::Usage;
use crate::ecs::{Ecs, Look, Scope, Status};
use crate::exit::Exit;

/// Show where sidecars run, and whether they still are what sidetap put in.
///
/// A line a service: sidecar, version of the sidetap that put it in, size with its share of the task, revision, and
/// how that differs from what sidetap deployed, if it does.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The cluster, by name or ARN [default: all].
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    /// A service of the cluster, by name or ARN; repeatable [default: all].
    #[arg(long, value_name = "SERVICE")]
    service: Vec<String>,
    /// Look again and again, until Ctrl-C.
    #[arg(long, value_name = "INTERVAL", num_args = 0..=1, default_missing_value = "5s", value_parser = interval)]
    watch: Option<Duration>,
}

/// Each look takes some calls a cluster.
const SHORTEST: Duration = Duration::from_secs(1);

fn interval(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Ok(interval) if interval >= SHORTEST => Ok(interval),
        _ => Err("give a duration such as 5s or 1m, at least 1s".to_owned()),
    }
}

pub fn run(args: Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let (scope, columns) = match (args.cluster, args.service) {
        (None, names) if names.is_empty() => (Scope::All, Columns::WithCluster),
        (None, _) => {
            return Err(Usage::new("the services' cluster is missing")
                .hint("`sidetap list clusters` shows them")
                .missing("--cluster CLUSTER")
                .into());
        }
        (Some(cluster), names) if names.is_empty() => (Scope::Cluster(cluster), Columns::OfOneCluster),
        (Some(cluster), names) => (Scope::Services { cluster, names }, Columns::OfOneCluster),
    };
    let cx = &*cx;
    block_on(explained(cx, async {
        let ecs = Ecs::new(&session(cx).await?);
        let status = Status::new(&ecs, scope);
        match args.watch {
            Some(interval) => watch(status, interval, columns, cx).await,
            None => once(status, columns, cx).await,
        }
    }))
}

async fn once(mut status: Status<'_>, columns: Columns, cx: &Context) -> anyhow::Result<Exit> {
    let counter = Counter::new(cx, "services");
    let look = status.look(|count| counter.set(count)).await;
    counter.clear();
    let look = look?;
    cx.printer.result(&match cx.printer.json() {
        true => services::json(&look)?,
        false => services::text(&look, columns),
    })?;
    for note in look.notes.iter().cloned().chain(Some(services::summary(&look))) {
        cx.printer.note(&super::output::sanitise(&note));
    }
    Ok(Exit::Done)
}

/// Shows the services until it is interrupted. A look that fails once things are running is told, and tried again.
async fn watch(mut status: Status<'_>, interval: Duration, columns: Columns, cx: &Context) -> anyhow::Result<Exit> {
    let mut interrupt = on_ctrl_c().await;
    let screen = Screen::new(cx);
    let mut shown = false;
    loop {
        let looked = tokio::select! {
            looked = status.look(|_| ()) => looked,
            () = interrupt.raised() => return Ok(Exit::Interrupted),
        };
        match looked {
            Ok(look) => {
                if !screen.show(&look, columns, cx)? {
                    return Ok(Exit::Done);
                }
                shown = true;
            }
            Err(error) if shown && error.may_pass() => {
                cx.printer.error(&format!("cannot look for now: {}\n", super::output::sanitise(&error.to_string())));
            }
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = interrupt.raised() => return Ok(Exit::Interrupted),
        }
    }
}

/// How one look after the other is shown.
enum Screen {
    /// A JSON document a line.
    Lines,
    /// Each in the place of the last one.
    Redrawn,
    /// One below the other, each under its time.
    Blocks,
}

impl Screen {
    fn new(cx: &Context) -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        match cx.printer.json() {
            true => Screen::Lines,
            false if std::io::stdout().is_terminal() && !dumb => Screen::Redrawn,
            false => Screen::Blocks,
        }
    }

    /// Returns whether somebody still reads.
    fn show(&self, look: &Look, columns: Columns, cx: &Context) -> anyhow::Result<bool> {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let printer = &cx.printer;
        Ok(match self {
            Screen::Lines => printer.result_is_read(&services::json_line(look, &now)?),
            Screen::Blocks => printer.result_is_read(&format!("{}\n", services::block(look, columns, &now))),
            Screen::Redrawn => printer.redraw(&services::screen(look, columns, &now, printer.has_colours())),
        }?)
    }
}
