"""From request, group and alias to the plan, and what is refused before anything is touched."""

import re
from typing import Any

import pytest

from tests.core.samples import at, members, plan, record
from weighbridge.core.appspec import AppSpec
from weighbridge.core.configs import PREDEFINED, DeploymentConfig
from weighbridge.core.deployment import remark, stamp
from weighbridge.core.errors import InvalidAppSpec, RoleMissing
from weighbridge.core.groups import parse as parse_group
from weighbridge.core.plan import Plan, role_of
from weighbridge.core.planning import (
    check_alias,
    check_allowed,
    config_name,
    is_group_awaited,
    make_plan,
    role_for,
    roll_back_on,
    watched_alarms,
)
from weighbridge.core.routing import Routing
from weighbridge.core.service_role import ServiceRole

SPEC = AppSpec("shop", "live", None, "2", {"AfterAllowTraffic": "CodeDeployHook_after"})
LINEAR = PREDEFINED["CodeDeployDefault.LambdaLinear10PercentEvery1Minute"]
ALL_AT_ONCE = PREDEFINED["CodeDeployDefault.LambdaAllAtOnce"]
ON_VERSION_1 = Routing("1")
GROUP = parse_group("shop-app", "prod", {})
ALARMS = {"enabled": True, "alarms": [{"name": "errors"}]}


def _plan(
    spec: AppSpec = SPEC,
    routing: Routing = ON_VERSION_1,
    config: DeploymentConfig = LINEAR,
    left_by: Any = None,
    identity: str = "CreateDeployment 1",
    **settings: Any,
) -> Plan:
    group = parse_group("shop-app", "prod", settings)
    asked = members(applicationName="shop-app", deploymentGroupName="prod", deploymentId="d-AAAAAAAAA")
    asked["identity"] = identity
    return make_plan(asked, spec, group, config, routing=routing, revision_id="r-1", group_id="g-1", left_by=left_by)


def test_a_plan_has_all_that_the_execution_needs() -> None:
    made = _plan(serviceRoleArn="arn:aws:iam::123456789012:role/team-a")
    assert made == plan(
        revisionId="r-1",
        hooks={"AfterAllowTraffic": "CodeDeployHook_after"},
        alarms={"names": [], "ignorePollFailure": False},
        serviceRoleArn="arn:aws:iam::123456789012:role/team-a",
        rollbackDeploymentId=made["rollbackDeploymentId"],
    )
    assert re.fullmatch("d-[0-9A-Z]{9}", made["rollbackDeploymentId"])


def test_a_group_without_a_role_acts_by_ours_unless_one_is_required() -> None:
    asked = members(applicationName="shop-app", deploymentGroupName="prod")
    assert role_for(asked, GROUP, required=False) is None
    assert role_of(_plan()) is None
    with pytest.raises(RoleMissing, match=r"add serviceRoleArn to shop-app/prod/deployment-group.yaml"):
        role_for(asked, GROUP, required=True)


def test_the_current_version_is_read_from_the_alias() -> None:
    assert _plan(routing=Routing("7"))["currentVersion"] == "7"


@pytest.mark.parametrize(
    ("spec", "routing", "says"),
    [
        (
            AppSpec("shop", "live", "3", "2", {}),
            Routing("1"),
            "does not match the current version in AppSpec file. The alias 'live' is on version 1",
        ),
        (SPEC, Routing("2"), "on version 2 already"),
        (SPEC, Routing("$LATEST"), "points at \\$LATEST, between"),
        (SPEC, Routing("$LATEST.PUBLISHED"), "points at \\$LATEST.PUBLISHED, between"),
        (SPEC, Routing("1", "2", 0.3), "already shifts traffic"),
    ],
)
def test_an_alias_that_is_not_as_the_file_says_is_refused(spec: AppSpec, routing: Routing, says: str) -> None:
    with pytest.raises(InvalidAppSpec, match=says):
        _plan(spec, routing)


def test_equal_versions_pass_all_at_once() -> None:
    made = _plan(routing=Routing("2"), config=ALL_AT_ONCE)
    assert made["steps"] == [{"weight": 1.0, "bakeSeconds": 0}]
    assert made["hooks"] == SPEC.hooks  # as CodeDeploy does


@pytest.mark.parametrize("identity", ["s3://drops/shop-app/prod/a.yaml?versionId=1", "event 1", "stack arn 1"])
@pytest.mark.parametrize("config", [LINEAR, ALL_AT_ONCE])
def test_for_all_but_the_api_equal_versions_are_a_success_without_hooks_and_alarms(
    identity: str, config: DeploymentConfig
) -> None:
    made = _plan(routing=Routing("2"), config=config, identity=identity, alarmConfiguration=ALARMS)
    assert made["steps"] == [{"weight": 1.0, "bakeSeconds": 0}]
    assert (made["hooks"], made["alarms"]["names"]) == ({}, [])
    assert remark(made) == "The alias is on this version already: there is nothing to shift."


def test_an_alias_between_two_versions_is_on_neither() -> None:
    drop = "s3://drops/shop-app/prod/a.yaml?versionId=1"
    with pytest.raises(InvalidAppSpec, match="already shifts traffic"):
        _plan(routing=Routing("2", "3", 0.3), identity=drop)
    back, left = AppSpec("shop", "live", None, "1", {}), Routing("1", "2", 0.3)
    with pytest.raises(InvalidAppSpec, match="has nothing to shift"):
        _plan(back, routing=left, left_by=record(), identity=drop)
    made = _plan(back, routing=left, left_by=record(), identity=drop, config=ALL_AT_ONCE, alarmConfiguration=ALARMS)
    assert made["alarms"]["names"] == ["errors"], "traffic is put back, and watched"


