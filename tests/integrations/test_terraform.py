"""The Terraform modules: they parse, say what they take and give, and make what Weighbridge reads."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import hcl2
import pytest

from tests.architecture.blocks import blocks
from tests.architecture.source import ROOT
from tests.integrations.hcl import Module, tree
from weighbridge.core import appspec, groups
from weighbridge.core.object_keys import AppSpecDrop, classify_key
from weighbridge.core.requests import DeploymentRequest

TERRAFORM = ROOT / "integrations" / "terraform"
EVENT = TERRAFORM / "modules" / "event"
FILES = sorted(TERRAFORM.rglob("*.tf"))
README = (TERRAFORM / "README.md").read_text(encoding="utf-8")
CHECKOUT = {"function_name": "checkout", "target_version": "7", "application": "shop", "group": "prod"}


def module(**variables: Any) -> Module:
    known = {"aws_lambda_alias": {"this": {"name": variables.get("alias", "live"), "arn": "arn", "invoke_arn": "invoke"}}}
    return Module(TERRAFORM, CHECKOUT | {"weighbridge_bucket": "drops"} | variables, known)


def event_module(**variables: Any) -> Module:
    inner = module(trigger="none")
    known = {"module": {"alias": {name: inner.output(name) for name in inner.names("output")}}}
    return Module(EVENT, CHECKOUT | variables, known)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TERRAFORM)))
def test_a_file_is_hcl(path: Path) -> None:
    assert hcl2.loads(path.read_text(encoding="utf-8"))
    assert tree(path).children


def test_the_file_is_an_appspec_file_under_a_key_of_the_group() -> None:
    hooks = {"BeforeAllowTraffic": "CodeDeployHook_check", "AfterAllowTraffic": "CodeDeployHook_smoke"}
    dropped = module(hooks=hooks).body("resource", "aws_s3_object", "deployment")
    asked = appspec.parse(dropped["content"])
    assert (asked.function_name, asked.alias, asked.target_version) == ("checkout", "live", "7")
    assert asked.hooks == hooks
    assert classify_key(dropped["key"]) == AppSpecDrop("shop", "prod", "JSON")
    assert dropped["bucket"] == "drops"


def test_without_hooks_there_are_none() -> None:
    assert appspec.parse(module().body("resource", "aws_s3_object", "deployment")["content"]).hooks == {}


def test_the_alias_is_left_alone_once_it_is_made() -> None:
    alias = module().body("resource", "aws_lambda_alias", "this")
    assert (alias["function_name"], alias["name"], alias["function_version"]) == ("checkout", "live", "7")
    text = (TERRAFORM / "main.tf").read_text(encoding="utf-8")
    assert re.search(r"ignore_changes = \[function_version, routing_config\]", text)


def test_the_bucket_is_looked_up_where_it_is_not_given() -> None:
    found = {"data": {"aws_lambda_function": {"weighbridge": [{"tags": {"weighbridge:bucket": "found"}}]}}}
    known = {"aws_lambda_alias": {"this": {"name": "live"}}, **found}
    without = Module(TERRAFORM, CHECKOUT, known)
    assert without.body("resource", "aws_s3_object", "deployment")["bucket"] == "found"
    looked_up = without.body("data", "aws_lambda_function", "weighbridge")
    assert (looked_up["count"], looked_up["function_name"]) == (1, "weighbridge-cloudformation")
    assert module().body("data", "aws_lambda_function", "weighbridge")["count"] == 0
    assert module(trigger="none").body("resource", "aws_s3_object", "deployment")["count"] == 0


def test_the_event_is_a_request() -> None:
    told = event_module(deployment_config_name="Careful", description="Release 42")
    entry = told.evaluated(told.inner("action", "aws_events_put_events", "deploy", path=("config", "entry")))
    assert (entry["detail_type"], entry["event_bus_name"]) == ("Deployment Requested", "weighbridge")
    request = DeploymentRequest.read(json.loads(entry["detail"]))
    assert (request.application_name, request.deployment_group_name) == ("shop", "prod")
    assert request.overrides() == {"deploymentConfigName": "Careful", "description": "Release 42"}
    assert request.revision.app_spec_content
    assert appspec.parse(request.revision.app_spec_content.content).target_version == "7"


def test_nothing_is_asked_for_that_is_not_said() -> None:
    told = event_module()
    entry = told.evaluated(told.inner("action", "aws_events_put_events", "deploy", path=("config", "entry")))
    assert DeploymentRequest.read(json.loads(entry["detail"])).overrides() == {}


def test_any_terraform_and_opentofu_read_the_module_with_the_file() -> None:
    # An action is a block that they do not know, wherever in the module it stands.
    for path in TERRAFORM.glob("*.tf"):
        assert not re.search(r"^action |action_trigger", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert 'required_version = ">= 1.14"' in (EVENT / "versions.tf").read_text(encoding="utf-8")


def test_a_change_of_version_or_of_redeploy_asks_again() -> None:
    before, after = (event_module(redeploy=text).body("resource", "terraform_data", "wanted") for text in ("", "once more"))
    assert before["input"] != after["input"]
    assert before["input"]["version"] == "7"
    dropped = [module(redeploy=text).body("resource", "aws_s3_object", "deployment") for text in ("", "once more")]
    assert dropped[0]["content"] == dropped[1]["content"]
    assert dropped[0]["metadata"] != dropped[1]["metadata"]


def test_the_command_of_the_output_waits_for_the_version() -> None:
    command = module().output("wait")
    assert shlex.split(command) == ["weighbridge", "wait", "checkout:live", "--version", "7"]
    assert event_module().output("wait") == command


@pytest.mark.parametrize("name", ["function_name", "alias", "target_version", "application", "group"])
def test_what_ends_up_in_a_command_or_a_key_is_checked(name: str) -> None:
    variables = hcl2.loads((TERRAFORM / "variables.tf").read_text(encoding="utf-8"))["variable"]
    [body] = [each[f'"{name}"'] for each in variables if f'"{name}"' in each]
    [validation] = body["validation"]
    [pattern, *_] = re.findall(r'regex\("((?:[^"\\]|\\.)*)"', validation["condition"])
    for hostile in ("a b", "a;b", "$(b)", "a\nb", "a/b", "a`b`", "", "../b"):
        assert not re.search(pattern.replace("$", r"\Z"), hostile), hostile


@pytest.mark.parametrize("folder", [TERRAFORM, EVENT], ids=["s3", "event"])
def test_every_variable_and_output_says_what_it_is(folder: Path) -> None:
    for file, kind in (("variables", "variable"), ("outputs", "output")):
        for block in hcl2.loads((folder / f"{file}.tf").read_text(encoding="utf-8"))[kind]:
            [(name, body)] = block.items()
            assert body["description"], name
            assert f"`{name.strip(chr(34))}`" in README, name


def test_the_module_by_event_takes_what_the_other_one_does() -> None:
    assert set(event_module().names("variable")) - {"deployment_config_name", "description", "event_bus_name"} == set(
        module().names("variable")
    ) - {"trigger", "weighbridge_bucket", "installation"}


EXAMPLE = TERRAFORM / "examples" / "checkout" / "main.tf"
CALLS = {
    "the example": EXAMPLE.read_text(encoding="utf-8"),
    **{
        page: "\n".join(block.text for block in blocks(page) if block.language == "hcl")
        for page in ("docs/terraform.md", "integrations/terraform/README.md")
    },
}


@pytest.mark.parametrize("page", CALLS)
def test_a_call_of_the_module_in_a_page_gives_what_it_takes(page: str) -> None:
    [call] = hcl2.loads(CALLS[page])["module"]
    [(_, arguments)] = call.items()
    arguments = {name for name in arguments if name != "source" and not name.startswith("__")}
    required = {name for name in module().names("variable") if not module().default(name)}
    assert required <= arguments <= set(module().names("variable"))


def test_the_examples_group_is_for_its_alias() -> None:
    example = Module(EXAMPLE.parent, {"role_arn": "arn", "weighbridge_bucket": "drops"}, {})
    file = example.body("resource", "aws_s3_object", "group")
    assert file["key"] == "shop/prod/deployment-group.json"
    assert groups.parse("shop", "prod", json.loads(file["content"])).aliases == ["checkout:live"]


@pytest.mark.parametrize(("redeploy", "metadata"), [("", {}), ("once more", {"redeploy": "once more"})])
def test_an_object_has_no_empty_metadata(redeploy: str, metadata: dict[str, str]) -> None:
    assert module(redeploy=redeploy).body("resource", "aws_s3_object", "deployment")["metadata"] == metadata
