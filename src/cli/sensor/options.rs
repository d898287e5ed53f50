//! What the flags of the engine's commands mean.

use std::time::Duration;

use bytesize::ByteSize;

use crate::memory_limit::MOST_UNASKED;
use crate::packet::LinkType;
use crate::packet::filter::{Filter, FilterError, Target};

/// The given limit in bytes, else 80 % of the cgroup's, else as much as should ever be wanted.
pub fn memory_limit(given: Option<ByteSize>) -> u64 {
    match given {
        Some(ByteSize(bytes)) => bytes,
        None => cgroup_limit().map_or(MOST_UNASKED, |limit| (limit / 5 * 4).min(MOST_UNASKED)),
    }
}

#[cfg(target_os = "linux")]
fn cgroup_limit() -> Option<u64> {
    let limit = crate::process::cgroup::memory_limit(std::path::Path::new("/"))?;
    tracing::debug!(bytes = limit.bytes, file = %limit.file.display(), "memory limit");
    Some(limit.bytes)
}

#[cfg(not(target_os = "linux"))]
fn cgroup_limit() -> Option<u64> {
    None
}

/// A size such as `25MiB`; a number alone is bytes.
pub fn size(text: &str) -> Result<ByteSize, String> {
    text.parse().map_err(|_| "it is no size such as `25MiB`, or a number of bytes".to_owned())
}

/// How many CPUs, such as `0.05`.
pub fn cpus(text: &str) -> Result<f64, String> {
    let cpus = text.parse::<f64>().ok().filter(|cpus| cpus.is_finite() && *cpus > 0.0);
    cpus.ok_or_else(|| "it is no number of CPUs such as `0.05`".to_owned())
}

/// A duration such as `30s`; a number alone is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let whole = text.parse().ok().map(Duration::from_secs);
    let decimal = || text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    match whole.or_else(decimal) {
        Some(duration) => Ok(duration),
        None => humantime::parse_duration(text).map_err(|_| "it is no duration such as `30s` or `5m`".to_owned()),
    }
}

/// A filter that does not compile.
#[derive(Debug, thiserror::Error)]
#[error("the filter cannot be understood: {error}\n{}", error.pointer(expression))]
pub struct BadFilter {
    expression: String,
    #[source]
    error: FilterError,
}

/// Says at once what is wrong with a filter, before anything is opened.
pub fn check_filter(expression: &str, target: Target) -> Result<(), BadFilter> {
    match Filter::compile_for(expression, LinkType::Ethernet, target) {
        Ok(_) => Ok(()),
        Err(error) => Err(BadFilter { expression: expression.to_owned(), error }),
    }
}
