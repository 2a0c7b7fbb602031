"""The CDK's part of docs/aliases-of-stacks.md, as it stands: what changes in the template when the function's code does."""

import re
from typing import Any

import aws_cdk
import pytest
from aws_cdk import aws_lambda
from aws_cdk.assertions import Template

from infra.settings import ROOT

PAGE = (ROOT / "docs" / "aliases-of-stacks.md").read_text(encoding="utf-8")
[RECIPE] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def synthesized(code: str) -> dict[str, Any]:
    """The resources of a stack with that recipe and a function of that code."""
    stack = aws_cdk.Stack(aws_cdk.App())
    names = {"lambda_": aws_lambda, "code": aws_lambda.Code.from_inline(code), "stack": stack}
    exec(RECIPE, vars(aws_cdk) | names)  # noqa: S102
    return dict(Template.from_stack(stack).to_json()["Resources"])


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: resource for name, resource in resources.items() if resource["Type"] == f"AWS::Lambda::{kind}"}


def test_a_new_version_leaves_the_alias_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_VALIDATION", "false")
    before, after = (
        synthesized("def handler(event, context): return 1"),
        synthesized("def handler(event, context): return 2"),
    )
    old, new = of_type(before, "Version"), of_type(after, "Version")
    assert len(old) == len(new) == 1
    assert old.keys().isdisjoint(new)
    assert [version["DeletionPolicy"] for version in old.values()] == ["Retain"]
    [alias], [same] = of_type(before, "Alias").values(), of_type(after, "Alias").values()
    assert alias["Properties"] == same["Properties"]
    assert alias["Properties"]["FunctionVersion"] == "1"
    assert set(alias["DependsOn"]) & old.keys()
