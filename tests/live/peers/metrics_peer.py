"""Scrapes metrics, and prints each sample that both of Prometheus' parsers find: a name, sorted labels, a value."""

import sys
import urllib.request

from prometheus_client import parser
from prometheus_client.openmetrics import parser as strict


def samples(families):
    found = {}
    for family in families:
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            name = f"{sample.name}{{{labels}}}" if labels else sample.name
            assert name not in found, name
            found[name] = sample.value
    return found


def check_histogram(family):
    """Its buckets never fall, the last one has no bound and as many as are counted, and there is a sum."""
    series = {}
    for sample in family.samples:
        labels = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
        series.setdefault(labels, []).append(sample)
    for labels, samples in series.items():
        buckets = [sample for sample in samples if sample.name == family.name + "_bucket"]
        bounds = [float(bucket.labels["le"]) for bucket in buckets]
        counts = [bucket.value for bucket in buckets]
        others = {sample.name: sample.value for sample in samples if "le" not in sample.labels}
        assert set(others) == {family.name + "_count", family.name + "_sum"}, (family.name, labels, others)
        assert bounds == sorted(set(bounds)) and bounds[-1] == float("inf"), (family.name, labels, bounds)
        assert counts == sorted(counts) and counts[-1] == others[family.name + "_count"], (family.name, labels, counts)


with urllib.request.urlopen(sys.argv[1], timeout=10) as answer:
    assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    text = answer.read().decode()

families = list(strict.text_string_to_metric_families(text))
assert all(family.documentation and family.type in ("counter", "gauge", "histogram") for family in families)
for family in families:
    if family.type == "histogram":
        check_histogram(family)
found = samples(families)
assert found == samples(parser.text_string_to_metric_families(text)), "the two parsers disagree"
for name, value in found.items():
    print(name, value)
