"""Reads what programs of others would: lines of JSON, in which no name may come twice, and egress reports as JSON and CSV."""

import csv
import json
import sys


def unique(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a name comes twice: {names}"
    return dict(pairs)


lines, report, table = sys.argv[1:]
with open(lines, "rb") as file:
    records = [json.loads(line.decode("utf-8"), object_pairs_hook=unique) for line in file]
assert all(isinstance(record.get("type"), str) for record in records)

with open(report, "rb") as file:
    sites = json.loads(file.read().decode("utf-8"), object_pairs_hook=unique)["sites"]

with open(table, newline="", encoding="utf-8") as file:
    rows = list(csv.reader(file, strict=True))
assert len({len(row) for row in rows}) == 1, "every row has as many cells as the head"
head, *body = rows
named = [dict(zip(head, row)) for row in body]
assert [row["name"] for row in named if row["name"] != "_other"] == [site["name"] for site in sites], (named, sites)

print(json.dumps({"records": len(records), "types": sorted({record["type"] for record in records}), "sites": len(sites)}))
