//! What was given: a flag beats a `SIDETAP_…` variable (clap sees to that), which beats a plain one; what is empty counts
//! as not given.

use std::fmt::Display;
use std::str::FromStr;

/// A setting that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("{name} cannot be `{value}`: {why}")]
pub struct BadSetting {
    name: String,
    value: String,
    why: String,
}

impl BadSetting {
    pub fn new(name: &str, value: impl Display, why: impl Display) -> Self {
        BadSetting { name: name.to_owned(), value: value.to_string(), why: why.to_string() }
    }
}

/// The value that was given, else that of a plain variable.
pub fn or_environment<T>(given: Option<T>, name: &str) -> Result<Option<T>, BadSetting>
where
    T: FromStr<Err: Display>,
{
    let text = if given.is_some() { None } else { variable(name) };
    let Some(text) = text else { return Ok(given) };
    text.parse().map(Some).map_err(|error| BadSetting::new(name, &text, error))
}

/// What was given, else what a plain variable has: words between commas and blanks.
pub fn list(given: &[String], name: &str) -> Vec<String> {
    let mut all = words(given);
    if all.is_empty() {
        all = words(variable(name).as_slice());
    }
    all
}

/// The words between commas and blanks.
pub fn words(texts: &[String]) -> Vec<String> {
    let split = texts.iter().flat_map(|text| text.split([',', ' ', '\t', '\n']));
    split.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A plain variable of the environment that is not empty.
pub fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// `--mtu`: nothing for `auto`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mtu(Option<u16>);

/// No path of IPv4 has to take more in one piece (RFC 791 §3.1).
const LEAST_MTU: u16 = 576;

impl Mtu {
    pub fn bytes(self) -> Option<usize> {
        self.0.map(usize::from)
    }
}

impl FromStr for Mtu {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Mtu(None));
        }
        match text.parse() {
            Ok(bytes) if bytes >= LEAST_MTU => Ok(Mtu(Some(bytes))),
            _ => Err(format!("it is neither `auto` nor a number from {LEAST_MTU} to {}", u16::MAX)),
        }
    }
}

/// `--rate-cap`, in bits a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(u64);

impl Rate {
    pub fn bits(self) -> u64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || "a rate is a number with `bit`, `kbit`, `mbit` or `gbit` (a second), such as `100mbit`".to_owned();
        let lower = text.to_ascii_lowercase();
        let lower = lower.strip_suffix("/s").unwrap_or(&lower);
        let digits = lower.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lower.len());
        let (number, unit) = lower.split_at(digits);
        let unit: f64 = match unit.trim() {
            "" | "bit" => 1.0,
            "kbit" => 1e3,
            "mbit" => 1e6,
            "gbit" => 1e9,
            _ => return Err(wrong()),
        };
        let bits = number.parse::<f64>().map_err(|_| wrong())? * unit;
        // A cap below one full packet a second forwards nothing.
        match (8_000.0..1e15).contains(&bits) {
            true => Ok(Rate(bits as u64)),
            false => Err("it has to be at least 8kbit".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_in_bits() {
        for (text, bits) in [
            ("8000", 8000),
            ("100mbit", 100_000_000),
            ("1gbit", 1_000_000_000),
            ("1.5Gbit/s", 1_500_000_000),
            ("500 kbit", 500_000),
            ("9000bit", 9000),
        ] {
            assert_eq!(text.parse(), Ok(Rate(bits)), "{text}");
        }
        for text in ["", "mbit", "10mb", "10 MiB", "-1mbit", "0", "7kbit", "1e3", "nan", "99999999gbit"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_mtu_is_automatic_or_a_number() {
        assert_eq!("auto".parse(), Ok(Mtu(None)));
        assert_eq!("9000".parse(), Ok(Mtu(Some(9000))));
        for text in ["", "575", "65536", "-1", "Auto?"] {
            assert!(text.parse::<Mtu>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_empty_is_not_given() {
        let given = ["eth0, eth1".to_owned(), String::new(), "lo\teth2,".to_owned()];
        assert_eq!(list(&given, "NO_SUCH_VARIABLE"), ["eth0", "eth1", "lo", "eth2"]);
        assert_eq!(list(&[], "NO_SUCH_VARIABLE"), [""; 0]);
    }
}
