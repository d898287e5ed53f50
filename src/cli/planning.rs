//! From SOURCE to a plan: the part that `inject` and `apply` share with whatever plans.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::context::Context;
use super::file;
use super::output::sanitise;
use super::run_args::PlanArgs;
use super::usage::Usage;
use crate::aws::command_line::command;
use crate::aws::{ErrorKind, Identity, Session, SessionRequest};
use crate::ecs::Ecs;
use crate::exit::Exit;
use crate::taskdef::{Envelope, Plan, Target, TargetKind, TaskDefinition};
use crate::taskdef::{Tags, tags_of};

/// A task definition that was read from a file.
pub struct FromFile {
    pub definition: TaskDefinition,
    pub envelope: Envelope,
    /// All of its tags, those included that only AWS may set.
    pub tags: Tags,
}

impl FromFile {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        Self::parse(file::read_json(path)?, path)
    }

    /// `path` is only named in errors.
    pub fn parse(document: Value, path: &Path) -> anyhow::Result<Self> {
        let tags = tags_of(&document);
        let (definition, envelope) =
            TaskDefinition::parse(document).with_context(|| format!("cannot use {}", file::name(path)))?;
        Ok(FromFile { definition, envelope, tags })
    }
}

/// ECS in the session that the global flags ask for, and whom it belongs to.
pub struct Connected {
    pub session: Session,
    pub ecs: Ecs,
    /// Absent where STS cannot be reached, as in some private networks.
    pub identity: Option<Identity>,
}

impl Connected {
    /// Loads the session, and says who and where before anything else happens, even with `--quiet`.
    pub async fn open(cx: &Context) -> anyhow::Result<Self> {
        let session = session(cx).await?;
        let region = &session.region;
        let identity = match Identity::of(&session).await {
            Ok(identity) => {
                cx.printer.error(&format!("account {} · {region} · {}\n", identity.account, identity.arn));
                Some(identity)
            }
            Err(error) if error.is_about_all_calls() => return Err(error.into()),
            Err(error) => {
                cx.printer.error(&format!("account not known ({error}) · {region}\n"));
                None
            }
        };
        Ok(Connected { ecs: Ecs::new(&session), identity, session })
    }

    pub fn account(&self) -> Option<String> {
        self.identity.as_ref().map(|identity| identity.account.clone())
    }
}

/// What the global flags ask for.
pub fn session_request(cx: &Context) -> SessionRequest {
    SessionRequest {
        profile: cx.global.profile.clone(),
        region: cx.global.region.clone(),
        endpoint_url: cx.global.endpoint_url.clone(),
    }
}

/// The session that the global flags ask for.
pub async fn session(cx: &Context) -> anyhow::Result<Session> {
    Session::load(&session_request(cx)).await.map_err(|error| match error.kind {
        ErrorKind::NoRegion => Usage::new(error.to_string())
            .hint("name one with `--region REGION` or AWS_REGION, or in the profile")
            .missing("--region REGION")
            .into(),
        _ => error.into(),
    })
}

/// Saves the plan if that was asked for. Plans hold what is registered, so that only their owner may read them.
pub fn save(args: &PlanArgs, plan: &Plan, cx: &Context) -> anyhow::Result<()> {
    match &args.out {
        Some(path) => {
            save_as(path, plan)?;
            let command = how_to_apply(path, plan, &session_request(cx));
            cx.printer.note(&format!("saved the plan; `{command}` carries it out"));
            Ok(())
        }
        None => Ok(()),
    }
}

/// The command line that carries a saved plan out. A file is changed in no account.
pub fn how_to_apply(path: &Path, plan: &Plan, place: &SessionRequest) -> String {
    let nowhere = SessionRequest::default();
    let of_files = plan.targets.iter().all(|target| target.kind == TargetKind::File);
    let path = path.to_string_lossy();
    sanitise(&command(["sidetap", "apply", &*path], if of_files { &nowhere } else { place }))
}

/// Saves the plan in a file.
pub fn save_as(path: &Path, plan: &Plan) -> anyhow::Result<()> {
    if file::is_stdin(path) {
        return Err(Usage::new("`--out` needs a file").hint("`--output json` prints the plan").into());
    }
    let same = |target: &Target| {
        let source = target.file.as_deref().and_then(|file| Path::new(file).canonicalize().ok());
        source.is_some() && source == path.canonicalize().ok()
    };
    if plan.targets.iter().any(same) {
        return Err(Usage::new("`--out` would replace the task definition that the plan is about").into());
    }
    let text = serde_json::to_string_pretty(plan)? + "\n";
    file::replace(path, &text, file::Access::Private)
}

/// How a dry run on a file ends: as the run itself would be judged before its first change.
pub fn verdict(args: &PlanArgs, plan: &Plan) -> Exit {
    match () {
        () if plan.is_blocked(false) => Exit::Blocked,
        () if args.detailed_exitcode && plan.summary.change > 0 => Exit::Changes,
        () => Exit::Done,
    }
}

/// Runs AWS work to its end.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(work)
}
