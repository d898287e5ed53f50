//! Flags that mean the same wherever packets become records.

use std::time::Duration;

use bytesize::ByteSize;

use super::exports::ExportArg;
use super::options;
use super::rotation_args::RotationArgs;
use crate::memory_limit::TooLittle;
use crate::sensor::Budget;

/// Flags of `capture` and `collect`.
#[derive(Debug, clap::Args)]
pub struct SensorArgs {
    /// Only packets that this pcap-filter(7) expression accepts.
    #[arg(long, value_name = "EXPRESSION", env = "SIDETAP_FILTER", default_value = "", hide_default_value = true)]
    pub filter: String,
    /// Where records go: `ndjson:-`, `ndjson:PATH` (added to), `har:DIR`, `pcapng:PATH` (overwritten) or `none`;
    /// repeatable.
    #[arg(long, value_name = "KIND:TARGET", env = "SIDETAP_EXPORT", value_delimiter = ',')]
    pub export: Vec<ExportArg>,
    #[command(flatten)]
    pub rotation: RotationArgs,
    /// Memory for all of it, such as `25MiB`. Default: 80 % of the cgroup's limit, at most 64 MiB.
    #[arg(long, value_name = "SIZE", env = "SIDETAP_MEMORY_LIMIT", value_parser = options::size)]
    memory_limit: Option<ByteSize>,
    /// How long bytes are waited for that nobody has acknowledged.
    #[arg(long, value_name = "SECONDS", env = "SIDETAP_STREAM_TIMEOUT_SECONDS", default_value_t = 10)]
    stream_timeout_seconds: u64,
    /// How often statistics are printed while listening, such as `30s`; `0` for never.
    #[arg(long, value_name = "DURATION", env = "SIDETAP_STAT_DURATION", default_value = "30s", value_parser = options::duration)]
    pub stat_duration: Duration,
}

impl SensorArgs {
    /// How the memory is divided.
    pub fn budget(&self) -> Result<Budget, TooLittle> {
        Budget::new(options::memory_limit(self.memory_limit))
    }

    /// How long bytes are waited for that nobody has acknowledged.
    pub fn stream_timeout(&self) -> Duration {
        Duration::from_secs(self.stream_timeout_seconds)
    }
}
