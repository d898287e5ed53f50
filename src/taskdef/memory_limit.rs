//! Warns where a sidecar has less memory than it needs, or is told that it has more than it has.

use bytesize::ByteSize;
use serde_json::Value;

use super::preset::Preset;
use super::sizing::Share;
use super::told::{Setting, Told};
use super::warning::Warning;

/// Tells a sidetap how much memory it may use. It takes 80 % of the container's where nobody says.
const MEMORY_LIMIT: &str = "SIDETAP_MEMORY_LIMIT";

/// Warns of what is wrong with the memory that a container gets.
pub(super) fn warn(container: &Value, share: &Share, preset: &Preset, warnings: &mut Vec<Warning>) {
    let has = share.memory_mib;
    let name = preset.label();
    let told = Told::by(container);
    let limit = told.setting("--memory-limit", MEMORY_LIMIT).filter(|_| preset.is_sidetap());
    if let Some(least) = preset.least_memory_mib().filter(|least| has < *least) {
        // A file may say it as well.
        let takes_its_part = limit.is_none() && told.file().is_none();
        let outcome = match preset.least_memory_to_start_mib().filter(|least| takes_its_part && has < *least) {
            Some(least) => format!("it will not start with less than {least} MiB"),
            None => "it may be killed for lack of memory".to_owned(),
        };
        warnings.push(Warning::new(
            "below-minimum",
            format!(
                "{has} MiB is less than the {least} MiB that the sidecar `{name}` is known to need: {outcome} \
                 (`--memory {least}`)"
            ),
        ));
    }
    if let Some(Setting::Value(text)) = limit
        && text.parse::<ByteSize>().is_ok_and(|limit| limit.as_u64() > has << 20)
    {
        warnings.push(Warning::new(
            "memory-limit-too-high",
            format!(
                "the sidecar `{name}` is told to use more memory than the {has} MiB that its container has: it may be \
                 killed for lack of memory (without `{MEMORY_LIMIT}` and `--memory-limit` it keeps to 80 %)"
            ),
        ));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sizing::Size;
    use super::*;

    fn warned(container: Value, memory_mib: u64, preset: &Preset) -> Vec<(String, String)> {
        let share = Share { cpu: None, memory_mib, reservation_mib: None, basis: Size::default(), grown_to: None };
        let mut warnings = Vec::new();
        warn(&container, &share, preset, &mut warnings);
        warnings.into_iter().map(|warning| (warning.code, warning.message)).collect()
    }

    fn outcome(container: Value, memory_mib: u64, preset: &Preset) -> String {
        let warned = warned(container, memory_mib, preset);
        assert_eq!((warned.len(), warned[0].0.as_str()), (1, "below-minimum"), "{warned:?}");
        warned[0].1.split_once(": ").expect("an outcome").1.to_owned()
    }

    #[test]
    fn too_little_to_start_and_little_are_told_apart() {
        for preset in [Preset::Sensor, Preset::Forwarder] {
            assert!(warned(json!({}), 25, &preset).is_empty());
            let little = "it may be killed for lack of memory (`--memory 25`)";
            assert_eq!(outcome(json!({}), 15, &preset), little);
            let too_little = "it will not start with less than 15 MiB (`--memory 25`)";
            assert_eq!(outcome(json!({}), 14, &preset), too_little);
            let told = json!({ "environment": [{ "name": MEMORY_LIMIT, "value": "12MiB" }] });
            assert_eq!(outcome(told, 14, &preset), little, "then it does not take 80 %");
            let empty = json!({ "environment": [{ "name": MEMORY_LIMIT, "value": "" }] });
            assert_eq!(outcome(empty, 14, &preset), too_little);
            let by_file = json!({ "command": ["capture", "--config", "/etc/sidetap.toml"] });
            assert_eq!(outcome(by_file, 14, &preset), little);
        }
        let little = "it may be killed for lack of memory (`--memory 200`)";
        assert_eq!(outcome(json!({}), 6, &Preset::Levo), little);
        assert!(warned(json!({}), 6, &Preset::Traceable).is_empty());
    }

    #[test]
    fn a_limit_above_that_of_the_container_is_warned_of() {
        let codes = |container: Value, preset: &Preset| -> Vec<String> {
            warned(container, 25, preset).into_iter().map(|(code, _)| code).collect()
        };
        let variable = |value: &str| json!({ "environment": [{ "name": MEMORY_LIMIT, "value": value }] });
        for high in ["26MiB", "27MB", "1g", "26214401"] {
            assert_eq!(codes(variable(high), &Preset::Sensor), ["memory-limit-too-high"], "{high}");
        }
        for fine in ["25MiB", "26MB", "20971520", "what?"] {
            assert_eq!(codes(variable(fine), &Preset::Sensor), Vec::<String>::new(), "{fine}");
        }
        let by_flag = json!({ "command": ["forward", "--memory-limit=1GiB"] });
        assert_eq!(codes(by_flag, &Preset::Forwarder), ["memory-limit-too-high"]);
        assert_eq!(codes(variable("1GiB"), &Preset::Traceable), Vec::<String>::new(), "it knows no such limit");
    }
}
