"""State "Validate deployment": what is planned, what is refused, what is waited for, and what is held."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.aws.account import (
    client_error,
    create_alias,
    events_of,
    kept,
    new_record,
    refuse,
    routing,
)
from tests.aws.invocation import APPSPEC, ID, ROLLBACK_ID, drop, event_file, invoke
from tests.core.samples import at
from tests.handlers.steps import HOOKED, KEY, PLAN, STOP, arrive, group, validate
from weighbridge.aws import lambda_aliases, lambda_hooks
from weighbridge.aws.clients import client
from weighbridge.core.deployment import begun, shifted
from weighbridge.core.endings import failed
from weighbridge.core.errors import (
    ApplicationMissing,
    DeploymentGroupMissing,
    DeploymentLimitExceeded,
    GroupPending,
    HookFailed,
    Interrupted,
    InvalidAppSpec,
    InvalidDocument,
    InvalidLambdaFunction,
    ResourceCannotBeFound,
    RevisionMissing,
    RoleMissing,
    RolePermissions,
    VersionPending,
    VersionUnusable,
    WeighbridgeError,
)
from weighbridge.core.groups import parse
from weighbridge.core.record import Record
from weighbridge.core.routing import Routing
from weighbridge.store import deployments, settings

MANY = 99
"""Retries after which nothing that may be on its way is waited for."""


def test_a_sound_deployment_gets_its_plan_and_its_locks(place: SimpleNamespace) -> None:
    group()
    arrived = arrive(place)
    plan = validate(arrived)
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


def test_the_version_that_is_live_already_is_planned_without_anything_to_go_wrong(place: SimpleNamespace) -> None:
    group()
    arrived = arrive(place, _targeting("TargetVersion: 1"))
    plan = validate(arrived)
    assert (plan["currentVersion"], plan["targetVersion"]) == ("1", "1")
    assert (plan["steps"], plan["hooks"]) == ([{"weight": 1, "bakeSeconds": 0}], {})
    assert kept(arrived)["timeline"][-1]["reason"].endswith("there is nothing to shift.")


def test_validated_again_it_gets_the_same_plan(place: SimpleNamespace) -> None:
    group()
    arrived = arrive(place)
    assert validate(arrived) == validate(arrived) == kept(arrived)["plan"]


def test_what_a_deployment_left_may_be_started_from(place: SimpleNamespace) -> None:
    group()
    first = arrive(place)
    plan = validate(first)
    invoke("shift_traffic", event_file("shift_traffic.forward") | {"deploymentId": first, "plan": plan})
    record = kept(first)
    deployments.end(record, failed(record, {"error": "StopRequested", "cause": "Stop."}, {}, at(9)))
    assert routing() == ("1", {"2": 0.1})
    assert validate(arrive(place))["startRouting"] == {"version": "1", "weights": {"2": 0.1}}


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
    group()
    arrived = arrive(place, content)
    with pytest.raises(expected, match=says) as caught:
        validate(arrived)
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
    validate(arrive(place))  # nothing is held


def test_the_file_is_gone(place: SimpleNamespace) -> None:
    group()
    event = drop(place, KEY, HOOKED)
    client("s3").delete_object(Bucket=place.bucket, Key=KEY, VersionId=event["detail"]["object"]["version-id"])
    invoke("receive", event)
    with pytest.raises(RevisionMissing):
        validate(deployments.unfinished()[0])


def test_there_is_no_such_application_group_or_configuration(place: SimpleNamespace) -> None:
    arrived = arrive(place)
    with pytest.raises(ApplicationMissing, match=r"drop shop-app/prod/deployment-group.yaml first"):
        validate(arrived, MANY)
    settings.put_group("shop-app", "test", parse("shop-app", "test", {}), "2026-11-23T05:00:00.000Z")
    with pytest.raises(DeploymentGroupMissing, match=r"drop shop-app/prod/deployment-group.yaml first") as caught:
        validate(arrived, MANY)
    assert type(caught.value) is DeploymentGroupMissing
    group(deploymentConfigName="mine")
    with pytest.raises(ResourceCannotBeFound, match=r"drop it as deployment-configs/mine.yaml"):
        validate(arrived)


def test_a_group_that_is_dropped_after_its_first_file_is_waited_for(place: SimpleNamespace) -> None:
    arrived = arrive(place)
    for retries in range(3):
        with pytest.raises(GroupPending, match="prod of shop-app may be on its way"):
            validate(arrived, retries)
    invoke("receive", drop(place, "shop-app/prod/deployment-group.json", "{}"))
    assert validate(arrived, 3)["deploymentGroupId"] == kept(arrived)["deploymentGroupId"]
    assert events_of(kept(arrived)) == ["Created", "GroupAwaited", "Started", "Validated"]


def test_a_group_that_changes_with_the_drop_is_waited_for_as_long_as_it_may_take(place: SimpleNamespace) -> None:
    group()
    changed = drop(place, "shop-app/prod/deployment-group.yaml", "deploymentConfigName: CodeDeployDefault.LambdaAllAtOnce")
    arrived = arrive(place)
    for retries in (0, 52):
        with pytest.raises(GroupPending):
            validate(arrived, retries)
    invoke("receive", changed)
    assert len(validate(arrived, 53)["steps"]) == 1


def test_a_groups_file_that_is_never_taken_over_holds_nobody_up_for_ever(place: SimpleNamespace) -> None:
    group()
    arrived = arrive(place)
    refused = drop(place, "shop-app/prod/deployment-group.yaml", "hopeless")
    with pytest.raises(GroupPending):
        validate(arrived)
    assert len(validate(arrived, MANY)["steps"]) == 2
    deployments.end(kept(arrived), failed(kept(arrived), {"error": "HookFailed", "cause": "No."}, {}, at(3)))
    invoke("receive", refused)
    [deployment_id] = deployments.unfinished()
    assert len(validate(_release(place, "3"))["steps"]) == 2
    assert kept(deployment_id)["refusal"]


def test_a_group_whose_file_was_refused_with_the_drop_is_told_at_once(place: SimpleNamespace) -> None:
    invoke("receive", drop(place, "shop-app/prod/deployment-group.yaml", "hopeless"))
    [refused] = deployments.unfinished()
    with pytest.raises(ApplicationMissing, match=f"its file has been refused, as deployment {refused} says"):
        validate(arrive(place))


def test_who_stops_a_deployment_that_waits_for_its_group_ends_it(place: SimpleNamespace) -> None:
    arrived = arrive(place)
    deployments.update(arrived, STOP)
    with pytest.raises(Interrupted):
        validate(arrived)


def test_an_execution_that_began_before_an_upgrade_does_not_wait_for_its_group(place: SimpleNamespace) -> None:
    with pytest.raises(ApplicationMissing):
        invoke("validate", {"deploymentId": arrive(place)})


def _succeed(deployment_id: str) -> None:
    plan = validate(deployment_id)
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
    group()
    _succeed(_release(place, "2"))
    _succeed(_release(place, "3"))
    again = _release(place, "2")
    with pytest.raises(InvalidAppSpec, match=OLD):
        validate(again)
    assert "locks" not in kept(again)  # so that a new release, dropped together with it, is not kept from the alias
    assert validate(_release(place, "2", "CurrentVersion: 3"))["targetVersion"] == "2"


def test_a_release_that_failed_or_changed_or_is_live_is_deployed_again(place: SimpleNamespace) -> None:
    group()
    failed_once = _release(place, "2")
    validate(failed_once)
    deployments.end(kept(failed_once), failed(kept(failed_once), {"error": "HookFailed", "cause": "No."}, {}, at(3)))
    _succeed(_release(place, "3"))
    _succeed(_release(place, "2"))  # a retry, though another version was deployed meanwhile
    _succeed(_release(place, "3", "# with a remark", key="shop-app/prod/release-2.yaml"))
    assert validate(_release(place, "2"))["targetVersion"] == "2"  # changed there since, and so a new order


def test_what_was_moved_by_hand_is_no_deployment_after_a_release(place: SimpleNamespace) -> None:
    group()
    _succeed(_release(place, "2"))
    create_alias("1")
    assert validate(_release(place, "2"))["currentVersion"] == "1"


def test_a_release_that_succeeds_while_an_old_one_takes_the_alias_is_not_taken_back(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    group()
    _succeed(_release(place, "2"))
    newer, again = _release(place, "3"), _release(place, "2")
    begin = deployments.begin

    def begin_late(record: Record, change: Any) -> None:
        monkeypatch.setattr(deployments, "begin", begin)
        _succeed(newer)
        begin(record, change)

    monkeypatch.setattr(deployments, "begin", begin_late)
    with pytest.raises(InvalidAppSpec, match=OLD):
        validate(again)


def test_a_refusal_that_was_known_on_arrival_is_raised_as_what_it_was(place: SimpleNamespace) -> None:
    invoke("receive", drop(place, "shop-app/prod/deployment-group.yaml", "alarmConfigurations: {}"))
    with pytest.raises(InvalidDocument, match="did you mean 'alarmConfiguration'") as caught:
        validate(deployments.unfinished()[0])
    assert type(caught.value) is InvalidDocument


def test_there_is_no_record() -> None:
    with pytest.raises(WeighbridgeError, match=f"{ID} could not be found"):
        validate(ID)


def test_another_deployment_is_running_there(place: SimpleNamespace) -> None:
    group()
    first = arrive(place)
    validate(first)
    with pytest.raises(DeploymentLimitExceeded, match=f"already has an active Deployment '{first}'"):
        validate(arrive(place))
    assert deployments.watched_by("shop-errors") == [first]


def test_the_alias_is_weighted_by_somebody_else(place: SimpleNamespace) -> None:
    group()
    create_alias("1", {"2": 0.5})
    with pytest.raises(InvalidAppSpec, match="no deployment left it so"):
        validate(arrive(place))
    assert routing() == ("1", {"2": 0.5})


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [("ResourceNotFoundException", 404, HookFailed), ("AccessDeniedException", 403, RolePermissions)],
)
def test_a_hook_that_may_not_be_invoked_is_told_before_traffic_moves(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, code: str, status: int, expected: type[Exception]
) -> None:
    group()
    arrived = arrive(place)
    error = client("lambda").exceptions.from_code(code)(client_error(code, "Invoke", status).response, "Invoke")
    asked = refuse(monkeypatch, "lambda", "invoke", error)
    with pytest.raises(expected):
        validate(arrived)
    assert asked == [{"FunctionName": "CodeDeployHook_checkShop", "InvocationType": "DryRun"}]
    assert "plan" not in kept(arrived)


def test_the_groups_role_cannot_be_assumed(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    group(serviceRoleArn="arn:aws:iam::123456789012:role/Deployer")
    refuse(monkeypatch, "sts", "assume_role", client_error("AccessDenied", "AssumeRole", 403))
    with pytest.raises(RoleMissing):
        validate(arrive(place))


def test_a_group_without_a_role_is_refused_where_one_is_required(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_ROLE_REQUIRED", "true")
    group()
    arrived = arrive(place)
    with pytest.raises(RoleMissing, match=r"add serviceRoleArn to shop-app/prod/deployment-group.yaml"):
        validate(arrived)
    assert "locks" not in kept(arrived)
    assumed = refuse(monkeypatch, "sts", "assume_role")
    group(serviceRoleArn="arn:aws:iam::123456789012:role/Deployer")
    assert validate(arrived)["serviceRoleArn"] == "arn:aws:iam::123456789012:role/Deployer"
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
    group(serviceRoleArn=here)
    arrived = arrive(place)
    with pytest.raises(DeploymentLimitExceeded, match="alias 'shop:live' already has an active Deployment"):
        validate(arrived)
    group(serviceRoleArn=role("9" * 12))
    assert validate(arrived)
    assert kept(arrived)["locks"]["alias"] == "999999999999/shop:live"


def test_a_role_that_may_not_see_the_function_does_not_hold_its_alias(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    group()
    arrived = arrive(place)
    denied = client_error("AccessDeniedException", "GetFunctionConfiguration", 403)
    refuse(monkeypatch, "lambda", "get_function_configuration", denied)
    with pytest.raises(RolePermissions):
        validate(arrived)
    assert "locks" not in kept(arrived)
    assert validate(arrive(place))  # the alias and the group are free


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
    group()
    arrived = arrive(place)
    _hook_in_state(monkeypatch, "Pending")
    with pytest.raises(VersionPending, match=r"hook CodeDeployHook_checkShop is Pending \(In a VPC\)"):
        validate(arrived)
    assert "locks" not in kept(arrived)
    _hook_in_state(monkeypatch, "Failed")
    with pytest.raises(VersionUnusable, match=r"is Failed \(In a VPC\), so no traffic was shifted; mend the hook"):
        validate(arrived)
    _hook_in_state(monkeypatch, "Active")
    assert validate(arrived)["hooks"]


def test_a_hook_whose_state_may_not_be_seen_is_run_all_the_same(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    group()
    version = _state_now("shop") | {"State": "Active"}

    def answer(FunctionName: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if FunctionName == "shop":
            return version
        raise client_error("AccessDeniedException", "GetFunctionConfiguration", 403)

    monkeypatch.setattr(client("lambda"), "get_function_configuration", answer)
    assert validate(arrive(place))["hooks"]


def test_an_alias_that_lambda_is_moving_is_waited_for_and_told_once(place: SimpleNamespace) -> None:
    group()
    arrived = arrive(place)
    create_alias("1", {"2": 1.0})
    for _ in range(3):
        with pytest.raises(VersionPending, match="Lambda is still moving the alias live of shop"):
            validate(arrived)
    create_alias("1")
    assert validate(arrived)["currentVersion"] == "1"
    assert events_of(kept(arrived)) == ["Created", "Started", "VersionAwaited", "Validated"]


def test_a_version_that_is_not_active_yet_is_waited_for_and_holds_nothing(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    group()
    arrived = arrive(place)
    with monkeypatch.context() as patch:
        _in_state(patch, "Pending", "The snapshot is being taken.")
        for _ in range(3):
            with pytest.raises(VersionPending):
                validate(arrived)
    assert events_of(kept(arrived)) == ["Created", "VersionAwaited"]
    assert "is Pending (The snapshot is being taken)" in kept(arrived)["timeline"][-1]["reason"]
    assert "locks" not in kept(arrived)
    assert validate(arrived)["targetVersion"] == "2"


def test_who_stops_a_deployment_that_waits_for_its_version_ends_it(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    group()
    arrived = arrive(place)
    deployments.update(arrived, STOP)
    _in_state(monkeypatch, "Pending", "")
    with pytest.raises(Interrupted):
        validate(arrived)


def test_a_version_that_failed_gets_no_traffic(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    group()
    arrived = arrive(place)
    _in_state(monkeypatch, "Failed", "The snapshot failed.")
    with pytest.raises(VersionUnusable, match=r"Version 2 of shop is Failed \(The snapshot failed\), so no traffic"):
        validate(arrived)
    assert "locks" not in kept(arrived)


def test_a_deployment_that_is_stopped_before_it_begins_or_while_it_is_validated_does_not_go_on(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    group()
    arrived = arrive(place)

    def stop(*_: Any) -> None:
        deployments.update(arrived, STOP)

    with monkeypatch.context() as patch:
        patch.setattr(lambda_hooks, "check", stop)
        with pytest.raises(Interrupted, match="before any traffic moved"):
            validate(arrived)
    with pytest.raises(Interrupted, match="before it began"):
        validate(arrived)


def test_a_deployment_is_planned_once(place: SimpleNamespace) -> None:
    group(deploymentConfigName=None)
    arrived = arrive(place, APPSPEC)
    plan = validate(arrived)
    invoke("shift_traffic", {"deploymentId": arrived, "plan": plan, "step": 0, "revisionId": plan["revisionId"]})
    assert validate(arrived) == plan, "otherwise its rollback would go to the version that it has just deployed"
    assert kept(arrived)["plan"] == plan


ROLE = "arn:aws:iam::123456789012:role/Deployer"


def test_with_a_service_role_its_rights_say_which_hooks_may_run_and_without_one_their_names(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked = HOOKED.replace("CodeDeployHook_checkShop", "verify-shop")
    group()
    with pytest.raises(InvalidAppSpec, match="hooks must be named"):
        validate(arrive(place, hooked))
    refuse(monkeypatch, "sts", "assume_role")
    monkeypatch.setattr(lambda_hooks, "check", lambda *_: None)
    group(serviceRoleArn=ROLE)
    assert validate(arrive(place, hooked))["hooks"] == {"BeforeAllowTraffic": "verify-shop"}


def test_a_role_that_may_only_read_does_not_hold_the_alias(place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    group(serviceRoleArn=ROLE)
    arrived = arrive(place)
    reader = Denied("update_alias")
    monkeypatch.setattr(lambda_aliases, "client_as", lambda *_: reader)
    with pytest.raises(RolePermissions):
        validate(arrived)
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
    group(serviceRoleArn=ROLE)
    shifter = Denied("get_function_configuration")
    monkeypatch.setattr(lambda_aliases, "client_as", lambda *_: shifter)
    monkeypatch.setattr(lambda_hooks, "check", lambda *_: None)
    arrived = arrive(place)
    assert validate(arrived)["targetVersion"] == "2"
    [not_checked] = [entry for entry in kept(arrived)["timeline"] if entry["event"] == "VersionNotChecked"]
    assert not_checked["reason"].startswith("Whether the target version is there and Active was not checked: The IAM role ")
    assert shifter.asked


def test_what_is_wrong_with_an_alias_is_told_even_if_the_function_may_not_be_seen(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    group(serviceRoleArn=ROLE)
    monkeypatch.setattr(lambda_aliases, "client_as", lambda *_: Denied("get_function_configuration"))
    with pytest.raises(InvalidLambdaFunction, match="has no alias 'dead'"):
        validate(arrive(place, HOOKED.replace("Alias: live", "Alias: dead")))
