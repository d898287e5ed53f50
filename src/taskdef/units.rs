//! CPU and memory as ECS accepts them: integers, and strings such as `"1024"`, `".5 vcpu"`, `"1GB"`.
//!
//! Source: `cpu` and `memory` of `RegisterTaskDefinition` in the ECS API reference.

use serde_json::Value;

/// Far beyond any machine; a larger number is a mistake, and sums of these cannot overflow.
const MOST: u64 = 1_000_000_000;

/// CPU units (1024 are one vCPU) of a `cpu` member; `None` if it is no size.
pub fn cpu_units(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().filter(|units| *units <= MOST),
        Value::String(text) => scaled(text, "vcpu", 1024.0),
        _ => None,
    }
}

/// MiB of a `memory` member; `None` if it is no size.
pub fn memory_mib(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().filter(|mib| *mib <= MOST),
        Value::String(text) => scaled(text, "gb", 1024.0),
        _ => None,
    }
}

/// `"512"`, or a decimal number followed by `unit` in any case, times `factor`.
fn scaled(text: &str, unit: &str, factor: f64) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let Some(number) = text.strip_suffix(unit) else {
        return text.parse().ok().filter(|number| *number <= MOST);
    };
    let number = number.trim_end();
    let decimal = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let units = number.parse::<f64>().ok().filter(|_| decimal)? * factor;
    (units.fract() == 0.0 && units <= MOST as f64).then_some(units as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_are_read_as_ecs_reads_them() {
        for (value, units) in [
            (json!(256), Some(256)),
            (json!("256"), Some(256)),
            (json!(".5 vcpu"), Some(512)),
            (json!("0.25 vCPU"), Some(256)),
            (json!("1vcpu"), Some(1024)),
            (json!("<PLACEHOLDER>"), None),
            (json!("inf vcpu"), None),
            (json!("-1 vcpu"), None),
            (json!(-1), None),
            (json!(1.5), None),
            (json!(null), None),
            (json!("vcpu"), None),
        ] {
            assert_eq!(cpu_units(&value), units, "{value}");
        }
        for (value, mib) in [(json!("1GB"), Some(1024)), (json!("0.5 GB"), Some(512)), (json!("1 MB"), None)] {
            assert_eq!(memory_mib(&value), mib, "{value}");
        }
    }
}
