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


def test_without_it_all_the_rest_is_as_it_was(template: Template, without: Template) -> None:
    gone = set(template.resources) - set(without.resources)
    assert gone == {
        "ApiFunction",
        "ApiFunctionFunctionUrl",
        "ApiLogs",
        "ApiRole",
        "ApiRoleDefaultPolicy",
    }
    assert without.resources == {name: resource for name, resource in template.resources.items() if name not in gone}
    assert without.outputs == {name: value for name, value in template.outputs.items() if name != "ApiUrl"}
    assert "AWS::Lambda::Url" not in {resource.type for resource in without.resources.values()}
