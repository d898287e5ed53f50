//! Flags that mean the same wherever packets become records.

use std::time::Duration;

use bytesize::ByteSize;

use super::exports::{self, ExportArg};
use super::levo_args::LevoArgs;
use super::options;
use super::otlp_args::OtlpArgs;
use super::policy_args::PolicyArgs;
use super::report_args::ReportArgs;
use super::rotation_args::RotationArgs;
use crate::memory_limit::TooLittle;
use crate::sensor::Budget;
use crate::sensor::policy::{BadRule, Rules};

/// Flags of `capture` and `collect`.
#[derive(Debug, clap::Args)]
pub struct SensorArgs {
    /// Only packets that this pcap-filter(7) expression accepts.
    #[arg(long, value_name = "EXPRESSION", env = "SIDETAP_FILTER", default_value = "", hide_default_value = true)]
    pub filter: String,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Where records go: `ndjson:-`, `ndjson:PATH` (added to), `otlp:URL`, `har:DIR`, `pcapng:PATH` (overwritten) or
    /// `none`; repeatable.
    #[arg(long, value_name = "KIND:TARGET", env = "SIDETAP_EXPORT", value_delimiter = ',')]
    pub export: Vec<ExportArg>,
    #[command(flatten)]
    pub rotation: RotationArgs,
    #[command(flatten)]
    pub otlp: OtlpArgs,
    #[command(flatten)]
    pub levo: LevoArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    /// Memory for all of it, such as `25MiB`. Default: 80 % of the cgroup's limit, at most 64 MiB.
    #[arg(long, value_name = "SIZE", env = "SIDETAP_MEMORY_LIMIT", value_parser = options::size)]
    memory_limit: Option<ByteSize>,
    /// How long bytes are waited for that nobody has acknowledged.
    #[arg(long, value_name = "SECONDS", env = "SIDETAP_STREAM_TIMEOUT_SECONDS", default_value = "10", value_parser = options::duration)]
    stream_timeout_seconds: Duration,
    /// How often statistics are printed while listening, such as `30s`; `0` for never.
    #[arg(long, value_name = "DURATION", env = "SIDETAP_STAT_DURATION", default_value = "30s", value_parser = options::duration)]
    pub stat_duration: Duration,
}

impl SensorArgs {
    /// How the memory is divided.
    pub fn budget(&self) -> Result<Budget, TooLittle> {
        Budget::with_queue(options::memory_limit(self.memory_limit), exports::least_queue_bytes(self))
    }

    /// Refuses a limit that was given and leaves too little to divide, whatever memory this machine has.
    #[cfg(all(feature = "aws", target_os = "linux"))]
    pub fn check_memory_limit(&self) -> Result<(), TooLittle> {
        self.memory_limit.map_or(Ok(()), |_| self.budget().map(|_| ()))
    }

    /// Which transactions are of interest.
    pub fn rules(&self) -> Result<Rules, BadRule> {
        self.policy.rules()
    }

    /// How long bytes are waited for that nobody has acknowledged.
    pub fn stream_timeout(&self) -> Duration {
        self.stream_timeout_seconds
    }
}
