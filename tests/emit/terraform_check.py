"""Reads resources of Terraform back into what RegisterTaskDefinition takes, by botocore's model of the ECS API, and compares.

Arguments: directories that hold `expected.json`, the body of a registration, and `main.tf`. python-hcl2 parses; it leaves
strings as they are written, with their quotes.
"""

import json
import pathlib
import re
import sys

import botocore.session
import hcl2

MODEL = botocore.session.get_session().get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape
ENCODED = re.compile(r"\$\{jsonencode\((.*)\)\}", re.DOTALL)
ESCAPE = re.compile(r'\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(["\\nrt]))|\$\$\{|%%\{')
BLOCKS = {"volume": "volumes", "inference_accelerator": "inferenceAccelerators"}
RENAMED = {"configure_at_launch": "configuredAtLaunch"}


def plain(match):
    code = match[1] or match[2]
    if code:
        return chr(int(code, 16))
    return {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}[match[3]] if match[3] else match[0][1:]


def unquoted(text):
    return ESCAPE.sub(plain, text[1:-1]) if text.startswith('"') else text


def value_of(written):
    if isinstance(written, dict):
        return {unquoted(key): value_of(value) for key, value in written.items() if not key.startswith("__")}
    if isinstance(written, list):
        return [value_of(item) for item in written]
    if isinstance(written, str):
        assert written.startswith('"'), f"{written} is no literal"
        return unquoted(written)
    return written


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def from_body(body, shape):
    """A block as the structure of the API that it stands for; names differ by their letters alone, but for a few."""
    members = {name.lower(): name for name in shape.members}
    api = {}
    for key, value in body.items():
        if key == "host_path":
            api["host"] = {"sourcePath": value}
            continue
        name = members[RENAMED.get(key, BLOCKS.get(key, camel(key))).lower()]
        inner = shape.members[name]
        if inner.type_name == "structure":
            assert len(value) == 1, f"{key} more than once"
            value = from_body(value[0], inner)
        elif inner.type_name == "list" and isinstance(value, dict):
            names = "key" if name == "tags" else "name"
            value = [{names: k, "value": v} for k, v in value.items()]
        elif inner.type_name == "list" and inner.member.type_name == "structure":
            value = [from_body(item, inner.member) for item in value]
        api[name] = value
    return api


def expected(body, lost):
    """What a resource can hold of a body: containers as they are, else no nulls, and nothing without an argument."""

    def kept(value, shape, pointer):
        if shape.type_name == "structure":
            members = {}
            for key, inner in value.items():
                here = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
                if inner is None or inner == [] or (key == "host" and not inner.get("sourcePath")):
                    continue
                if key not in shape.members or key == "s3filesVolumeConfiguration":
                    lost.append(here)
                    continue
                members[key] = kept(inner, shape.members[key], here)
            return members
        if shape.type_name == "list":
            return [kept(inner, shape.member, f"{pointer}/{index}") for index, inner in enumerate(value)]
        if shape.type_name == "string" and not isinstance(value, str):
            return str(value)
        return value

    containers = body["containerDefinitions"]
    body = kept(dict(body, containerDefinitions=[]), MODEL, "")
    return dict(body, containerDefinitions=containers)


for directory in map(pathlib.Path, sys.argv[1:]):
    text = (directory / "main.tf").read_text()
    [resource] = hcl2.loads(text)["resource"]
    [resource] = resource['"aws_ecs_task_definition"'].values()
    containers = ENCODED.fullmatch(resource.pop("container_definitions"))[1]
    containers = value_of(hcl2.loads(f"containers = {containers}\n"))["containers"]
    found = from_body(value_of(resource), MODEL)
    found["containerDefinitions"] = containers
    lost = []
    wanted = expected(json.loads((directory / "expected.json").read_text()), lost)
    assert found == wanted, f"{directory}\n{json.dumps(found, indent=1)}\n{json.dumps(wanted, indent=1)}"
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    for pointer in lost:
        assert pointer in comments, f"{directory}: {pointer} is lost in silence"
    if not lost:
        assert "no place" not in comments, directory
    assert all(letter.isprintable() or letter == "\n" for letter in text), f"{directory}: what nobody sees"
print("checked", len(sys.argv) - 1)
