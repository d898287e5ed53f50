//! Flags of the export to a Levo satellite, under the names that users of Levo's own sensor know.

use crate::export::otlp::transport::Endpoint;

/// Flags of `capture` and `collect`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Export to a Levo satellite (experimental)")]
pub struct LevoArgs {
    /// Send HTTP transactions that are served here to this satellite, besides `--export`. Experimental: its format is
    /// inferred. It takes `--levo-env` and `--levoai-org-id`, too.
    #[arg(long, value_name = "URL", env = "SIDETAP_SATELLITE_URL", value_parser = url)]
    satellite_url: Option<String>,
    /// The environment that the satellite shows them under, such as `staging`.
    #[arg(long, value_name = "NAME", env = "SIDETAP_LEVO_ENV")]
    levo_env: Option<String>,
    /// The organisation at Levo that they belong to.
    #[arg(long, value_name = "ID", env = "SIDETAP_LEVOAI_ORG_ID", hide_env_values = true)]
    levoai_org_id: Option<String>,
}

/// A satellite, and what it wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SatelliteArg<'a> {
    pub url: &'a str,
    pub environment: &'a str,
    pub organization: &'a str,
}

/// Flags that say only part of what a satellite needs.
#[derive(Debug, thiserror::Error)]
#[error("an export to a Levo satellite needs {}, too", shown(missing))]
pub struct BadSatellite {
    missing: Vec<&'static str>,
}

impl BadSatellite {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        vec!["give `--satellite-url`, `--levo-env` and `--levoai-org-id`, or none of them".to_owned()]
    }
}

impl LevoArgs {
    /// The satellite, if one is meant.
    pub fn satellite(&self) -> Result<Option<SatelliteArg<'_>>, BadSatellite> {
        let given = [&self.satellite_url, &self.levo_env, &self.levoai_org_id].map(|value| value.as_deref());
        let given = given.map(|value| value.filter(|value| !value.trim().is_empty()));
        match given {
            [None, None, None] => Ok(None),
            [Some(url), Some(environment), Some(organization)] => {
                Ok(Some(SatelliteArg { url, environment, organization }))
            }
            _ => {
                let names = ["--satellite-url", "--levo-env", "--levoai-org-id"];
                let missing = names.into_iter().zip(given).filter(|(_, value)| value.is_none());
                Err(BadSatellite { missing: missing.map(|(name, _)| name).collect() })
            }
        }
    }
}

fn shown(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

fn url(text: &str) -> Result<String, String> {
    match Endpoint::parse(text) {
        // Whoever tells of a password in it repeats all of it. It is refused later, by somebody who does not.
        Err(error) if !text.contains('@') => Err(error.to_string()),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(url: &str, environment: &str, organization: &str) -> LevoArgs {
        let [satellite_url, levo_env, levoai_org_id] =
            [url, environment, organization].map(|value| (value != "-").then(|| value.to_owned()));
        LevoArgs { satellite_url, levo_env, levoai_org_id }
    }

    #[test]
    fn all_of_it_is_a_satellite_and_none_of_it_is_none() {
        let all = args("http://s", "staging", "o");
        let expected = SatelliteArg { url: "http://s", environment: "staging", organization: "o" };
        assert_eq!(all.satellite().unwrap(), Some(expected));
        assert_eq!(args("-", "-", "-").satellite().unwrap(), None);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (args, told) in [
            (args("http://s", "-", "-"), "an export to a Levo satellite needs `--levo-env` and `--levoai-org-id`, too"),
            (args("http://s", "staging", " "), "an export to a Levo satellite needs `--levoai-org-id`, too"),
            (args("-", "staging", "o"), "an export to a Levo satellite needs `--satellite-url`, too"),
        ] {
            assert_eq!(args.satellite().unwrap_err().to_string(), told);
        }
    }
}
