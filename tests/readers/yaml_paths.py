"""Prints the paths of an OpenAPI document in YAML, with their methods."""

import json
import sys

from ruamel.yaml import YAML

with open(sys.argv[1]) as file:
    document = YAML(typ="safe").load(file)
print(json.dumps({path: sorted(name for name in item if name != "parameters") for path, item in document["paths"].items()}))
