//! Writes what is counted as metrics.
//!
//! Counters are sums that begin when the process did (cumulative, monotonic), so that a report that is lost takes nothing
//! away. What counts the traffic of the workload belongs below its resource, and what counts the sensor's own work below
//! the sensor's.

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum,
};
use prost::Message as _;

use super::names::metric::{self, Type};
use crate::export::monitor::report::{Distribution, Family, Kind, Report, Sample};

/// Whom a metric is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The traffic of the workload that is watched.
    Workload,
    /// How the sensor does.
    Sensor,
}

/// Bytes of a metric, mostly: a family with more numbers is several metrics of one name, each with some of the numbers,
/// which go into requests of any size.
const METRIC_BYTES: usize = 8 << 10;

/// Writes every family that has numbers as metrics into the buffer, one after the other, and hands each on before it
/// writes the next. Times are nanoseconds since the Unix epoch: when counting began, and when it was counted.
pub fn encode(
    report: &Report,
    start_unix_nanos: u64,
    now_unix_nanos: u64,
    out: &mut Vec<u8>,
    mut each: impl FnMut(Whose, &[u8]),
) {
    // A clock that was set back would have counting end before it began.
    let times = Times { start: start_unix_nanos.min(now_unix_nanos), now: now_unix_nanos };
    for family in report.families.iter().filter(|family| !family.samples.is_empty()) {
        for samples in pieces(&family.samples) {
            out.clear();
            // A vector has room for anything.
            let _ = of_family(family, samples, times).encode(out);
            each(whose(family), out);
        }
    }
}

/// The numbers in pieces of [`METRIC_BYTES`].
fn pieces(samples: &[Sample]) -> impl Iterator<Item = &[Sample]> {
    let mut bytes = 0;
    samples.chunk_by(move |_, next| {
        bytes += bytes_of(next);
        let fits = bytes <= METRIC_BYTES;
        if !fits {
            bytes = 0;
        }
        fits
    })
}

/// Bytes that a number takes, about: times and values, each attribute with its framing, and 8 bytes a bucket and bound.
fn bytes_of(sample: &Sample) -> usize {
    let labels: usize = sample.labels.iter().map(|(label, value)| label.len() + value.len() + 12).sum();
    let buckets = sample.distribution.as_ref().map_or(0, |it| 8 * (it.counts.len() + it.bounds.len()));
    50 + labels + buckets
}

#[derive(Debug, Clone, Copy)]
struct Times {
    start: u64,
    now: u64,
}

fn whose(family: &Family) -> Whose {
    match family.convention.is_some() || metric::is_of_the_workload(family.name) {
        true => Whose::Workload,
        false => Whose::Sensor,
    }
}

fn of_family(family: &Family, samples: &[Sample], times: Times) -> Metric {
    let (name, unit) = match family.convention {
        Some((name, unit)) => (name.to_owned(), unit),
        None => metric::of_family(family.name),
    };
    let cumulative = AggregationTemporality::Cumulative as i32;
    let numbers = |start| samples.iter().map(|sample| number(sample, start, times.now)).collect();
    let data = match family.kind {
        Kind::Counter => Data::Sum(Sum {
            data_points: numbers(times.start),
            aggregation_temporality: cumulative,
            is_monotonic: true,
        }),
        Kind::Gauge => Data::Gauge(Gauge { data_points: numbers(0) }),
        Kind::Histogram => Data::Histogram(Histogram {
            data_points: samples.iter().filter_map(|sample| histogram(sample, times)).collect(),
            aggregation_temporality: cumulative,
        }),
    };
    Metric { name, description: family.help.to_owned(), unit: unit.to_owned(), metadata: Vec::new(), data: Some(data) }
}

fn number(sample: &Sample, start: u64, now: u64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(sample),
        start_time_unix_nano: start,
        time_unix_nano: now,
        value: Some(Value::AsInt(i64::try_from(sample.value).unwrap_or(i64::MAX))),
        ..NumberDataPoint::default()
    }
}

/// A distribution as readers want it: one more count than there are bounds. Without one there is nothing to tell.
fn histogram(sample: &Sample, times: Times) -> Option<HistogramDataPoint> {
    let Distribution { bounds, counts, sum } = sample.distribution.as_ref()?;
    (counts.len() == bounds.len() + 1).then(|| HistogramDataPoint {
        attributes: attributes(sample),
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        count: counts.iter().fold(0, |all, &count| all.saturating_add(count)),
        sum: Some(*sum),
        bucket_counts: counts.clone(),
        explicit_bounds: bounds.to_vec(),
        ..HistogramDataPoint::default()
    })
}

fn attributes(sample: &Sample) -> Vec<KeyValue> {
    sample
        .labels
        .iter()
        // Prometheus has every label in every number; there, an empty one is none.
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| {
            let (key, of_type) = metric::of_label(label);
            let number = if of_type == Type::Integer { value.parse().ok() } else { None };
            let value = number.map_or_else(|| any_value::Value::StringValue(value.clone()), any_value::Value::IntValue);
            let value = Some(AnyValue { value: Some(value) });
            KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
        })
        .collect()
}

#[cfg(test)]
pub(super) mod tests;
