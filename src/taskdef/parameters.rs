//! The presets' parameters, under the names that their users know, and what they become on the sidecar's command line.

use super::error::{Error, Result};
use super::preset::Preset;

/// Parameters of all presets; each belongs to the presets that [`Parameters::check`] names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    /// Levo: `http(s)://host[:port]` of the satellite.
    pub satellite_url: Option<String>,
    /// Levo: the application environment, such as `staging`.
    pub levo_env: Option<String>,
    /// Levo: the organisation's id.
    pub levoai_org_id: Option<String>,
    /// Sensor, Levo: transactions a minute, or `unlimited` for the sensor.
    pub rate_limit: Option<String>,
    /// Sensor, Levo: the published profile for tight tasks.
    pub low_resource: bool,
    /// Forwarder, Traceable: `host[:port]` that packets go to.
    pub destination: Option<String>,
    /// Forwarder, Traceable: a pcap-filter expression.
    pub bpf_filter: Option<String>,
    /// Forwarder, Traceable: an interface, or `any`.
    pub interface: Option<String>,
    /// Forwarder, Traceable: bytes, or `auto` for the forwarder.
    pub mtu: Option<String>,
    /// Forwarder, Traceable: seconds between two lines of statistics.
    pub stat_duration: Option<u32>,
    /// Sensor: where records go, as `KIND:TARGET`.
    pub export: Vec<String>,
    /// Sensor: a pcap-filter expression.
    pub filter: Option<String>,
}

const LEVO_RATE_LIMIT: &str = "1000";
const LOW_RESOURCE_RATE_LIMIT: &str = "100";
const LOW_RESOURCE_BODY_BYTES: &str = "1000000";

impl Parameters {
    /// What the profile for tight tasks says to the sensor besides the rate.
    pub(super) const SENSOR_PROFILE: [(&str, &str); 3] = [
        ("--trace-export-interval", "1s"),
        ("--stream-timeout-seconds", "2"),
        ("--max-http-length", LOW_RESOURCE_BODY_BYTES),
    ];
    /// The same to Levo's.
    pub(super) const LEVO_PROFILE: [(&str, &str); 3] = [
        ("--trace-export-interval", "1.0"),
        ("--stream-timeout-seconds", "2.0"),
        ("--max-http-length", LOW_RESOURCE_BODY_BYTES),
    ];

    /// Forgets a rate that comes with the profile.
    pub(super) fn drop_usual_rate(&mut self) {
        self.rate_limit.take_if(|rate| self.low_resource && rate == LOW_RESOURCE_RATE_LIMIT);
    }

    /// Forgets the rate that Levo's sensor has anyway.
    pub(super) fn drop_usual_levo_rate(&mut self) {
        let usual = if self.low_resource { LOW_RESOURCE_RATE_LIMIT } else { LEVO_RATE_LIMIT };
        self.rate_limit.take_if(|rate| rate == usual);
    }

    /// Refuses parameters of another preset, and malformed ones.
    pub fn check(&self, preset: &Preset) -> Result<()> {
        use Preset::{Forwarder, Levo, Sensor, Traceable};
        let given: [(&str, bool, &[Preset]); 12] = [
            ("--satellite-url", self.satellite_url.is_some(), &[Levo]),
            ("--levo-env", self.levo_env.is_some(), &[Levo]),
            ("--levoai-org-id", self.levoai_org_id.is_some(), &[Levo]),
            ("--rate-limit", self.rate_limit.is_some(), &[Sensor, Levo]),
            ("--low-resource", self.low_resource, &[Sensor, Levo]),
            ("--destination", self.destination.is_some(), &[Forwarder, Traceable]),
            ("--bpf-filter", self.bpf_filter.is_some(), &[Forwarder, Traceable]),
            ("--interface", self.interface.is_some(), &[Forwarder, Traceable]),
            ("--mtu", self.mtu.is_some(), &[Forwarder, Traceable]),
            ("--stat-duration", self.stat_duration.is_some(), &[Forwarder, Traceable]),
            ("--export", !self.export.is_empty(), &[Sensor]),
            ("--filter", self.filter.is_some(), &[Sensor]),
        ];
        for (flag, is_given, presets) in given {
            if is_given && !presets.contains(preset) {
                let of: Vec<_> = presets.iter().map(|preset| format!("`--sidecar {}`", preset.label())).collect();
                return Err(Error::Parameter {
                    what: format!("`{flag}` is no parameter of the sidecar `{}`", preset.label()),
                    hint: format!("it goes with {}", of.join(" and ")),
                });
            }
        }
        self.check_values(preset)
    }

    /// The flags that the preset needs and that are missing, with placeholders.
    pub(super) fn missing(&self, preset: &Preset) -> Vec<&'static str> {
        let required: &[(&'static str, &Option<String>)] = match preset {
            Preset::Levo => &[
                ("--satellite-url URL", &self.satellite_url),
                ("--levo-env ENVIRONMENT", &self.levo_env),
                ("--levoai-org-id ID", &self.levoai_org_id),
            ],
            Preset::Forwarder => &[("--destination HOST[:PORT]", &self.destination)],
            _ => &[],
        };
        let is_missing = |value: &Option<String>| value.as_deref().is_none_or(|value| value.trim().is_empty());
        required.iter().filter(|(_, value)| is_missing(value)).map(|(flag, _)| *flag).collect()
    }