def test_weights_that_a_stopped_deployment_left_are_a_place_to_start_from() -> None:
    made = _plan(routing=Routing("1", "2", 0.3), left_by=record())
    assert made["startRouting"] == {"version": "1", "weights": {"2": 0.3}}


def test_weights_that_nobody_of_ours_wrote_are_not() -> None:
    with pytest.raises(InvalidAppSpec, match="already shifts traffic"):
        _plan(routing=Routing("1", "2", 0.35), left_by=record())


def test_the_request_goes_before_the_group_and_the_group_before_the_default() -> None:
    group = parse_group("a", "b", {"deploymentConfigName": "mine"})
    assert config_name(members(deploymentConfigName="its"), group) == "its"
    assert config_name(members(), group) == "mine"
    assert config_name(members(), GROUP) == "CodeDeployDefault.LambdaAllAtOnce"


@pytest.mark.parametrize(
    ("requested", "settings", "expected"),
    [
        (None, {}, (True, True, True)),
        (None, {"autoRollbackConfiguration": {"enabled": "true"}}, (True, True, True)),
        (None, {"autoRollbackConfiguration": {"enabled": False}}, (False, False, False)),
        (None, {"autoRollbackConfiguration": {"events": ["DEPLOYMENT_FAILURE"]}}, (True, False, False)),
        ({"enabled": False}, {}, (False, False, False)),
        (
            {"enabled": True, "events": ["DEPLOYMENT_STOP_ON_ALARM"]},
            {"autoRollbackConfiguration": {"enabled": False}},
            (False, True, False),
        ),
    ],
)
def test_rollback_is_on_unless_somebody_said_otherwise(
    requested: Any, settings: Any, expected: tuple[bool, bool, bool]
) -> None:
    asked = members(autoRollbackConfiguration=requested) if requested else members()
    assert tuple(roll_back_on(asked, parse_group("a", "b", settings)).values()) == expected


def test_the_override_of_alarms_goes_before_the_groups() -> None:
    group = parse_group("a", "b", {"alarmConfiguration": {"alarms": [{"name": "x"}], "ignorePollAlarmFailure": "true"}})
    assert watched_alarms(members(), group) == {"names": ["x"], "ignorePollFailure": True}
    override = {"enabled": False, "alarms": [{"name": "x"}]}
    assert watched_alarms(members(overrideAlarmConfiguration=override), group)["names"] == []


def test_only_functions_and_hooks_of_the_given_patterns_are_touched() -> None:
    check_allowed(SPEC, ["*"], ["CodeDeployHook_*"])
    check_allowed(SPEC, ["other", "sho*"], ["*"])
    with pytest.raises(InvalidAppSpec, match="'shop' may not be deployed here"):
        check_allowed(SPEC, ["team-a-*"], ["*"])
    with pytest.raises(InvalidAppSpec, match="hooks must be named Verify_"):
        check_allowed(SPEC, ["*"], ["Verify_*"])
    arn = AppSpec(
        "shop",
        "live",
        None,
        "2",
        {"BeforeAllowTraffic": "arn:aws:lambda:eu-west-1:123456789012:function:CodeDeployHook_x:3"},
    )
    check_allowed(arn, ["*"], ["CodeDeployHook_*"])


def test_a_group_that_names_its_aliases_is_for_no_other() -> None:
    check_alias(SPEC, record(), GROUP)
    check_alias(SPEC, record(), parse_group("shop-app", "prod", {"aliases": ["checkout:live", "shop:live"]}))
    for others in (["shop:dev"], ["shop-b:live"], ["SHOP:live"]):
        with pytest.raises(InvalidAppSpec, match="'prod' is for other aliases than shop:live") as refused:
            check_alias(SPEC, record(), parse_group("shop-app", "prod", {"aliases": others}))
        assert str(refused.value).endswith("or add it to aliases in shop-app/prod/deployment-group.yaml.")


SECONDS = [None, -86_400, -61, -60, -2, 0, 30]
"""When something was written, from the drop on."""


@pytest.mark.parametrize("updated", SECONDS)
@pytest.mark.parametrize("file_changed", SECONDS)
def test_a_dropped_file_waits_for_a_group_that_may_have_come_with_it(updated: int | None, file_changed: int | None) -> None:
    def tries() -> int:
        return next(
            retries
            for retries in range(99)
            if not is_group_awaited(
                record() | {"createTime": stamp(at(100_000))},
                retries,
                updated=None if updated is None else stamp(at(100_000 + updated)),
                file_changed=None if file_changed is None else at(100_000 + file_changed),
            )
        )

    if file_changed is not None and file_changed >= -60 and (updated is None or updated + 1 < file_changed):
        assert tries() == 53  # a quarter of an hour, by the state machine's retries
    elif updated is None:
        assert tries() == 5  # ten seconds
    else:
        assert tries() == 0


def test_settings_of_the_second_in_which_the_file_was_written_are_its_own() -> None:
    # S3 tells whole seconds; whether it rounds them up is not documented.
    dropped = record() | {"createTime": stamp(at(100))}
    assert not is_group_awaited(dropped, 0, updated=stamp(at(100)), file_changed=at(101))
    assert is_group_awaited(dropped, 0, updated=stamp(at(100)), file_changed=at(102))


def test_a_role_is_told_for_which_group_it_is_assumed() -> None:
    arn = "arn:aws:iam::123456789012:role/team-a"
    asked = members(applicationName="shop-app", deploymentGroupName="prod")
    group = parse_group("shop-app", "prod", {"serviceRoleArn": arn})
    for required in (True, False):
        assert role_for(asked, group, required=required) == ServiceRole(arn, "shop-app/prod")
    assert role_of(_plan(serviceRoleArn=arn)) == ServiceRole(arn, "shop-app/prod")
