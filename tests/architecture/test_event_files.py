"""The files of events/: one for every trigger and every handler, in the shape in which they arrive."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from statemachine.definition import MACHINES, definition
from tests.architecture import outgoing
from tests.architecture.source import ROOT, handler_names
from tests.aws.invocation import BUCKET, ID, ROLLBACK_ID, event_file
from tests.infra.test_template_events import RULES
from weighbridge.core import notifications
from weighbridge.core.ids import deployment_id, rollback_id
from weighbridge.core.notifications import SOURCE, Notification, refused
from weighbridge.core.refusals import refused_event, unknown

FILES = sorted(path.stem for path in (ROOT / "events").glob("*.json"))
README = (ROOT / "events" / "README.md").read_text(encoding="utf-8")
ACCOUNT, REGION = "123456789012", "eu-west-1"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Weighbridge"
OF_RULE = {
    "EventsObjectDropped": "receive.object_created",
    "EventsDeploymentRequested": "receive.deployment_requested",
    "EventsAnythingElse": "receive.anything_else",
    "EventsAlarmFired": "interrupt.alarm_fired",
    "EventsStopRequested": "interrupt.stop_requested",
    "EventsHookReported": "interrupt.hook_reported",
    "EventsExecutionEnded": "reconcile.execution_ended",
    "EventsAliasFreed": "commit.execution_ended",
    "EventsStackSettled": "commit.stack_committed",
    "EventsEventsLeft": "reconcile.events_left",
}
ALSO = {
    "EventsEventsLeft": ["EventsAlarmFired"],
    "EventsExecutionEnded": ["EventsAliasFreed"],
    "EventsAliasFreed": ["EventsExecutionEnded"],
}
"""Rules whose events others hear as well: an alarm of the stack itself is an alarm, and an end concerns two functions."""
NAMES = {
    "<StorageBucket>": BUCKET,
    "<DeploymentMachine>": MACHINE,
    "<FailuresEventsAlarm>": "Weighbridge-FailuresEventsAlarm",
    "<AWS::AccountId>": ACCOUNT,
    "<AWS::Region>": REGION,
}
# What the table's stream hands on; infra's tests hold the deployed filter against the same words.
STREAM = {"dynamodb": {"Keys": {"sk": {"S": ["DEPLOYMENT"]}}}}
REFUSALS = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": ["REFUSAL"]}}}}
OUTGOING = sorted(path.stem for path in (ROOT / "events" / "outgoing").glob("*.json"))
OF_STREAM = ["notify.refusal_kept", "notify.table_changed"]
OF_SCHEDULE = ["reconcile.scheduled", "receive.scheduled", "redeliver.scheduled", "commit.scheduled"]
OF_URL = ["api.get_deployment", "report_hook.put_status"]
OF_DESTINATION = ["run_hook_failed.timed_out"]
OF_STACK = ["manage_alias.create", "manage_alias.update", "manage_alias.delete", "transform_template"]
OF_STATE = {
    "Validate deployment": "validate",
    "Check alarms at the start": "check_alarms",
    "Check alarms": "check_alarms",
    "Run BeforeAllowTraffic hook": "run_hook",
    "Run AfterAllowTraffic hook": "run_hook",
    "Shift traffic": "shift_traffic.forward",
    "Shift all traffic": "shift_traffic.forward",
    "Shift traffic back": "shift_traffic.back",
    "Complete deployment": "complete.deployment",
    "Complete rollback": "complete.rollback",
    "Record failure": "record_failure",
    "Deploy and wait": "deploy_and_wait",
}
STATES = {name: state for machine in MACHINES for name, state in definition(machine)["States"].items()}


def _handler(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _matches(pattern: Any, event: Any) -> bool:
    """EventBridge's rule for the patterns that infra uses: every member is there, with one of the values listed."""
    if isinstance(pattern, Mapping):
        return isinstance(event, Mapping) and all(
            key in event and _matches(inner, event[key]) for key, inner in pattern.items()
        )
    return any(event not in value["anything-but"] if isinstance(value, Mapping) else event == value for value in pattern)


def _heard_by(event: Mapping[str, Any]) -> list[str]:
    """The rules that an event matches on its bus: what AWS tells is on the default one."""
    buses = {rule: bus for rule, (_, bus, _) in RULES.items()}
    by_aws = event["source"].startswith("aws.")
    return [rule for rule in _matching(event) if (buses[rule] is None) == by_aws]


def _matching(event: Mapping[str, Any]) -> list[str]:
    """The rules that an event matches, whatever bus they are on."""
    return [rule for rule, (_, _, pattern) in RULES.items() if _matches(_filled(pattern), event)]


def _filled(pattern: Any) -> Any:
    """The pattern with the samples' names in the place of the deployed ones."""
    if isinstance(pattern, Mapping):
        return {key: _filled(inner) for key, inner in pattern.items()}
    if isinstance(pattern, list):
        return [NAMES.get(value, value) if isinstance(value, str) else value for value in pattern]
    return pattern


def test_every_handler_has_its_files_and_every_file_its_handler() -> None:
    # Two handlers read the table's stream.
    assert {_handler(name) for name in FILES} | {"send_triggers"} == set(handler_names())


def test_every_file_belongs_to_a_trigger_or_to_a_state() -> None:
    assert {*OF_RULE.values(), *OF_STATE.values(), *OF_SCHEDULE, *OF_STREAM, *OF_URL, *OF_DESTINATION, *OF_STACK} == set(
        FILES
    )


