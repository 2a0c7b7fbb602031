"""What every step refuses: plans of others, and deployments that are not there."""

from typing import Any

import pytest

from tests.aws.account import (
    Waits,
    kept,
    refuse,
)
from tests.aws.invocation import ID, event_file, invoke
from tests.handlers.steps import forged, planned_deployment
from weighbridge.core.errors import (
    DeploymentEnded,
    Interrupted,
    NotThePlan,
)

OTHERS = [{"functionName": "shoe"}, {"alias": "beta"}, {"targetVersion": "9"}, {"currentVersion": "9"}]
OTHERS += [{"serviceRoleArn": "arn:aws:iam::123456789012:role/Others"}, {"rollbackDeploymentId": "d-ZZZZZZZZZ"}]


@pytest.mark.parametrize("changes", OTHERS, ids=lambda changes: next(iter(changes)))
@pytest.mark.parametrize("name", ["shift_traffic.forward", "shift_traffic.back", "run_hook"])
def test_a_step_with_another_plan_than_the_record_holds_does_nothing(
    name: str, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch, waits: Waits
) -> None:
    before = planned_deployment()
    waits.unknown[event_file("run_hook")["taskToken"]] = "InvalidToken"
    calls = [refuse(monkeypatch, "lambda", method) for method in ("update_alias", "get_alias", "invoke")]
    calls.append(refuse(monkeypatch, "sts", "assume_role"))
    with pytest.raises(NotThePlan):
        invoke(name.split(".", maxsplit=1)[0], forged(name, **changes))
    assert calls == [[], [], [], []]
    assert kept(ID) == before


@pytest.mark.parametrize("name", ["shift_traffic.forward", "shift_traffic.back", "run_hook"])
def test_a_step_of_a_deployment_that_is_not_there_does_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch, waits: Waits
) -> None:
    waits.unknown[event_file("run_hook")["taskToken"]] = "InvalidToken"
    calls = [refuse(monkeypatch, "lambda", method) for method in ("update_alias", "get_alias", "invoke")]
    with pytest.raises((NotThePlan, DeploymentEnded, Interrupted)):
        invoke(name.split(".", maxsplit=1)[0], event_file(name))
    assert calls == [[], [], []]
