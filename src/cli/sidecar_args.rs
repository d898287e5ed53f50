//! SIDECAR: what is injected.

use std::path::Path;

use anyhow::Context as _;

use super::file;
use super::start_check;
use super::usage::Usage;
use crate::taskdef::{LogRequest, Parameters, Preset, Sidecar};

/// The flags of SIDECAR.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Sidecar")]
pub struct SidecarArgs {
    /// sensor, forwarder, levo, traceable, or the path of a container definition in JSON (- for standard input).
    #[arg(long, value_name = "SIDECAR", default_value = "sensor")]
    pub sidecar: String,
    /// The sidecar's image; sensor and forwarder need it.
    #[arg(long, value_name = "IMAGE", env = "SIDETAP_IMAGE", hide_env_values = true, value_parser = image)]
    image: Option<String>,
    /// The name of the sidecar's container.
    #[arg(long, value_name = "NAME", value_parser = container_name)]
    container_name: Option<String>,
    /// An environment variable of the sidecar; repeatable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
    /// An environment variable from Secrets Manager or the SSM parameter store; repeatable.
    #[arg(long, value_name = "NAME=ARN", value_parser = secret)]
    secret: Vec<(String, String)>,
    /// Whether the task stops when the sidecar does.
    #[arg(long, value_name = "true|false", value_parser = clap::value_parser!(bool))]
    essential: Option<bool>,
    /// The CloudWatch log group [default: the application's].
    #[arg(long, value_name = "NAME")]
    log_group: Option<String>,
    /// The log group's region.
    #[arg(long, value_name = "REGION")]
    log_region: Option<String>,
    /// The prefix of the log stream.
    #[arg(long, value_name = "PREFIX")]
    log_stream_prefix: Option<String>,
    /// Give the sidecar no log, whatever the application has.
    #[arg(long, conflicts_with_all = ["log_group", "log_region", "log_stream_prefix"])]
    no_log: bool,
    #[command(flatten)]
    parameters: ParameterArgs,
    /// Appended to the sidecar's command line.
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

/// The presets' parameters.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Parameters of the sidecars")]
struct ParameterArgs {
    /// sensor: where records go, as ndjson:-, ndjson:PATH, har:DIR, otlp:URL, pcapng:PATH or none; repeatable.
    #[arg(long, value_name = "KIND:TARGET")]
    export: Vec<String>,
    /// sensor: which packets, as a pcap-filter expression.
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// sensor, levo: transactions a minute.
    #[arg(long, value_name = "NUMBER")]
    rate_limit: Option<String>,
    /// sensor, levo: the profile for tight tasks: 100 transactions a minute, bodies to 1 MB.
    #[arg(long)]
    low_resource: bool,
    /// forwarder, traceable: where packets go.
    #[arg(long, value_name = "HOST[:PORT]")]
    destination: Option<String>,
    /// forwarder, traceable: which packets, as a pcap-filter expression.
    #[arg(long, value_name = "EXPRESSION")]
    bpf_filter: Option<String>,
    /// forwarder, traceable: the interface, or any.
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,
    /// forwarder, traceable: the largest packet in bytes; forwarder also: auto.
    #[arg(long, value_name = "BYTES")]
    mtu: Option<String>,
    /// forwarder, traceable: seconds between two lines of statistics.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    stat_duration: Option<u32>,
    /// levo: the satellite.
    #[arg(long, value_name = "URL")]
    satellite_url: Option<String>,
    /// levo: the application environment, such as staging.
    #[arg(long, value_name = "ENVIRONMENT")]
    levo_env: Option<String>,
    /// levo: the organisation.
    #[arg(long, value_name = "ID")]
    levoai_org_id: Option<String>,
}

impl SidecarArgs {
    /// Whether a sidecar is described at all.
    pub fn is_described(&self) -> bool {
        let parameters = &self.parameters;
        let sends = !parameters.export.is_empty() || parameters.destination.is_some();
        self.sidecar != "sensor" || self.image.is_some() || sends
    }

    /// Reads a container definition if one is named, and checks what can be checked without a task definition.
    pub fn resolve(self, region: Option<String>) -> anyhow::Result<Sidecar> {
        let sidecar = self.sidecar(region)?;
        if let Some(missing) = sidecar.missing() {
            return Err(Usage::new(format!("the sidecar `{}` needs {missing}", sidecar.preset.label()))
                .missing(&missing)
                .into());
        }
        sidecar.check()?;
        start_check::check(&sidecar)?;
        Ok(sidecar)
    }

    /// What was given, whether it is enough or not.
    pub fn sidecar(self, region: Option<String>) -> anyhow::Result<Sidecar> {
        let preset = match self.sidecar.as_str() {
            "sensor" => Preset::Sensor,
            "forwarder" => Preset::Forwarder,
            "levo" => Preset::Levo,
            "traceable" => Preset::Traceable,
            path => custom(path)?,
        };
        let parameters = self.parameters;
        Ok(Sidecar {
            preset,
            image: self.image,
            container_name: self.container_name,
            environment: self.env,
            secrets: self.secret,
            essential: self.essential,
            logs: LogRequest {
                group: self.log_group,
                region: self.log_region,
                stream_prefix: self.log_stream_prefix,
                none: self.no_log,
            },
            parameters: Parameters {
                satellite_url: parameters.satellite_url,
                levo_env: parameters.levo_env,
                levoai_org_id: parameters.levoai_org_id,
                rate_limit: parameters.rate_limit,
                low_resource: parameters.low_resource,
                destination: parameters.destination,
                bpf_filter: parameters.bpf_filter,
                interface: parameters.interface,
                mtu: parameters.mtu,
                stat_duration: parameters.stat_duration,
                export: parameters.export,
                filter: parameters.filter,
            },
            arguments: self.arguments,
            region,
        })
    }
}

fn custom(path: &str) -> anyhow::Result<Preset> {
    let looks_like_a_name = !path.contains(['/', '.', '\\']) && path != "-";
    if looks_like_a_name && !Path::new(path).exists() {
        return Err(Usage::new(format!("there is no sidecar `{path}`"))
            .hint("one of sensor, forwarder, levo, traceable, or the path of a container definition")
            .into());
    }
    let definition = file::read_json(Path::new(path)).context("cannot read the sidecar")?;
    Sidecar::custom(definition).with_context(|| format!("cannot use `{path}` as a sidecar"))
}

/// `KEY=VALUE`.
pub fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("give it as NAME=VALUE".to_owned()),
    }
}

fn secret(text: &str) -> Result<(String, String), String> {
    let (name, arn) = pair(text)?;
    match arn.is_empty() {
        true => Err("give it as NAME=ARN, with the ARN of a secret or parameter".to_owned()),
        false => Ok((name, arn)),
    }
}

/// Not a full parser of image names: a registry has the last word on those.
fn image(text: &str) -> Result<String, String> {
    match !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic()) {
        true => Ok(text.to_owned()),
        false => Err("give it as [REGISTRY/]NAME[:TAG], without spaces and what no keyboard has".to_owned()),
    }
}

fn container_name(text: &str) -> Result<String, String> {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match (1..=255).contains(&text.len()) && text.chars().all(valid) {
        true => Ok(text.to_owned()),
        false => Err("ECS takes up to 255 letters, digits, hyphens and underscores".to_owned()),
    }
}
