"""The URL without IAM: absent unless asked for, and then with hardly any rights."""

import pytest

from tests.infra.assembly import Synthesize
from tests.infra.rights import MACHINE, REPORT_HOOK, TABLE
from tests.infra.template import Template
from tests.infra.test_cdk_app import findings


@pytest.fixture(scope="module")
def opened(synthesize: Synthesize) -> Template:
    assembly = synthesize({"hookUrl": "true"})
    assert findings(assembly.app) == []
    return assembly.template()


def test_it_is_off_by_default(template: Template) -> None:
    assert "HookUrl" not in template.outputs
    assert {url["AuthType"] for url in template.of_type("AWS::Lambda::Url").values()} == {"AWS_IAM"}


def test_it_may_find_a_call_keep_an_answer_and_end_a_wait(opened: Template) -> None:
    assert opened.outputs["HookUrl"] == "<ReportHookFunctionFunctionUrl.FunctionUrl>"
    assert {name: url["AuthType"] for name, url in opened.of_type("AWS::Lambda::Url").items()} == {
        "ApiFunctionFunctionUrl": "AWS_IAM",
        "ReportHookFunctionFunctionUrl": "NONE",
    }
    rights = opened.rights("ReportHookRole")
    assert {resource: rights[resource] for resource in REPORT_HOOK} == REPORT_HOOK
    assert {resource for resource in rights if "ReportHookLogs" not in resource} == {TABLE, MACHINE, "*"}


def test_the_macro_gives_it_to_hooks(opened: Template) -> None:
    variables = opened["TransformTemplateFunction"]["Environment"]["Variables"]
    assert variables["HOOK_URL"] == "<ReportHookFunctionFunctionUrl.FunctionUrl>"
