//! The parameters that the wizard asks for, each under the flag of `inject` that takes it, and judged by that.

use super::answers::{Line, said};
use crate::cli::start_check;
use crate::taskdef::{Parameters, Sidecar};

/// A parameter of a sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterField {
    pub flag: &'static str,
    /// What it is, as a list shows it.
    pub name: &'static str,
    pub help: &'static str,
    /// What it is unless told otherwise.
    pub usual: &'static str,
    pub asks: Asks,
}

/// How a parameter is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// It has to be given.
    Always,
    /// It is asked for, and may be left empty.
    First,
    /// It is changed on request.
    Later,
    /// It is on or off.
    Switch,
}

impl ParameterField {
    /// Whether it can be given several times.
    pub fn repeats(&self) -> bool {
        self.flag == "--export"
    }

    pub fn is_switch(&self) -> bool {
        self.asks == Asks::Switch
    }
}

/// The sidecars that the wizard offers, each with what it is.
pub const SIDECARS: [(&str, &str); 4] = [
    ("sensor", "HTTP transactions from packets; sidetap's own"),
    ("forwarder", "packets over VXLAN to a collector; sidetap's own"),
    ("levo", "Levo's PCAP sensor"),
    ("traceable", "Traceable's packet forwarder"),
];

const fn field(
    flag: &'static str,
    name: &'static str,
    help: &'static str,
    usual: &'static str,
    asks: Asks,
) -> ParameterField {
    ParameterField { flag, name, help, usual, asks }
}

const FILTER_HELP: &str = "a pcap-filter expression, such as: tcp port 8080";
const DESTINATION_HELP: &str = "HOST or HOST:PORT of the collector";
const IMAGE_HELP: &str = "sidetap's image, in a registry that the task can reach: [REGISTRY/]NAME[:TAG]";
const IMAGE: ParameterField = field("--image", "image", IMAGE_HELP, "", Asks::Always);
const LOW_RESOURCE: ParameterField = field(
    "--low-resource",
    "profile for tight tasks",
    "100 transactions a minute, bodies to 1 MB",
    "off",
    Asks::Switch,
);
const INTERFACE: ParameterField = field("--interface", "interface", "a name, or any", "any", Asks::Later);

const SENSOR: [ParameterField; 5] = [
    IMAGE,
    field(
        "--export",
        "exports",
        "ndjson:-, ndjson:PATH, har:DIR, otlp:URL, pcapng:PATH or none; several apart by spaces",
        "none",
        Asks::First,
    ),
    field("--filter", "filter", FILTER_HELP, "all packets", Asks::Later),
    field("--rate-limit", "rate", "transactions a minute, or unlimited", "1000 transactions a minute", Asks::Later),
    LOW_RESOURCE,
];
const FORWARDER: [ParameterField; 5] = [
    IMAGE,
    field("--destination", "destination", DESTINATION_HELP, "", Asks::Always),
    field("--bpf-filter", "filter", FILTER_HELP, "all packets", Asks::Later),
    INTERFACE,
    field("--mtu", "MTU", "bytes, or auto", "auto", Asks::Later),
];
const LEVO: [ParameterField; 6] = [
    field("--satellite-url", "satellite", "its URL, such as https://satellite.example", "", Asks::Always),
    field("--levo-env", "environment", "the application environment, such as staging", "", Asks::Always),
    field("--levoai-org-id", "organisation", "its id, as Levo's settings show it", "", Asks::Always),
    field("--image", "image", "[REGISTRY/]NAME[:TAG]", "Levo's", Asks::Later),
    field("--rate-limit", "rate", "transactions a minute", "1000 transactions a minute", Asks::Later),
    LOW_RESOURCE,
];
const TRACEABLE: [ParameterField; 5] = [
    field("--destination", "destination", DESTINATION_HELP, "mirroring-fargate.private.traceable.ai", Asks::First),
    field("--image", "image", "[REGISTRY/]NAME[:TAG]", "Traceable's", Asks::Later),
    field("--bpf-filter", "filter", FILTER_HELP, "tcp", Asks::Later),
    INTERFACE,
    field("--mtu", "MTU", "bytes", "9000", Asks::Later),
];

