"""The files of events/: one for every trigger and every handler, in the shape in which they arrive."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.architecture.asl import definition
from tests.architecture.source import ROOT, handler_names
from tests.aws.invocation import BUCKET, ID, ROLLBACK_ID, event_file
from tests.infra.test_template_events import RULES
from weighbridge.core.ids import deployment_id, rollback_id

FILES = sorted(path.stem for path in (ROOT / "events").glob("*.json"))
README = (ROOT / "events" / "README.md").read_text(encoding="utf-8")
ACCOUNT, REGION = "123456789012", "eu-west-1"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Weighbridge"
OF_RULE = {
    "EventsObjectDropped": "receive.object_created",
    "EventsDeploymentRequested": "receive.deployment_requested",
    "EventsAlarmFired": "interrupt.alarm_fired",
    "EventsStopRequested": "interrupt.stop_requested",
    "EventsHookReported": "interrupt.hook_reported",
    "EventsExecutionEnded": "settle.execution_ended",
}
NAMES = {
    "<StorageBucket>": BUCKET,
    "<DeploymentMachine>": MACHINE,
    "<AWS::AccountId>": ACCOUNT,
    "<AWS::Region>": REGION,
}
# What the table's stream hands on; infra's tests hold the deployed filter against the same words.
STREAM = {"dynamodb": {"Keys": {"sk": {"S": ["DEPLOYMENT"]}}}}
OF_SCHEDULE = ["settle.sweep", "redeliver.sweep"]
OF_URL = ["api.get_deployment", "report_hook.put_status"]
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
}


def _handler(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _matches(pattern: Any, event: Any) -> bool:
    """EventBridge's rule for the patterns that infra uses: every member is there, with one of the values listed."""
    if isinstance(pattern, Mapping):
        return isinstance(event, Mapping) and all(
            key in event and _matches(inner, event[key]) for key, inner in pattern.items()
        )
    return event in pattern


def _filled(pattern: Any) -> Any:
    """The pattern with the samples' names in the place of the deployed ones."""
    if isinstance(pattern, Mapping):
        return {key: _filled(inner) for key, inner in pattern.items()}
    if isinstance(pattern, list):
        return [NAMES.get(value, value) for value in pattern]
    return pattern


def test_every_handler_has_its_files_and_every_file_its_handler() -> None:
    # Two handlers read the table's stream.
    assert {_handler(name) for name in FILES} | {"send_triggers"} == set(handler_names())


def test_every_file_belongs_to_a_trigger_or_to_a_state() -> None:
    assert {*OF_RULE.values(), *OF_STATE.values(), *OF_SCHEDULE, "notify.table_changed", *OF_URL} == set(FILES)


def test_every_rule_has_a_file() -> None:
    assert set(OF_RULE) == set(RULES)


@pytest.mark.parametrize("rule", OF_RULE)
def test_a_file_matches_its_rule_and_no_other(rule: str) -> None:
    name = OF_RULE[rule]
    matching = [other for other, (_, _, pattern) in RULES.items() if _matches(_filled(pattern), event_file(name))]
    assert matching == [rule]
    function, _, _ = RULES[rule]
    assert function == "".join(word.capitalize() for word in _handler(name).split("_")) + "Function"


def test_another_bucket_or_a_green_alarm_matches_nothing() -> None:
    dropped, fired = event_file("receive.object_created"), event_file("interrupt.alarm_fired")
    dropped["detail"]["bucket"]["name"] = "another"
    fired["detail"]["state"]["value"] = "OK"
    for event in (dropped, fired):
        assert not [rule for rule, (_, _, pattern) in RULES.items() if _matches(_filled(pattern), event)]


@pytest.mark.parametrize("name", [*OF_RULE.values(), *OF_SCHEDULE])
def test_an_event_has_eventbridges_envelope(name: str) -> None:
    event = event_file(name)
    members = ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    assert list(event) == members
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])


@pytest.mark.parametrize("name", OF_SCHEDULE)
def test_the_schedule_says_nothing_of_its_own(name: str) -> None:
    sweep = event_file(name)
    assert (sweep["source"], sweep["detail-type"], sweep["detail"]) == ("aws.events", "Scheduled Event", {})


def test_the_streams_changes_pass_its_filter() -> None:
    changes = event_file("notify.table_changed")["Records"]
    assert [change["eventName"] for change in changes] == ["INSERT", "MODIFY", "MODIFY"]
    assert all(_matches(STREAM, change) for change in changes)


@pytest.mark.parametrize("state", OF_STATE)
def test_a_states_file_is_what_the_state_machine_hands_over(state: str) -> None:
    arguments = definition()["States"][state]["Arguments"]["Payload"]
    assert list(event_file(OF_STATE[state])) == list(arguments)


def test_every_state_that_calls_a_handler_has_a_file() -> None:
    states = definition()["States"]
    assert {name for name, state in states.items() if ":lambda:" in state.get("Resource", "")} == set(OF_STATE)


def test_all_files_tell_of_one_deployment() -> None:
    dropped = event_file("receive.object_created")["detail"]
    key, version = dropped["object"]["key"], dropped["object"]["version-id"]
    assert deployment_id(f"s3://{BUCKET}/{key}?versionId={version}") == ID
    assert rollback_id(ID) == ROLLBACK_ID
    plans = [event_file(name).get("plan") for name in OF_STATE.values() if "plan" in event_file(name)]
    # A rollback is given the alias's revision after the last shift.
    assert all(plan | {"revisionId": ""} == plans[0] | {"revisionId": ""} for plan in plans)
    assert (plans[0]["deploymentId"], plans[0]["rollbackDeploymentId"]) == (ID, ROLLBACK_ID)


@pytest.mark.parametrize("name", FILES)
def test_a_file_names_no_real_account(name: str) -> None:
    text = (ROOT / "events" / f"{name}.json").read_text(encoding="utf-8")
    accounts = re.findall(r"\barn:aws:[a-z0-9-]*:[a-z0-9-]*:(\d*):", text) + re.findall(r'"account": "(\d+)"', text)
    assert {*accounts, ""} <= {"123456789012", ""}


@pytest.mark.parametrize("name", FILES)
def test_the_readme_says_what_a_file_is_for(name: str) -> None:
    [row] = [line for line in README.splitlines() if f"`{name}.json`" in line]
    assert f"`{_handler(name)}`" in row
