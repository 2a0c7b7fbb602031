"""Every member of every event, in turn, is every kind of value that JSON can say, or is not there.

No exception leaves a handler because of that: it would be tried again for an hour, and keep an alarm red. What asks for a
deployment gets one, whose record says what is wrong.
"""

import copy
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.aws.account import Waits, keep_begun
from tests.aws.invocation import ID, event_file, invoke
from tests.core.samples import at, plan
from tests.handlers.stacks import Stacks
from weighbridge.aws import clients
from weighbridge.core.deployment import hook_called, planned
from weighbridge.core.hooks import Outcome, answer_of
from weighbridge.store import deployments


def _deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


ABSENT = object()
VALUES: tuple[Any, ...] = (
    ABSENT,
    None,
    True,
    10**60,
    float("inf"),
    float("nan"),
    "",
    "somebody's",
    "\ud800",
    "\x00\x1b[31m\n" + "x" * 400_000,
    ["Succeeded"],
    _deep(300),
    {"S": {"deploymentId": ID}},
)
EVENTS = [
    "receive.object_created",
    "receive.deployment_requested",
    "receive.anything_else",
    "interrupt.alarm_fired",
    "interrupt.stop_requested",
    "interrupt.hook_reported",
    "reconcile.execution_ended",
    "commit.stack_committed",
    "commit.execution_ended",
]
UNREAD = {"version", "account", "region", "resources"}
"""Of an event's envelope, which only EventBridge writes."""
CALLS = ["api.get_deployment", "report_hook.put_status"]
Path = tuple[str | int, ...]


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The places of all members, at any depth."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield (*path, name)
        yield from paths(item, (*path, name))


def changed(event: Any, path: Path, value: Any) -> Any:
    """The event with another value at a place, or without it."""
    made = copy.deepcopy(event)
    place = made
    for name in path[:-1]:
        place = place[name]
    if value is ABSENT:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


@pytest.fixture
def running(waits: Waits) -> Waits:
    """A deployment that waits for its hook's report, and is watched by the alarm of events/."""
    keep_begun(ID, alarms=("shop-errors",))
    made = plan(deploymentId=ID, hooks={"BeforeAllowTraffic": "CodeDeployHook_checkShop"})
    deployments.update(ID, planned(made, at(1)))
    secret = event_file("interrupt.hook_reported")["detail"]["lifecycleEventHookExecutionId"]
    deployments.update(ID, hook_called(made, "BeforeAllowTraffic", secret, "t-hook", at(2)))
    return waits


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("name", EVENTS)
def test_no_value_in_any_member_of_an_event_ends_a_handler(name: str) -> None:
    event = event_file(name)
    for path in paths(event):
        for value in () if path[0] in UNREAD else VALUES:
            invoke(name.partition(".")[0], changed(event, path, value))


def test_no_value_in_any_member_of_a_stacks_request_ends_the_provider(stacks: Stacks) -> None:
    event = event_file("manage_alias.create")
    stacks.are("CREATE_IN_PROGRESS")
    for path in paths(event):
        for value in VALUES:
            invoke("manage_alias", changed(event, path, value))
    assert {answer["Status"] for _, answer in stacks.told} == {"SUCCESS", "FAILED"}
    assert max(len(json.dumps(answer)) for _, answer in stacks.told) < 4096


def test_whatever_is_wrong_with_a_request_it_becomes_a_deployment(place: SimpleNamespace) -> None:
    event = event_file("receive.deployment_requested")
    details = [changed(event, path, value) for path in paths(event) if path[0] == "detail" for value in VALUES]
    for number, request in enumerate(details):
        invoke("receive", request | {"id": str(number)})
    executions = clients.client("stepfunctions").list_executions(stateMachineArn=place.machine, maxResults=1000)
    started = {execution["name"] for execution in executions["executions"]}
    assert set(deployments.unfinished()) == started
    assert len(started) == len(details)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("name", CALLS)
def test_no_value_in_any_member_of_a_body_ends_a_handler(name: str) -> None:
    event = event_file(name)
    body = json.loads(event["body"])
    for path in paths(body):
        for value in VALUES:
            answer = invoke(name.partition(".")[0], event | {"body": json.dumps(changed(body, path, value))})
            assert answer["statusCode"] in {200, 400}


@pytest.mark.parametrize("member", ["status", "message"])
@pytest.mark.parametrize("crashed", [None, "Unhandled"])
def test_whatever_a_hook_returns_is_an_answer_or_a_promise_to_report(member: str, crashed: str | None) -> None:
    said = {"status": "Failed", "message": "no", "errorType": "E"}
    for value in VALUES:
        answer = answer_of(Outcome(json.dumps(changed(said, (member,), value)), crashed))
        waits = crashed is None and member == "status" and not (isinstance(value, str) and value)
        assert (answer is None) == waits, value


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
)


@pytest.mark.usefixtures("running")
@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_that_json_can_say_in_several_members_ends_a_handler(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(EVENTS))
    event = event_file(name)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(paths(event), key=str)))
        event = changed(event, path, data.draw(anything))
    invoke(name.partition(".")[0], event)
