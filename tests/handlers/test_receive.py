"""What arrives, once or more often, well-formed or not."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.aws.account import client_error, kept, new_record, refuse
from tests.aws.invocation import APPSPEC, BUCKET, ID, KEY, VERSION, detail_of, drop, dropped, event_file, invoke
from tests.core.samples import at
from weighbridge.aws.clients import client
from weighbridge.core.configs import DeploymentConfig
from weighbridge.core.endings import failed
from weighbridge.core.errors import InvalidDocument, ServiceUnavailable, Throttled, classify
from weighbridge.core.ids import deployment_id
from weighbridge.store import deployments, refusals, settings


def _executions(place: SimpleNamespace) -> list[str]:
    return [each["name"] for each in client("stepfunctions").list_executions(stateMachineArn=place.machine)["executions"]]


def _only() -> Any:
    [deployment_id] = deployments.unfinished()
    return kept(deployment_id)


def test_a_dropped_appspec_file_becomes_a_deployment(place: SimpleNamespace) -> None:
    invoke("receive", event_file("receive.object_created"))
    record = kept(ID)
    assert record["identity"] == f"s3://{BUCKET}/{KEY}?versionId={VERSION}"
    assert (record["applicationName"], record["deploymentGroupName"]) == ("shop-app", "prod")
    assert record["revision"] == {
        "revisionType": "S3",
        "s3Location": {"bucket": BUCKET, "key": KEY, "bundleType": "YAML", "version": VERSION},
    }
    assert (record["status"], record["creator"]) == ("Created", "user")
    assert _executions(place) == [ID]


@pytest.mark.parametrize(
    ("name", "kind"), [("2026/11/release-42.yml", "YAML"), ("release.json", "JSON"), ("x/build.zip", "zip")]
)
def test_folders_below_the_group_and_bundles_are_drops_of_the_group(place: SimpleNamespace, name: str, kind: str) -> None:
    key = f"shop-app/prod/{name}"
    invoke("receive", dropped(place, key, VERSION))
    record = _only()
    assert (record["applicationName"], record["deploymentGroupName"]) == ("shop-app", "prod")
    location = {"bucket": place.bucket, "key": key, "bundleType": kind, "version": VERSION}
    assert record["revision"]["s3Location"] == location
    assert _executions(place) == [record["deploymentId"]]


@pytest.mark.parametrize("name", ["receive.object_created", "receive.deployment_requested"])
def test_the_same_event_twice_is_one_deployment(place: SimpleNamespace, name: str) -> None:
    invoke("receive", event_file(name))
    first = _only()
    invoke("receive", event_file(name))
    assert _only() == first
    assert len(_executions(place)) == 1


def test_an_event_that_comes_again_after_the_end_changes_nothing(place: SimpleNamespace) -> None:
    invoke("receive", event_file("receive.object_created"))
    record = kept(ID)
    deployments.end(record, failed(record, {"error": "InvalidAppSpec", "cause": "Bad."}, {}, at(9)))
    arn = place.machine.replace(":stateMachine:", ":execution:") + f":{ID}"
    client("stepfunctions").stop_execution(executionArn=arn)
    ended = kept(ID)
    invoke("receive", event_file("receive.object_created"))
    assert kept(ID) == ended
    assert _executions(place) == [ID]


def test_a_delivery_that_died_before_the_execution_started_is_made_good(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "stepfunctions", "start_execution", client_error("ThrottlingException"))
    with pytest.raises(Throttled):
        invoke("receive", event_file("receive.object_created"))
    assert _executions(place) == []
    invoke("receive", event_file("receive.object_created"))
    assert _executions(place) == [ID]


def test_an_id_that_another_deployment_has_is_not_taken(place: SimpleNamespace) -> None:
    others = new_record(ID)
    deployments.create(others)
    next_id = deployment_id(f"s3://{BUCKET}/{KEY}?versionId={VERSION}", 1)
    for _ in range(2):
        invoke("receive", event_file("receive.object_created"))
    assert kept(ID) == others
    assert kept(next_id)["identity"] == f"s3://{BUCKET}/{KEY}?versionId={VERSION}"
    assert _executions(place) == [next_id]


def test_without_versions_the_sequencer_tells_drops_apart(place: SimpleNamespace) -> None:
    event = dropped(place, KEY, None)
    invoke("receive", event)
    event["detail"]["object"]["sequencer"] = "00617F08299329D18A"
    invoke("receive", event)
    assert len(deployments.unfinished()) == 2
    assert "version" not in kept(deployments.unfinished()[0])["revision"]["s3Location"]


@pytest.mark.parametrize(
    "key",
    ["appspec.yaml", "a//c/d.yaml", "shop-app/prod/readme.txt", "shop app/prod/a.yaml", "deployment-configs/x/y.yml"],
)
def test_a_key_that_belongs_to_nothing_is_refused_and_counted(
    place: SimpleNamespace, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    invoke("receive", dropped(place, key, VERSION))
    assert deployments.unfinished() == []
    assert _executions(place) == []
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"DropsRefused"' in line]
    assert [count["DropsRefused"] for count in counted] == [[1.0]]
    [refusal] = refusals.newest(None)
    assert (refusal["bucket"], refusal["key"], refusal["versionId"]) == (place.bucket, key, VERSION)
    assert refusal["code"] == "INVALID_REVISION"


def test_a_refused_drop_that_is_told_of_twice_is_kept_once(place: SimpleNamespace) -> None:
    for _ in range(2):
        invoke("receive", dropped(place, "stray.yaml", VERSION))
    invoke("receive", dropped(place, "stray.yaml", "another"))
    assert [refusal["versionId"] for refusal in refusals.newest(None)] == ["another", VERSION]


def test_an_event_on_the_bus_that_asks_for_nothing_there_is_is_refused(
    place: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    event = event_file("receive.anything_else")
    invoke("receive", event)
    assert _executions(place) == []
    assert capsys.readouterr().out.count('"EventsRefused":[1.0]') == 1
    [refusal] = refusals.newest(None)
    assert (refusal["eventId"], refusal["detailType"]) == (event["id"], "Deployment Stop Request")
    assert refusal["deploymentId"] == ID
    assert "did you mean 'Deployment Stop Requested'?" in refusal["message"]


# ------------------------------------------------------------------------------------------- groups and configurations


def test_a_group_file_sets_the_group(place: SimpleNamespace) -> None:
    key = "shop-app/prod/deployment-group.yaml"
    invoke("receive", drop(place, key, "alarmConfiguration: {alarms: [{name: errors}]}"))
    group = settings.group("shop-app", "prod")
    assert group
    assert group[1].alarm_configuration
    assert group[1].alarm_configuration.watched() == ["errors"]
    invoke("receive", drop(place, key, "{}"))
    group = settings.group("shop-app", "prod")
    assert group
    assert group[1].alarm_configuration is None
    assert deployments.unfinished() == []


def test_a_role_of_another_account_is_refused_when_the_group_is_dropped(place: SimpleNamespace) -> None:
    """No right reaches it, unless the installation allows its account: of these the last one is."""
    key = "shop-app/prod/deployment-group.yaml"
    invoke("receive", drop(place, key, "serviceRoleArn: arn:aws:iam::111122223333:role/WeighbridgeServiceRole-shop"))
    message = _only()["refusal"]["message"]
    assert message.startswith(
        "serviceRoleArn: the role 'arn:aws:iam::111122223333:role/WeighbridgeServiceRole-shop' is of "
    )
    assert "acts by roles of 123456789012 and 999999999999 alone" in message
    assert "serviceRoleAccounts" in message
    assert settings.group("shop-app", "prod") is None
    for account in ("123456789012", "999999999999"):
        invoke("receive", drop(place, key, f"serviceRoleArn: arn:aws:iam::{account}:role/WeighbridgeServiceRole-shop"))
        group = settings.group("shop-app", "prod")
        assert group
        assert group[1].service_role_arn == f"arn:aws:iam::{account}:role/WeighbridgeServiceRole-shop"


def test_of_two_quick_drops_the_newer_counts_whichever_event_comes_last(place: SimpleNamespace) -> None:
    key = "shop-app/prod/deployment-group.yaml"
    older = drop(place, key, "deploymentConfigName: older")
    newer = drop(place, key, "deploymentConfigName: newer")
    for event in (newer, older):
        invoke("receive", event)
    group = settings.group("shop-app", "prod")
    assert group
    assert group[1].deployment_config_name == "newer"


def test_a_configuration_file_creates_a_configuration_and_comes_twice(place: SimpleNamespace) -> None:
    routing = {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 20, "linearInterval": 5}}
    event = drop(place, "deployment-configs/mine.json", json.dumps({"trafficRoutingConfig": routing}))
    for _ in range(2):
        invoke("receive", event)
    assert settings.config("mine") == DeploymentConfig("mine", "TimeBasedLinear", 20, 5)
    assert deployments.unfinished() == []


BAD_DROPS = {
    "a misspelt setting": ("shop-app/prod/deployment-group.yaml", "alarmConfigurations: {}", "alarmConfiguration"),
    "not YAML": ("shop-app/prod/deployment-group.yml", "a: [", "not well-formed YAML"),
    "another group's name": ("shop-app/prod/deployment-group.yaml", "deploymentGroupName: test", "give both the same name"),
    "binary": ("shop-app/prod/deployment-group.yaml", b"\x00\xff\xfe", "The file is not text"),
    "too large": ("shop-app/prod/deployment-group.yaml", b"#" * 2**21, "at most 1048576"),
    "no percentage": (
        "deployment-configs/mine.yaml",
        "trafficRoutingConfig: {type: TimeBasedCanary}",
        "should not be null",
    ),
    "a predefined name": ("deployment-configs/CodeDeployDefault.Mine.yaml", "{}", "is reserved"),
}


@pytest.mark.parametrize(("key", "content", "says"), BAD_DROPS.values(), ids=BAD_DROPS)
def test_a_bad_group_or_configuration_becomes_a_record_with_what_is_wrong(
    place: SimpleNamespace, key: str, content: str | bytes, says: str
) -> None:
    event = drop(place, key, content)
    for _ in range(2):
        invoke("receive", event)
    record = _only()
    kind, message = classify(record["refusal"]["error"], record["refusal"]["message"])
    assert issubclass(kind, InvalidDocument)
    assert says in message
    assert record["revision"]["s3Location"] == {"bucket": place.bucket, "key": key}
    assert record["applicationName"] == ("shop-app" if key.startswith("shop") else "")
    assert _executions(place) == [record["deploymentId"]]
    assert settings.group("shop-app", "prod") is None


@pytest.mark.parametrize("name", ["Canary10Percent5Minutes", "LambdaCanary10Percent5Minutes"])
def test_a_predefined_configuration_without_its_prefix_is_told_when_the_group_is_dropped(
    place: SimpleNamespace, name: str
) -> None:
    key, group = "shop-app/prod/deployment-group.yaml", f"deploymentConfigName: {name}"
    invoke("receive", drop(place, key, group))
    assert "did you mean 'CodeDeployDefault.LambdaCanary10Percent5Minutes'?" in _only()["refusal"]["message"]
    assert settings.group("shop-app", "prod") is None
    assert settings.create_config(DeploymentConfig(name, "TimeBasedCanary", 10, 5), "2026-11-23T05:00:00.000Z")
    invoke("receive", drop(place, key, group))
    assert settings.group("shop-app", "prod") is not None


def test_a_group_file_that_is_gone_already_becomes_a_record(place: SimpleNamespace) -> None:
    invoke("receive", dropped(place, "shop-app/prod/deployment-group.yaml", VERSION))
    assert _only()["refusal"]["error"] == "RevisionMissing"


def test_a_configuration_does_not_change(place: SimpleNamespace) -> None:
    canary = "trafficRoutingConfig: {{type: TimeBasedCanary, timeBasedCanary: {{canaryPercentage: {}, canaryInterval: 5}}}}"
    invoke("receive", drop(place, "deployment-configs/mine.yaml", canary.format(10)))
    invoke("receive", drop(place, "deployment-configs/mine.yaml", canary.format(20)))
    assert "configurations do not change" in _only()["refusal"]["message"]
    config = settings.config("mine")
    assert config
    assert config.percentage == 10


@pytest.mark.parametrize(
    ("code", "expected"),
    [("SlowDown", Throttled), ("KMS.ThrottlingException", Throttled), ("InternalError", ServiceUnavailable)],
)
def test_what_may_work_later_is_left_to_lambdas_retries_and_the_dead_letter_queue(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, code: str, expected: type[Exception]
) -> None:
    event = drop(place, "shop-app/prod/deployment-group.yaml", "{}")
    refuse(monkeypatch, "s3", "get_object", client_error(code, "GetObject", 503))
    with pytest.raises(expected):
        invoke("receive", event)
    assert deployments.unfinished() == []
    invoke("receive", event)
    assert settings.group("shop-app", "prod")


UNREADABLE = {
    "AccessDenied": "OwnRolePermissions",
    "InvalidObjectState": "InvalidDocument",
    "InvalidRequest": "InvalidDocument",
    "KMS.DisabledException": "InvalidDocument",
    "SomethingNew": "WeighbridgeError",
}


@pytest.mark.parametrize("key", ["shop-app/prod/deployment-group.yaml", "deployment-configs/mine.yaml"])
@pytest.mark.parametrize("code", UNREADABLE)
def test_a_group_or_configuration_that_cannot_be_read_becomes_a_record(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, code: str, key: str
) -> None:
    event = drop(place, key, "{}")
    refuse(monkeypatch, "s3", "get_object", client_error(code, "GetObject", 403))
    invoke("receive", event)
    record = _only()
    assert record["refusal"]["error"] == UNREADABLE[code]
    assert "GetObject" in record["refusal"]["message"]
    assert record["revision"]["s3Location"]["key"] == key
    assert _executions(place) == [record["deploymentId"]]


@pytest.mark.parametrize(
    "detail", [{}, {"bucket": "b", "object": "k"}, {"bucket": {"name": "b"}, "object": {"key": "\ud800"}}]
)
def test_an_event_that_names_no_object_is_refused_and_counted(
    place: SimpleNamespace, capsys: pytest.CaptureFixture[str], detail: Any
) -> None:
    invoke("receive", event_file("receive.object_created") | {"detail": detail})
    assert _executions(place) == []
    assert capsys.readouterr().out.count('"DropsRefused":[1.0]') == 1


# ------------------------------------------------------------------------------------------------------- requests


def test_a_request_becomes_a_deployment(place: SimpleNamespace) -> None:
    event = event_file("receive.deployment_requested")
    invoke("receive", event)
    record = _only()
    assert record["deploymentId"] == deployment_id(f"event {event['id']}")
    for member in ("applicationName", "deploymentGroupName", "deploymentConfigName", "description", "revision"):
        assert record[member] == event["detail"][member]
    assert record["autoRollbackConfiguration"] == event["detail"]["autoRollbackConfiguration"]
    assert _executions(place) == [record["deploymentId"]]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"revision": None}, "revision: is missing"),
        ({"deploymentGroupName": None}, "deploymentGroupName: is missing"),
        ({"deploymentConfigNam": "x"}, "did you mean 'deploymentConfigName'?"),
        ({"revision": {"revisionType": "GitHub"}}, "GitHub is not supported"),
        ({"revision": {"revisionType": "S3"}}, "s3Location is missing"),
        ({"revision": {"revisionType": "String", "string": {"content": APPSPEC, "sha256": "0"}}}, "sha256 is not that"),
    ],
)
def test_a_malformed_request_becomes_a_record_with_what_is_wrong(
    place: SimpleNamespace, changes: dict[str, Any], says: str
) -> None:
    event = detail_of(event_file("receive.deployment_requested"), **changes)
    for _ in range(2):
        invoke("receive", event)
    record = _only()
    assert says in record["refusal"]["message"]
    assert record["applicationName"] == event["detail"]["applicationName"]
    assert record["deploymentGroupName"] == event["detail"].get("deploymentGroupName", "")
    assert _executions(place) == [record["deploymentId"]]


@pytest.mark.parametrize(
    "name", [7, {}, "a/b", "shop app", "shop\napp", "shop\x1b[2Japp", "x" * 101, "shop\ud800", "größer"]
)
def test_of_a_refused_request_only_what_can_be_a_name_is_kept(name: Any) -> None:
    names = {"applicationName": name, "deploymentGroupName": name}
    invoke("receive", detail_of(event_file("receive.deployment_requested"), **names))
    record = _only()
    assert "applicationName" in record["refusal"]["message"]
    assert (record["applicationName"], record["deploymentGroupName"]) == ("", "")


@pytest.mark.parametrize("detail", [{}, [], "text", None])
def test_a_request_without_any_sense_becomes_a_record_too(detail: Any) -> None:
    invoke("receive", event_file("receive.deployment_requested") | {"detail": detail})
    record = _only()
    assert record["refusal"]["error"] == "InvalidDocument"
    assert (record["applicationName"], record["deploymentGroupName"]) == ("", "")


def test_a_request_too_large_to_be_kept_becomes_a_record_too() -> None:
    event = event_file("receive.deployment_requested")
    event["detail"]["revision"]["appSpecContent"]["content"] += "#" * 500_000
    invoke("receive", event)
    assert _only()["refusal"]


def test_a_slow_reader_of_an_older_group_file_does_not_overwrite_a_newer_one(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, put = "shop-app/prod/deployment-group.yaml", settings.put_group
    older = drop(place, key, "deploymentConfigName: older")

    def late(*arguments: Any) -> None:
        monkeypatch.setattr(settings, "put_group", put)
        invoke("receive", drop(place, key, "deploymentConfigName: newer"))
        put(*arguments)

    monkeypatch.setattr(settings, "put_group", late)
    invoke("receive", older)
    group = settings.group("shop-app", "prod")
    assert group
    assert group[1].deployment_config_name == "newer"
