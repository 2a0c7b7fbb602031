"""The handlers that the state machine calls, with the files of events/ as their inputs."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from tests.aws.account import (
    OUTDATED,
    Waits,
    client_error,
    create_alias,
    events_of,
    keep_begun,
    keep_planned,
    kept,
    lost_answer,
    new_record,
    refuse,
    routing,
)
from tests.aws.invocation import APPSPEC, ID, ROLLBACK_ID, drop, event_file, invoke
from tests.unit.samples import at
from weighbridge.aws import lambda_aliases, lambda_hooks
from weighbridge.aws.clients import client
from weighbridge.core.deployment import alarms_read, begun, shifted
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import (
    AlarmActive,
    AliasMoved,
    ApplicationMissing,
    DeploymentEnded,
    DeploymentGroupMissing,
    DeploymentLimitExceeded,
    GroupPending,
    HookFailed,
    Interrupted,
    InvalidAppSpec,
    InvalidDocument,
    InvalidLambdaFunction,
    NotThePlan,
    Released,
    ResourceCannotBeFound,
    RevisionMissing,
    RoleMissing,
    RolePermissions,
    ServiceUnavailable,
    StopRequested,
    Throttled,
    VersionPending,
    VersionUnusable,
    WeighbridgeError,
)
from weighbridge.core.groups import parse
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.plan import Plan, routing_after
from weighbridge.core.reconciliation import Execution, Rollback, StartRollback, action_for
from weighbridge.core.record import Record
from weighbridge.core.rollbacks import rollback_record
from weighbridge.core.routing import Routing
from weighbridge.store import deployments, settings

KEY = "shop-app/prod/appspec.yaml"
GROUP = {
    "deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    "alarmConfiguration": {"alarms": [{"name": "shop-errors"}]},
}
HOOKED = APPSPEC + "Hooks: [{BeforeAllowTraffic: CodeDeployHook_checkShop}]"
STOP = interrupted(Interruption(StopRequested("Stop."), roll_back=True), at(9))
PLAN = event_file("shift_traffic.forward")["plan"]
MANY = 99
"""Retries after which nothing that may be on its way is waited for."""


def _group(**changes: Any) -> None:
    document = {key: value for key, value in (GROUP | changes).items() if value is not None}
    settings.put_group("shop-app", "prod", parse("shop-app", "prod", document), "2026-11-23T05:00:00.000Z")


def _arrive(place: SimpleNamespace, content: str | bytes = HOOKED) -> str:
    """A dropped AppSpec file's deployment, not yet validated."""
    before = set(deployments.unfinished())
    invoke("receive", drop(place, KEY, content))
    [arrived] = set(deployments.unfinished()) - before
    return arrived


def _planned() -> Record:
    """The deployment of the files in events/, right after validation."""
    return keep_planned(ID, **PLAN)


def _shifted(step: int = len(PLAN["steps"]) - 1) -> Record:
    """The deployment after its step `step`, the last one by default."""
    _planned()
    weights = {"2": PLAN["steps"][step]["weight"]} if step < len(PLAN["steps"]) - 1 else {}
    create_alias("1" if weights else "2", weights)
    for each in range(step + 1):
        deployments.update(ID, shifted(PLAN, each, routing_after(PLAN, each), f"r-{each}", at(2)))
    return kept(ID)


def _rollback(error: str | None = None) -> None:
    """The rollback has ended: well, or with that error."""
    deployments.create(rollback_record(PLAN, at(5)))
    back = kept(ROLLBACK_ID)
    ending = (
        failed(back, {"error": error, "cause": "Somebody else moved it."}, {}, at(6)) if error else succeeded(back, at(6))
    )
    deployments.end(back, ending)


def _validate(deployment_id: str, retries: int = 0) -> Any:
    return invoke("validate", event_file("validate") | {"deploymentId": deployment_id, "retries": retries})


# ----------------------------------------------------------------------------------------------------- validate


def test_a_sound_deployment_gets_its_plan_and_its_locks(place: SimpleNamespace) -> None:
    _group()
    arrived = _arrive(place)
    plan = _validate(arrived)
    # The handlers' inputs in events/ are what validation hands to the state machine.
    ids = {key: plan[key] for key in ("deploymentGroupId", "deploymentId", "rollbackDeploymentId", "revisionId")}
    assert plan == PLAN | ids
    record = kept(arrived)
    assert record["plan"] == plan
    assert record["status"] == "InProgress"
    assert record["locks"] == {"alias": "shop:live", "alarms": ["shop-errors"]}
    assert record["lambdaFunctionInfo"]["targetVersionWeight"] == 0
    assert events_of(record) == ["Created", "Started", "Validated"]
    assert deployments.watched_by("shop-errors") == [arrived]
    assert routing() == ("1", {})


def test_validated_again_it_gets_the_same_plan(place: SimpleNamespace) -> None:
    _group()
    arrived = _arrive(place)
    assert _validate(arrived) == _validate(arrived) == kept(arrived)["plan"]


def test_what_a_deployment_left_may_be_started_from(place: SimpleNamespace) -> None:
    _group()
    first = _arrive(place)
    plan = _validate(first)
    invoke("shift_traffic", event_file("shift_traffic.forward") | {"deploymentId": first, "plan": plan})
    record = kept(first)
    deployments.end(record, failed(record, {"error": "StopRequested", "cause": "Stop."}, {}, at(9)))
    assert routing() == ("1", {"2": 0.1})
    assert _validate(_arrive(place))["startRouting"] == {"version": "1", "weights": {"2": 0.1}}


def _targeting(text: str) -> str:
    return HOOKED.replace("TargetVersion: 2", text)


BAD_FILES = {
    "no YAML": ("a: [", InvalidAppSpec, "is a not well-formed yaml"),
    "empty": (b"", InvalidAppSpec, "must be a mapping"),
    "a list": ("- 1", InvalidAppSpec, "must be a mapping"),
    "binary": (b"\x00\xff\xfe", InvalidAppSpec, "not text"),
    "too large": (b"#" * 2**21, InvalidDocument, "at most 1048576"),
    "misspelt hooks": (HOOKED.replace("Hooks", "Hook"), InvalidAppSpec, "did you mean 'Hooks'?"),
    "$LATEST": (_targeting("TargetVersion: $LATEST"), InvalidAppSpec, "publish a version"),
    "a version that is not": (_targeting("TargetVersion: 9"), InvalidAppSpec, "has no version 9"),
    "not the alias's version": (
        _targeting("CurrentVersion: 2\n        TargetVersion: 1"),
        InvalidAppSpec,
        "CurrentVersion is 2",
    ),
    "nothing to shift": (_targeting("TargetVersion: 1"), InvalidAppSpec, "has nothing to shift"),
    "an alias that is not": (HOOKED.replace("Alias: live", "Alias: dead"), InvalidLambdaFunction, "create the alias"),
    "a function that is not": (
        HOOKED.replace("Name: shop", "Name: shoe"),
        InvalidLambdaFunction,
        "no Lambda function named",
    ),
    "a hook of another name": (HOOKED.replace("CodeDeployHook_", "Any_"), InvalidAppSpec, "hooks must be named"),
}


