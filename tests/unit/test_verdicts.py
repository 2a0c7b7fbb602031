"""Alarms, hooks' answers, dropped keys, requests, groups and ids: small rules, one table each."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.samples import at, plan, record
from weighbridge.core import groups, hooks
from weighbridge.core.alarms import Reading, definitions, verdict
from weighbridge.core.documents import load
from weighbridge.core.endings import failed
from weighbridge.core.errors import AlarmActive, AlarmsUnreadable, InvalidDocument, RolePermissions
from weighbridge.core.ids import DEPLOYMENT_ID, deployment_id, deployment_id_in, rollback_id
from weighbridge.core.object_keys import AppSpecDrop, ConfigDrop, GroupDrop, classify_key
from weighbridge.core.plan import WatchedAlarms
from weighbridge.core.requests import DeploymentRequest


def _read(**states: str) -> dict[str, Reading]:
    return {name: Reading(state, "made") for name, state in states.items()}


@pytest.mark.parametrize("ignore", [True, False])
def test_ok_and_insufficient_data_do_not_stop_and_alarm_does(ignore: bool) -> None:
    watched = WatchedAlarms(names=["a", "b"], ignorePollFailure=ignore)
    assert verdict(watched, _read(a="OK", b="INSUFFICIENT_DATA")).failure is None
    judged = verdict(watched, _read(a="ALARM", b="ALARM"))
    assert isinstance(judged.failure, AlarmActive)
    assert str(judged.failure).endswith("Activated alarms: <a> <b>")


def test_a_missing_alarm_or_a_failed_poll_obeys_ignore_poll_alarm_failure() -> None:
    strict, lenient = (WatchedAlarms(names=["a"], ignorePollFailure=ignore) for ignore in (False, True))
    unreadable: tuple[dict[str, Reading] | RolePermissions, ...] = ({}, RolePermissions("denied"), _read(a="OK"))
    for readings in unreadable:
        assert isinstance(verdict(strict, readings, ["another"]).failure, AlarmsUnreadable)
        judged = verdict(lenient, readings, ["another"])
        assert judged.failure is None
        assert "goes on" in judged.reason


def test_an_alarm_that_could_not_be_evaluated_obeys_ignore_poll_alarm_failure() -> None:
    strict, lenient = (WatchedAlarms(names=["a"], ignorePollFailure=ignore) for ignore in (False, True))
    for state in ("EVALUATION_ERROR", "EVALUATION_FAILURE"):
        judged = verdict(strict, {"a": Reading("OK", "made", state)})
        assert isinstance(judged.failure, AlarmsUnreadable)
        assert f"CloudWatch could not evaluate a ({state}), so the deployment was stopped" in str(judged.failure)
        assert verdict(lenient, {"a": Reading("OK", "made", state)}).failure is None
        assert isinstance(verdict(lenient, {"a": Reading("ALARM", "made", state)}).failure, AlarmActive)
    assert verdict(strict, {"a": Reading("OK", "made", "PARTIAL_DATA")}) == verdict(strict, _read(a="OK"))


def test_where_log_alarms_cannot_be_read_no_alarm_is_said_to_be_missing() -> None:
    watched = WatchedAlarms(names=["a"], ignorePollFailure=False)
    judged = verdict(watched, {}, (), ["MetricAlarm", "CompositeAlarm"])
    assert isinstance(judged.failure, AlarmsUnreadable)
    assert "There is no alarm named a, or it is a log alarm, so the deployment was stopped; watch no log alarm" in str(
        judged.failure
    )


def test_only_an_alarm_that_was_there_at_the_start_can_have_changed() -> None:
    watched = WatchedAlarms(names=["a", "b", "c"], ignorePollFailure=False)
    first = definitions(watched, _read(a="OK", c="OK"))
    assert first == ["made", "", "made"]
    now = _read(a="OK", b="OK", c="OK")
    assert verdict(watched, now, first).failure is None
    changed = verdict(watched, now | {"c": Reading("OK", "made anew")}, first)
    assert "says nothing of it: c, so the deployment was stopped" in str(changed.failure)


def test_the_advice_is_there_however_many_alarms_are_missing() -> None:
    judged = verdict(WatchedAlarms(names=[f"{n:02}" + "x" * 253 for n in range(50)], ignorePollFailure=False), {})
    assert "and 45 more" in str(judged.failure)
    assert str(judged.failure).endswith("create or name the alarm, or set ignorePollAlarmFailure.")


def test_an_active_alarm_stops_even_beside_a_missing_one() -> None:
    watched = WatchedAlarms(names=["a", "b"], ignorePollFailure=True)
    assert isinstance(verdict(watched, _read(b="ALARM")).failure, AlarmActive)


@pytest.mark.parametrize(
    ("payload", "error", "answer"),
    [
        ('{"status": "Succeeded"}', None, ("Succeeded", "", "return value")),
        ('{"status": "Failed", "message": "no"}', None, ("Failed", "no", "return value")),
        ('{"errorType": "KeyError", "errorMessage": "\'x\'"}', "Unhandled", ("Failed", "crashed: KeyError: 'x'", "crash")),
        ("", "Unhandled", ("Failed", "crashed: Unhandled", "crash")),
        ("null", None, None),
        ('"ok"', None, None),
        ('{"statusCode": 200}', None, None),
        ("not json", None, None),
        ('{"status": "FAILED", "message": "smoke test red"}', None, ("Failed", "smoke test red", "return value")),
        ('{"hookStatus": "FAILED"}', None, ("Failed", "", "return value")),
        ('{"Status": " succeeded ", "Message": "fine"}', None, ("Succeeded", "fine", "return value")),
        ('{"status": "Succeeded", "hookStatus": "Failed"}', None, ("Failed", "", "return value")),
        ('"{\\"status\\": \\"FAILED\\"}"', None, ("Failed", "", "return value")),
        ('"FAILED"', None, ("Failed", "", "return value")),
        ('{"hookStatus": "IN_PROGRESS"}', None, None),
        ('{"status": "Pending"}', None, None),
        ('{"status": ""}', None, None),
        ('{"status": null}', None, None),
        ('{"status": 200}', None, None),
        ('{"status": ["Failed"]}', None, None),
        ('{"status": "Success"}', None, ("Failed", '{"status": "Success"}', "unclear")),
        (
            '{"status": "ok", "hookStatus": "Succeeded"}',
            None,
            ("Failed", '{"status": "ok", "hookStatus": "Succeeded"}', "unclear"),
        ),
    ],
)
def test_what_a_hook_returns_is_an_answer_or_a_promise_to_report(payload: str, error: str | None, answer: Any) -> None:
    found = hooks.answer_of(hooks.Outcome(payload, error))
    assert (found and (found["status"], found["message"], found["by"])) == answer


def test_a_verdict_that_is_none_says_what_was_returned_and_what_would_have_been_right() -> None:
    answer = hooks.answer_of(hooks.Outcome('{"status": "Success"}'))
    assert answer
    assert hooks.failure_detail("AfterAllowTraffic", "smoke", answer) == (
        'The AfterAllowTraffic hook smoke returned {"status": "Success"}, which is neither Succeeded nor Failed; '
        'return {"status": "Succeeded"}, or {"status": "Failed", "message": "why"}.'
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [({"returned": "null"}, "and it returned null, which says nothing"), ({}, "and it had not returned")],
)
def test_a_hook_that_never_reports_is_named_with_what_it_returned(call: dict[str, str], said: str) -> None:
    sample = record(hooks={"BeforeAllowTraffic": "schema", "AfterAllowTraffic": "smoke"})
    called: Any = {
        "BeforeAllowTraffic": {"function": "schema", "answer": {"status": "Succeeded"}},
        "AfterAllowTraffic": {"function": "smoke", **call},
    }
    sample["hooks"] = called
    ending = failed(sample, {"error": "HookTimedOut", "cause": "It timed out."}, {}, at(9))
    assert ending.message.startswith(f"It timed out. The AfterAllowTraffic hook smoke did not report, {said}; return ")


def test_a_hook_is_told_what_people_missed() -> None:
    assert hooks.payload(plan(), "BeforeAllowTraffic", "id") == {
        "DeploymentId": "d-AAAAAAAAA",
        "LifecycleEventHookExecutionId": "id",
        "FunctionName": "shop",
        "Alias": "live",
        "CurrentVersion": "1",
        "TargetVersion": "2",
        "LifecycleEvent": "BeforeAllowTraffic",
    }


@given(st.text())
def test_an_execution_id_is_found_by_its_digest_only(guess: str) -> None:
    calls = {"BeforeAllowTraffic": {"executionIdDigest": hooks.digest("the id")}}
    assert hooks.event_of(calls, "the id") == "BeforeAllowTraffic"
    assert hooks.event_of(calls, guess) is None


@pytest.mark.parametrize(
    ("key", "drop"),
    [
        ("shop/prod/release-7.yaml", AppSpecDrop("shop", "prod", "YAML")),
        ("shop/prod/release-7.YML", AppSpecDrop("shop", "prod", "YAML")),
        ("shop/prod/release.7.json", AppSpecDrop("shop", "prod", "JSON")),
        ("shop/prod/2026/11/release-42.yml", AppSpecDrop("shop", "prod", "YAML")),
        ("shop/prod/deployment-configs/release.json", AppSpecDrop("shop", "prod", "JSON")),
        ("shop/prod/x y/größer (1)/a.yaml", AppSpecDrop("shop", "prod", "YAML")),
        ("shop/prod/build.ZIP", AppSpecDrop("shop", "prod", "zip")),
        ("shop/prod/pipeline/BuildArtif/x8Kd2.zip", AppSpecDrop("shop", "prod", "zip")),
        ("shop/deployment-group/a.yaml", AppSpecDrop("shop", "deployment-group", "YAML")),
        ("shop/../a.yaml", AppSpecDrop("shop", "..", "YAML")),
        ("shop/prod/deployment-group.yaml", GroupDrop("shop", "prod")),
        ("deployment-configs/Slow.yaml", ConfigDrop("Slow")),
    ],
)
def test_what_an_object_is_meant_to_be(key: str, drop: object) -> None:
    assert classify_key(key) == drop


@pytest.mark.parametrize(
    "key",
    ["a.yaml", "shop/a.yaml", "shop/prod/readme.txt", "shop/prod/", "shop/prod/.yaml", "/prod/a.yaml", "a.zip", "shop/a.zip",
     "sh op/prod/a.yaml", "deployment-configs/a/b.yaml", "deployment-configs/a b.yaml", "shop/" + "x" * 101 + "/a.yaml", "",
     "deployment-configs/a/b/c.yaml", "shop/prod/x/", "shop/prod/x/a.txt", "shop/prod/x/.yaml", "sh op/prod/x/a.yaml"],
)  # fmt: skip
def test_a_key_that_belongs_to_nothing(key: str) -> None:
    with pytest.raises(InvalidDocument):
        classify_key(key)


@pytest.mark.parametrize(
    "key", ["shop//prod/a.yaml", "shop/prod//a.yaml", "shop/prod/x/../a.yaml", "shop/../other/prod/a.yaml", "shop/prod/./a.zip"]
)  # fmt: skip
def test_a_key_with_folders_that_some_reader_would_take_away_belongs_to_nothing(key: str) -> None:
    with pytest.raises(InvalidDocument, match="belongs to nothing; drop AppSpec files as <application>"):
        classify_key(key)


def test_the_files_of_groups_and_configurations_have_one_place_and_are_not_bundled() -> None:
    with pytest.raises(InvalidDocument, match=r"drop it as 'shop/prod/deployment-group\.yml' to set the group"):
        classify_key("shop/prod/2026/deployment-group.yml")
    for key in ("shop/prod/deployment-group.zip", "deployment-configs/Slow.zip"):
        with pytest.raises(InvalidDocument, match="is not the file of a group or configuration, which are not bundled"):
            classify_key(key)


@given(st.text())
def test_the_same_identity_is_the_same_deployment(identity: str) -> None:
    assert DEPLOYMENT_ID.fullmatch(deployment_id(identity))
    assert deployment_id(identity) == deployment_id(identity)
    assert deployment_id(identity) != deployment_id(identity, 1)
    assert rollback_id(deployment_id(identity)) != deployment_id(identity)


def test_an_identity_delivered_again_after_an_upgrade_is_the_same_deployment() -> None:
    assert deployment_id("event 1") == "d-F0S8E2PVM"
    assert deployment_id("event 1", 1) == "d-WFJIE35QB"


@pytest.mark.parametrize(
    "detail", [None, [], {}, {"deploymentId": 3}, {"deploymentId": "d-x"}, {"deploymentId": "d-AAAAAAAAA\n"}]
)
def test_a_detail_that_names_no_deployment(detail: Any) -> None:
    assert deployment_id_in(detail) is None


def _request(**changes: Any) -> dict[str, Any]:
    base = {
        "applicationName": "shop",
        "deploymentGroupName": "prod",
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": "version: 0.0"}},
    }
    return {**base, **changes}


def test_a_request_takes_over_what_it_overrides() -> None:
    request = DeploymentRequest.read(
        _request(
            deploymentConfigName="c",
            description="d",
            autoRollbackConfiguration={"enabled": False},
            overrideAlarmConfiguration={"enabled": False, "alarms": []},
        )
    )
    assert request.overrides() == {
        "deploymentConfigName": "c",
        "description": "d",
        "autoRollbackConfiguration": {"enabled": False},
        "overrideAlarmConfiguration": {"enabled": False, "ignorePollAlarmFailure": False, "alarms": []},
    }


def test_what_an_event_leaves_unsaid_is_as_in_a_file_and_kept_outright() -> None:
    """Decision 30: whoever writes down an alarm wants it watched; only calls of the API have booleans that go unsent."""
    watched = {"alarms": [{"name": "errors"}]}
    rollback = {"events": ["DEPLOYMENT_FAILURE"]}
    request = DeploymentRequest.read(_request(autoRollbackConfiguration=rollback, overrideAlarmConfiguration=watched))
    assert request.overrides() == {
        "autoRollbackConfiguration": {"enabled": True} | rollback,
        "overrideAlarmConfiguration": {"enabled": True, "ignorePollAlarmFailure": False} | watched,
    }


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"applicationName": "no spaces"}, "applicationName: 'no spaces' is not a valid name; use 1 to 100 letters, digits"),
        ({"overrideAlarmConfiguration": {"alarms": [{"name": "arn:aws:cloudwatch:eu-west-3:123456789012:alarm:red"}]}}, "give its name alone, 'red'"),
        ({"revision": {"revisionType": "GitHub"}}, "GitHub is not supported under compute platform: LAMBDA"),
        ({"revision": {"revisionType": "S3"}}, "s3Location is missing"),
        ({"revision": {"revisionType": "Floppy"}}, "revisionType: must be"),
        ({"revision": {"revisionType": "S3", "s3Location": {"bucket": "bbb", "key": "k", "bundleType": "tgz"}}}, "BundleType must be either YAML or JSON or zip, not 'tgz'"),
        ({"revision": {"revisionType": "String", "string": {"content": "x", "sha256": "0" * 64}}}, "sha256 is not that of the content"),
        ({"description": "x" * 257}, "description"),
        ({"ignoreApplicationStopFailures": True}, "ignoreApplicationStopFailures"),
        ({"targetInstances": {}}, "Unknown key 'targetInstances'"),
        ({"autoRollbackConfiguration": {"enabled": True, "events": []}}, "at least one event specified"),
        ({"overrideAlarmConfiguration": {"enabled": True}}, "Alarm list cannot be null"),
    ],
)  # fmt: skip
def test_a_wrong_request_says_what_to_change(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidDocument, match=says):
        DeploymentRequest.read(_request(**changes))


JUNK = {"junk": ["x" * 190_000, {"deep": [10**60, float("inf"), float("nan"), "\ud800"]}]}
S3 = {"bucket": "drops", "key": "shop/prod/a.yaml", "bundleType": "YAML"}
CONTENT = {"content": "version: 0.0"}


@pytest.mark.parametrize(
    ("kind", "member", "own"),
    [("S3", "s3Location", S3), ("String", "string", CONTENT), ("AppSpecContent", "appSpecContent", CONTENT)],
)
def test_of_a_revision_nothing_but_the_member_of_its_type_is_kept(kind: str, member: str, own: Any) -> None:
    others = {"s3Location": S3, "string": CONTENT, "appSpecContent": CONTENT, "gitHubLocation": JUNK}
    request = DeploymentRequest.read(_request(revision={"revisionType": kind, **others, member: own}))
    assert request.revision.kept() == {"revisionType": kind, member: own}


@pytest.mark.parametrize(("said", "kept"), [("yaml", "YAML"), ("Json", "JSON"), ("ZIP", "zip")])
def test_a_bundle_type_is_kept_as_the_service_spells_it(said: str, kept: str) -> None:
    revision = DeploymentRequest.read(_request(revision={"revisionType": "S3", "s3Location": S3 | {"bundleType": said}}))
    assert revision.revision.kept()["s3Location"]["bundleType"] == kept


def test_members_of_other_types_may_be_empty_and_in_any_case() -> None:
    revision = {"RevisionType": "S3", "S3Location": S3 | {"version": "", "eTag": ""}, "AppSpecContent": {"content": ""}}
    kept = DeploymentRequest.read(_request(revision=revision)).revision.kept()
    assert kept == {"revisionType": "S3", "s3Location": S3}


@pytest.mark.parametrize("member", ["version", "eTag", "key", "bucket"])
def test_no_text_in_a_location_is_without_a_limit(member: str) -> None:
    revision = {"revisionType": "S3", "s3Location": S3 | {member: "x" * 1025}}
    with pytest.raises(InvalidDocument, match=f"{member}: string should have at most"):
        DeploymentRequest.read(_request(revision=revision))


def test_what_is_said_many_times_in_a_list_is_kept_once() -> None:
    rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"] * 5_000}
    kept = DeploymentRequest.read(_request(autoRollbackConfiguration=rollback)).overrides()["autoRollbackConfiguration"]
    assert kept == {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]}
    trigger = {"triggerName": "n", "triggerTargetArn": TOPIC, "triggerEvents": ["DeploymentStart"] * 5_000}
    group = groups.parse("shop", "prod", {"triggerConfigurations": [trigger]})
    assert group.trigger_configurations[0].trigger_events == ["DeploymentStart"]


def test_a_digest_that_fits_is_accepted() -> None:
    digest = hashlib.sha256(b"version: 0.0").hexdigest().upper()
    DeploymentRequest.read(
        _request(revision={"revisionType": "String", "string": {"content": "version: 0.0", "sha256": digest}})
    )


TOPIC = "arn:aws:sns:eu-west-1:123456789012:topic"


def test_what_the_api_tells_of_a_group_is_a_file_for_it() -> None:
    """The answer of GetDeploymentGroup as the CLI prints it, for a group without and for one with settings."""
    bare: dict[str, Any] = {
        "applicationName": "shop",
        "deploymentGroupId": "3b7c0d8e-9f10-4a1b-8a2c-6a5f0e3d2c1b",
        "deploymentGroupName": "prod",
        "deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
        "ec2TagFilters": [],
        "onPremisesInstanceTagFilters": [],
        "autoScalingGroups": [],
        "serviceRoleArn": "arn:aws:iam::123456789012:role/WeighbridgeServiceRole-shop",
        "triggerConfigurations": [],
        "alarmConfiguration": {"enabled": False, "ignorePollAlarmFailure": False, "alarms": []},
        "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        "outdatedInstancesStrategy": "UPDATE",
        "blueGreenDeploymentConfiguration": None,
        "computePlatform": "Lambda",
        "ecsServices": [],
        "terminationHookEnabled": False,
    }
    last = {"deploymentId": "d-AAAAAAAAA", "status": "Succeeded", "endTime": "2026-11-23T06:00:00Z"}
    full = bare | {
        "alarmConfiguration": {"enabled": True, "ignorePollAlarmFailure": False, "alarms": [{"name": "errors"}]},
        "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
        "targetRevision": {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "0" * 64}},
        "lastSuccessfulDeployment": last,
        "lastAttemptedDeployment": last,
    }
    for info in (bare, full):
        settings = {name: info[name] for name in info if name in SETTINGS}
        expected = groups.parse("shop", "prod", settings)
        for document in ({"deploymentGroupInfo": info}, info, load(json.dumps({"deploymentGroupInfo": info}))):
            assert groups.parse("shop", "prod", document) == expected
    assert expected.alarm_configuration
    assert expected.alarm_configuration.watched() == ["errors"]


SETTINGS = {
    "applicationName",
    "deploymentGroupName",
    "deploymentConfigName",
    "serviceRoleArn",
    "triggerConfigurations",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "deploymentStyle",
    "computePlatform",
}


def test_an_alarms_arn_that_was_kept_once_stays_readable() -> None:
    kept = {
        "alarmConfiguration": {"enabled": True, "alarms": [{"name": "arn:aws:cloudwatch:eu-west-3:123456789012:alarm:red"}]}
    }
    group = groups.DeploymentGroup.read(kept)
    assert group.alarm_configuration
    assert group.alarm_configuration.watched() == [kept["alarmConfiguration"]["alarms"][0]["name"]]  # type: ignore[index]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"alarmConfiguration": {"enabled": True, "alarms": []}}, "at least one alarms attached"),
        ({"alarmConfiguration": {"alarms": [{"name": "a"}, {"name": "a"}]}}, "named twice"),
        ({"alarmConfiguration": {"alarms": [{"name": f"a{n}"} for n in range(51)]}}, "at most 50 alarms"),
        ({"alarmConfiguration": {"alarms": [{"name": "x" * 256}]}}, "at most 255"),
        ({"alarmConfiguration": {"alarms": [{"name": f"{n:02}" + "é" * 253} for n in range(50)]}}, "have 25400 bytes together; at most 16384"),
        ({"autoRollbackConfiguration": {"events": ["DEPLOYMENT_ON_FIRE"]}}, "must be"),
        ({"serviceRoleArn": "role"}, "serviceRoleArn: 'role' is not a valid ARN of an IAM role; write one such as arn:aws:iam::123456789012:role/NAME"),
        ({"serviceRoleArn": "arn:aws:iam::{{ account }}:role/x"}, "serviceRoleArn: the placeholder '{{ account }}' was left in"),
        ({"deploymentConfigName": "a b"}, "deploymentConfigName: 'a b' is not a valid name; use 1 to 100 letters, digits"),
        ({"triggerConfigurations": [{"triggerName": "n", "triggerTargetArn": "topic", "triggerEvents": ["DeploymentStart"]}]}, "'topic' is not a valid ARN of an SNS topic"),
        ({"alarmConfiguration": {"alarms": [{"name": "arn:aws:cloudwatch:eu-west-3:123456789012:alarm:red: hot"}]}}, "give its name alone, 'red: hot', and see that it is in this installation's account and region, not only in eu-west-3 of 123456789012"),
        ({"serviceRoleArn": ["role"]}, "serviceRoleArn: must be text, not a list"),
        ({"deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"}}, "must be 'BLUE_GREEN'"),
        ({"ec2TagFilters": [{"Key": "a"}]}, "For Lambda deployment group, ec2TagFilters can not be specified"),
        ({"deploymentGroupInfo": {"loadBalancerInfo": {"elbInfoList": []}}}, "For Lambda deployment group, loadBalancerInfo can not be specified"),
        ({"deploymentGroupInfo": {"deploymentGroupName": "test"}}, "give both the same name"),
        ({"deploymentGroupInfo": []}, "must be a mapping of keys to values, not a list"),
        ({"alarmConfigurations": {}}, "did you mean 'alarmConfiguration'"),
        ({"aliases": []}, "aliases: list should have at least 1 item"),
        ({"aliases": ["checkout"]}, "'checkout' names no alias; write the function and the alias, such as checkout:live"),
        ({"aliases": ["checkout:*"]}, "names no alias"),
        ({"aliases": ["checkout:live\n"]}, "names no alias"),
        ({"aliases": [f"f:a{n}" for n in range(101)]}, "at most 100 aliases can be named, not 101"),
        ({"aliases": "checkout:live"}, "aliases: must be a list, not text"),
        ({"deploymentGroupName": "test"}, "give both the same name"),
        ({"triggerConfigurations": [{"triggerName": n, "triggerTargetArn": TOPIC, "triggerEvents": ["DeploymentStart"]} for n in "ab"]}, "Duplicate Trigger target arn"),
        ("text", "The file must be a mapping"),
    ],
)  # fmt: skip
def test_a_wrong_group_says_what_to_change(document: Any, says: str) -> None:
    with pytest.raises(InvalidDocument, match=says):
        groups.parse("shop", "prod", document)


def test_as_many_alarms_as_a_group_may_watch_may_have_the_longest_ascii_names() -> None:
    names = [f"{n:02}" + "x" * 253 for n in range(groups.MOST_ALARMS)]
    group = groups.parse("shop", "prod", {"alarmConfiguration": {"alarms": [{"name": name} for name in names]}})
    assert group.alarm_configuration
    assert group.alarm_configuration.watched() == names


def test_a_group_reads_back_as_it_is_kept() -> None:
    group = groups.parse("shop", "prod", {
        "applicationName": "shop", "deploymentConfigName": "c", "tags": [{"Key": "team", "Value": "a"}],
        "serviceRoleArn": "arn:aws:iam::123456789012:role/path/team-a",
        "alarmConfiguration": {"alarms": [{"name": "a"}]},
        "triggerConfigurations": [{"triggerName": "n", "triggerTargetArn": TOPIC, "triggerEvents": ["DeploymentStart"]}],
    })  # fmt: skip
    kept = json.loads(json.dumps(group.model_dump(mode="json", by_alias=True, exclude_none=True)))
    assert groups.DeploymentGroup.read(kept) == group
