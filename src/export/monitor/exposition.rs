//! Counts as OpenMetrics 1.0 text, which Prometheus and its agents read.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::report::{Family, Kind, Report};

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

fn number(encoder: &mut MetricEncoder<'_>, kind: Kind, value: u64) -> fmt::Result {
    match kind {
        Kind::Counter => encoder.encode_counter::<NoLabelSet, u64, u64>(&value, None),
        Kind::Gauge => encoder.encode_gauge(&value),
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
            };
            let mut metrics = encoder.encode_descriptor(family.name, family.help, None, kind)?;
            for sample in &family.samples {
                let labels = &sample.labels[..];
                match labels {
                    [] => number(&mut metrics, family.kind, sample.value)?,
                    _ => number(&mut metrics.encode_family(&labels)?, family.kind, sample.value)?,
                }
            }
        }
        Ok(())
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
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text(report).unwrap()));
}
