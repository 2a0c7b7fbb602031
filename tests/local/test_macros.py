"""Templates that functions change before CloudFormation looks at them."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.workbench import Workbench, closed

SOURCE = """\
def handler(event, context):
    template = event["fragment"]
    if "Transform" in template or "Alias" in template["Resources"]:
        return {"requestId": event["requestId"], "status": "failure", "errorMessage": "not what was expected"}
    template["Outputs"] = {"Seen": {"Value": " ".join(sorted(template["Resources"]))}}
    return {"requestId": event["requestId"], "status": "success", "fragment": template}
"""
FUNCTION = {
    "Type": "AWS::Serverless::Function",
    "Properties": {"Runtime": "python3.13", "Handler": "a.b", "InlineCode": "x"},
}


def _macro(bench: Workbench, name: str) -> None:
    macro = {"Type": "AWS::CloudFormation::Macro", "Properties": {"Name": name, "FunctionName": bench.function(SOURCE)}}
    bench.client("cloudformation").create_stack(
        StackName=f"{name}-macro", TemplateBody=json.dumps({"Resources": {"Macro": macro}})
    )


def _outputs(bench: Workbench, name: str, template: dict[str, Any]) -> Any:
    stacks = bench.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_AUTO_EXPAND"])
    [stack] = stacks.describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def test_bare_emulator_knows_no_macros(bare: Workbench) -> None:
    with pytest.raises(ClientError) as error:
        _macro(bare, "bare")
    assert "Unrecognized resource types" in str(error.value), closed("macros")


def test_macro_is_sent_what_sam_has_made_of_the_template(filled: Workbench) -> None:
    _macro(filled, "Seen")
    template = {"Transform": ["AWS::Serverless-2016-10-31", "Seen"], "Resources": {"Shop": FUNCTION}}
    assert _outputs(filled, "of-sam", template) == {"Seen": "Shop ShopRole"}


def test_macro_that_refuses_fails_the_operation_with_its_sentence(filled: Workbench) -> None:
    _macro(filled, "Refusing")
    template = {"Transform": "Refusing", "Resources": {"Alias": {"Type": "AWS::SNS::Topic"}}}
    with pytest.raises(ClientError, match="Refusing failed with: not what was expected"):
        _outputs(filled, "refused", template)
