//! The user's rules: which hosts and paths are allowed, and which are excluded.
//!
//! They mean what those of the traffic agents in the field do: of rules that allow, one has to match, if there are any;
//! what a rule excludes is excluded whatever others allow. A regular expression matches anywhere in the text, unless
//! anchors say otherwise. All rules of a list are matched in one pass, in time linear in the text.

use regex::{RegexSet, RegexSetBuilder};

use super::{BadPattern, Cause};

/// How large the rules of a list may be once they are compiled, in bytes. There are four lists, each compiled for two
/// directions at most, in a sensor that has some MiB in all.
const MAX_COMPILED: usize = 1 << 20;
/// How much memory matching may use to go faster, a list, in bytes. A hundred rules want one of the two MiB, ten want a
/// tenth of one; with less than they want it is slower a hundred times, and allocates.
const MAX_CACHE: usize = 2 << 20;

/// One of the four lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleList {
    HostAllow,
    PathAllow,
    HostExclusions,
    PathExclusions,
}

impl RuleList {
    /// The flag that it is given by, without the dashes.
    pub fn flag(self) -> &'static str {
        match self {
            RuleList::HostAllow => "host-allow",
            RuleList::PathAllow => "path-allow",
            RuleList::HostExclusions => "host-exclusions",
            RuleList::PathExclusions => "path-exclusions",
        }
    }

    /// Names of hosts are the same in either case (RFC 9110 §4.2.3), paths are not.
    fn ignores_case(self) -> bool {
        matches!(self, RuleList::HostAllow | RuleList::HostExclusions)
    }
}

/// Regular expressions, as they were given. One that is blank does not count.
#[derive(Debug, Clone, Copy, Default)]
pub struct Patterns<'a> {
    pub host_allow: &'a [String],
    pub path_allow: &'a [String],
    pub host_exclusions: &'a [String],
    pub path_exclusions: &'a [String],
}

/// Compiled rules. A list without any costs nothing.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    host_allow: Option<RegexSet>,
    path_allow: Option<RegexSet>,
    host_exclusions: Option<RegexSet>,
    path_exclusions: Option<RegexSet>,
}

/// Rules that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    #[error("value {number} of `--{}` is no regular expression: {error}", list.flag())]
    Syntax {
        list: RuleList,
        /// Which of its values, the first being 1.
        number: usize,
        error: BadPattern,
    },
    #[error("value {number} of `--{}` is too large a regular expression", list.flag())]
    TooLarge { list: RuleList, number: usize },
    #[error("the {rules} rules of `--{}` are too large together", list.flag())]
    TooLargeTogether { list: RuleList, rules: usize },
}

impl BadRule {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            BadRule::Syntax { error, .. } => error.hint().map(str::to_owned).into_iter().collect(),
            BadRule::TooLarge { .. } => {
                vec![
                    "counts such as `{1000}` make it large, and so do `\\w` and `\\d`: `[0-9a-z_]` is smaller"
                        .to_owned(),
                ]
            }
            BadRule::TooLargeTogether { .. } => {
                vec!["one rule may say what many do: `^/(a|b)/` in place of `^/a/` and `^/b/`".to_owned()]
            }
        }
    }
}

impl Rules {
    /// Compiles rules.
    pub fn new(patterns: &Patterns<'_>) -> Result<Self, BadRule> {
        Ok(Rules {
            host_allow: compile(RuleList::HostAllow, patterns.host_allow)?,
            path_allow: compile(RuleList::PathAllow, patterns.path_allow)?,
            host_exclusions: compile(RuleList::HostExclusions, patterns.host_exclusions)?,
            path_exclusions: compile(RuleList::PathExclusions, patterns.path_exclusions)?,
        })
    }

    /// Why a host, without a port, and a path are not wanted. A query behind the path does not count. What is empty is not
    /// known.
    pub fn judge(&self, host: &[u8], path: &[u8]) -> Option<Cause> {
        let path = path.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
        if excludes(self.host_exclusions.as_ref(), host) {
            Some(Cause::HostExcluded)
        } else if excludes(self.path_exclusions.as_ref(), path) {
            Some(Cause::PathExcluded)
        } else if !allows(self.host_allow.as_ref(), host) {
            Some(Cause::HostNotAllowed)
        } else if !allows(self.path_allow.as_ref(), path) {
            Some(Cause::PathNotAllowed)
        } else {
            None
        }
    }

    /// Why a host is not wanted, whatever the path.
    pub fn judge_host(&self, host: &[u8]) -> Option<Cause> {
        if excludes(self.host_exclusions.as_ref(), host) {
            Some(Cause::HostExcluded)
        } else if !allows(self.host_allow.as_ref(), host) {
            Some(Cause::HostNotAllowed)
        } else {
            None
        }
    }
}

fn excludes(rules: Option<&RegexSet>, text: &[u8]) -> bool {
    rules.is_some_and(|rules| !text.is_empty() && matches(rules, text))
}

fn allows(rules: Option<&RegexSet>, text: &[u8]) -> bool {
    rules.is_none_or(|rules| !text.is_empty() && matches(rules, text))
}

/// Bytes that are no text count as characters that are not known: `.` matches them, so that they cannot keep a path out of
/// what a rule excludes. That takes a copy, and is rare.
fn matches(rules: &RegexSet, text: &[u8]) -> bool {
    rules.is_match(&String::from_utf8_lossy(text))
}

fn compile(list: RuleList, given: &[String]) -> Result<Option<RegexSet>, BadRule> {
    let patterns: Vec<(usize, &String)> =
        given.iter().enumerate().filter(|(_, pattern)| !pattern.trim().is_empty()).collect();
    if patterns.is_empty() {
        return Ok(None);
    }
    let build = |patterns: &[(usize, &String)]| {
        RegexSetBuilder::new(patterns.iter().map(|(_, pattern)| pattern))
            .case_insensitive(list.ignores_case())
            .size_limit(MAX_COMPILED)
            .dfa_size_limit(MAX_CACHE)
            .build()
    };
    if let Ok(rules) = build(&patterns) {
        return Ok(Some(rules));
    }
    for (index, pattern) in &patterns {
        let number = index + 1;
        if let Some(error) = BadPattern::of(pattern) {
            return Err(BadRule::Syntax { list, number, error });
        }
        if build(&[(*index, pattern)]).is_err() {
            return Err(BadRule::TooLarge { list, number });
        }
    }
    Err(BadRule::TooLargeTogether { list, rules: patterns.len() })
}