@pytest.mark.parametrize(("content", "expected", "says"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_cannot_be_deployed_is_told_and_nothing_is_touched(
    place: SimpleNamespace, content: str | bytes, expected: type[WeighbridgeError], says: str
) -> None:
    _group()
    arrived = _arrive(place, content)
    with pytest.raises(expected, match=says) as caught:
        _validate(arrived)
    assert type(caught.value) is expected
    assert routing() == ("1", {})
    ended = invoke(
        "record_failure",
        {
            "deploymentId": arrived,
            "plan": {},
            "failure": {"error": expected.__name__, "cause": json.dumps({"errorMessage": str(caught.value)})},
            "rollback": {},
        },
    )
    assert (ended["status"], ended["code"]) == ("Failed", expected.code)
    _validate(_arrive(place))  # nothing is held


def test_the_file_is_gone(place: SimpleNamespace) -> None:
    _group()
    event = drop(place, KEY, HOOKED)
    client("s3").delete_object(Bucket=place.bucket, Key=KEY, VersionId=event["detail"]["object"]["version-id"])
    invoke("receive", event)
    with pytest.raises(RevisionMissing):
        _validate(deployments.unfinished()[0])


def test_there_is_no_such_application_group_or_configuration(place: SimpleNamespace) -> None:
    arrived = _arrive(place)
    with pytest.raises(ApplicationMissing, match=r"drop shop-app/prod/deployment-group.yaml first"):
        _validate(arrived, MANY)
    settings.put_group("shop-app", "test", parse("shop-app", "test", {}), "2026-11-23T05:00:00.000Z")
    with pytest.raises(DeploymentGroupMissing, match=r"drop shop-app/prod/deployment-group.yaml first") as caught:
        _validate(arrived, MANY)
    assert type(caught.value) is DeploymentGroupMissing
    _group(deploymentConfigName="mine")
    with pytest.raises(ResourceCannotBeFound, match=r"drop it as deployment-configs/mine.yaml"):
        _validate(arrived)


def test_a_group_that_is_dropped_after_its_first_file_is_waited_for(place: SimpleNamespace) -> None:
    arrived = _arrive(place)
    for retries in range(3):
        with pytest.raises(GroupPending, match="prod of shop-app may be on its way"):
            _validate(arrived, retries)
    invoke("receive", drop(place, "shop-app/prod/deployment-group.json", "{}"))
    assert _validate(arrived, 3)["deploymentGroupId"] == kept(arrived)["deploymentGroupId"]
    assert events_of(kept(arrived)) == ["Created", "GroupAwaited", "Started", "Validated"]


def test_a_group_that_changes_with_the_drop_is_waited_for_as_long_as_it_may_take(place: SimpleNamespace) -> None:
    _group()
    changed = drop(place, "shop-app/prod/deployment-group.yaml", "deploymentConfigName: CodeDeployDefault.LambdaAllAtOnce")
    arrived = _arrive(place)
    for retries in (0, 52):
        with pytest.raises(GroupPending):
            _validate(arrived, retries)
    invoke("receive", changed)
    assert len(_validate(arrived, 53)["steps"]) == 1


def test_a_groups_file_that_is_never_taken_over_holds_nobody_up_for_ever(place: SimpleNamespace) -> None:
    _group()
    arrived = _arrive(place)
    refused = drop(place, "shop-app/prod/deployment-group.yaml", "hopeless")
    with pytest.raises(GroupPending):
        _validate(arrived)
    assert len(_validate(arrived, MANY)["steps"]) == 2
    deployments.end(kept(arrived), failed(kept(arrived), {"error": "HookFailed", "cause": "No."}, {}, at(3)))
    invoke("receive", refused)
    [told] = deployments.unfinished()
    assert len(_validate(_release(place, "3"))["steps"]) == 2
    assert kept(told)["refusal"]


def test_a_group_whose_file_was_refused_with_the_drop_is_told_at_once(place: SimpleNamespace) -> None:
    invoke("receive", drop(place, "shop-app/prod/deployment-group.yaml", "hopeless"))
    [refused] = deployments.unfinished()
    with pytest.raises(ApplicationMissing, match=f"its file has been refused, as deployment {refused} says"):
        _validate(_arrive(place))


def test_who_stops_a_deployment_that_waits_for_its_group_ends_it(place: SimpleNamespace) -> None:
    arrived = _arrive(place)
    deployments.update(arrived, STOP)
    with pytest.raises(Interrupted):
        _validate(arrived)


def test_an_execution_that_began_before_an_upgrade_does_not_wait_for_its_group(place: SimpleNamespace) -> None:
    with pytest.raises(ApplicationMissing):
        invoke("validate", {"deploymentId": _arrive(place)})


def _succeed(deployment_id: str) -> None:
    plan = _validate(deployment_id)
    version = plan["targetVersion"]
    create_alias(version)
    for step in range(len(plan["steps"])):
        deployments.update(deployment_id, shifted(plan, step, Routing(version), "r", at(2)))
    invoke("complete", event_file("complete.deployment") | {"deploymentId": deployment_id})
    assert kept(deployment_id)["status"] == "Succeeded"


def _release(place: SimpleNamespace, version: str, *more: str, key: str = "") -> str:
    """A dropped release of a version; `more` are lines of its properties."""
    content = APPSPEC.replace("TargetVersion: 2", "\n        ".join([f"TargetVersion: {version}", *more]))
    before = set(deployments.unfinished())
    invoke("receive", drop(place, key or f"shop-app/prod/release-{version}.yaml", content))
    [arrived] = set(deployments.unfinished()) - before
    return arrived


OLD = r"""version 3 after it \(deployment d-.*\): dropped again, it does not take 'live' back to version 2.*CurrentVersion: "3\""""


def test_an_old_release_dropped_again_takes_nothing_back_unless_it_names_the_current_version(
    place: SimpleNamespace,
) -> None:
    _group()
    _succeed(_release(place, "2"))
    _succeed(_release(place, "3"))
    again = _release(place, "2")
    with pytest.raises(InvalidAppSpec, match=OLD):
        _validate(again)
    assert "locks" not in kept(again)  # so that a new release, dropped together with it, is not kept from the alias
    assert _validate(_release(place, "2", "CurrentVersion: 3"))["targetVersion"] == "2"


def test_a_release_that_failed_or_changed_or_is_live_is_deployed_again(place: SimpleNamespace) -> None:
    _group()
    failed_once = _release(place, "2")
    _validate(failed_once)
    deployments.end(kept(failed_once), failed(kept(failed_once), {"error": "HookFailed", "cause": "No."}, {}, at(3)))
    _succeed(_release(place, "3"))
    _succeed(_release(place, "2"))  # a retry, though another version was deployed meanwhile
    _succeed(_release(place, "3", "# with a remark", key="shop-app/prod/release-2.yaml"))
    assert _validate(_release(place, "2"))["targetVersion"] == "2"  # changed there since, and so a new order


def test_what_was_moved_by_hand_is_no_deployment_after_a_release(place: SimpleNamespace) -> None:
    _group()
    _succeed(_release(place, "2"))
    create_alias("1")
    assert _validate(_release(place, "2"))["currentVersion"] == "1"


def test_a_release_that_succeeds_while_an_old_one_takes_the_alias_is_not_taken_back(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _group()
    _succeed(_release(place, "2"))
    newer, again = _release(place, "3"), _release(place, "2")
    begin = deployments.begin

    def begin_late(record: Record, change: Any) -> None:
        monkeypatch.setattr(deployments, "begin", begin)
        _succeed(newer)
        begin(record, change)

    monkeypatch.setattr(deployments, "begin", begin_late)
    with pytest.raises(InvalidAppSpec, match=OLD):
        _validate(again)


def test_a_refusal_that_was_known_on_arrival_is_raised_as_what_it_was(place: SimpleNamespace) -> None:
    invoke("receive", drop(place, "shop-app/prod/deployment-group.yaml", "alarmConfigurations: {}"))
    with pytest.raises(InvalidDocument, match="did you mean 'alarmConfiguration'") as caught:
        _validate(deployments.unfinished()[0])
    assert type(caught.value) is InvalidDocument


def test_there_is_no_record() -> None:
    with pytest.raises(WeighbridgeError, match=f"{ID} could not be found"):
        _validate(ID)


def test_another_deployment_is_running_there(place: SimpleNamespace) -> None:
    _group()
    first = _arrive(place)
    _validate(first)
    with pytest.raises(DeploymentLimitExceeded, match=f"already has an active Deployment '{first}'"):
        _validate(_arrive(place))
    assert deployments.watched_by("shop-errors") == [first]


def test_the_alias_is_weighted_by_somebody_else(place: SimpleNamespace) -> None:
    _group()
    create_alias("1", {"2": 0.5})
    with pytest.raises(InvalidAppSpec, match="no deployment left it so"):
        _validate(_arrive(place))
    assert routing() == ("1", {"2": 0.5})


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [("ResourceNotFoundException", 404, HookFailed), ("AccessDeniedException", 403, RolePermissions)],
)
def test_a_hook_that_may_not_be_invoked_is_told_before_traffic_moves(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, code: str, status: int, expected: type[Exception]
) -> None:
    _group()
    arrived = _arrive(place)
    error = client("lambda").exceptions.from_code(code)(client_error(code, "Invoke", status).response, "Invoke")
    asked = refuse(monkeypatch, "lambda", "invoke", error)
    with pytest.raises(expected):
        _validate(arrived)
    assert asked == [{"FunctionName": "CodeDeployHook_checkShop", "InvocationType": "DryRun"}]
    assert "plan" not in kept(arrived)


def test_the_groups_role_cannot_be_assumed(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    _group(serviceRoleArn="arn:aws:iam::123456789012:role/Deployer")
    refuse(monkeypatch, "sts", "assume_role", client_error("AccessDenied", "AssumeRole", 403))
    with pytest.raises(RoleMissing):
        _validate(_arrive(place))


def test_a_group_without_a_role_is_refused_where_one_is_required(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_ROLE_REQUIRED", "true")
    _group()
    arrived = _arrive(place)
    with pytest.raises(RoleMissing, match=r"add serviceRoleArn to shop-app/prod/deployment-group.yaml"):
        _validate(arrived)
    assert "locks" not in kept(arrived)
    assumed = refuse(monkeypatch, "sts", "assume_role")
    _group(serviceRoleArn="arn:aws:iam::123456789012:role/Deployer")
    assert _validate(arrived)["serviceRoleArn"] == "arn:aws:iam::123456789012:role/Deployer"
    assert {call["ExternalId"] for call in assumed} == {"shop-app/prod"}


def test_a_function_of_another_account_is_held_apart_from_that_of_the_same_name_here(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = "arn:aws:iam::{}:role/Deployer".format
    here, assume = role("123456789012"), client("sts").assume_role
    # It leads to the functions of this account all the same: the other one has none.
    monkeypatch.setattr(client("sts"), "assume_role", lambda **said: assume(**said | {"RoleArn": here}))
    deployments.create(new_record(ROLLBACK_ID, deploymentGroupName="other"))
    deployments.begin(kept(ROLLBACK_ID), begun("config", group_id="g-2", alarms=[], alias="shop:live", now=at(1)))
    _group(serviceRoleArn=here)
    arrived = _arrive(place)
    with pytest.raises(DeploymentLimitExceeded, match="alias 'shop:live' already has an active Deployment"):
        _validate(arrived)
    _group(serviceRoleArn=role("9" * 12))
    assert _validate(arrived)
    assert kept(arrived)["locks"]["alias"] == "999999999999/shop:live"


def test_a_role_that_may_not_see_the_function_does_not_hold_its_alias(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _group()
    arrived = _arrive(place)
    denied = client_error("AccessDeniedException", "GetFunctionConfiguration", 403)
    refuse(monkeypatch, "lambda", "get_function_configuration", denied)
    with pytest.raises(RolePermissions):
        _validate(arrived)
    assert "locks" not in kept(arrived)
    assert _validate(_arrive(place))  # the alias and the group are free


def _in_state(monkeypatch: pytest.MonkeyPatch, state: str, reason: str) -> None:
    """Every version is in that state from now on."""
    answer = _state_now("shop") | {"State": state, "StateReason": reason}
    monkeypatch.setattr(client("lambda"), "get_function_configuration", lambda **_: answer)


def _state_now(function: str) -> dict[str, Any]:
    return dict(client("lambda").get_function_configuration(FunctionName=function))


def _hook_in_state(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """The version is Active, and the hook is in that state."""
    version = _state_now("shop") | {"State": "Active"}
    answers = {"shop": version, "CodeDeployHook_checkShop": version | {"State": state, "StateReason": "In a VPC."}}
    monkeypatch.setattr(
        client("lambda"),
        "get_function_configuration",
        lambda FunctionName, **_: answers[FunctionName],  # noqa: N803
    )


def test_a_hook_that_is_not_active_yet_is_waited_for_before_anything_is_held(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _group()
    arrived = _arrive(place)
    _hook_in_state(monkeypatch, "Pending")
    with pytest.raises(VersionPending, match=r"hook CodeDeployHook_checkShop is Pending \(In a VPC\)"):
        _validate(arrived)
    assert "locks" not in kept(arrived)
    _hook_in_state(monkeypatch, "Failed")
    with pytest.raises(VersionUnusable, match=r"is Failed \(In a VPC\), so no traffic was shifted; mend the hook"):
        _validate(arrived)
    _hook_in_state(monkeypatch, "Active")
    assert _validate(arrived)["hooks"]


def test_a_hook_whose_state_may_not_be_seen_is_run_all_the_same(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _group()
    version = _state_now("shop") | {"State": "Active"}

    def answer(FunctionName: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if FunctionName == "shop":
            return version
        raise client_error("AccessDeniedException", "GetFunctionConfiguration", 403)

    monkeypatch.setattr(client("lambda"), "get_function_configuration", answer)
    assert _validate(_arrive(place))["hooks"]


def test_an_alias_that_lambda_is_moving_is_waited_for_and_told_once(place: SimpleNamespace) -> None:
    _group()
    arrived = _arrive(place)
    create_alias("1", {"2": 1.0})
    for _ in range(3):
        with pytest.raises(VersionPending, match="Lambda is still moving the alias live of shop"):
            _validate(arrived)
    create_alias("1")
    assert _validate(arrived)["currentVersion"] == "1"
    assert events_of(kept(arrived)) == ["Created", "Started", "VersionAwaited", "Validated"]


def test_a_version_that_is_not_active_yet_is_waited_for_and_holds_nothing(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _group()
    arrived = _arrive(place)
    with monkeypatch.context() as patch:
        _in_state(patch, "Pending", "The snapshot is being taken.")
        for _ in range(3):
            with pytest.raises(VersionPending):
                _validate(arrived)
    assert events_of(kept(arrived)) == ["Created", "VersionAwaited"]
    assert "is Pending (The snapshot is being taken)" in kept(arrived)["timeline"][-1]["reason"]
    assert "locks" not in kept(arrived)
    assert _validate(arrived)["targetVersion"] == "2"


def test_who_stops_a_deployment_that_waits_for_its_version_ends_it(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _group()
    arrived = _arrive(place)
    deployments.update(arrived, STOP)
    _in_state(monkeypatch, "Pending", "")
    with pytest.raises(Interrupted):
        _validate(arrived)


def test_a_version_that_failed_gets_no_traffic(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    _group()
    arrived = _arrive(place)
    _in_state(monkeypatch, "Failed", "The snapshot failed.")
    with pytest.raises(VersionUnusable, match=r"Version 2 of shop is Failed \(The snapshot failed\), so no traffic"):
        _validate(arrived)
    assert "locks" not in kept(arrived)


def test_a_deployment_that_is_stopped_before_it_begins_or_while_it_is_validated_does_not_go_on(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _group()
    arrived = _arrive(place)

    def stop(*_: Any) -> None:
        deployments.update(arrived, STOP)

    with monkeypatch.context() as patch:
        patch.setattr(lambda_hooks, "check", stop)
        with pytest.raises(Interrupted, match="before any traffic moved"):
            _validate(arrived)
    with pytest.raises(Interrupted, match="before it began"):
        _validate(arrived)


# ------------------------------------------------------------------------------------------------- check_alarms


def _alarm(state: str) -> None:
    client("cloudwatch").put_metric_alarm(
        AlarmName="shop-errors",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Statistic="Sum",
    )
    client("cloudwatch").set_alarm_state(AlarmName="shop-errors", StateValue=state, StateReason="because")


def _watching(*names: str, ignored: bool = False, **changes: Any) -> None:
    keep_planned(ID, alarms={"names": list(names), "ignorePollFailure": ignored}, **changes)


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_alarms_that_are_not_red_let_the_deployment_go_on(state: str) -> None:
    _watching("shop-errors")
    _alarm(state)
    assert invoke("check_alarms", event_file("check_alarms")) == {}
    assert events_of(kept(ID))[-1] == "Validated"


def test_a_red_alarm_ends_it_and_is_kept_in_the_timeline() -> None:
    _watching("shop-errors")
    _alarm("ALARM")
    answer = invoke("check_alarms", event_file("check_alarms"))
    assert answer["failure"]["error"] == "AlarmActive"
    assert "<shop-errors>" in answer["failure"]["cause"]
    assert events_of(kept(ID))[-1] == "AlarmsRead"


@pytest.mark.parametrize("ignored", [True, False])
@pytest.mark.parametrize("denied", [True, False])
def test_alarms_that_cannot_be_read_obey_the_group(monkeypatch: pytest.MonkeyPatch, ignored: bool, denied: bool) -> None:
    _watching("nowhere", ignored=ignored)
    if denied:
        refuse(monkeypatch, "cloudwatch", "describe_alarms", client_error("AccessDenied", "DescribeAlarms", 403))
    answer = invoke("check_alarms", event_file("check_alarms"))
    assert answer.get("failure", {}).get("error") == (None if ignored else "AlarmsUnreadable")
    assert events_of(kept(ID))[-1] == "AlarmsRead"


@pytest.mark.parametrize(("code", "status"), [("Throttling", 400), ("InternalServiceFault", 500)])
def test_a_reading_that_may_work_later_is_left_to_the_state_machine(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    _watching("shop-errors")
    refuse(monkeypatch, "cloudwatch", "describe_alarms", client_error(code, "DescribeAlarms", status))
    with pytest.raises((Throttled, ServiceUnavailable)):
        invoke("check_alarms", event_file("check_alarms"))


def test_the_alarms_of_the_record_are_read_whatever_else_comes_in() -> None:
    _watching("shop-errors")
    _alarm("ALARM")
    others = {"names": [], "ignorePollFailure": True}
    answer = invoke("check_alarms", event_file("check_alarms") | {"alarms": others})
    assert answer["failure"]["error"] == "AlarmActive"


@pytest.mark.parametrize("there", ["nothing", "no plan", "ended"])
def test_without_a_running_deployment_with_a_plan_no_alarm_is_read(monkeypatch: pytest.MonkeyPatch, there: str) -> None:
    calls = refuse(monkeypatch, "cloudwatch", "describe_alarms")
    if there == "no plan":
        keep_begun(ID)
    elif there == "ended":
        _watching("shop-errors")
        deployments.end(kept(ID), failed(kept(ID), {"error": "HookFailed", "cause": "No."}, {}, at(9)))
    with pytest.raises(DeploymentEnded):
        invoke("check_alarms", event_file("check_alarms"))
    assert calls == []


def test_a_reading_is_kept_again_only_when_it_says_something_else() -> None:
    names = [f"{chr(0x1F600)}{n:02}" + chr(0x1F600) * 252 for n in range(50)]
    _watching(*names, ignored=True)
    before = kept(ID)
    for _ in range(37):
        assert invoke("check_alarms", event_file("check_alarms")) == {}
    readings = [entry for entry in kept(ID)["timeline"] if entry["event"] == "AlarmsRead"]
    assert len(readings) == 1
    assert len(readings[0]["reason"]) <= 500
    assert kept(ID) | {"timeline": before["timeline"]} == before


def test_an_alarm_that_is_there_now_and_then_fills_no_record() -> None:
    _watching("nowhere", ignored=True)
    for _ in range(20):
        assert invoke("check_alarms", event_file("check_alarms")) == {}
        deployments.update(ID, alarms_read("Something else.", at(9)))
    own = [entry for entry in kept(ID)["timeline"] if "There is no alarm" in entry.get("reason", "")]
    assert len(own) == 3


@pytest.mark.parametrize("ignored", [True, False])
def test_an_alarm_that_is_changed_meanwhile_is_unreadable(ignored: bool) -> None:
    _watching("shop-errors", ignored=ignored)
    with time_machine.travel(at(0), tick=False):
        _alarm("OK")
    for state in ("INSUFFICIENT_DATA", "OK"):
        client("cloudwatch").set_alarm_state(AlarmName="shop-errors", StateValue=state, StateReason="because")
        assert invoke("check_alarms", event_file("check_alarms")) == {}
    _alarm("OK")
    answer = invoke("check_alarms", event_file("check_alarms"))
    assert answer.get("failure", {}).get("error") == (None if ignored else "AlarmsUnreadable")
    assert "Changed or made anew since the deployment began" in kept(ID)["timeline"][-1]["reason"]


def test_alarms_are_read_by_the_role_of_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    role = "arn:aws:iam::123456789012:role/WeighbridgeServiceRole-shop"
    _watching("shop-errors", serviceRoleArn=role)
    denied = client_error("AccessDenied", "AssumeRole", 403, "Not you.")
    calls = refuse(monkeypatch, "sts", "assume_role", denied)
    cause = invoke("check_alarms", event_file("check_alarms"))["failure"]["cause"]
    assert calls == [{"RoleArn": role, "RoleSessionName": ID, "ExternalId": "shop-app/prod"}]
    assert f"The IAM role {role} could not be assumed" in cause
    assert "cloudwatch:DescribeAlarms" in cause


# ------------------------------------------------------------------------------------------------ shift_traffic


def test_a_shift_moves_traffic_and_keeps_what_it_did() -> None:
    _planned()
    answer = invoke("shift_traffic", event_file("shift_traffic.forward"))
    assert routing() == ("1", {"2": 0.1})
    record = kept(ID)
    assert record["revisionId"] == answer["revisionId"]
    assert record["routing"] == {"version": "1", "weights": {"2": 0.1}}
    assert events_of(record)[-1] == "TrafficShifted"


def test_the_last_shift_moves_the_alias_itself() -> None:
    _shifted(0)
    invoke("shift_traffic", event_file("shift_traffic.forward") | {"step": 1})
    assert routing() == ("2", {})
    assert kept(ID)["lifecycleEvents"]["AllowTraffic"]["status"] == "Succeeded"


def test_a_shift_back_restores_traffic_and_keeps_the_rollbacks_record() -> None:
    _shifted(0)
    for _ in range(2):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("1", {})
    record = kept(ROLLBACK_ID)
    assert record["rollbackInfo"]["rollbackTriggeringDeploymentId"] == ID
    assert record["routing"] == {"version": "1", "weights": {}}


@pytest.mark.parametrize("method", ["put_item", "update_item"])
def test_traffic_comes_back_before_anything_is_written_down(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    _shifted(0)
    refuse(monkeypatch, "dynamodb", method, client_error("ThrottlingException"))
    with pytest.raises(Throttled):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("1", {})
    invoke("shift_traffic", event_file("shift_traffic.back"))
    assert events_of(kept(ROLLBACK_ID)) == ["Created", "TrafficShifted"]


def test_a_rollback_before_the_first_shift_tells_of_no_shift() -> None:
    _planned()
    event = event_file("shift_traffic.back")
    event["plan"]["revisionId"] = PLAN["revisionId"]
    invoke("shift_traffic", event)
    assert events_of(kept(ROLLBACK_ID)) == ["Created", "TrafficKept"]
    assert kept(ROLLBACK_ID)["timeline"][-1]["reason"] == f"Deployment {ID} is rolled back before it moved any traffic."
    assert routing() == ("1", {})


def test_a_shift_back_that_is_still_tried_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    _shifted(0)
    refuse(monkeypatch, "lambda", "update_alias", client_error("TooManyRequestsException", "UpdateAlias", 429))
    with pytest.raises(Throttled):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert kept(ROLLBACK_ID)["status"] == "InProgress"
    assert set(deployments.unfinished()) == {ID, ROLLBACK_ID}


def test_an_alias_that_somebody_else_moved_is_not_shifted_back(monkeypatch: pytest.MonkeyPatch) -> None:
    _shifted(0)
    create_alias("2", {"1": 0.5})
    refuse(monkeypatch, "lambda", "update_alias", client_error(*OUTDATED))
    with pytest.raises(AliasMoved):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("2", {"1": 0.5})


# -------------------------------------------------------------------------------------- complete, record_failure


def test_completed_twice_a_deployment_ends_once() -> None:
    _shifted()
    invoke("complete", event_file("complete.deployment"))
    ended = kept(ID)
    assert ended["status"] == "Succeeded"
    invoke("complete", event_file("complete.deployment"))
    assert kept(ID) == ended
    keep_begun("d-BBBBBBBBB")


def test_a_deployment_that_was_interrupted_is_not_completed() -> None:
    _shifted()
    deployments.update(ID, STOP)
    with pytest.raises(Interrupted):
        invoke("complete", event_file("complete.deployment"))
    assert kept(ID)["status"] == "InProgress"


def test_a_rollback_is_completed_once_traffic_is_back() -> None:
    _shifted(0)
    invoke("shift_traffic", event_file("shift_traffic.back"))
    for _ in range(2):
        invoke("complete", event_file("complete.rollback"))
    assert kept(ROLLBACK_ID)["status"] == "Succeeded"


def test_what_has_no_record_cannot_be_completed_or_recorded() -> None:
    for handler, name in (("complete", "complete.deployment"), ("record_failure", "record_failure")):
        with pytest.raises(WeighbridgeError, match=f"{ID} could not be found"):
            invoke(handler, event_file(name))


def test_a_failure_recorded_twice_is_recorded_once() -> None:
    _planned()
    _rollback()
    answer = invoke("record_failure", event_file("record_failure"))
    assert (answer["status"], answer["code"]) == ("Stopped", "ALARM_ACTIVE")
    ended = kept(ID)
    assert ended["errorInformation"] == {"code": "ALARM_ACTIVE", "message": answer["message"]}
    assert "Automatic rollback is triggered" in ended["rollbackInfo"]["rollbackMessage"]
    assert invoke("record_failure", event_file("record_failure")) == answer
    assert kept(ID) == ended
    keep_begun("d-BBBBBBBBB")


def test_a_failure_recorded_after_a_lost_answer_is_counted_and_told(no_pauses: list[float]) -> None:
    _planned()
    _rollback()
    with lost_answer("dynamodb", "TransactWriteItems"):
        answer = invoke("record_failure", event_file("record_failure"))
    assert answer["status"] == kept(ID)["status"] == "Stopped"
    assert len(no_pauses) == 1


def test_a_rollback_that_failed_keeps_its_own_record() -> None:
    _planned()
    failure = {"error": "AliasMoved", "cause": json.dumps({"errorMessage": "Somebody else moved the alias."})}
    event = event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    answer = invoke("record_failure", event)
    assert (answer["status"], answer["code"]) == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
    assert kept(ROLLBACK_ID)["status"] == "Failed"


def test_a_rollback_that_succeeded_although_its_start_seemed_to_fail_is_told_as_it_was() -> None:
    # The answer to StartExecution got lost, the rollback was over in no time, and the second start met its name.
    _planned()
    _rollback()
    rollback = {"status": "FAILED", "cause": "Execution Already Exists"}
    invoke("record_failure", event_file("record_failure") | {"rollback": rollback})
    record = kept(ID)
    assert "Automatic rollback is triggered" in record["rollbackInfo"]["rollbackMessage"]
    assert deployments.left_by("shop:live") is None


def test_a_rollback_that_did_fail_for_good_is_told() -> None:
    _planned()
    _rollback("AliasMoved")
    rollback = {"status": "FAILED", "cause": json.dumps({"Error": "AliasMoved", "Cause": "Somebody else moved it."})}
    invoke("record_failure", event_file("record_failure") | {"rollback": rollback})
    assert "could not roll back" in kept(ID)["rollbackInfo"]["rollbackMessage"]
    left = deployments.left_by("shop:live")
    assert left
    assert left["deploymentId"] == ID


@pytest.mark.parametrize("kept_already", [True, False])
def test_no_deployment_ends_before_its_rollback_has(kept_already: bool) -> None:
    # Somebody stopped the rollback's execution, or it could not even be started: the supervisor goes on with it.
    _planned()
    deployments.update(ID, interrupted(Interruption(AlarmActive(["shop-errors"]), roll_back=True), at(4)))
    if kept_already:
        deployments.create(rollback_record(PLAN, at(5)))
    rollback = {"status": "FAILED", "cause": json.dumps({"Status": "ABORTED"})}
    answer = invoke("record_failure", event_file("record_failure") | {"rollback": rollback})
    record = kept(ID)
    assert (answer["status"], record["status"], answer["code"]) == ("InProgress", "InProgress", "ALARM_ACTIVE")
    assert "tried again every five minutes" in answer["message"]
    other = new_record("d-BBBBBBBBB")
    deployments.create(other)
    with pytest.raises(DeploymentLimitExceeded):
        deployments.begin(other, begun("c", group_id="g", alarms=[], alias="shop:live", now=at(9)))


def test_a_rollback_that_may_still_succeed_is_left_to_the_supervisor_and_said_to_be_held_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _planned()
    failure = {"error": "Throttled", "cause": json.dumps({"errorMessage": "Too many requests."})}
    event = event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    for _ in range(2):
        assert invoke("record_failure", event)["status"] == "InProgress"
    record = kept(ROLLBACK_ID)
    assert record["heldUp"] == {"code": "THROTTLED", "message": "Too many requests."}
    assert [entry["code"] for entry in record["timeline"] if entry["event"] == "RollbackHeldUp"] == ["THROTTLED"]
    assert capsys.readouterr().out.count('"RollbacksHeldUp":[1.0]') == 2


def test_a_rollback_that_has_restored_traffic_and_cannot_be_completed_is_not_held_up() -> None:
    _shifted(0)
    invoke("shift_traffic", event_file("shift_traffic.back"))
    failure = {"error": "ServiceUnavailable", "cause": json.dumps({"errorMessage": "DynamoDB is away."})}
    event = event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    assert invoke("record_failure", event)["status"] == "InProgress"
    assert "heldUp" not in kept(ROLLBACK_ID)


@pytest.mark.parametrize("code", ["AccessDeniedException", "KMSDisabledException"])
def test_whoever_cannot_restore_traffic_says_so_at_once(
    code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _shifted(0)
    refuse(monkeypatch, "lambda", "update_alias", client_error(code, "UpdateAlias", 403))
    with pytest.raises(WeighbridgeError):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    held_up = kept(ROLLBACK_ID)
    assert held_up["timeline"][-1]["event"] == "RollbackHeldUp"
    assert '"RollbacksHeldUp":[1.0]' in capsys.readouterr().out
    invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("1", {})
    assert "heldUp" not in kept(ROLLBACK_ID)


def test_a_rollback_that_is_throttled_is_not_held_up_yet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _shifted(0)
    refuse(monkeypatch, "lambda", "update_alias", client_error("TooManyRequestsException", "UpdateAlias", 429))
    with pytest.raises(Throttled):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert "heldUp" not in kept(ROLLBACK_ID)
    assert "RollbacksHeldUp" not in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------------- open ends


def test_no_more_traffic_moves_once_an_interruption_is_recorded() -> None:
    # A stop request that comes between two waits; of a deployment all at once, it lets all traffic move first.
    _planned()
    deployments.update(ID, STOP)
    with pytest.raises(Interrupted):
        invoke("shift_traffic", event_file("shift_traffic.forward"))
    assert routing() == ("1", {})


def test_an_execution_that_is_redriven_after_its_deployment_has_ended_moves_no_traffic() -> None:
    record = keep_planned(ID)
    deployments.end(record, failed(record, {"error": "StopRequested", "cause": "Stop."}, {"status": "SUCCEEDED"}, at(9)))
    with pytest.raises(WeighbridgeError):
        invoke("shift_traffic", event_file("shift_traffic.forward"))
    assert routing() == ("1", {})


def test_a_deployment_that_only_seemed_interrupted_is_closed() -> None:
    _planned()
    _rollback()
    failure = {"error": "Interrupted", "cause": json.dumps({"errorMessage": "It was interrupted."})}
    invoke("record_failure", event_file("record_failure") | {"failure": failure})
    assert kept(ID)["status"] == "Failed"


@pytest.mark.parametrize("rolled_back", [True, False])
def test_a_failure_without_a_cause_is_recorded(rolled_back: bool) -> None:
    _planned()
    if rolled_back:
        _rollback()
    causeless = {"failure": {"error": "States.Timeout"}, "rollback": {"status": "FAILED"}}
    answer = invoke("record_failure", event_file("record_failure") | causeless)
    assert answer["status"] == kept(ID)["status"] == ("Failed" if rolled_back else "InProgress")


def test_a_validation_that_fails_after_its_plan_was_kept_is_finished_by_the_supervisor(place: SimpleNamespace) -> None:
    # Its answer got lost after the plan was written, and the next try failed: decision 0007.
    _group()
    arrived = _arrive(place)
    _validate(arrived)
    failure = {"error": "Throttled", "cause": "Slow down."}
    answer = invoke("record_failure", {"deploymentId": arrived, "plan": {}, "failure": failure, "rollback": {}})
    assert answer == {"status": "InProgress", "code": "Throttled", "message": "Slow down."}
    assert action_for(kept(arrived), Execution("FAILED", answer["code"], answer["message"]), Rollback()) == StartRollback()


# ---------------------------------------------------------------------- what the deployment's execution did not send


def _forged(name: str, **changes: Any) -> Any:
    """What a state hands over, with another team's plan or other members."""
    event = event_file(name)
    plan = {
        member: changes.pop(member) for member in list(changes) if member in Plan.__annotations__ and member not in event
    }
    return event | ({"plan": event["plan"] | plan} if plan else {}) | changes


OTHERS = [{"functionName": "shoe"}, {"alias": "beta"}, {"targetVersion": "9"}, {"currentVersion": "9"}]
OTHERS += [{"serviceRoleArn": "arn:aws:iam::123456789012:role/Others"}, {"rollbackDeploymentId": "d-ZZZZZZZZZ"}]


@pytest.mark.parametrize("changes", OTHERS, ids=lambda changes: next(iter(changes)))
@pytest.mark.parametrize("name", ["shift_traffic.forward", "shift_traffic.back", "run_hook"])
def test_a_step_with_another_plan_than_the_record_holds_does_nothing(
    name: str, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch, waits: Waits
) -> None:
    before = _planned()
    waits.unknown[event_file("run_hook")["taskToken"]] = "InvalidToken"
    calls = [refuse(monkeypatch, "lambda", method) for method in ("update_alias", "get_alias", "invoke")]
    calls.append(refuse(monkeypatch, "sts", "assume_role"))
    with pytest.raises(NotThePlan):
        invoke(name.split(".", maxsplit=1)[0], _forged(name, **changes))
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


@pytest.mark.parametrize("step", [1, 2, -1, "0", None, 0.5])
def test_only_the_next_step_is_taken(step: Any) -> None:
    before = _planned()
    with pytest.raises(NotThePlan):
        invoke("shift_traffic", _forged("shift_traffic.forward", step=step))
    assert routing() == ("1", {})
    assert kept(ID) == before


def test_a_step_that_took_effect_may_be_tried_again_and_an_earlier_one_may_not() -> None:
    _shifted(0)
    invoke("shift_traffic", event_file("shift_traffic.forward"))
    invoke("shift_traffic", event_file("shift_traffic.forward") | {"step": 1})
    with pytest.raises(NotThePlan, match="Step 1 does not come next"):
        invoke("shift_traffic", event_file("shift_traffic.forward"))
    assert routing() == ("2", {})


def test_a_rollback_goes_by_the_plan_it_was_given_only_where_the_table_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _shifted(0)
    refuse(monkeypatch, "dynamodb", "get_item", client_error("ThrottlingException", "GetItem"))
    invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("1", {})


def test_an_ended_rollback_that_is_run_again_moves_nothing() -> None:
    _shifted(0)
    invoke("shift_traffic", event_file("shift_traffic.back"))
    invoke("complete", event_file("complete.rollback"))
    invoke("record_failure", event_file("record_failure"))
    assert kept(ID)["status"] == "Stopped"
    create_alias("2")
    with pytest.raises(DeploymentEnded):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert routing() == ("2", {})


@pytest.mark.parametrize("name", ["complete.deployment", "complete.rollback"])
def test_nothing_is_completed_before_its_end(name: str) -> None:
    _shifted(0)
    deployments.create(rollback_record(PLAN, at(5)))
    with pytest.raises(NotThePlan):
        invoke("complete", event_file(name))
    assert (kept(ID)["status"], kept(ROLLBACK_ID)["status"]) == ("InProgress", "InProgress")


def test_nothing_is_completed_whose_last_hook_was_not_called() -> None:
    keep_planned(ID, **(PLAN | {"hooks": {"AfterAllowTraffic": "CodeDeployHook_checkShop"}}))
    for step in (0, 1):
        deployments.update(ID, shifted(PLAN, step, routing_after(PLAN, step), "r", at(2)))
    with pytest.raises(NotThePlan):
        invoke("complete", event_file("complete.deployment"))


@pytest.mark.parametrize("error", ["StopRequested", "AliasMoved", "DeploymentEnded", "HookFailed", "Anything"])
@pytest.mark.parametrize("rollback", [{}, {"status": "SUCCEEDED"}, {"status": "FAILED", "cause": "No."}], ids=str)
def test_nothing_is_closed_while_traffic_is_split_whatever_is_told(error: str, rollback: dict[str, str]) -> None:
    before = _shifted(0)
    failure = {"error": error, "cause": "Somebody says so."}
    invoke("record_failure", event_file("record_failure") | {"failure": failure, "rollback": rollback})
    assert kept(ID) == before


def test_a_rollback_that_can_never_be_made_is_told_by_an_event_an_alarm_and_the_deployment(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _shifted()
    failure = {"error": "InvalidLambdaFunction", "cause": "Lambda refused to route live of shop: no version 1."}
    back = event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    invoke("record_failure", back)
    assert events_of(kept(ROLLBACK_ID))[-2:] == ["RollbackFailed", "Ended"]
    assert '"RollbacksHeldUp":[1.0]' in capsys.readouterr().out
    answer = invoke("record_failure", event_file("record_failure") | {"rollback": {"status": "FAILED", "cause": ""}})
    assert answer["message"].endswith(
        "Traffic was not put back: Lambda refused to route live of shop: no version 1. This deployment had left the alias live "
        "of shop with version 2 at 100 %; route it to a version that is there, or deploy one."
    )


def test_a_rollback_that_leaves_an_alias_to_somebody_else_is_not_told_of_like_that(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _shifted()
    failure = {"error": "AliasMoved", "cause": "Somebody else moved the alias."}
    invoke(
        "record_failure", event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    )
    assert "RollbackFailed" not in events_of(kept(ROLLBACK_ID))
    assert "RollbacksHeldUp" not in capsys.readouterr().out
    answer = invoke("record_failure", event_file("record_failure") | {"rollback": {"status": "FAILED", "cause": ""}})
    assert answer["message"].endswith("Traffic was not put back: Somebody else moved the alias.")


def test_a_made_up_rollback_gets_no_record() -> None:
    _planned()
    failure = {"error": "AliasMoved", "cause": "Somebody says so."}
    event = _forged("record_failure", rollbackDeploymentId="d-ZZZZZZZZZ", deploymentId="d-ZZZZZZZZZ", failure=failure)
    with pytest.raises(NotThePlan):
        invoke("record_failure", event)
    assert deployments.get("d-ZZZZZZZZZ") is None


def test_a_deployment_is_planned_once(place: SimpleNamespace) -> None:
    _group(deploymentConfigName=None)
    arrived = _arrive(place, APPSPEC)
    plan = _validate(arrived)
    invoke("shift_traffic", {"deploymentId": arrived, "plan": plan, "step": 0, "revisionId": plan["revisionId"]})
    assert _validate(arrived) == plan, "otherwise its rollback would go to the version that it has just deployed"
    assert kept(arrived)["plan"] == plan


# ------------------------------------------------------------------------------------ who may not write the alias

ROLE = "arn:aws:iam::123456789012:role/Deployer"


def test_with_a_service_role_its_rights_say_which_hooks_may_run_and_without_one_their_names(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked = HOOKED.replace("CodeDeployHook_checkShop", "verify-shop")
    _group()
    with pytest.raises(InvalidAppSpec, match="hooks must be named"):
        _validate(_arrive(place, hooked))
    refuse(monkeypatch, "sts", "assume_role")
    monkeypatch.setattr(lambda_hooks, "check", lambda *_: None)
    _group(serviceRoleArn=ROLE)
    assert _validate(_arrive(place, hooked))["hooks"] == {"BeforeAllowTraffic": "verify-shop"}


def test_a_role_that_may_only_read_does_not_hold_the_alias(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    _group(serviceRoleArn=ROLE)
    arrived = _arrive(place)
    reader = Denied("update_alias")
    monkeypatch.setattr(lambda_aliases, "client_as", lambda *_: reader)
    with pytest.raises(RolePermissions):
        _validate(arrived)
    assert reader.asked == [{"FunctionName": "shop", "Name": "live", "RevisionId": "00000000-0000-0000-0000-000000000000"}]
    assert "locks" not in kept(arrived)


class Denied:
    """Lambda for a role that may not call one method."""

    def __init__(self, method: str) -> None:
        self.asked: list[dict[str, Any]] = []
        setattr(self, method, self._deny)

    def _deny(self, **arguments: Any) -> None:
        self.asked.append(arguments)
        raise client_error("AccessDeniedException", "UpdateAlias", 403)

    def __getattr__(self, name: str) -> Any:
        return getattr(client("lambda"), name)


def test_a_role_that_may_shift_and_not_look_deploys_all_the_same_and_says_what_was_not_checked(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The policy that AWS manages for CodeDeploy has lambda:GetAlias and lambda:UpdateAlias, not the right to see versions.
    _group(serviceRoleArn=ROLE)
    shifter = Denied("get_function_configuration")
    monkeypatch.setattr(lambda_aliases, "client_as", lambda *_: shifter)
    monkeypatch.setattr(lambda_hooks, "check", lambda *_: None)
    arrived = _arrive(place)
    assert _validate(arrived)["targetVersion"] == "2"
    [told] = [entry for entry in kept(arrived)["timeline"] if entry["event"] == "VersionNotChecked"]
    assert told["reason"].startswith("Whether the target version is there and Active was not checked: The IAM role ")
    assert shifter.asked


def test_what_is_wrong_with_an_alias_is_told_even_if_the_function_may_not_be_seen(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _group(serviceRoleArn=ROLE)
    monkeypatch.setattr(lambda_aliases, "client_as", lambda *_: Denied("get_function_configuration"))
    with pytest.raises(InvalidLambdaFunction, match="has no alias 'dead'"):
        _validate(_arrive(place, HOOKED.replace("Alias: live", "Alias: dead")))


def test_a_rollback_that_may_not_write_and_has_nothing_to_restore_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    _planned()
    refuse(monkeypatch, "lambda", "update_alias", client_error("AccessDeniedException", "UpdateAlias", 403))
    invoke("shift_traffic", event_file("shift_traffic.back"))
    assert "heldUp" not in kept(ROLLBACK_ID)
    invoke("complete", event_file("complete.rollback"))
    assert kept(ROLLBACK_ID)["status"] == "Succeeded"


def test_whoever_routes_the_alias_of_a_rollback_that_may_not_write_it_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _shifted(0)
    create_alias("2", {"1": 0.5})
    refuse(monkeypatch, "lambda", "update_alias", client_error("AccessDeniedException", "UpdateAlias", 403))
    with pytest.raises(AliasMoved):
        invoke("shift_traffic", event_file("shift_traffic.back"))


def _held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traffic is split, the deployment has failed, and its role may not put traffic back."""
    _shifted(0)
    deployments.update(ID, interrupted(Interruption(AlarmActive(["shop-errors"]), roll_back=True), at(4)))
    refuse(monkeypatch, "lambda", "update_alias", client_error("AccessDeniedException", "UpdateAlias", 403))
    with pytest.raises(RolePermissions):
        invoke("shift_traffic", event_file("shift_traffic.back"))
    assert "heldUp" in kept(ROLLBACK_ID)


RELEASE = {"deploymentId": ID, "autoRollbackEnabled": False}


def test_a_rollback_that_is_held_up_is_given_up_by_a_stop_that_forbids_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _held_up(monkeypatch)
    for _ in range(2):
        invoke("interrupt", event_file("interrupt.stop_requested") | {"detail": RELEASE})
    assert [entry["event"] for entry in kept(ID)["timeline"]].count("Released") == 1
    with pytest.raises(Released) as released:
        invoke("shift_traffic", event_file("shift_traffic.back"))
    failure = {"error": "Released", "cause": str(released.value)}
    back = event_file("record_failure") | {"deploymentId": ROLLBACK_ID, "failure": failure, "rollback": {}}
    assert invoke("record_failure", back)["status"] == "Failed"
    answer = invoke("record_failure", event_file("record_failure") | {"rollback": {"status": "FAILED", "cause": ""}})
    assert (answer["status"], answer["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert "A stop request has decided" in kept(ID)["rollbackInfo"]["rollbackMessage"]
    left = deployments.left_by("shop:live")
    assert left
    assert left["deploymentId"] == ID
    assert routing() == ("1", {"2": 0.1})


@pytest.mark.parametrize("detail", [RELEASE, {"deploymentId": ID}], ids=["forbidden", "not said"])
def test_a_rollback_that_is_not_held_up_is_not_given_up(detail: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    _held_up(monkeypatch)
    if detail is RELEASE:
        invoke("shift_traffic", event_file("shift_traffic.back"))
    invoke("interrupt", event_file("interrupt.stop_requested") | {"detail": detail})
    assert kept(ID)["interruption"]["rollBack"] is True
