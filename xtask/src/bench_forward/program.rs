//! What is measured: the forwarder, the baseline and tcpdump, and what each says that it did.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use super::site::{DESTINATION, INTERFACE};
use crate::measure::Usage;

/// Who takes packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Nobody,
    /// With the limit that it has by itself, or another.
    Forward(Option<&'static str>),
    /// One copy and one `sendto` a packet, from the same ring.
    AsIs,
    /// The same, of the frames that sidetap makes.
    Completed,
    Tcpdump,
}

/// Where the programs are.
pub struct Built {
    pub sidetap: PathBuf,
    pub baseline: PathBuf,
}

impl Program {
    pub fn name(self) -> &'static str {
        match self {
            Program::Nobody => "nobody",
            Program::Forward(_) => "sidetap",
            Program::AsIs => "baseline, as it is",
            Program::Completed => "baseline, completed",
            Program::Tcpdump => "tcpdump",
        }
    }

    /// The command line on a host whose interfaces have this MTU.
    pub fn command(self, built: &Built, mtu: usize) -> Option<String> {
        let Built { sidetap, baseline } = built;
        Some(match self {
            Program::Nobody => return None,
            Program::Forward(limit) => format!(
                "{} forward --interface {INTERFACE} --destination {DESTINATION} --stat-duration 0{}",
                sidetap.display(),
                limit.map_or(String::new(), |limit| format!(" --memory-limit {limit}")),
            ),
            Program::AsIs => format!("{} {INTERFACE} {DESTINATION} {mtu} as-is", baseline.display()),
            Program::Completed => format!("{} {INTERFACE} {DESTINATION} {mtu} completed", baseline.display()),
            Program::Tcpdump => format!("tcpdump -n -i {INTERFACE} -w /dev/null"),
        })
    }
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Taken {
    pub usage: Usage,
    /// CPU time from the load's beginning to its end.
    pub cpu: Duration,
    /// Packets that the program has handled, and such that the kernel dropped before.
    pub captured: u64,
    pub dropped: u64,
    /// Datagrams to the collector; such that did not go.
    pub sent: u64,
    pub failed: u64,
}

impl Taken {
    /// From what the program says in the end.
    pub fn of(program: Program, usage: Usage, cpu: Duration) -> Result<Self> {
        let number = |phrase| number_before(&usage.said, phrase);
        let captured = number(" packets captured").with_context(|| format!("it counts nothing: {}", usage.said))?;
        let dropped = match program {
            Program::Tcpdump => number(" packets dropped by kernel"),
            _ => number(" packets ring full").or(number(" packet ring full")),
        };
        let failed = match program {
            Program::AsIs | Program::Completed => number(" datagrams not sent").unwrap_or(0),
            _ => dropped_datagrams(&usage.said),
        };
        let sent = number(" datagrams sent").unwrap_or(0);
        Ok(Taken { captured, dropped: dropped.unwrap_or(0), sent, failed, cpu, usage })
    }

    /// How much of what came the program has had.
    pub fn share(&self) -> f64 {
        self.captured as f64 / (self.captured + self.dropped).max(1) as f64
    }
}

/// Datagrams that sidetap's last line says were dropped, whatever the cause.
fn dropped_datagrams(said: &str) -> u64 {
    let Some((_, dropped)) = said.rsplit_once("dropped: ") else { return 0 };
    let causes = dropped.split(';').next().unwrap_or_default().split(", ");
    causes.filter(|cause| cause.contains(" datagram")).filter_map(|cause| number_before(cause, " datagram")).sum()
}

/// The last number, perhaps with its thousands apart, that stands before a phrase.
fn number_before(said: &str, phrase: &str) -> Option<u64> {
    let number = said[..said.rfind(phrase)?].rsplit([' ', '\n']).next()?;
    number.replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_for_which_datagrams_were_dropped_counts() {
        let line = "stopped: 9 packets captured (1.0 KiB); 1 datagram sent (0 B); dropped: 5 packets ring full, 1,003 \
                    datagrams send buffer full, 1 datagram refused; 2 frames cut into 80";
        assert_eq!(dropped_datagrams(line), 1_004);
        assert_eq!(number_before(line, " packets ring full"), Some(5));
        assert_eq!(dropped_datagrams("9 packets captured; 9 datagrams sent; nothing dropped"), 0);
    }
}
