//! Counts as OpenMetrics 1.0 text, which Prometheus and its agents read.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::report::{Distribution, Family, Kind, Report, Sample};

/// What the text is.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The counts of a report.
pub fn text(report: Report) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Families(report.families)));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn sample(encoder: &mut MetricEncoder<'_>, kind: Kind, sample: &Sample) -> fmt::Result {
    match (kind, &sample.distribution) {
        (Kind::Histogram, Some(Distribution { bounds, counts, sum })) => {
            let bounds = bounds.iter().copied().chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counts.iter().copied()).collect();
            encoder.encode_histogram::<NoLabelSet>(*sum, sample.value, &buckets, None)
        }
        (Kind::Counter, _) => encoder.encode_counter::<NoLabelSet, u64, u64>(&sample.value, None),
        (Kind::Gauge | Kind::Histogram, _) => encoder.encode_gauge(&sample.value),
    }
}

#[derive(Debug)]
struct Families(Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in &self.0 {
            let kind = match family.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
            };
            let mut metrics = encoder.encode_descriptor(family.name, family.help, None, kind)?;
            for one in &family.samples {
                let labels = &one.labels[..];
                match labels {
                    [] => sample(&mut metrics, family.kind, one)?,
                    _ => sample(&mut metrics.encode_family(&labels)?, family.kind, one)?,
                }
            }
        }
        Ok(())
    }
}

/// Every family is in a table of the documentation, with or without `sidetap_` in front.
#[cfg(test)]
pub fn assert_documented(report: &Report) {
    const PAGES: &str = concat!(
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md")),
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/forwarding.md")),
    );
    for family in &report.families {
        let end = if family.kind == Kind::Counter { "_total" } else { "" };
        let name = format!("{}{end}", family.name);
        let short = name.strip_prefix("sidetap_").unwrap_or(&name);
        let is_told = [&name[..], short].iter().any(|name| PAGES.contains(&format!("`{name}`")));
        assert!(is_told, "docs/metrics.md has no `{name}`");
    }
}

/// Compares what a subject says with `snapshots/NAME.snap`.
#[cfg(test)]
pub fn assert_snapshot(name: &str, subject: &impl super::Subject) {
    let mut report = Report::default();
    subject.describe(&mut report);
    for family in &report.families {
        assert!(family.name.starts_with("sidetap_") && !family.name.ends_with("_total"), "{}", family.name);
        assert!(!family.help.contains(['\n', '\\']) && !family.samples.is_empty(), "{}", family.name);
    }
    assert_documented(&report);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text(report).unwrap()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_ends_with_the_bucket_that_has_everything() {
        let mut report = Report::default();
        let spread = Distribution { bounds: &[0.5, 1.0], counts: vec![2, 0, 1], sum: 9.5 };
        report.histogram("sidetap_wait_seconds", "Waits").spread(&[("of", "us")], spread);
        let text = text(report).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            r#"sidetap_wait_seconds_sum{of="us"} 9.5"#,
            r#"sidetap_wait_seconds_count{of="us"} 3"#,
            r#"sidetap_wait_seconds_bucket{le="0.5",of="us"} 2"#,
            r#"sidetap_wait_seconds_bucket{le="1.0",of="us"} 2"#,
            r#"sidetap_wait_seconds_bucket{le="+Inf",of="us"} 3"#,
        ];
        assert_eq!(lines, expected);
    }
}
