//! Ring to VXLAN: what was captured goes to collectors, whole.
//!
//! - [`forwarder`]: the way of a packet: own output left out, flows shed, cut, sent
//! - `backoff`: when to ask again for what has not helped
//! - [`budget`]: how much memory each part may use
//! - `collector`: one collector, and how sending to it goes
//! - [`counts`]: what became of everything
//! - [`deliver`]: sends a batch over one socket, and what every error of the kernel means
//! - [`destination`]: where packets go, as it is given
//! - [`flow`]: to which flow a packet belongs
//! - [`link`]: the sockets that are connected to one collector
//! - `lookup`: where a collector is
//! - [`monitor`]: what it says of itself to those who ask
//! - [`neighbour`]: whether another one forwards beside us
//! - [`outcome`]: what became of datagrams
//! - [`outbox`]: frames that wait for the end of their block
//! - [`own`]: our own output, and how it is left out
//! - [`ports`]: the source ports
//! - `recut`: cuts a datagram again that was made for a wider path
//! - `resolver`: looks names up again, and opens sockets, beside the packet path
//! - [`shed`]: the rate cap
//! - [`status`]: what others may know of a forwarder that runs
//!
//! Nothing in the packet path waits: names are looked up elsewhere, sockets take what they can, and what they cannot
//! take is dropped and counted.

mod backoff;
pub mod budget;
mod collector;
pub mod counts;
pub mod deliver;
pub mod destination;
pub mod flow;
pub mod forwarder;
pub mod link;
mod lookup;
pub mod monitor;
pub mod neighbour;
pub mod outbox;
pub mod outcome;
pub mod own;
pub mod ports;
mod recut;
mod resolver;
pub mod shed;
pub mod status;

pub use budget::Budget;
pub use counts::Counts;
pub use destination::Destination;
pub use forwarder::{ForwardError, Forwarder, Options};
pub use monitor::Monitored;
pub use status::{Shared, Status};
