//! Flags for what of what was seen is reported, and in what form.

use std::path::PathBuf;

use bytesize::ByteSize;

use super::options;
use crate::record::PrivacyLevel;
use crate::sensor::privacy::body::{MAX_FULL, MAX_REDACTED};
use crate::sensor::rate::byte_budget::DEFAULT_BYTES_PER_MINUTE;
use crate::sensor::rate::{LimitError, RateLimit};
use crate::sensor::trace_context::{TraceContextPolicy, UnknownPolicy};

/// Flags of `capture` and `collect`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is reported")]
pub struct ReportArgs {
    /// Transactions a minute that are reported one by one: a number, or `unlimited`. Each endpoint gets a fair share, and
    /// what is new or fails comes first; metrics are always exact. Default: 1000 where `capture` listens, no limit for
    /// files and for `collect`.
    #[arg(long, value_name = "N|unlimited", env = "SIDETAP_RATE_LIMIT", value_parser = rate_limit)]
    rate_limit: Option<RateLimit>,
    /// Bytes of transactions a minute, about: beyond that bodies are left out first. Default: 2MiB with a rate limit.
    #[arg(long, value_name = "SIZE", env = "SIDETAP_BYTES_PER_MINUTE", value_parser = options::size)]
    bytes_per_minute: Option<ByteSize>,
    /// How much leaves: `metadata` no value that anybody entered; `schema` and of what types values are; `redacted` values
    /// and bodies in which nothing personal or secret was found; `full` all but credentials.
    #[arg(long, value_name = "LEVEL", env = "SIDETAP_PRIVACY_LEVEL", default_value = "metadata", value_parser = level)]
    pub privacy_level: PrivacyLevel,
    /// Why `--privacy-level full` is needed, such as the name of a ticket; it is told at the start.
    #[arg(long, value_name = "TICKET", env = "SIDETAP_PRIVACY_ACKNOWLEDGE")]
    pub privacy_acknowledge: Option<String>,
    /// When `--privacy-level full` ends and `redacted` begins, at most 7 days ahead: `2026-12-31T12:00:00Z`.
    #[arg(long, value_name = "TIME", env = "SIDETAP_PRIVACY_EXPIRES")]
    pub privacy_expires: Option<humantime::Timestamp>,
    /// A header field whose values are shown besides the harmless ones; repeatable. Credentials never are.
    #[arg(long, value_name = "NAME", env = "SIDETAP_ALLOW_HEADER", value_delimiter = ',')]
    pub allow_header: Vec<String>,
    /// A path template such as `/users/{id}/cards`; repeatable. Others are found out.
    #[arg(long, value_name = "TEMPLATE", env = "SIDETAP_ROUTE", value_delimiter = ',')]
    pub route: Vec<String>,
    /// Whether records continue the traces that requests name: `join` them, `link` to them, `off`, or `auto`: join where
    /// nobody else does.
    #[arg(long, value_name = "POLICY", env = "SIDETAP_TRACE_CONTEXT", default_value = "auto", value_parser = trace_context)]
    pub trace_context: TraceContextPolicy,
    /// Bytes of a body that are looked at: at most 16KiB, with `full` 64KiB, which are the defaults.
    #[arg(long, value_name = "SIZE", env = "SIDETAP_MAX_HTTP_LENGTH", value_parser = options::size)]
    max_http_length: Option<ByteSize>,
    /// How many CPUs may be used, such as `0.05`. Packets of interfaces wait, and are dropped, rather than that more is used.
    /// Where more goes on being needed, bodies are left out, then the rate limit is lowered, then only some connections are
    /// read; mirrored packets, too.
    #[arg(long, value_name = "CPUS", env = "SIDETAP_CPU_LIMIT", value_parser = options::cpus)]
    pub cpu_limit: Option<f64>,
    /// Write an OpenAPI 3.1 document of what was seen to this file, once a minute and at the end.
    #[arg(long, value_name = "FILE", env = "SIDETAP_OPENAPI")]
    pub openapi: Option<PathBuf>,
    /// Write the sites that were talked to to this file, once a minute and at the end: as text, or as its ending says `.json`
    /// or `.csv`.
    #[arg(long, value_name = "FILE", env = "SIDETAP_EGRESS_REPORT")]
    pub egress_report: Option<PathBuf>,
}

impl ReportArgs {
    /// The limit that was given, else this one.
    pub fn rate_limit(&self, usual: RateLimit) -> RateLimit {
        self.rate_limit.unwrap_or(usual)
    }

    /// Bytes a minute, where there is a limit.
    pub fn bytes_per_minute(&self, rate: RateLimit) -> Option<u64> {
        match (self.bytes_per_minute, rate) {
            (Some(ByteSize(bytes)), _) => Some(bytes),
            (None, RateLimit::Unlimited) => None,
            (None, RateLimit::PerMinute(_)) => Some(DEFAULT_BYTES_PER_MINUTE),
        }
    }

    /// Bytes of a body that are looked at.
    pub fn content(&self) -> u32 {
        let most = if self.privacy_level == PrivacyLevel::Full { MAX_FULL } else { MAX_REDACTED } as u64;
        self.max_http_length.map_or(most, |ByteSize(bytes)| bytes).min(most) as u32
    }
}

/// A value that cannot be read is told with what to do about it: the parser of flags shows nothing but one text.
fn rate_limit(text: &str) -> Result<RateLimit, String> {
    text.parse().map_err(|error: LimitError| format!("{error}: {}", error.hints().join("; ")))
}

fn trace_context(text: &str) -> Result<TraceContextPolicy, String> {
    text.parse().map_err(|error: UnknownPolicy| format!("{error}: {}", error.hints().join("; ")))
}

fn level(text: &str) -> Result<PrivacyLevel, String> {
    PrivacyLevel::ALL
        .into_iter()
        .find(|level| level.name() == text)
        .ok_or_else(|| "it is none of `metadata`, `schema`, `redacted` and `full`".to_owned())
}
