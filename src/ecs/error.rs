//! What can go wrong on ECS.

use crate::{aws, taskdef};

/// The result of working with ECS.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be done. `Display` says what and why, [`Error::hints`] what to do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] aws::Error),
    /// A task definition gives reason to refuse.
    #[error(transparent)]
    TaskDefinition(#[from] taskdef::Error),
    /// A cluster, service or task definition does not exist.
    #[error("there is no {what} `{name}` in {place}")]
    NotFound { what: &'static str, name: String, place: Place, close: Vec<String> },
    /// Something has changed since the plan was made.
    #[error("the plan is stale: {reason}")]
    Stale { reason: String },
    /// The service must not be changed.
    #[error("{reason}")]
    Blocked { reason: String, hints: Vec<String> },
}

/// Where something was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A region, by its code.
    Region(String),
    /// A cluster, by its name.
    Cluster(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Region(region) => write!(out, "{region}"),
            Place::Cluster(cluster) => write!(out, "cluster `{cluster}`"),
        }
    }
}

impl Error {
    /// What to do next, a sentence each.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Error::Call(error) => error.hints(),
            Error::TaskDefinition(error) => error.hints(),
            Error::NotFound { close, .. } if !close.is_empty() => {
                vec![format!(
                    "did you mean {}?",
                    close.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
                )]
            }
            Error::NotFound { what: "cluster", .. } => {
                vec!["`sidetap list clusters` shows those of this region".into()]
            }
            Error::NotFound { place: Place::Cluster(cluster), .. } => {
                vec![format!("`sidetap list services --cluster {cluster}` shows those that there are")]
            }
            Error::NotFound { .. } => vec!["`sidetap list task-definitions` shows the families of this region".into()],
            Error::Stale { .. } => vec!["make a new plan".into()],
            Error::Blocked { hints, .. } => hints.clone(),
        }
    }
}

impl Error {
    /// Whether whatever is tried next will fail as well: there is no network, or nobody to be.
    pub(super) fn ends_the_run(&self) -> bool {
        use aws::ErrorKind::{Credentials, Network};
        matches!(self, Error::Call(error) if matches!(error.kind, Credentials | Network))
    }

    /// Whether a call failed in a way that the next may not.
    pub fn may_pass(&self) -> bool {
        matches!(self, Error::Call(_)) && !self.is_about_permission()
    }

    /// Whether there is no task definition of that name.
    pub(super) fn is_no_task_definition(&self) -> bool {
        matches!(self, Error::Call(error) if error.message.starts_with("Unable to describe task definition"))
    }

    /// Whether the identity may no longer do what it did: trying again changes nothing.
    pub(super) fn is_about_permission(&self) -> bool {
        matches!(self, Error::Call(error) if error.is_about_all_calls() || error.kind == aws::ErrorKind::AccessDenied)
    }
}

/// The error code by which ECS says that a cluster does not exist.
pub(super) fn is_no_cluster(error: &aws::Error) -> bool {
    error.is("ClusterNotFoundException")
}

/// Up to three of `names` that a person may have meant by `name`, the closest first.
pub(super) fn close_names(name: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    let lower = name.to_lowercase();
    let score = |other: &str| {
        let other = other.to_lowercase();
        let typos = strsim::osa_distance(&lower, &other);
        let alike = strsim::jaro_winkler(&lower, &other);
        if typos <= 2 && typos < lower.len() { alike.max(0.9) } else { alike }
    };
    let scored = names.into_iter().map(|other| (score(&other), other));
    let mut scored: Vec<(f64, String)> = scored.filter(|(score, _)| *score > 0.8).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_have_been_meant_are_close() {
        let names = || ["web", "web-admin", "orders", "api"].map(str::to_owned);
        assert_eq!(close_names("wbe", names()), ["web"]);
        assert_eq!(close_names("Order", names()), ["orders"]);
        assert_eq!(close_names("x", names()), Vec::<String>::new());
    }
}
