//! `sidetap remove`: take our sidecars out of a task definition.

use std::path::PathBuf;

use anyhow::Context as _;

use super::context::Context;
use super::file::{self, Access};
use super::output::{plan as plan_output, sanitise};
use super::planning::{self, FromFile};
use super::run_args::PlanArgs;
use crate::exit::Exit;
use crate::taskdef::diff::pretty;
use crate::taskdef::{Plan, Target, Warning, remove};

/// Take sidetap's sidecars out of a task definition in a file.
///
/// What putting them in had changed is undone: what went in comes out, value for value.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The task definition; - for standard input.
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    #[command(flatten)]
    plan: PlanArgs,
    /// Change the file instead of printing.
    #[arg(long, conflicts_with = "dry_run")]
    in_place: bool,
}

pub fn run(args: Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let Some(path) = args.file else {
        return Err(super::usage::Usage::new("which task definition?").missing("--file PATH").into());
    };
    if args.in_place && file::is_stdin(&path) {
        return Err(super::usage::Usage::new("`--in-place` needs a file, not standard input").into());
    }
    let document = file::read_json(&path)?;
    let FromFile { definition, envelope, .. } = FromFile::parse(document.clone(), &path)?;
    let removed = remove(&definition, &envelope)
        .with_context(|| format!("cannot take the sidecar out of {}", file::name(&path)))?;
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
    planning::save(&args.plan, &plan, cx)?;
    if args.plan.dry_run {
        plan_output::show(&cx.printer, &plan, args.plan.values())?;
        return Ok(planning::verdict(&args.plan, &plan, false));
    }
    let none = removed.containers.is_empty();
    let names = removed.containers.join(", ");
    let after = if none { document } else { removed.into_document() };
    match args.in_place {
        true if none => {}
        true => file::replace(&path, &pretty(&after), Access::AsBefore)?,
        false => cx.printer.result(&pretty(&after))?,
    }
    for warning in &warnings {
        cx.printer.note(&plan_output::warning_line(warning));
    }
    cx.printer.note(&match none {
        true => format!("{}: no sidecar of sidetap's is there; unchanged", file::name(&path)),
        false => format!("{}: took out {}", file::name(&path), sanitise(&names)),
    });
    Ok(Exit::Done)
}
