"""Executions that began before an upgrade, carried on by the handlers of today.

plans/ holds a plan of every version that was ever made, as the table of an installation may still have it. None of them is
changed again: what makes plans otherwise gives them another version, and adds its file.
"""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from tests.aws.account import create_alias, keep_begun, kept, routing
from tests.aws.invocation import ID, ROLLBACK_ID, event_file, invoke
from tests.core.samples import at
from tests.core.samples import plan as sample
from weighbridge.core.deployment import planned
from weighbridge.core.plan import PLAN_VERSION, Plan
from weighbridge.store import deployments

PLANS = {
    path.stem: cast("Plan", json.loads(path.read_text(encoding="utf-8")))
    for path in sorted((Path(__file__).parent / "plans").glob("*.json"))
}
NEWEST = PLANS[f"version_{PLAN_VERSION}"]


def test_there_is_a_plan_of_every_version() -> None:
    versions = [plan.get("planVersion") for plan in PLANS.values()]
    assert sorted(version or 0 for version in versions) == list(range(PLAN_VERSION + 1))


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    return [_shape(value[0])] if isinstance(value, list) and value else type(value).__name__


def test_plans_that_are_made_now_have_the_form_of_the_newest_version() -> None:
    made = sample(hooks=NEWEST["hooks"], alarms=NEWEST["alarms"], startRouting=NEWEST["startRouting"])
    assert _shape(made) == _shape(NEWEST), "plans have changed: raise PLAN_VERSION, and add a file to tests/handlers/plans"


def _event(name: str, plan: Plan, **members: Any) -> dict[str, Any]:
    return {**event_file(name), "deploymentId": ID, "plan": plan, **members}


def _keep(plan: Plan) -> None:
    keep_begun(ID)
    deployments.update(ID, planned(plan, at(1)))


@pytest.mark.parametrize("version", PLANS)
def test_a_deployment_is_carried_on_by_its_old_plan(version: str) -> None:
    plan = Plan(**(PLANS[version] | {"hooks": {}, "alarms": {"names": [], "ignorePollFailure": False}}))
    _keep(plan)
    create_alias("1")
    invoke("check_alarms", {"deploymentId": ID})
    for step in range(len(plan["steps"])):
        invoke("shift_traffic", _event("shift_traffic.forward", plan, step=step, revisionId="any"))
    assert routing() == ("2", {})
    invoke("complete", _event("complete.deployment", plan))
    assert kept(ID)["status"] == "Succeeded"


@pytest.mark.parametrize("version", PLANS)
def test_a_deployment_is_rolled_back_by_its_old_plan(version: str) -> None:
    plan = PLANS[version]
    _keep(plan)
    create_alias("1", {"2": plan["steps"][0]["weight"]})
    invoke("shift_traffic", _event("shift_traffic.back", plan))
    invoke("complete", event_file("complete.rollback") | {"plan": plan})
    assert routing() == ("1", {})
    assert kept(ROLLBACK_ID)["status"] == "Succeeded"
