//! What the user wants to become of trace contexts.

use std::fmt;
use std::str::FromStr;

/// What becomes of the trace context of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TraceContextPolicy {
    /// Spans go on with the trace if the service only forwards contexts, and point to it if it has a tracer of its own, or
    /// as long as that is not known.
    #[default]
    Auto,
    /// Spans go on with the trace.
    Join,
    /// Spans have traces of their own, and point to the request's.
    Link,
    /// It is not looked at.
    Off,
}

impl TraceContextPolicy {
    /// All of them.
    pub const ALL: [TraceContextPolicy; 4] =
        [TraceContextPolicy::Auto, TraceContextPolicy::Join, TraceContextPolicy::Link, TraceContextPolicy::Off];

    /// As the user names it.
    pub fn name(self) -> &'static str {
        match self {
            TraceContextPolicy::Auto => "auto",
            TraceContextPolicy::Join => "join",
            TraceContextPolicy::Link => "link",
            TraceContextPolicy::Off => "off",
        }
    }
}

impl fmt::Display for TraceContextPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is nothing that can become of trace contexts")]
pub struct UnknownPolicy {
    /// The word.
    pub given: String,
}

impl UnknownPolicy {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        vec![
            "it is one of `auto`, `join`, `link` and `off`; `auto` joins the trace of a request if the service only \
             forwards it, and links to it otherwise"
                .into(),
        ]
    }
}

impl FromStr for TraceContextPolicy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        let named = Self::ALL.into_iter().find(|policy| policy.name().eq_ignore_ascii_case(text.trim()));
        named.ok_or_else(|| UnknownPolicy { given: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_has_a_name_and_other_words_are_refused_with_the_names() {
        for policy in TraceContextPolicy::ALL {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        assert_eq!(TraceContextPolicy::default().name(), "auto");
        let error = "inject".parse::<TraceContextPolicy>().unwrap_err();
        assert_eq!(error.to_string(), "`inject` is nothing that can become of trace contexts");
        for policy in TraceContextPolicy::ALL {
            assert!(error.hints()[0].contains(&format!("`{policy}`")));
        }
    }
}
