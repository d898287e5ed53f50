//! `sidetap doctor`: find out why a sidecar would not start, or why nothing arrives from it.

use std::path::Path;

use super::context::Context;
use super::file;
use super::output::{diagnosis as output, progress::Counter};
use super::planning::{Connected, FromFile, block_on};
use super::sidecar_args::SidecarArgs;
use super::size_args::SizeArgs;
use super::source_args::{OnEcs, Source, SourceArgs};
use super::usage::Usage;
use crate::aws::environment_region;
use crate::ecs::InjectRequest;
use crate::ecs::doctor::{Diagnosis, Doctor, examine_file};
use crate::exit::Exit;
use crate::taskdef::{Sidecar, SizeRequest};

/// Find out why a sidecar would not start, or why nothing arrives from it.
///
/// Looks at permissions, the execution role, logs, the image, and the way to where the sidecar sends, and changes
/// nothing. The sidecar that is in the task definition is examined; where there is none yet, the one that the flags of
/// `sidetap inject` describe. With --file, only what can be told without an AWS account. Exits with 5 if there are
/// problems.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    sidecar: SidecarArgs,
    #[command(flatten)]
    size: SizeArgs,
}

/// The sidecar that the flags describe.
struct Wanted {
    sidecar: Sidecar,
    size: SizeRequest,
}

impl Wanted {
    fn request(&self) -> InjectRequest<'_> {
        InjectRequest { sidecar: &self.sidecar, size: &self.size }
    }
}

pub fn run(args: Args, cx: &mut Context) -> anyhow::Result<Exit> {
    if args.sidecar.sidecar == "-" && args.source.file.as_deref().is_some_and(file::is_stdin) {
        return Err(Usage::new("`--file -` and `--sidecar -` both read standard input").into());
    }
    let source = args.source.resolve_to_look()?;
    let region = cx.global.region.clone().or_else(environment_region);
    let size = args.size.request();
    let described = args.sidecar.is_described();
    let wanted = match described {
        true => Some(Wanted { sidecar: args.sidecar.resolve(region)?, size }),
        false => None,
    };
    let diagnosis = match source {
        Source::File(path) => of_file(&path, wanted)?,
        Source::Ecs(source) => block_on(on_ecs(source, wanted, cx))?,
    };
    output::show(&cx.printer, &diagnosis)?;
    if described && diagnosis.targets.iter().any(|target| !target.injected && !target.sidecars.is_empty()) {
        cx.printer
            .note("a sidecar that is there was examined as it is: the flags of the sidecar are for tasks without one");
    }
    Ok(if diagnosis.summary.problems > 0 { Exit::Blocked } else { Exit::Done })
}

fn of_file(path: &Path, wanted: Option<Wanted>) -> anyhow::Result<Diagnosis> {
    let definition = FromFile::read(path)?.definition;
    Ok(examine_file(&path.to_string_lossy(), definition, wanted.as_ref().map(Wanted::request)))
}

async fn on_ecs(source: OnEcs, wanted: Option<Wanted>, cx: &Context) -> anyhow::Result<Diagnosis> {
    let connected = Connected::open(cx).await?;
    let wanted = wanted.map(|wanted| {
        let sidecar = Sidecar { region: Some(connected.ecs.region.clone()), ..wanted.sidecar };
        Wanted { sidecar, ..wanted }
    });
    let request = wanted.as_ref().map(Wanted::request);
    let doctor = Doctor::new(&connected.ecs, &connected.session, connected.identity.as_ref(), request);
    let counter = Counter::new(cx, "services");
    let diagnosis = match &source {
        OnEcs::Services { cluster, selection } => {
            doctor.services(cluster, selection, |count| counter.set(count)).await?
        }
        OnEcs::TaskDefinition(name) => doctor.task_definition(name).await?,
    };
    counter.clear();
    Ok(diagnosis)
}
