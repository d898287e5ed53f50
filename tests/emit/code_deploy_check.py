"""Reads a report from standard input: the commands as the AWS CLI does, and each AppSpec as its reference describes it."""

import json
import shlex
import sys

import botocore.session
from botocore import xform_name
from botocore.validate import ParamValidator

MODEL = botocore.session.get_session().get_service_model("codedeploy").operation_model("CreateDeployment").input_shape
OPTIONS = {"--" + xform_name(name, "-"): name for name in MODEL.members}
# Name: whether it is required. Source: the sections `version`, `resources` and `hooks` of the AppSpec reference.
PROPERTIES = {"TaskDefinition": True, "LoadBalancerInfo": True, "PlatformVersion": False, "NetworkConfiguration": False,
              "CapacityProviderStrategy": False}
HOOKS = {"BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"}


def members(value, allowed):
    assert set(value) <= set(allowed), value
    missing = {name for name, required in allowed.items() if required and name not in value}
    assert not missing, missing


results = json.load(sys.stdin)["results"]
for result in results:
    words = shlex.split(result["deploy_command"])
    assert words[:5] == ["aws", "deploy", "create-deployment", "--region", "eu-west-1"], words
    options = dict(zip(words[5::2], words[6::2]))
    arguments = {}
    for option, value in options.items():
        name = OPTIONS[option]
        arguments[name] = json.loads(value) if MODEL.members[name].type_name == "structure" else value
    report = ParamValidator().validate(arguments, MODEL)
    assert not report.has_errors(), report.generate_report()
    assert {"applicationName", "deploymentGroupName", "revision"} == set(arguments)
    assert arguments["revision"]["revisionType"] == "AppSpecContent"

    app_spec = json.loads(arguments["revision"]["appSpecContent"]["content"])
    assert app_spec == result["app_spec"]
    members(app_spec, {"version": True, "Resources": True, "Hooks": False})
    assert app_spec["version"] == 0.0 and isinstance(app_spec["version"], float)
    [resource] = app_spec["Resources"]
    [service] = resource.values()
    members(service, {"Type": True, "Properties": True})
    assert service["Type"] == "AWS::ECS::Service"
    properties = service["Properties"]
    members(properties, PROPERTIES)
    assert properties["TaskDefinition"] == result["task_definition"]
    members(properties["LoadBalancerInfo"], {"ContainerName": True, "ContainerPort": True})
    assert isinstance(properties["LoadBalancerInfo"]["ContainerPort"], int)
    for item in properties.get("CapacityProviderStrategy", []):
        members(item, {"Base": True, "CapacityProvider": True, "Weight": True})
    for hook in app_spec.get("Hooks", []):
        assert set(hook) <= HOOKS, hook
print(len(results))
