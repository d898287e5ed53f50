"""Checks OpenAPI documents, and prints the paths of each with their methods as a line of JSON."""

import json
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator

for path in sys.argv[1:]:
    with open(path) as file:
        document = json.load(file)
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1."), document["openapi"]
    methods = {path: sorted(name for name in item if name != "parameters") for path, item in document["paths"].items()}
    print(json.dumps(methods))