def test_every_rule_has_a_file() -> None:
    assert set(OF_RULE) == set(RULES)


@pytest.mark.parametrize("rule", OF_RULE)
def test_a_file_matches_its_rule_and_no_other(rule: str) -> None:
    name = OF_RULE[rule]
    assert sorted(_heard_by(event_file(name))) == sorted([rule, *ALSO.get(rule, [])])
    function, _, _ = RULES[rule]
    assert function == "".join(word.capitalize() for word in _handler(name).split("_")) + "Function"


def test_another_bucket_or_a_green_alarm_matches_nothing() -> None:
    dropped, fired = event_file("receive.object_created"), event_file("interrupt.alarm_fired")
    dropped["detail"]["bucket"]["name"] = "another"
    fired["detail"]["state"]["value"] = "OK"
    for event in (dropped, fired):
        assert _heard_by(event) == []


@pytest.mark.parametrize("name", [*OF_RULE.values(), *OF_SCHEDULE])
def test_an_event_has_eventbridges_envelope(name: str) -> None:
    event = event_file(name)
    members = ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    assert list(event) == members
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])


@pytest.mark.parametrize("name", OF_SCHEDULE)
def test_the_schedule_says_nothing_of_its_own(name: str) -> None:
    event = event_file(name)
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.events", "Scheduled Event", {})


def test_the_streams_changes_pass_its_filter() -> None:
    changes = event_file("notify.table_changed")["Records"]
    assert [change["eventName"] for change in changes] == ["INSERT", "MODIFY", "MODIFY"]
    assert all(_matches(STREAM, change) for change in changes)


def test_a_refusal_passes_its_filter_once_and_not_when_it_is_deleted() -> None:
    [change] = event_file("notify.refusal_kept")["Records"]
    assert _matches(REFUSALS, change)
    assert not _matches(REFUSALS, change | {"eventName": "REMOVE"})
    assert not _matches(STREAM, change)


@pytest.mark.parametrize("name", OUTGOING)
def test_what_is_told_is_matched_by_none_of_our_own_rules_on_whatever_bus(name: str) -> None:
    event = event_file(f"outgoing/{name}")
    assert event["source"] == SOURCE
    assert _matching(event) == []


@pytest.mark.parametrize("name", outgoing.told())
def test_what_is_told_of_a_deployment_is_as_its_file_says(name: str) -> None:
    assert event_file(f"outgoing/{name}") == outgoing.event(name, outgoing.told()[name])


def test_there_is_a_file_of_whatever_is_told() -> None:
    kinds = {value for name, value in vars(notifications).items() if name.isupper() and name[0] != "_"} - {SOURCE}
    assert {event_file(f"outgoing/{name}")["detail-type"] for name in OUTGOING} == kinds
    details = [event_file(f"outgoing/{name}")["detail"] for name in OUTGOING if name.startswith("state_change")]
    assert {detail["state"] for detail in details} == {"START", "SUCCESS", "FAILURE", "STOP"}


def test_the_refusal_of_an_event_is_told_as_its_file_says() -> None:
    event, outgoing = event_file("receive.anything_else"), event_file("outgoing/event_refused")
    refusal = refused_event(event, "call", unknown(event["detail-type"])).record(datetime.fromisoformat(outgoing["time"]))
    assert refused(refusal, REGION) == Notification(outgoing["detail-type"], outgoing["detail"])


@pytest.mark.parametrize("state", OF_STATE)
def test_a_states_file_is_what_the_state_machine_hands_over(state: str) -> None:
    arguments = STATES[state]["Arguments"]["Payload"]
    assert list(event_file(OF_STATE[state])) == list(arguments)


def test_every_state_that_calls_a_handler_has_a_file() -> None:
    assert {name for name, state in STATES.items() if ":lambda:" in state.get("Resource", "")} == set(OF_STATE)


def test_all_files_tell_of_one_deployment() -> None:
    dropped = event_file("receive.object_created")["detail"]
    key, version = dropped["object"]["key"], dropped["object"]["version-id"]
    assert deployment_id(f"s3://{BUCKET}/{key}?versionId={version}") == ID
    assert rollback_id(ID) == ROLLBACK_ID
    plans = [event_file(name).get("plan") for name in OF_STATE.values() if "plan" in event_file(name)]
    # A rollback is given the alias's revision after the last shift.
    assert all(plan | {"revisionId": ""} == plans[0] | {"revisionId": ""} for plan in plans)
    assert (plans[0]["deploymentId"], plans[0]["rollbackDeploymentId"]) == (ID, ROLLBACK_ID)


@pytest.mark.parametrize("name", [*FILES, *(f"outgoing/{name}" for name in OUTGOING)])
def test_a_file_names_no_real_account(name: str) -> None:
    text = (ROOT / "events" / f"{name}.json").read_text(encoding="utf-8")
    accounts = re.findall(r"\barn:aws:[a-z0-9-]*:[a-z0-9-]*:(\d*):", text) + re.findall(r'"account": "(\d+)"', text)
    assert {*accounts, ""} <= {"123456789012", ""}


@pytest.mark.parametrize("name", OUTGOING)
def test_the_readme_names_what_is_told(name: str) -> None:
    assert f"`outgoing/{name}.json`" in README


@pytest.mark.parametrize("name", FILES)
def test_the_readme_says_what_a_file_is_for(name: str) -> None:
    [row] = [line for line in README.splitlines() if f"`{name}.json`" in line]
    assert f"`{_handler(name)}`" in row
