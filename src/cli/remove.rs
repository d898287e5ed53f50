//! `sidetap remove`: take sidecars out of a task definition, in a file or on ECS.

use std::path::Path;

use anyhow::Context as _;
use clap::ValueEnum;

use super::context::Context;
use super::file::{self, Access};
use super::output::{plan as plan_output, progress::Counter, sanitise};
use super::planned;
use super::planning::{self, Connected, FromFile, block_on};
use super::run_args::{ApplyArgs, PlanArgs};
use super::source_args::{OnEcs, Source, SourceArgs};
use super::usage::{self, Usage};
use crate::ecs;
use crate::exit::Exit;
use crate::taskdef::diff::pretty;
use crate::taskdef::{Plan, Preset, Target, Warning, Which, remove};

/// Take sidecars out of a task definition, in a file or on ECS.
///
/// What putting them in had changed is undone: what went in comes out, value for value. With services, a revision is
/// registered from the one that each service runs now, so that whatever else was deployed since stays, the service
/// updated, and the deployment watched. To go back to the revision before instead, see `sidetap rollback`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Only these sidecars; also a vendor's that was pasted by hand [default: all that sidetap put in].
    #[arg(long, value_enum, value_name = "SIDECAR", help_heading = "Sidecar")]
    sidecar: Option<SidecarKind>,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    apply: ApplyArgs,
    /// With --file: change the file instead of printing.
    #[arg(long, requires = "file", conflicts_with = "dry_run", help_heading = "Run")]
    in_place: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SidecarKind {
    Sensor,
    Forwarder,
    Levo,
    Traceable,
}

impl From<SidecarKind> for Which {
    fn from(kind: SidecarKind) -> Self {
        Which::Of(match kind {
            SidecarKind::Sensor => Preset::Sensor,
            SidecarKind::Forwarder => Preset::Forwarder,
            SidecarKind::Levo => Preset::Levo,
            SidecarKind::Traceable => Preset::Traceable,
        })
    }
}

pub fn run(args: Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let which = args.sidecar.map_or(Which::Ours, Which::from);
    let source = args.source.resolve();
    let on_ecs = matches!(source, Ok(Source::Ecs(_))) && !args.plan.dry_run;
    let confirmable = if on_ecs { super::confirm::possible(args.apply.yes, cx) } else { Ok(()) };
    let source = match (source, confirmable) {
        (Ok(source), Ok(())) => source,
        // What is missing is said before the first call, all of it at once.
        (source, confirmable) => {
            let problems = [source.err(), confirmable.err()];
            return Err(usage::first(problems.into_iter().flatten().map(Into::into)));
        }
    };
    if let (Source::File(_), Some(flag)) = (&source, args.apply.only_on_ecs().or(args.plan.only_on_ecs())) {
        return Err(Usage::new(format!("`{flag}` means nothing with `--file`")).into());
    }
    match source {
        Source::File(path) => from_file(&path, &which, &args.plan, args.in_place, cx),
        Source::Ecs(source) => block_on(from_ecs(source, which, args.plan, args.apply, cx)),
    }
}

fn from_file(path: &Path, which: &Which, args: &PlanArgs, in_place: bool, cx: &Context) -> anyhow::Result<Exit> {
    if in_place && file::is_stdin(path) {
        return Err(Usage::new("`--in-place` needs a file, not standard input").into());
    }
    let document = file::read_json(path)?;
    let FromFile { definition, envelope, .. } = FromFile::parse(document.clone(), path)?;
    let removed = remove(&definition, &envelope, which)
        .with_context(|| format!("cannot take the sidecar out of {}", file::name(path)))?;
    let warnings = removed.warnings.clone();
    let mut of_plan = warnings.clone();
    if removed.changes_shape() {
        of_plan.push(Warning::new(
            "file-shape",
            "the plan is about what can be registered; `sidetap remove` itself gives the file its former shape back",
        ));
    }
    let target = Target::file(&path.to_string_lossy());
    let target = target.changed(definition, None, removed.definition.clone(), of_plan);
    let plan = Plan::new(None, None, vec![target]);
    planning::save(args, &plan, cx)?;
    if args.dry_run {
        plan_output::show(&cx.printer, &plan, args.values())?;
        return Ok(planning::verdict(args, &plan));
    }
    let none = removed.containers.is_empty();
    let names = removed.containers.join(", ");
    let after = if none { document } else { removed.into_document() };
    match in_place {
        true if none => {}
        true => file::replace(path, &pretty(&after), Access::AsBefore)?,
        false => cx.printer.result(&pretty(&after))?,
    }
    for warning in &warnings {
        cx.printer.note(&plan_output::warning_line(warning));
    }
    let what = match which {
        Which::Ours => "no sidecar of sidetap's".to_owned(),
        Which::Of(preset) => format!("no sidecar `{}`", preset.label()),
    };
    cx.printer.note(&match none {
        true => format!("{}: {what} is there; unchanged", file::name(path)),
        false => format!("{}: took out {}", file::name(path), sanitise(&names)),
    });
    if in_place && cx.printer.json() {
        plan_output::show(&cx.printer, &plan, args.values())?;
    }
    Ok(Exit::Done)
}

async fn from_ecs(source: OnEcs, which: Which, args: PlanArgs, apply: ApplyArgs, cx: &Context) -> anyhow::Result<Exit> {
    let connected = Connected::open(cx).await?;
    let account = connected.account();
    let counter = Counter::new(cx, "services");
    let mut plan = match &source {
        OnEcs::Services { cluster, selection } => {
            let seen = |count| counter.set(count);
            ecs::plan_removal(&connected.ecs, account, cluster, selection, &which, seen).await?
        }
        OnEcs::TaskDefinition(name) => {
            ecs::plan_removal_from_task_definition(&connected.ecs, account, name, &which).await?
        }
    };
    counter.clear();
    ecs::find_schedules(&connected.ecs, &mut plan, args.include()).await;
    planned::go_on(&connected, &plan, &args, &apply, cx).await
}
