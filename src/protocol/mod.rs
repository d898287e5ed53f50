//! From bytes in order to messages. No clocks, no sockets, no memory without a bound.
//!
//! A reader takes the bytes of one direction in pieces of any size, in order, and gives the same messages whatever the
//! pieces are. It borrows what it can, copies what spans pieces into a buffer with a limit, and counts what it gives up.
//!
//! - [`detect`]: which protocol it is
//! - [`dns`]: DNS messages, over UDP and TCP
//! - [`grpc`]: gRPC in HTTP/2
//! - [`http1`]: HTTP/1.0 and HTTP/1.1
//! - [`http2`], [`hpack`]: HTTP/2 in clear
//! - [`proxy_header`]: what a load balancer puts before its client's bytes
//! - [`tls`]: the hellos and alerts of a TLS handshake, as far as they are in clear
//! - [`websocket`]: the frames and messages of a WebSocket connection
//! - [`buffers`]: the pool of buffers for what spans pieces
//! - [`by_age`]: what is lent and can be given up
//! - `gathered`: a message that spans pieces, in memory of its own

pub mod buffers;
pub mod by_age;
pub mod detect;
pub mod dns;
mod gathered;
pub mod grpc;
pub mod hpack;
pub mod http1;
pub mod http2;
pub mod proxy_header;
pub mod tls;
pub mod websocket;
