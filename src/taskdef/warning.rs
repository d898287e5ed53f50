//! What a reader of a plan should know.

use serde::{Deserialize, Serialize};

/// Something that a reader should know and that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub code: String,
    pub message: String,
}

/// Codes of warnings that only matter to a change on ECS.
const OF_A_CHANGE: [&str; 7] = [
    "code-deploy",
    "deployment-in-progress",
    "external-controller",
    "inactive-base",
    "managed-by-cloudformation",
    "managed-by-pulumi",
    "managed-by-terraform",
];

impl Warning {
    /// `code` is stable, for programs; `message` is for people.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Warning { code: code.to_owned(), message: message.into() }
    }

    /// Whether it only matters to a change on ECS, and not to whoever takes the task definition elsewhere.
    pub fn is_of_a_change(&self) -> bool {
        OF_A_CHANGE.contains(&self.code.as_str())
    }
}
