//! `sidetap inject`: add a sidecar to a task definition, in a file or on ECS.

use std::path::Path;

use anyhow::Context as _;

use super::context::Context;
use super::emit::{EmitFormat, emit};
use super::file::{self, Access};
use super::output::{plan as plan_output, progress::Counter};
use super::planned;
use super::planning::{self, Connected, FromFile, block_on};
use super::run_args::{ApplyArgs, PlanArgs};
use super::sidecar_args::SidecarArgs;
use super::size_args::SizeArgs;
use super::source_args::{OnEcs, Source, SourceArgs};
use super::usage::{self, Usage};
use crate::aws::environment_region;
use crate::ecs::{self, Include, InjectRequest};
use crate::exit::Exit;
use crate::taskdef::diff::pretty;
use crate::taskdef::owner;
use crate::taskdef::{self, Action, Envelope, Plan, Reason, Sidecar, SizeRequest, Target, inject};

/// Add a sidecar to a task definition, in a file or on ECS.
///
/// With --file, the patched task definition goes to standard output, ready to register. With services, a revision is
/// registered from the one that each service runs, the service updated, and the deployment watched.
#[derive(Debug, clap::Args)]
#[command(after_help = "Everything after `--` is appended to the sidecar's command line.")]
pub struct Args {
    #[command(flatten)]
    pub source: SourceArgs,
    #[command(flatten)]
    pub sidecar: SidecarArgs,
    #[command(flatten)]
    pub size: SizeArgs,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    pub apply: ApplyArgs,
    /// With --file: change the file instead of printing.
    #[arg(long, requires = "file", conflicts_with = "dry_run", help_heading = "Run")]
    in_place: bool,
    /// Print what to put into a template or configuration instead, and change nothing.
    #[arg(long, value_name = "FORMAT", help_heading = "Run", conflicts_with_all = [
        "auto_rollback", "dry_run", "in_place", "include_schedules", "keep_going", "max_parallel", "no_wait", "out", "register_only",
        "show_values", "timeout", "yes"
    ])]
    emit: Option<EmitFormat>,
}

pub fn run(args: Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let reads_sidecar = args.sidecar.sidecar == "-";
    if reads_sidecar && args.source.file.as_deref().is_some_and(file::is_stdin) {
        return Err(Usage::new("`--file -` and `--sidecar -` both read standard input").into());
    }
    let region = cx.global.region.clone().or_else(environment_region);
    let source = args.source.resolve();
    let sidecar = args.sidecar.resolve(region);
    let on_ecs = matches!(source, Ok(Source::Ecs(_))) && !args.plan.dry_run && args.emit.is_none();
    let confirmable = if on_ecs { super::confirm::possible(args.apply.yes, cx) } else { Ok(()) };
    let (source, sidecar) = match (source, sidecar, confirmable) {
        (Ok(source), Ok(sidecar), Ok(())) => (source, sidecar),
        // What is missing is said before the first call, all of it at once.
        (source, sidecar, confirmable) => {
            let problems = [source.err().map(Into::into), sidecar.err(), confirmable.err().map(Into::into)];
            return Err(usage::first(problems.into_iter().flatten()));
        }
    };
    if let (Source::File(_), Some(flag)) = (&source, args.apply.only_on_ecs().or(args.plan.only_on_ecs())) {
        return Err(Usage::new(format!("`{flag}` means nothing with `--file`")).into());
    }
    match source {
        Source::File(path) => {
            let end = match (args.emit, args.in_place) {
                (Some(format), _) => FileEnd::Emitted(format),
                (None, true) => FileEnd::InPlace,
                (None, false) => FileEnd::Printed,
            };
            into_file(&path, &sidecar, &args.size.request(), &args.plan, end, cx)
        }
        Source::Ecs(source) if args.emit.is_some() => block_on(async {
            let connected = Connected::open(cx).await?;
            // What else runs the task definition only matters to a change.
            let plan = plan_on_ecs(&connected, &source, sidecar, &args.size.request(), None, cx).await?;
            args.emit.map_or(Ok(Exit::Done), |format| emit(format, &plan, cx))
        }),
        Source::Ecs(source) => block_on(into_ecs(source, sidecar, args.size.request(), args.plan, args.apply, cx)),
    }
}

