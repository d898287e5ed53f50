//! This process, as Linux sees it: what it may use, what it does use, and what it may do.
//!
//! - [`cgroup`]: the memory that it may use
//! - [`resident`]: the memory that it does use
//! - [`privileges`]: giving up every right once the sockets are open
//! - [`signals`]: the signals that it ignores

pub mod cgroup;
mod mounts;
pub mod privileges;
pub mod resident;
pub mod signals;
