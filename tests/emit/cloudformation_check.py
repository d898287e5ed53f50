"""Reads templates back into what RegisterTaskDefinition takes, by botocore's model of the ECS API, and compares.

Arguments: directories that hold `expected.json`, the body of a registration, and `template.yaml`. The names of properties
are those of the API in other letters, but for one; the keys of maps are the user's own.
"""

import json
import pathlib
import sys

import botocore.session
import yaml

MODEL = botocore.session.get_session().get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape
RENAMED = {"proxyconfigurationproperties": "properties"}
# Of the API, and not of CloudFormation.
WITHOUT_PROPERTY = {"transitEncryption": "S3FilesVolumeConfiguration"}


def from_template(value, shape):
    if shape.type_name == "structure":
        members = {name.lower(): name for name in shape.members}
        api = {}
        for key, inner in value.items():
            name = members[RENAMED.get(key.lower(), key.lower())]
            assert name not in api, f"{name} twice"
            api[name] = from_template(inner, shape.members[name])
        return api
    if shape.type_name == "list":
        return [from_template(inner, shape.member) for inner in value]
    if shape.type_name == "string":
        assert isinstance(value, str), f"{value!r} is to be a string"
    elif shape.type_name != "map":
        assert not isinstance(value, str), f"{value!r} is to be {shape.type_name}"
    return value


def expected(value, shape, pointer, lost):
    """What a template can hold of a body: no nulls and empty lists, and nothing that it has no property for."""
    if shape.type_name == "structure":
        kept = {}
        for key, inner in value.items():
            here = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if inner is None or inner == []:
                continue
            if key not in shape.members or WITHOUT_PROPERTY.get(key) == shape.name:
                lost.append(here)
                continue
            kept[key] = expected(inner, shape.members[key], here, lost)
        return kept
    if shape.type_name == "list":
        return [expected(inner, shape.member, f"{pointer}/{index}", lost) for index, inner in enumerate(value)]
    if shape.type_name == "string" and not isinstance(value, str):
        return str(value)
    return value


for directory in map(pathlib.Path, sys.argv[1:]):
    text = (directory / "template.yaml").read_text()
    resources = list(yaml.safe_load(text)["Resources"].values())
    assert len(resources) == 1 and resources[0]["Type"] == "AWS::ECS::TaskDefinition", directory
    properties = resources[0]["Properties"]
    lost = []
    body = json.loads((directory / "expected.json").read_text())
    wanted = expected(body, MODEL, "", lost)
    found = from_template(properties, MODEL)
    assert found == wanted, f"{directory}\n{json.dumps(found, indent=1)}\n{json.dumps(wanted, indent=1)}"
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    for pointer in lost:
        assert pointer in comments, f"{directory}: {pointer} is lost in silence"
    if not lost:
        assert "no place" not in comments, directory
    assert all(letter.isprintable() or letter == "\n" for letter in text), f"{directory}: what nobody sees"
print("checked", len(sys.argv) - 1)
