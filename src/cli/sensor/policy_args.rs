//! `--host-allow`, `--path-allow`, `--host-exclusions`, `--path-exclusions`: which transactions are of interest.

use crate::sensor::policy::{BadPattern, BadRule, Patterns, Rules};

/// Flags of rules. A comma may be part of a rule, so that in variables each line is one.
#[derive(Debug, clap::Args)]
pub struct PolicyArgs {
    /// Only transactions with hosts in which this regular expression is found, whatever the case; repeatable.
    #[arg(long, value_name = "REGEX", env = "SIDETAP_HOST_ALLOW", value_delimiter = '\n', value_parser = rule)]
    host_allow: Vec<String>,
    /// Only transactions with paths in which this regular expression is found; repeatable.
    #[arg(long, value_name = "REGEX", env = "SIDETAP_PATH_ALLOW", value_delimiter = '\n', value_parser = rule)]
    path_allow: Vec<String>,
    /// No transactions with hosts in which this regular expression is found, whatever is allowed; repeatable.
    #[arg(long, value_name = "REGEX", env = "SIDETAP_HOST_EXCLUSIONS", value_delimiter = '\n', value_parser = rule)]
    host_exclusions: Vec<String>,
    /// No transactions with paths in which this regular expression is found, whatever is allowed; repeatable.
    #[arg(long, value_name = "REGEX", env = "SIDETAP_PATH_EXCLUSIONS", value_delimiter = '\n', value_parser = rule)]
    path_exclusions: Vec<String>,
}

impl PolicyArgs {
    /// The rules, compiled.
    pub fn rules(&self) -> Result<Rules, BadRule> {
        Rules::new(&Patterns {
            host_allow: &self.host_allow,
            path_allow: &self.path_allow,
            host_exclusions: &self.host_exclusions,
            path_exclusions: &self.path_exclusions,
        })
    }
}

/// A rule that can be understood, so that whoever reads values can say where it is from.
fn rule(text: &str) -> Result<String, String> {
    let Some(error) = BadPattern::of(text) else { return Ok(text.to_owned()) };
    let hint = error.hint().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
    Err(format!("{}{hint}", error.to_string().replace('\n', "\n  ")))
}
