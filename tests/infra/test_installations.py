"""Several installations in one account and region: nothing of one has a name that something of another has."""

import json
from pathlib import Path

import pytest

from infra.app import build
from infra.settings import SettingsError
from tests.infra.assembly import Assembly, Synthesize
from tests.infra.template import Template


def stack_name(assembly: Assembly) -> str:
    artifacts = json.loads((assembly.directory / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    [stack] = [artifact for artifact in artifacts.values() if artifact["type"] == "aws:cloudformation:stack"]
    return str(stack["properties"].get("stackName", stack["displayName"]))


def names(assembly: Assembly) -> set[tuple[str, str]]:
    """What the template itself gives a name, by type: `Name`, or as in `BucketName` of a bucket."""
    template: Template = assembly.template()
    physical_names = [
        (resource.type, str(resource.properties[key]))
        for resource in template.resources.values()
        for kind in [resource.type.rpartition(":")[2].removesuffix("Version")]
        for key in ("Name", f"{kind}Name")
        if key in resource.properties and resource.type != "AWS::IAM::Policy"  # it is inside of a role
    ]
    return {(kind, name.replace("<AWS::StackName>", stack_name(assembly))) for kind, name in physical_names}


@pytest.fixture(scope="module")
def other(synthesize: Synthesize) -> Assembly:
    return synthesize({"stackName": "Weighbridge-smoke-1"})


def test_by_default_everything_has_the_name_that_it_always_had(assembly: Assembly) -> None:
    assert stack_name(assembly) == "Weighbridge"
    assert names(assembly) >= {
        ("AWS::Events::EventBus", "weighbridge"),
        ("AWS::Logs::LogGroup", "/aws/vendedlogs/states/Weighbridge"),
    }


def test_no_name_of_one_is_a_name_of_another(assembly: Assembly, other: Assembly) -> None:
    assert stack_name(other) == "Weighbridge-smoke-1"
    assert len(names(other)) == len(names(assembly)) > 1
    assert not names(other) & names(assembly)


def test_each_has_its_own_alarms_on_what_its_own_functions_count(other: Assembly) -> None:
    template = other.template()
    counting = {
        function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        for function in template.of_type("AWS::Lambda::Function").values()
    }
    watched = [
        alarm["Dimensions"]
        for alarm in template.of_type("AWS::CloudWatch::Alarm").values()
        if alarm["Namespace"] == "Weighbridge"
    ]
    assert (
        watched
        == [[{"Name": "service", "Value": name}] for name in counting]
        == [[{"Name": "service", "Value": "weighbridge-smoke-1"}]]
    )


def test_nothing_else_differs(assembly: Assembly, other: Assembly) -> None:
    renamed = other.text.replace("weighbridge-smoke-1", "weighbridge").replace("Weighbridge-smoke-1", "Weighbridge")
    assert json.loads(renamed)["Resources"] == json.loads(assembly.text)["Resources"]


@pytest.mark.parametrize("value", ["", "1st", "a_b", "a b", "a" * 129, "Weighbridge\n", True, ["Weighbridge"]])
def test_what_is_no_name_of_a_stack_is_refused(tmp_path: Path, layer: Path, value: object) -> None:
    with pytest.raises(SettingsError, match="`stackName`"):
        build(tmp_path, {"layer": str(layer), "stackName": value})