/// What becomes of a patched file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileEnd {
    Printed,
    InPlace,
    Emitted(EmitFormat),
}

fn into_file(
    path: &Path,
    sidecar: &Sidecar,
    size: &SizeRequest,
    args: &PlanArgs,
    end: FileEnd,
    cx: &Context,
) -> anyhow::Result<Exit> {
    if end == FileEnd::InPlace && file::is_stdin(path) {
        return Err(Usage::new("`--in-place` needs a file, not standard input").into());
    }
    let FromFile { definition, envelope, tags } = FromFile::read(path)?;
    // A template is no file of that shape.
    let envelope = if matches!(end, FileEnd::Emitted(_)) { Envelope::default() } else { envelope };
    let cannot = || format!("cannot add the sidecar to {}", file::name(path));
    let mut target = Target::file(&path.to_string_lossy());
    target.base_tags = tags;
    target.warnings = owner::warnings(&target);
    let injected = match inject(&definition, &envelope, sidecar, size) {
        Ok(injected) => injected,
        Err(error) => {
            if args.dry_run && error.kind() == taskdef::Kind::Blocked {
                let target = target.changed(definition.clone(), None, definition, Vec::new());
                let plan = Plan::new(None, None, vec![target.blocked(Reason::from(&error))]);
                planning::save(args, &plan, cx)?;
                if cx.printer.json() {
                    plan_output::show(&cx.printer, &plan, args.values())?;
                }
            }
            return Err(error).with_context(cannot);
        }
    };
    let patched = injected.definition.clone();
    let target = target.injected(sidecar.preset.label(), definition, None, injected);
    let plan = Plan::new(None, None, vec![target]);
    planning::save(args, &plan, cx)?;
    if args.dry_run {
        plan_output::show(&cx.printer, &plan, args.values())?;
        return Ok(planning::verdict(args, &plan));
    }
    let target = &plan.targets[0];
    match end {
        FileEnd::Emitted(format) => return emit(format, &plan, cx),
        FileEnd::InPlace if target.action == Action::None => {}
        FileEnd::InPlace => file::replace(path, &pretty(patched.as_value()), Access::AsBefore)?,
        FileEnd::Printed => cx.printer.result(&pretty(patched.as_value()))?,
    }
    cx.printer.note(&plan_output::one_line(target));
    if end == FileEnd::InPlace && cx.printer.json() {
        plan_output::show(&cx.printer, &plan, args.values())?;
    }
    Ok(Exit::Done)
}

async fn into_ecs(
    source: OnEcs,
    sidecar: Sidecar,
    size: SizeRequest,
    args: PlanArgs,
    apply: ApplyArgs,
    cx: &Context,
) -> anyhow::Result<Exit> {
    let connected = Connected::open(cx).await?;
    let plan = plan_on_ecs(&connected, &source, sidecar, &size, Some(args.include()), cx).await?;
    planned::go_on(&connected, &plan, &args, &apply, cx).await
}

/// Decides what is to be done to services or a task definition on ECS. Rules and schedules are looked for if something is
/// to become of them.
pub async fn plan_on_ecs(
    connected: &Connected,
    source: &OnEcs,
    sidecar: Sidecar,
    size: &SizeRequest,
    include: Option<Include>,
    cx: &Context,
) -> anyhow::Result<Plan> {
    let sidecar = Sidecar { region: Some(connected.ecs.region.clone()), ..sidecar };
    let request = InjectRequest { sidecar: &sidecar, size };
    let account = connected.account();
    let counter = Counter::new(cx, "services");
    let seen = |count| counter.set(count);
    let plan = match source {
        OnEcs::Services { cluster, selection } => {
            ecs::plan_injection(&connected.ecs, account, cluster, selection, request, seen).await
        }
        OnEcs::TaskDefinition(name) => ecs::plan_task_definition(&connected.ecs, account, name, request).await,
    };
    counter.clear();
    let mut plan = plan?;
    if let Some(include) = include {
        ecs::find_schedules(&connected.ecs, &mut plan, include).await;
    }
    Ok(plan)
}
