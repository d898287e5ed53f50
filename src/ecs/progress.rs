//! What happens while services are changed, for whoever shows it.

use super::rollout::{ObservedDeployment, Outcome};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// A revision was registered.
    Registered { target: &'a str, task_definition: &'a str },
    /// A revision is used that is there already: from an earlier run of the same plan, or from another target.
    Found { target: &'a str, task_definition: &'a str },
    /// A deployment was started.
    Updated { target: &'a str, task_definition: &'a str },
    /// The deployment's counts, at each poll.
    Deploying { target: &'a str, deployment: &'a ObservedDeployment },
    /// The deployment ended, or watching it did.
    Finished { target: &'a str, outcome: &'a Outcome },
    /// A call failed, or the plan no longer fits.
    Failed { target: &'a str, reason: &'a str },
    /// Something worth knowing that stops nothing.
    Note { target: &'a str, text: &'a str },
}

/// Shows what happens.
pub trait Progress {
    fn event(&self, event: &Event<'_>);
}
