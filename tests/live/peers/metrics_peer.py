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


with urllib.request.urlopen(sys.argv[1], timeout=10) as answer:
    assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    text = answer.read().decode()

families = list(strict.text_string_to_metric_families(text))
assert all(family.documentation and family.type in ("counter", "gauge") for family in families)
found = samples(families)
assert found == samples(parser.text_string_to_metric_families(text)), "the two parsers disagree"
for name, value in found.items():
    print(name, int(value))
