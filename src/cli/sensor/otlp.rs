//! `--export otlp:URL`: the receiver, and whom records are about.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::super::context::Context;
use super::otlp_args::OtlpArgs;
use crate::export::otlp::resource::{self, Identity, ResourceCell};
use crate::export::otlp::transport::{Endpoint, Headers, Options, Proxies, SpoolOptions, TransportError};
use crate::export::otlp::{Otlp, Resources};
use crate::export::own_sockets::OwnSockets;
use crate::export::workload::{ENDPOINT_VARIABLE, TaskMetadata, Watch};
use crate::export::{Export, Overflow};
use crate::record::PrivacyLevel;

/// Header fields for the receiver, as OpenTelemetry's own exporters read them.
const HEADERS_VARIABLE: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// Header fields that cannot be read. Their values are never shown.
#[derive(Debug, thiserror::Error)]
pub enum BadHeaders {
    #[error("cannot read the header fields in `{}`", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("line {line} of `{}` is no header field", path.display())]
    Line { path: PathBuf, line: usize },
    #[error("{HEADERS_VARIABLE} is no list of header fields")]
    Variable,
}

impl BadHeaders {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            BadHeaders::File { .. } => Vec::new(),
            BadHeaders::Line { .. } => vec!["a line is `Name: value`".to_owned()],
            BadHeaders::Variable => vec!["it is `name=value,name=value`, values percent-encoded".to_owned()],
        }
    }
}

/// A receiver, all that is needed to send to it, and whose traffic it is told.
pub struct Receiver {
    target: String,
    options: Options,
    identity: Identity,
}

impl Receiver {
    /// Reads what flags and variables say; nothing is sent yet.
    pub fn open(
        url: &str,
        args: &OtlpArgs,
        privacy: (PrivacyLevel, String),
        own: &Arc<OwnSockets>,
        cx: &Context,
    ) -> anyhow::Result<Self> {
        let identity = identity(args, Some(privacy), cx);
        let mut options = Options::new(Endpoint::parse(url).context("`--export`")?, Arc::clone(own));
        options.headers = headers(args)?;
        options.ca_file.clone_from(&args.otlp_ca);
        options.proxies = Proxies::from_environment();
        options.export_interval = args.trace_export_interval;
        options.instance.clone_from(&identity.instance_id);
        options.spool = spool(args, "otlp", &options.endpoint);
        Ok(Receiver { target: format!("otlp:{}", options.endpoint), options, identity })
    }

    /// Starts to send, with so many bytes for what waits.
    pub fn start(mut self, queue_bytes: usize, overflow: Overflow) -> Result<Box<dyn Export>, TransportError> {
        self.options.queue_bytes = queue_bytes;
        let resources = Resources {
            workload: ResourceCell::new(&self.identity.workload(None)),
            sensor: ResourceCell::new(&self.identity.sensor(None)),
        };
        let (told, identity) = (resources.clone(), self.identity);
        let watch = watch(move |task| {
            told.workload.set(&identity.workload(Some(task)));
            told.sensor.set(&identity.sensor(Some(task)));
        });
        Ok(Box::new(Otlp::new(self.target, &self.options, resources, watch, overflow)?))
    }
}

/// Asks ECS whose traffic it is, if this is a task. Until it answers, or if it does not, records say less of that.
pub(super) fn watch(mut found_out: impl FnMut(&TaskMetadata) + Send + 'static) -> Option<Watch> {
    let endpoint = variable(ENDPOINT_VARIABLE)?;
    let started = Watch::start(endpoint, move |found| match found {
        Ok(task) => found_out(task),
        Err(error) => tracing::warn!("{error}"),
    });
    started.inspect_err(|error| tracing::warn!("cannot ask for the task's metadata: {error}")).ok()
}

/// Where requests wait on disk for a receiver of this kind, below the directory that the user names, if one is meant.
pub(super) fn spool(args: &OtlpArgs, kind: &str, endpoint: &Endpoint) -> Option<SpoolOptions> {
    let directory = args.spool_dir.as_ref()?;
    Some(SpoolOptions { max_bytes: args.spool_size.0, ..SpoolOptions::below(directory, kind, endpoint) })
}

/// Whose traffic it is, as far as that is known without asking.
pub(super) fn identity(args: &OtlpArgs, privacy: Option<(PrivacyLevel, String)>, cx: &Context) -> Identity {
    let attributes = variable("OTEL_RESOURCE_ATTRIBUTES").map(|text| resource::attributes(&text)).transpose();
    let attributes = attributes.unwrap_or_else(|error| {
        cx.printer.note(&error.to_string());
        None
    });
    Identity {
        service_name: args.service_name.clone(),
        otel_service_name: variable("OTEL_SERVICE_NAME"),
        attributes: attributes.unwrap_or_default(),
        host_name: host_name(),
        privacy,
        instance_id: resource::random_id(),
    }
}

fn headers(args: &OtlpArgs) -> anyhow::Result<Headers> {
    let mut headers = Headers::new();
    if let Some(text) = variable(HEADERS_VARIABLE) {
        for (name, value) in resource::attributes(&text).map_err(|_| BadHeaders::Variable)? {
            headers.add(&name, &value)?;
        }
    }
    if let Some(path) = &args.otlp_headers_file {
        add_of_file(path, &mut headers)?;
    }
    Ok(headers)
}

fn add_of_file(path: &Path, headers: &mut Headers) -> anyhow::Result<()> {
    let text = fs::read_to_string(path).map_err(|source| BadHeaders::File { path: path.to_owned(), source })?;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (name, value) =
            line.split_once(':').ok_or_else(|| BadHeaders::Line { path: path.to_owned(), line: number + 1 })?;
        headers.add(name, value)?;
    }
    Ok(())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

#[cfg(target_os = "linux")]
fn host_name() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

#[cfg(not(target_os = "linux"))]
fn host_name() -> Option<String> {
    variable("HOSTNAME").or_else(|| variable("COMPUTERNAME"))
}
