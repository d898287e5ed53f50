//! What can be wrong with a task definition, a sidecar or a plan, with what to do about it.

use super::shortfall::Shortfall;

/// The result of an operation on a task definition.
pub type Result<T> = std::result::Result<T, Error>;

/// How a failure is to be understood; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The input cannot be read as what it should be.
    Input,
    /// The request is incomplete or contradicts itself.
    Usage,
    /// The request is sound but must not be carried out on this task definition.
    Blocked,
}

/// Why a task definition could not be read or changed. `Display` says what and why, [`Error::hints`] what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The text is not JSON.
    #[error("not JSON: {reason}")]
    NotJson { reason: String, hint: Option<String> },
    /// The JSON is something else.
    #[error("not a task definition: {0}")]
    NotATaskDefinition(String),
    /// The JSON given as a sidecar is something else.
    #[error("not a container definition: {0}")]
    NotAContainer(String),
    /// A preset was named that does not exist, or a parameter is missing or malformed.
    #[error("{what}")]
    Parameter { what: String, hint: String },
    /// The platform or network mode rules the sidecar out.
    #[error("{reason}")]
    Unsupported { code: &'static str, reason: String, hint: String },
    /// A container has the sidecar's name and is not one of ours.
    #[error("it already has a container named `{name}`, which sidetap did not put there")]
    NameTaken { name: String },
    /// ECS takes ten containers a task definition.
    #[error("it already has {0} containers, and ECS takes 10 a task definition")]
    TooManyContainers(usize),
    /// ECS takes 64 KiB a task definition.
    #[error("it would be {bytes} bytes of JSON, and ECS takes 65536")]
    TooLarge { bytes: usize },
    /// A size is missing or is no number.
    #[error("its {what} cannot be read as a size: {value}")]
    NoSize { what: String, value: String },
    /// There is nothing to take a percentage of.
    #[error("neither the task nor its containers name {what} to take a percentage of")]
    NoBasis { what: &'static str, flag: &'static str },
    /// The task's size is none that Fargate offers.
    #[error("Fargate has no task size of {cpu} CPU units and {memory} MiB")]
    NoFargateSize { cpu: u64, memory: u64, next: Option<(u64, u64)> },
    /// The sidecar does not fit.
    #[error("{0}")]
    DoesNotFit(Shortfall),
    /// `--take-from` names a container that is not there or has too little.
    #[error("{reason}")]
    CannotTakeFrom { reason: String, hints: Vec<String> },
    /// `--grow-task` has nowhere to go.
    #[error("{0}")]
    CannotGrow(String),
    /// A saved patch does not apply.
    #[error("the plan's patch does not apply: {0}")]
    Patch(String),
    /// The document differs from the one that the plan was made for.
    #[error("it has changed since the plan was made")]
    BaseMoved,
    /// The plan file is not a plan of this format.
    #[error("not a sidetap plan: {0}")]
    NotAPlan(String),
}

impl Error {
    /// Without this sidecar there would be no container.
    pub(super) fn only_container(name: &str) -> Self {
        Error::Unsupported {
            code: "only-container",
            reason: format!("the sidecar `{name}` is its only container"),
            hint: "a task definition needs at least one".into(),
        }
    }

    /// How the failure is to be understood.
    pub fn kind(&self) -> Kind {
        match self {
            Error::NotJson { .. } | Error::NotATaskDefinition(_) | Error::NotAContainer(_) | Error::NotAPlan(_) => {
                Kind::Input
            }
            Error::Parameter { .. } => Kind::Usage,
            _ => Kind::Blocked,
        }
    }

    /// A word for the plan's `reason` and for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotJson { .. } => "not-json",
            Error::NotATaskDefinition(_) => "not-a-task-definition",
            Error::NotAContainer(_) => "not-a-container-definition",
            Error::Parameter { .. } => "parameter",
            Error::Unsupported { code, .. } => code,
            Error::NameTaken { .. } => "name-taken",
            Error::TooManyContainers(_) => "too-many-containers",
            Error::TooLarge { .. } => "too-large",
            Error::NoSize { .. } => "no-size",
            Error::NoBasis { .. } => "no-basis",
            Error::NoFargateSize { .. } => "no-fargate-size",
            Error::DoesNotFit(_) => "does-not-fit",
            Error::CannotTakeFrom { .. } => "cannot-take-from",
            Error::CannotGrow(_) => "cannot-grow",
            Error::Patch(_) => "patch",
            Error::BaseMoved => "stale-plan",
            Error::NotAPlan(_) => "not-a-plan",
        }
    }

    /// What to do next, a sentence each.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Error::NotJson { hint, .. } => hint.iter().cloned().collect(),
            Error::NotATaskDefinition(_) => {
                vec!["give the JSON of one task definition, or the output of `aws ecs describe-task-definition`".into()]
            }
            Error::NotAContainer(_) => {
                vec![
                    "a sidecar file holds one entry of `containerDefinitions`: an object with `name` and `image`"
                        .into(),
                ]
            }
            Error::Parameter { hint, .. } | Error::Unsupported { hint, .. } => vec![hint.clone()],
            Error::NameTaken { .. } => vec!["`--container-name NAME` gives the sidecar another name".into()],
            Error::TooManyContainers(_) => vec!["take a container out of the task definition first".into()],
            Error::TooLarge { .. } => {
                vec!["move values into environment files, SSM parameters or secrets, which are only referred to".into()]
            }
            Error::NoSize { .. } => {
                vec!["a size is an integer, or a string such as \"512\", \".5 vcpu\" or \"1GB\"".into()]
            }
            Error::NoBasis { flag, .. } => vec![format!("give an absolute value with `{flag}`")],
            Error::NoFargateSize { next, .. } => match next {
                Some((cpu, memory)) => {
                    vec![format!(
                        "the nearest larger size has {cpu} CPU units and {memory} MiB; correct the task first"
                    )]
                }
                None => vec!["the largest size has 16384 CPU units and 122880 MiB".into()],
            },
            Error::DoesNotFit(shortfall) => shortfall.ways_out.clone(),
            Error::CannotTakeFrom { hints, .. } => hints.clone(),
            Error::CannotGrow(_) => vec!["`--take-from CONTAINER` or `--best-effort` need no larger task".into()],
            Error::Patch(_) | Error::BaseMoved => {
                vec!["make a new plan with `sidetap inject … --out PLAN.json`".into()]
            }
            Error::NotAPlan(_) => vec!["`sidetap inject … --dry-run --out PLAN.json` writes one".into()],
        }
    }
}
