//! `--listen` and `--health-listen`: health checks, metrics and the status of a command that runs, over HTTP.

use std::net::SocketAddr;

use super::context::Context;
use super::listen_arg::ListenArg;
use crate::export::monitor::{self, About, Door, MonitorError, Subject};
use crate::packet::interfaces;
use crate::process::resident::Resident;

/// Where to listen.
pub type MonitorArg = ListenArg<{ monitor::PORT }>;

/// Who asks, if anybody may.
pub struct Monitor(Option<Door>);

impl Monitor {
    /// Listens, if an address was given. Comes before rights are dropped.
    pub fn open(address: Option<MonitorArg>) -> Result<Self, MonitorError> {
        Ok(Monitor(address.map(|address| Door::open(address.0)).transpose()?))
    }

    /// What a user wants of what is captured, without what goes through here.
    pub fn exclude_from(&self, user: &str) -> String {
        let Some(door) = &self.0 else { return user.to_owned() };
        let host = interfaces::list().unwrap_or_default();
        door.exclude_from(user, host.into_iter().flat_map(|interface| interface.addresses))
    }

    /// Answers from now on; whether anybody may ask. Comes after rights are dropped.
    pub fn serve(self, command: &'static str, limit: u64, subject: impl Subject, cx: &Context) -> anyhow::Result<bool> {
        let Some(door) = self.0 else { return Ok(false) };
        let address: SocketAddr = door.address();
        let memory = || Resident::now().ok().map(|resident| resident.total());
        door.serve(About::new(command, limit, memory), subject)?;
        cx.printer.note(&format!("health checks and metrics at http://{address}"));
        Ok(true)
    }
}
