//! What others may know of a forwarder that runs: a copy, made ten times a second, so that nobody waits for anybody.

use std::net::SocketAddr;

use super::counts::Counts;
use super::outcome::Outcome;
use crate::export::monitor::Published;
use crate::packet::live::LiveCounts;

/// How sending to a collector goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// As it should, as far as can be seen.
    #[default]
    Sending,
    /// Its host says that nobody listens there. What is sent all the same is lost, unless somebody does by then.
    Refusing,
    /// Nothing can be sent to it: there is no route, no address to send from, or something on this host forbids it. Or a
    /// router, or nobody answering for it, says that it is not reached.
    Unreachable,
    /// Its name has never had an address.
    Unresolved,
    /// Its name has an address of this host, to which nothing is sent.
    OwnAddress,
}

/// One collector.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectorStatus {
    /// As it was given, with the port.
    pub destination: String,
    /// Where datagrams go now; where it is known that they should, if it has never been connected to.
    pub address: Option<SocketAddr>,
    pub state: State,
    /// How often its name could not be looked up; the last address is kept.
    pub lookups_failed: u64,
    /// How often its name turned out to have an address of this host.
    pub own_address: u64,
    /// Whether its name could be looked up the last time, and if not, why.
    pub lookup_error: Option<String>,
    /// How often it could not be connected to.
    pub connects_failed: u64,
    /// Whether it could be connected to the last time that this was tried, and if not, why.
    pub connect_error: Option<String>,
    /// What became of the datagrams to it.
    pub outcome: Outcome,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    pub counts: Counts,
    /// What the rings have seen and lost.
    pub live: LiveCounts,
    pub collectors: Vec<CollectorStatus>,
    /// The largest outer IP packet, headers included.
    pub mtu: usize,
    /// The longest frame that goes into one.
    pub frame_budget: usize,
}

/// The last [`Status`], shared.
pub type Shared = Published<Status>;