/// The parameters of a sidecar, in the order in which they are asked for.
pub fn fields(sidecar: &str) -> &'static [ParameterField] {
    match sidecar {
        "sensor" => &SENSOR,
        "forwarder" => &FORWARDER,
        "levo" => &LEVO,
        "traceable" => &TRACEABLE,
        _ => &[],
    }
}

/// What is wrong with a value, if something is: what the flag's own parser says.
pub fn check(sidecar: &str, field: &ParameterField, value: &str) -> Result<(), String> {
    match (value.is_empty(), field.asks) {
        (true, Asks::Always) => return Err("it is needed".to_owned()),
        (true, _) => return Ok(()),
        (false, _) => {}
    }
    let values: Vec<&str> = if field.repeats() { value.split_whitespace().collect() } else { vec![value] };
    let mut words = ["--file", "-", "--sidecar", sidecar].map(str::to_owned).to_vec();
    words.extend(values.iter().map(|value| format!("{}={value}", field.flag)));
    let args = Line::of(&words).map_err(|error| said(&error))?;
    let given = args.sidecar.sidecar(None).map_err(|error| error.to_string())?;
    given.parameters.check(&given.preset).and_then(|()| start_check::check(&given)).map_err(|error| {
        let hints = error.hints();
        format!("{error}{}{}", if hints.is_empty() { "" } else { ": " }, hints.join("; "))
    })
}

/// What a sidecar that is there was told, by flag.
pub fn told(sidecar: &Sidecar) -> Vec<(&'static str, String)> {
    let Parameters { satellite_url, levo_env, levoai_org_id, rate_limit, low_resource, .. } = &sidecar.parameters;
    let Parameters { destination, bpf_filter, interface, mtu, export, filter, .. } = &sidecar.parameters;
    let texts = [
        ("--image", &sidecar.image),
        ("--satellite-url", satellite_url),
        ("--levo-env", levo_env),
        ("--levoai-org-id", levoai_org_id),
        ("--rate-limit", rate_limit),
        ("--destination", destination),
        ("--bpf-filter", bpf_filter),
        ("--interface", interface),
        ("--mtu", mtu),
        ("--filter", filter),
    ];
    let texts = texts.into_iter().map(|(flag, value)| (flag, value.clone().unwrap_or_default()));
    let low_resource = if *low_resource { "on" } else { "" };
    texts.chain([("--export", export.join(" ")), ("--low-resource", low_resource.to_owned())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(sidecar: &str, flag: &str, value: &str) -> Result<(), String> {
        let field = fields(sidecar).iter().find(|field| field.flag == flag).expect("a parameter of it");
        check(sidecar, field, value)
    }

    #[test]
    fn every_parameter_is_judged_by_its_flag() {
        for (sidecar, flag, good, bad) in [
            ("sensor", "--image", "registry.example:5000/sidetap:1", "two words"),
            ("sensor", "--export", "ndjson:- har:/tmp", "ndjson"),
            ("sensor", "--rate-limit", "unlimited", "fast"),
            ("forwarder", "--mtu", "auto", "9"),
            ("levo", "--satellite-url", "https://satellite.example", "satellite.example"),
            ("levo", "--rate-limit", "100", "unlimited"),
            ("traceable", "--mtu", "9000", "auto"),
        ] {
            assert_eq!(judged(sidecar, flag, good), Ok(()), "{flag} {good}");
            assert!(judged(sidecar, flag, bad).is_err(), "{flag} {bad}");
        }
    }

    #[test]
    #[cfg(all(feature = "engine", target_os = "linux"))]
    fn what_the_sidecar_would_refuse_is_refused() {
        for (sidecar, flag, good, bad) in [
            ("sensor", "--filter", "tcp port 80", "tcp prt 80"),
            ("forwarder", "--destination", "collector.internal:4789", "collector.internal:0"),
            ("traceable", "--destination", "10.0.0.7", "http://collector"),
            ("traceable", "--bpf-filter", "tcp", "tcp and"),
        ] {
            assert_eq!(judged(sidecar, flag, good), Ok(()), "{flag} {good}");
            assert!(judged(sidecar, flag, bad).is_err(), "{flag} {bad}");
        }
    }

    #[test]
    fn only_what_is_needed_may_not_be_empty() {
        for (sidecar, _) in SIDECARS {
            for field in fields(sidecar) {
                assert_eq!(check(sidecar, field, "").is_err(), field.asks == Asks::Always, "{sidecar} {}", field.flag);
            }
        }
    }
}
