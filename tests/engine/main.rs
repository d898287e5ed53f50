//! The engine from frames to records: what networks and captures do to packets must not change what is reported, what
//! is lost must show, and nothing that is sent can break it.

mod adversarial;
mod beginning;
mod chance;
mod connection;
mod corpus;
mod crowd;
mod dialogue;
mod loss;
mod metamorphic;
#[path = "../support/not_run.rs"]
mod not_run;
mod order;
mod packet;
mod resets;
mod sensor;
mod transform;
