from typing import Any

import pytest

from tests.aws.invocation import event_file, invoke


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER", "weighbridge-cloudformation")
    monkeypatch.setenv("HOOK_URL", "")


def _answer(**changes: Any) -> Any:
    return invoke("transform_template", event_file("transform_template") | changes)


def test_a_template_comes_back_with_the_aliases_that_stacks_own() -> None:
    answer = _answer()
    assert (answer["requestId"], answer["status"]) == (event_file("transform_template")["requestId"], "success")
    assert answer["fragment"]["Resources"]["ShopLiveWeighbridge"]["Type"] == "Custom::WeighbridgeAlias"


def test_a_template_that_is_refused_says_what_to_change() -> None:
    answer = _answer(fragment={"Metadata": {"Weighbridge": {"Enable": False}}, "Resources": {}})
    assert answer == {
        "requestId": event_file("transform_template")["requestId"],
        "status": "failure",
        "errorMessage": "Metadata.Weighbridge has no option 'Enable': did you mean Enabled?",
    }
