"""plan: in words, as JSON, and whether it would fail."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.fake import Fake, alias, missing
from tests.cli.samples import HOSTILE, NOON, at
from tests.cli.schema import check
from weighbridge_cli.options import AliasName
from weighbridge_cli.requests import appspec
from weighbridge_cli.text import local_time
from weighbridge_cli.verbs.planning import plan_lines

PLAN: dict[str, Any] = {
    "functionName": "checkout",
    "alias": "live",
    "currentVersion": "6",
    "targetVersion": "7",
    "deploymentConfigName": "Canary",
    "steps": [
        {"weight": 10.0, "bakeSeconds": 300, "startsAfterSeconds": 0},
        {"weight": 100.0, "bakeSeconds": 0, "startsAfterSeconds": 300},
    ],
    "hooks": [
        {"lifecycleEventName": event, "functionName": f"hook_{event}"}
        for event in ("BeforeAllowTraffic", "AfterAllowTraffic")
    ],
    "alarms": [{"name": "checkout-errors", "state": "OK"}],
    "rollbackEvents": ["DEPLOYMENT_FAILURE"],
    "serviceRoleArn": "arn:aws:iam::123456789012:role/shop",
    "findings": [],
}
ERROR = {"severity": "Error", "code": "ALARM_ACTIVE", "message": "checkout-errors is red."}
WARNING = {"severity": "Warning", "code": "X", "message": "Mind this."}


def test_in_words_with_clock_times() -> None:
    assert plan_lines(PLAN | {"findings": [WARNING]}, NOON) == [
        "checkout:live from version 6 to version 7",
        "  configuration  Canary",
        "  role           arn:aws:iam::123456789012:role/shop",
        "  first          hook_BeforeAllowTraffic is asked (BeforeAllowTraffic)",
        f"  {local_time(NOON, NOON):<14} 10 % of the traffic, kept for 5 min",
        f"  {local_time(at(300), NOON):<14} 100 % of the traffic",
        "  last           hook_AfterAllowTraffic is asked (AfterAllowTraffic)",
        "  takes          5 min, beside hooks",
        "  alarm          checkout-errors  OK",
        "  traffic back   DEPLOYMENT_FAILURE",
        "Warning: Mind this. (X)",
        "Nothing stands against it.",
    ]


@pytest.mark.parametrize(("findings", "code"), [([], 0), ([WARNING], 0), ([WARNING, ERROR], 1)])
def test_it_fails_where_the_deployment_would(monkeypatch: pytest.MonkeyPatch, findings: list[Any], code: int) -> None:
    cloud = Fake(plan_deployment={"plan": PLAN | {"findings": findings}})
    done = cloud.run(monkeypatch, "plan", "checkout", "--group", "shop/prod")
    assert done.exit_code == code
    assert ("It would fail." in done.stdout) == bool(code)
    done = cloud.run(monkeypatch, "plan", "checkout", "--group", "shop/prod", "--json")
    assert check(json.loads(done.stdout), "plan")["plan"]["targetVersion"] == "7"
    assert {name for name, _ in cloud.asked} == {"list_aliases", "list_versions_by_function", "plan_deployment"}


def test_what_little_is_known_of_a_plan_is_told() -> None:
    assert plan_lines({"findings": [ERROR]}, NOON) == ["Error: checkout-errors is red. (ALARM_ACTIVE)", "It would fail."]


def test_an_alias_without_a_group_has_a_plan_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    no_group = missing("ApplicationDoesNotExistException", "No application found for name: checkout")
    done = Fake(plan_deployment=no_group).run(monkeypatch, "plan", "checkout", "--json")
    planned = check(json.loads(done.stdout), "plan")["plan"]
    assert (done.exit_code, planned["steps"][0]["weight"], planned["findings"][0]["severity"]) == (0, 100.0, "Warning")
    other = Fake(plan_deployment=no_group).run(monkeypatch, "plan", "checkout", "--group", "a/b")
    assert (other.exit_code, "No application found" in other.stderr) == (2, True)


def test_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "release.json"
    file.write_text(appspec(AliasName("checkout"), "7", {}))
    cloud = Fake(list_aliases=alias(applicationName="shop", deploymentGroupName="prod"), plan_deployment={"plan": PLAN})
    for arguments in ([str(file)], ["--appspec", str(file)]):
        assert cloud.run(monkeypatch, "plan", *arguments).exit_code == 0
    assert cloud.of("plan_deployment")[0]["applicationName"] == "shop"
    assert Fake().run(monkeypatch, "plan").exit_code == 2
    assert Fake().run(monkeypatch, "plan", "nowhere.yaml").exit_code == 2


def test_hostile_findings_print() -> None:
    told = plan_lines({"findings": [{"severity": "Error", "code": HOSTILE, "message": HOSTILE}]}, NOON)
    assert all(line.isprintable() for line in told)
