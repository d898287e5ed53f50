//! What was looked at, and what came of it.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What kind of check it is; `docs/doctor.md` lists them.
    pub code: &'static str,
    /// What it was about: a container, a role, a subnet.
    pub subject: String,
    pub outcome: Outcome,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is as it has to be; what was found.
    Ok { found: String },
    /// It is not, and a way to put it right: a command or a setting each.
    Problem { message: String, fixes: Vec<String> },
    /// It could not be looked at.
    NotChecked { why: String },
}

impl Check {
    pub(super) fn ok(code: &'static str, subject: impl Into<String>, found: impl Into<String>) -> Self {
        Check { code, subject: subject.into(), outcome: Outcome::Ok { found: found.into() } }
    }

    pub(super) fn problem(code: &'static str, subject: impl Into<String>, message: impl Into<String>) -> Self {
        let outcome = Outcome::Problem { message: message.into(), fixes: Vec::new() };
        Check { code, subject: subject.into(), outcome }
    }

    pub(super) fn not_checked(code: &'static str, subject: impl Into<String>, why: impl Into<String>) -> Self {
        Check { code, subject: subject.into(), outcome: Outcome::NotChecked { why: why.into() } }
    }

    /// Adds a way to put a problem right.
    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        if let Outcome::Problem { fixes, .. } = &mut self.outcome {
            fixes.push(fix.into());
        }
        self
    }

    pub fn is_problem(&self) -> bool {
        matches!(self.outcome, Outcome::Problem { .. })
    }

    /// Problems come first, then what could not be looked at.
    pub(super) fn rank(&self) -> u8 {
        match self.outcome {
            Outcome::Problem { .. } => 0,
            Outcome::NotChecked { .. } => 1,
            Outcome::Ok { .. } => 2,
        }
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (outcome, message, fixes) = match &self.outcome {
            Outcome::Ok { found } => ("ok", found, &Vec::new()),
            Outcome::Problem { message, fixes } => ("problem", message, fixes),
            Outcome::NotChecked { why } => ("not-checked", why, &Vec::new()),
        };
        let mut check = serializer.serialize_struct("Check", 5)?;
        check.serialize_field("code", self.code)?;
        check.serialize_field("subject", &self.subject)?;
        check.serialize_field("outcome", outcome)?;
        check.serialize_field("message", message)?;
        check.serialize_field("fixes", fixes)?;
        check.end()
    }
}
