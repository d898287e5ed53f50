//! `--satellite-url`: a Levo satellite, and whose traffic it is told.

use std::sync::Arc;

use anyhow::Context as _;

use super::super::context::Context;
use super::levo_args::SatelliteArg;
use super::otlp;
use super::otlp_args::OtlpArgs;
use crate::export::levo::{Environment, FORMAT, ORGANIZATION_HEADER, ResourceCell};
use crate::export::otlp::Identity;
use crate::export::otlp::transport::{Endpoint, Options, Proxies, TransportError};
use crate::export::own_sockets::OwnSockets;
use crate::export::{Export, Levo, Overflow};

/// A satellite, and all that is needed to send to it.
pub struct Satellite {
    target: String,
    options: Options,
    identity: Identity,
    environment: Environment,
}

impl Satellite {
    /// Reads what flags and variables say; nothing is sent yet.
    pub fn open(given: SatelliteArg<'_>, args: &OtlpArgs, own: &Arc<OwnSockets>, cx: &Context) -> anyhow::Result<Self> {
        cx.printer.note("experimental: the satellite's format is inferred");
        let identity = otlp::identity(args, None, cx);
        let mut options = Options::new(Endpoint::parse(given.url).context("`--satellite-url`")?, Arc::clone(own));
        options.format = FORMAT;
        options.headers.add(ORGANIZATION_HEADER, given.organization)?;
        options.ca_file.clone_from(&args.otlp_ca);
        options.proxies = Proxies::from_environment();
        options.export_interval = args.trace_export_interval;
        options.instance.clone_from(&identity.instance_id);
        options.spool = otlp::spool(args, "levo", &options.endpoint);
        let environment = Environment { name: given.environment.to_owned(), host_name: identity.host_name.clone() };
        Ok(Satellite { target: format!("levo:{}", options.endpoint), options, identity, environment })
    }

    /// Starts to send, with so many bytes for what waits.
    pub fn start(mut self, queue_bytes: usize, overflow: Overflow) -> Result<Box<dyn Export>, TransportError> {
        self.options.queue_bytes = queue_bytes;
        let resource = ResourceCell::new(self.environment, &self.identity.service_name(None));
        let (told, identity) = (resource.clone(), self.identity);
        let watch = otlp::watch(move |task| told.set(&identity.service_name(Some(task))));
        Ok(Box::new(Levo::new(self.target, &self.options, resource, watch, overflow)?))
    }
}
