"""The API is there unless the context leaves it out, as has to be where Lambda has no function URLs."""

import pytest

from tests.infra.assembly import Synthesize
from tests.infra.template import Template
from tests.infra.test_cdk_app import findings


@pytest.fixture(scope="module")
def without(synthesize: Synthesize) -> Template:
    assembly = synthesize({"apiUrl": "false"})
    assert findings(assembly.app) == []
    return assembly.template()


def test_it_is_on_by_default(template: Template) -> None:
    assert template.outputs["ApiUrl"] == "<ApiFunctionFunctionUrl.FunctionUrl>"


def test_callers_find_it_by_a_function_whose_name_is_known(template: Template, without: Template) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in template["ManageAliasFunction"]["Tags"]}
    assert tags == {
        "weighbridge:api-url": template.outputs["ApiUrl"],
        "weighbridge:bucket": template.outputs["BucketName"],
        "weighbridge:bus": template.outputs["EventBusName"],
    }
    assert {tag["Key"] for tag in without["ManageAliasFunction"]["Tags"]} == {"weighbridge:bucket", "weighbridge:bus"}


def test_without_it_all_the_rest_is_as_it_was(template: Template, without: Template) -> None:
    gone = set(template.resources) - set(without.resources)
    assert gone == {
        "ApiFunction",
        "ApiFunctionFunctionUrl",
        "ApiLogs",
        "ApiRole",
        "ApiRoleDefaultPolicy",
    }
    told = {name for name in without.resources if without[name].get("Tags") != template[name].get("Tags")}
    assert told == {"ManageAliasFunction"}
    same = set(without.resources) - told
    assert {name: without.resources[name] for name in same} == {name: template.resources[name] for name in same}
    assert without.outputs == {name: value for name, value in template.outputs.items() if name != "ApiUrl"}
    assert "AWS::Lambda::Url" not in {resource.type for resource in without.resources.values()}
