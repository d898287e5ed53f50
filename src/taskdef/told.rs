//! What a container tells the program in it: flags on its command line, and variables.

use serde_json::Value;

use super::document::present;

/// The flags and variables of a container.
pub(super) struct Told<'a> {
    container: &'a Value,
    /// The entry point and the command, word by word.
    words: Vec<&'a str>,
}

/// What is told of one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting<'a> {
    Value(&'a str),
    /// A secret has it, and nobody knows what that is.
    Secret,
}

impl<'a> Told<'a> {
    pub fn by(container: &'a Value) -> Self {
        let list = |key| container[key].as_array().map_or(&[][..], Vec::as_slice);
        let words = list("entryPoint").iter().chain(list("command")).filter_map(Value::as_str).collect();
        Told { container, words }
    }

    /// The values of a flag: `--flag value` and `--flag=value`.
    pub fn flag(&self, flag: &str) -> Vec<&'a str> {
        let value = |(at, word): (usize, &&'a str)| match word.strip_prefix(flag)? {
            "" => self.words.get(at + 1).copied(),
            rest => rest.strip_prefix('='),
        };
        self.words.iter().enumerate().filter_map(value).collect()
    }

    /// The value of a variable. One that is set to nothing counts as not set, as it does to sidetap.
    pub fn variable(&self, name: &str) -> Option<&'a str> {
        let set = self.container["environment"].as_array()?;
        let value = set.iter().find(|variable| variable["name"] == name)?["value"].as_str()?.trim();
        (!value.is_empty()).then_some(value)
    }

    pub fn has_secret(&self, name: &str) -> bool {
        present(self.container, "secrets")
            .and_then(Value::as_array)
            .is_some_and(|secrets| secrets.iter().any(|secret| secret["name"] == name))
    }

    /// The names of all variables that are no secrets.
    pub fn variables(&self) -> impl Iterator<Item = &'a str> {
        let set = self.container["environment"].as_array().map_or(&[][..], Vec::as_slice);
        set.iter().filter_map(|variable| variable["name"].as_str())
    }

    /// A setting that a flag gives, or else a variable.
    pub fn setting(&self, flag: &str, variable: &str) -> Option<Setting<'a>> {
        let value = self.flag(flag).first().copied().or_else(|| self.variable(variable)).map(Setting::Value);
        value.or_else(|| self.has_secret(variable).then_some(Setting::Secret))
    }

    /// The configuration file that a sidetap is to take what is not told otherwise of.
    pub fn file(&self) -> Option<Setting<'a>> {
        self.setting("--config", "SIDETAP_CONFIG")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flag_counts_before_a_variable_and_what_is_empty_is_not_told() {
        let container = json!({
            "command": ["capture", "--a=1", "--b", "2"],
            "environment": [
                { "name": "A", "value": "3" }, { "name": "C", "value": " 4 " }, { "name": "D", "value": " " },
            ],
            "secrets": [{ "name": "E", "valueFrom": "arn" }]
        });
        let told = Told::by(&container);
        assert_eq!(told.setting("--a", "A"), Some(Setting::Value("1")));
        assert_eq!(told.setting("--b", "B"), Some(Setting::Value("2")));
        assert_eq!(told.setting("--c", "C"), Some(Setting::Value("4")));
        assert_eq!(told.setting("--d", "D"), None);
        assert_eq!(told.setting("--e", "E"), Some(Setting::Secret));
        assert_eq!(told.file(), None);
    }
}
