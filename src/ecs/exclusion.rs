//! Leaves services of a cluster out by name or pattern.

use regex::Regex;

use super::arn::resource_name;

/// A name, an ARN, or a pattern in which `*` stands for any characters and `?` for one.
#[derive(Debug)]
pub(super) struct Exclusion {
    pub text: String,
    pattern: Regex,
}

impl Exclusion {
    /// Service names have upper and lower case.
    pub fn new(text: &str) -> Self {
        let name = regex::escape(resource_name(text)).replace(r"\*", ".*").replace(r"\?", ".");
        // What is escaped is valid; only its length could be too much, and no service has such a name.
        let pattern =
            Regex::new(&format!("^(?s:{name})$")).unwrap_or_else(|_| Regex::new("$.").expect("matches nothing"));
        Exclusion { text: text.to_owned(), pattern }
    }

    pub fn matches(&self, service_arn: &str) -> bool {
        self.pattern.is_match(resource_name(service_arn))
    }

    /// Whether it is a pattern, not one name.
    pub fn is_pattern(&self) -> bool {
        self.text.contains(['*', '?'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_name_and_a_pattern_all_that_fit() {
        let arn = |name: &str| format!("arn:aws:ecs:eu-west-1:123456789012:service/main/{name}");
        let left_out = |text: &str| {
            let names = ["web", "Web", "web-canary", "api-canary", "web.x", "webbx"];
            let exclusion = Exclusion::new(text);
            names.into_iter().filter(|name| exclusion.matches(&arn(name))).collect::<Vec<_>>()
        };
        assert_eq!(left_out("web"), ["web"]);
        assert_eq!(left_out(&arn("web")), ["web"]);
        assert_eq!(left_out("*-canary"), ["web-canary", "api-canary"]);
        assert_eq!(left_out("web?x"), ["web.x", "webbx"]);
        assert_eq!(left_out("web.x"), ["web.x"]);
        assert_eq!(left_out("[w]eb"), [""; 0]);
        assert_eq!(left_out("*").len(), 6);
    }
}
