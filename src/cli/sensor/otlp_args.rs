//! Flags of `--export otlp:URL`.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;

use super::options;

/// Flags of `capture` and `collect`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Export over OTLP")]
pub struct OtlpArgs {
    /// How often records leave, between 1s and 60s.
    #[arg(long, value_name = "DURATION", env = "SIDETAP_TRACE_EXPORT_INTERVAL", default_value = "10s", value_parser = options::duration)]
    pub trace_export_interval: Duration,
    /// A file of header fields for every OTLP receiver that is named, a `Name: value` a line. Besides,
    /// OTEL_EXPORTER_OTLP_HEADERS is heeded.
    #[arg(long, value_name = "FILE", env = "SIDETAP_OTLP_HEADERS_FILE")]
    pub otlp_headers_file: Option<PathBuf>,
    /// Trust these certificate authorities (PEM), besides the system's.
    #[arg(long, value_name = "FILE", env = "SIDETAP_OTLP_CA")]
    pub otlp_ca: Option<PathBuf>,
    /// The name of the service whose traffic this is. Default: OTEL_SERVICE_NAME, else what ECS says.
    #[arg(long, value_name = "NAME", env = "SIDETAP_SERVICE_NAME")]
    pub service_name: Option<String>,
    /// Keep what a receiver does not take in files in this directory, at most for an hour. Each has its own in there.
    #[arg(long, value_name = "DIR", env = "SIDETAP_SPOOL_DIR")]
    pub spool_dir: Option<PathBuf>,
    /// How much the directory may hold for each receiver.
    #[arg(long, value_name = "SIZE", env = "SIDETAP_SPOOL_SIZE", default_value = "64MiB", value_parser = options::size)]
    pub spool_size: ByteSize,
}
