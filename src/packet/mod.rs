//! Bytes and frames: where packets come from, what is in them, and which are wanted.
//!
//! - [`address`]: addresses of both IP versions in one number
//! - [`checksum`]: the Internet checksum, over bytes in several places
//! - [`decode`]: from a frame to its transport, through links, tags and tunnels
//! - [`mod@file`]: capture files, read and written
//! - [`filter`]: which packets are wanted: pcap-filter expressions, compiled
//! - [`fragments`]: completes fragmented IP packets
//! - [`ip`], [`tcp`], [`udp`], [`vxlan`]: the headers
//! - [`link`]: the link types of capture files and interfaces
//! - [`realm`]: the network that addresses are valid in
//! - [`timestamp`]: nanoseconds since the Unix epoch
//! - [`vlan`]: VLAN tags, in a frame or taken out of it
//!
//! Only on Linux, because nothing else has packet sockets:
//!
//! - `captured`: a packet, and the interface that showed it
//! - `interfaces`: the network interfaces, and which of them are captured
//! - `live`: the rings of several interfaces, merged by time
//! - `ring`: the receive ring of an interface, with `ring_options`, `ring_packet` and `ring_statistics`
//! - `segment`: frames that fit, of what a ring captured
//! - `send`: many datagrams or frames in one call
//!
//! Everything below borrows from one [`Frame`], which borrows from the ring or the file's buffer.

pub mod address;
#[cfg(target_os = "linux")]
pub mod brake;
#[cfg(target_os = "linux")]
pub mod captured;
pub mod checksum;
pub mod decode;
pub mod file;
pub mod filter;
pub mod fragments;
#[cfg(target_os = "linux")]
pub mod interfaces;
pub mod ip;
pub mod link;
#[cfg(target_os = "linux")]
pub mod live;
#[cfg(target_os = "linux")]
mod merge;
#[cfg(all(test, target_os = "linux"))]
pub(crate) mod namespace;
pub mod realm;
#[cfg(target_os = "linux")]
pub mod ring;
#[cfg(target_os = "linux")]
mod ring_options;
#[cfg(target_os = "linux")]
mod ring_packet;
#[cfg(target_os = "linux")]
mod ring_statistics;
#[cfg(target_os = "linux")]
pub mod segment;
#[cfg(target_os = "linux")]
pub mod send;
pub mod tcp;
pub mod timestamp;
pub mod udp;
pub mod vlan;
pub mod vxlan;

pub use address::Address;
pub use link::LinkType;
pub use realm::Realm;
pub use timestamp::Timestamp;

/// One captured frame, as a ring or a capture file hands it out.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// When it was captured.
    pub time: Timestamp,
    /// Which of the source's interfaces saw it; an index into the source's own list.
    pub interface: u32,
    /// Where its addresses are valid, before any tunnel inside it.
    pub realm: Realm,
    /// What the first byte belongs to.
    pub link: LinkType,
    /// What was captured of it.
    pub bytes: &'a [u8],
    /// How long it was on the wire; more than `bytes` where a snapshot length cut it.
    pub wire_len: u32,
}