    fn check_values(&self, preset: &Preset) -> Result<()> {
        let wrong = |what: String, hint: &str| Err(Error::Parameter { what, hint: hint.into() });
        if let Some(url) = &self.satellite_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return wrong(format!("`--satellite-url {url}` is no URL"), "it begins with http:// or https://");
        }
        if let Some(rate) = &self.rate_limit {
            let number = rate.parse::<f64>().is_ok_and(|rate| rate.is_finite() && rate > 0.0);
            let unlimited = rate == "unlimited" && *preset == Preset::Sensor;
            if !number && !unlimited {
                return wrong(format!("`--rate-limit {rate}` is no rate"), "give transactions a minute, such as 1000");
            }
        }
        if let Some(mtu) = &self.mtu {
            let bytes = mtu.parse::<u32>().is_ok_and(|mtu| (576..=65535).contains(&mtu));
            let auto = mtu == "auto" && *preset == Preset::Forwarder;
            if !bytes && !auto {
                return wrong(
                    format!("`--mtu {mtu}` is no MTU"),
                    "give 576 to 65535 bytes; Fargate's network has 9001",
                );
            }
        }
        if let Some(interface) = &self.interface
            && !are_interfaces(interface)
        {
            return wrong(
                format!("`--interface {interface}` is no interface"),
                "give a name of up to 15 characters, such as eth1, or any",
            );
        }
        let unknown = self.export.iter().find(|export| {
            let (kind, target) = export.split_once(':').unwrap_or_default();
            let known = matches!(kind, "ndjson" | "har" | "otlp" | "pcapng") && !target.is_empty();
            !known && *export != "none"
        });
        match unknown {
            Some(export) => wrong(
                format!("`--export {export}` names no export"),
                "one of ndjson:-, ndjson:PATH, har:DIR, otlp:URL, pcapng:PATH, none",
            ),
            None => Ok(()),
        }
    }

    /// `capture` with its flags.
    pub(super) fn sensor_command(&self) -> Vec<String> {
        let mut line = vec!["capture".to_owned()];
        let mut flag = |name: &str, value: &str| line.extend([name.to_owned(), value.to_owned()]);
        for export in &self.export {
            flag("--export", export);
        }
        if let Some(filter) = &self.filter {
            flag("--filter", filter);
        }
        let low = self.low_resource.then_some(LOW_RESOURCE_RATE_LIMIT);
        if let Some(rate) = self.rate_limit.as_deref().or(low) {
            flag("--rate-limit", rate);
        }
        if self.low_resource {
            Self::SENSOR_PROFILE.iter().for_each(|(name, value)| flag(name, value));
        }
        line
    }

    /// `forward` with its flags.
    pub(super) fn forwarder_command(&self) -> Vec<String> {
        let mut line = vec!["forward".to_owned()];
        let stat_duration = self.stat_duration.map(|seconds| seconds.to_string());
        for (flag, value) in [
            ("--destination", self.destination.as_deref()),
            ("--filter", self.bpf_filter.as_deref()),
            ("--interface", self.interface.as_deref()),
            ("--mtu", self.mtu.as_deref()),
            ("--stat-duration", stat_duration.as_deref()),
        ] {
            line.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value.to_owned()]));
        }
        line
    }

    /// The entry point that Levo's instructions give.
    pub(super) fn levo_entry_point(&self) -> Vec<String> {
        let value = |value: &Option<String>| value.clone().unwrap_or_default();
        let default_rate = if self.low_resource { LOW_RESOURCE_RATE_LIMIT } else { LEVO_RATE_LIMIT };
        let mut line: Vec<String> = ["./bin/init", "apidump"].map(str::to_owned).to_vec();
        for (flag, value) in [
            ("--satellite-url", value(&self.satellite_url)),
            ("--levo-env", value(&self.levo_env)),
            ("--levoai-org-id", value(&self.levoai_org_id)),
            ("--rate-limit", self.rate_limit.clone().unwrap_or_else(|| default_rate.to_owned())),
        ] {
            line.extend([flag.to_owned(), value]);
        }
        if self.low_resource {
            line.extend(Self::LEVO_PROFILE.iter().flat_map(|(flag, value)| [(*flag).to_owned(), (*value).to_owned()]));
        }
        line
    }

    /// The environment that Traceable's instructions give.
    pub(super) fn traceable_environment(&self) -> [(&'static str, String); 5] {
        let or = |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
        [
            ("BPF_FILTER", or(&self.bpf_filter, "tcp")),
            ("DESTINATION", or(&self.destination, "mirroring-fargate.private.traceable.ai")),
            ("INTERFACE", or(&self.interface, "any")),
            ("MTU", or(&self.mtu, "9000")),
            ("STAT_DURATION", self.stat_duration.unwrap_or(30).to_string()),
        ]
    }
}

/// Whether these are one or more interfaces, as the forwarder takes them: apart by commas or blanks.
fn are_interfaces(names: &str) -> bool {
    let mut names = names.split([',', ' ', '\t', '\n']).filter(|name| !name.is_empty()).peekable();
    names.peek().is_some() && names.all(is_interface)
}

/// Whether Linux can have an interface of this name (`dev_valid_name` in net/core/dev.c).
fn is_interface(name: &str) -> bool {
    let valid = |c: char| !c.is_whitespace() && !c.is_control() && c != '/' && c != ':';
    (1..=15).contains(&name.len()) && name != "." && name != ".." && name.chars().all(valid)
}
