//! What the tests are made of.
//!
//! - [`lab`]: two network namespaces and the cable between them
//! - [`child`]: programs that run in one of them, and end with the test
//! - [`sensor`]: `sidetap capture`
//! - [`record`]: what it reports
//! - [`vxlan`]: frames over VXLAN, to the sensor that collects
//! - [`nginx`], [`python`]: servers
//! - [`forge`]: packets that no kernel would send
//! - [`mirror`]: `sidetap forward` between a source and a collector
//! - [`load`]: an application that talks all the time
//! - [`ping`]: packets of which it is known how many there are
//! - [`http`]: asks a command that runs
//! - [`dump`]: what tcpdump saw, and what is in its VXLAN packets

pub mod child;
pub mod dump;
pub mod forge;
pub mod http;
pub mod lab;
pub mod load;
pub mod mirror;
pub mod nginx;
pub mod ping;
pub mod python;
pub mod record;
pub mod sensor;
pub mod vxlan;

use std::time::{Duration, Instant};

/// Longest that anything is waited for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Asks until there is an answer.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited for {what} in vain");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What a capture may take that was given this limit. The pages of a debug build's program are more than the limit knows
/// of, and more still with the patcher in it.
pub fn memory_limit(bytes: u64) -> u64 {
    match (cfg!(debug_assertions), cfg!(feature = "aws")) {
        (false, _) => bytes,
        (true, false) => bytes + (14 << 20),
        (true, true) => bytes + (28 << 20),
    }
}
