//! The sender against receivers that misbehave in all the ways that there are.
//!
//! Time is stepped by hand: where the sender would sleep, the clock is moved. Only what a socket does takes real time.

mod answers;
mod connections;
mod interleaving;
pub(in crate::export) mod receiver;
pub(in crate::export::otlp::transport) mod run;
mod shutdown;
mod spooling;
mod tls;
