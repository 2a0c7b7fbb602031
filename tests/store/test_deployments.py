"""Records and the locks they hold, and the table held against the reference that the tests of the core use."""

import hashlib
import itertools
import json
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.aws.account import (
    client_error,
    fill,
    keep_begun,
    keep_planned,
    kept,
    lost_answer,
    new_record,
    refuse,
    small_items,
)
from tests.aws.test_dynamodb import plain_values
from tests.core.samples import apply, at, plan
from weighbridge.aws import clients, dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.deployment import Change, begun, hook_answered, hook_called, hook_silent, planned, shifted
from weighbridge.core.endings import failed, succeeded
from weighbridge.core.errors import DeploymentLimitExceeded, Interrupted, RecordFull, StopRequested
from weighbridge.core.hooks import Answer
from weighbridge.core.interruptions import Interruption, interrupted
from weighbridge.core.plan import Plan, routing_after
from weighbridge.core.record import Record, TimelineEntry
from weighbridge.core.record_size import NEARLY_FULL
from weighbridge.core.rollbacks import rollback_record, traffic_restored
from weighbridge.store import deployments, keys, revisions

A, B = "d-AAAAAAAAA", "d-BBBBBBBBB"
GROUP, ALIAS = keys.group("shop-app", "prod"), keys.alias("shop:live")
STOP = interrupted(Interruption(StopRequested("Stop."), roll_back=True), at(9))


def _begun(alias: str = "shop:live", alarms: tuple[str, ...] = ("errors",)) -> Change:
    return begun("config", group_id="g-1", alarms=alarms, alias=alias, now=at(1))


def _holder(of: dynamodb.Key) -> str | None:
    return (dynamodb.get(of) or {}).get("activeDeployment")


# ------------------------------------------------------------------------------------------------------ keeping


def test_a_deployment_is_created_once() -> None:
    assert deployments.create(new_record())
    assert not deployments.create(new_record(description="another"))
    assert kept() == new_record()


def test_there_is_no_deployment_that_nobody_created() -> None:
    assert deployments.get(A) is None
    assert deployments.update(A, STOP) is None


def test_a_deployment_that_has_ended_is_not_changed() -> None:
    record = keep_planned()
    assert deployments.end(record, succeeded(record, at(2)))
    ended = kept()
    assert deployments.update(A, STOP) is None
    assert kept() == ended


def test_a_change_is_not_applied_where_something_was_first() -> None:
    keep_planned()
    assert deployments.update(A, STOP, unless=["interruption"]) == kept()
    first = kept()
    again = interrupted(Interruption(StopRequested("Later."), roll_back=False), at(10))
    assert deployments.update(A, again, unless=["interruption"]) is None
    assert deployments.update(A, again, unless=["plan", "never"]) is None
    assert kept() == first


def test_an_answer_that_got_lost_makes_a_first_write_look_like_a_second(no_pauses: list[float]) -> None:
    # Which is why nobody may conclude from None that somebody else was first without reading the record.
    keep_planned()
    with lost_answer("dynamodb", "UpdateItem"):
        assert deployments.update(A, STOP, unless=["interruption"]) is None
    assert len(no_pauses) == 1
    assert kept()["interruption"]["message"] == "Stop."


# ------------------------------------------------------------------------------------------------ a full record


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    small_items(monkeypatch)


@pytest.mark.usefixtures("full")
def test_what_does_not_fit_into_an_item_is_told_apart() -> None:
    record = keep_planned()
    fill()
    expression = Expression()
    expression.set("description", "x" * 300)
    update = expression.update(keys.deployment(A))
    with pytest.raises(RecordFull, match="maximum allowed size"):
        dynamodb.update(update)
    with pytest.raises(RecordFull):
        dynamodb.transact([{"Update": update}])
    assert "description" not in record


@pytest.mark.usefixtures("full")
def test_a_full_record_is_interrupted_and_closed_all_the_same() -> None:
    keep_planned()
    fill()
    long = interrupted(Interruption(StopRequested("\N{HANGUL SYLLABLE GA}" * 2_000), roll_back=True), at(9))
    stopped = deployments.update(A, long, unless=["interruption"])
    assert stopped is not None
    assert stopped["interruption"] == long.sets["interruption"]
    fill()
    record = kept()
    assert deployments.end(record, failed(record, {"error": "StopRequested", "cause": "Stop."}, {}, at(10)))
    assert kept()["status"] == "Stopped"
    assert [entry["event"] for entry in kept()["timeline"] if entry["event"] != "AlarmsRead"][-3:] == [
        "Interrupted",
        "TimelineShortened",
        "Ended",
    ]
    assert (_holder(GROUP), _holder(ALIAS), deployments.watched_by("errors")) == (None, None, [])


@pytest.mark.usefixtures("full")
def test_a_full_record_takes_every_change_of_a_deployments_story() -> None:
    deployments.create(new_record())
    first, *others = _story()
    fill()
    deployments.begin(kept(), first)
    for change in others:
        fill()
        changed = deployments.update(A, change)
        assert changed is not None
        assert changed["timeline"][-1] == change.timeline[-1]


def test_long_before_a_record_is_full_it_is_shortened() -> None:
    keep_planned()
    reading: TimelineEntry = {"time": "t", "event": "AlarmsRead", "reason": "x" * 8_000}
    for _ in range(40):
        deployments.update(A, Change(timeline=[reading]))
    assert len(json.dumps(kept())) < NEARLY_FULL


def test_that_a_record_cannot_be_shortened_does_not_undo_what_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_planned()
    readings: list[TimelineEntry] = [{"time": "t", "event": "AlarmsRead", "reason": "x" * 6_500}] * 40
    refuse(monkeypatch, "dynamodb", "get_item", client_error("ThrottlingException", "GetItem"))
    changed = deployments.update(A, Change(timeline=readings))
    assert changed is not None
    assert changed["timeline"][-1] == readings[-1]


@pytest.mark.usefixtures("full")
def test_a_rollback_ends_even_if_its_revision_is_registered_for_more_groups_than_an_item_holds() -> None:
    keep_planned()
    rollback = rollback_record(plan(), at(2))
    deployments.create(rollback)
    key = revisions.used(rollback, at(2))["Key"]
    names = {"SS": [f"{number:0100}" for number in range(575)]}
    clients.client("dynamodb").put_item(TableName=dynamodb.name(), Item={**key, "usedBy": names})
    with pytest.raises(RecordFull):
        revisions.use(rollback, at(2))
    assert deployments.end(rollback, succeeded(rollback, at(3)))
    assert kept(rollback["deploymentId"])["status"] == "Succeeded"


# -------------------------------------------------------------------------------------------- the table is the reference


def _story() -> list[Change]:
    sample: Plan = plan(hooks={"BeforeAllowTraffic": "check", "AfterAllowTraffic": "check"})
    yes = Answer(status="Succeeded", message="größer als ≥", by="return value")
    no = Answer(status="Failed", message="", by="report")
    return [
        _begun(),
        planned(sample, at(2)),
        hook_called(sample, "BeforeAllowTraffic", "secret", "token", at(3)),
        hook_answered("BeforeAllowTraffic", "check", yes, at(4)),
        *(shifted(sample, n, routing_after(sample, n), f"r-{n}", at(5 + n)) for n in range(10)),
        hook_called(sample, "AfterAllowTraffic", "secret", "token", at(20)),
        hook_silent("AfterAllowTraffic", at(21), returned="null"),
        hook_answered("AfterAllowTraffic", "check", no, at(22)),
        STOP,
    ]


def test_the_table_makes_of_a_deployments_story_what_the_reference_makes_of_it() -> None:
    expected = new_record()
    deployments.create(expected)
    first, *others = _story()
    deployments.begin(expected, first)
    expected = apply(expected, first)
    assert kept() == expected
    for change in others:
        expected = apply(expected, change)
        assert deployments.update(A, change) == expected
    ending = failed(expected, {"error": "HookFailed", "cause": "No."}, {"status": "SUCCEEDED"}, at(30))
    deployments.end(kept(), ending)
    assert kept() == apply(expected, ending.change)


def test_the_table_makes_of_a_rollbacks_story_what_the_reference_makes_of_it() -> None:
    expected = rollback_record(plan(), at(0))
    deployments.create(expected)
    change = traffic_restored(plan(), "r-1", at(1), moved=True)
    expected = apply(expected, change)
    assert deployments.update(expected["deploymentId"], change) == expected
    ending = succeeded(expected, at(2))
    assert deployments.end(expected, ending)
    assert kept(expected["deploymentId"]) == apply(expected, ending.change)


names = st.text(string.ascii_letters, min_size=1, max_size=6).map(lambda name: f"x{name}")
inner = st.sampled_from(["BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"])
top_level = st.dictionaries(names, plain_values, max_size=3)
nested = st.dictionaries(inner.map(lambda event: f"lifecycleEvents.{event}"), plain_values, max_size=2)
deeper = st.dictionaries(inner.map(lambda event: f"lifecycleEvents.{event}.status"), plain_values, max_size=2)
removes = st.lists(st.sampled_from(["open", "gate", "revision", "never"]), unique=True, max_size=3)
entries = st.lists(st.dictionaries(names, plain_values, max_size=2), max_size=2)
_ids = ("".join(letters) for letters in itertools.product(string.digits + string.ascii_uppercase, repeat=9))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top_level, nested | deeper, removes, entries)
def test_the_table_applies_any_change_as_the_reference_does(
    top: dict[str, Any], within: dict[str, Any], away: list[str], entries: list[Any]
) -> None:
    change = Change(sets={"status": "InProgress"} | top | within, removes=away, timeline=entries)
    record = new_record(f"d-{next(_ids)}", gate={"token": "t"})
    deployments.create(record)
    expected = apply(record, change)
    assert deployments.update(record["deploymentId"], change) == expected
    assert deployments.get(record["deploymentId"]) == expected


# ---------------------------------------------------------------------------------------------------- beginning


def test_a_deployment_takes_its_group_and_its_alias_and_its_alarms_find_it() -> None:
    record = keep_begun(alarms=("errors", "latency"))
    assert record == apply(new_record(), _begun(alarms=("errors", "latency")))
    assert (_holder(GROUP), _holder(ALIAS)) == (A, A)
    assert deployments.watched_by("errors") == deployments.watched_by("latency") == [A]
    assert deployments.watched_by("other") == []


def test_to_begin_again_by_the_same_id_is_fine() -> None:
    record = keep_begun()
    deployments.begin(record, _begun())
    assert (_holder(GROUP), _holder(ALIAS), kept()["status"]) == (A, A, "InProgress")


def test_a_group_that_another_deployment_has_is_told() -> None:
    keep_begun()
    deployments.create(new_record(B))
    with pytest.raises(DeploymentLimitExceeded, match=rf"Group 'prod' already has an active Deployment '{A}'.*drop the"):
        deployments.begin(new_record(B), _begun("shop:other", ("latency",)))
    assert kept(B) == new_record(B)
    assert dynamodb.get(keys.alias("shop:other")) is None
    assert deployments.watched_by("latency") == []


def test_an_alias_that_another_deployment_has_is_told() -> None:
    keep_begun()
    other = new_record(B, deploymentGroupName="canary")
    deployments.create(other)
    with pytest.raises(DeploymentLimitExceeded, match=f"alias 'shop:live' already has an active Deployment '{A}'"):
        deployments.begin(other, _begun())
    assert _holder(keys.group("shop-app", "canary")) is None


def test_a_deployment_that_was_interrupted_does_not_begin() -> None:
    deployments.create(new_record())
    deployments.update(A, STOP)
    with pytest.raises(Interrupted):
        deployments.begin(new_record(), _begun())
    assert (_holder(GROUP), _holder(ALIAS), deployments.watched_by("errors")) == (None, None, [])


# ------------------------------------------------------------------------------------------------------- ending


def _stopped(record: Record, **rollback: str) -> Any:
    return failed(record, {"error": "StopRequested", "cause": "Stop."}, rollback, at(9))


def test_the_end_frees_everything() -> None:
    record = keep_planned()
    assert deployments.end(record, succeeded(record, at(9)))
    assert kept() == apply(record, succeeded(record, at(9)).change)
    assert (_holder(GROUP), _holder(ALIAS), deployments.watched_by("errors")) == (None, None, [])
    assert deployments.unfinished() == []
    keep_begun(B)
    assert (_holder(GROUP), _holder(ALIAS)) == (B, B)


def test_a_deployment_ends_once() -> None:
    record = keep_planned()
    assert deployments.end(record, _stopped(record))
    ended = kept()
    assert not deployments.end(record, succeeded(record, at(10)))
    assert not deployments.end(record, _stopped(record))
    assert kept() == ended


def test_a_second_end_does_not_take_from_the_next_deployment() -> None:
    record = keep_planned()
    deployments.end(record, _stopped(record))
    keep_begun(B)
    assert not deployments.end(record, _stopped(record))
    assert (_holder(GROUP), _holder(ALIAS), deployments.watched_by("errors")) == (B, B, [B])


def test_an_end_whose_answer_was_lost_frees_everything(no_pauses: list[float]) -> None:
    record = keep_planned()
    with lost_answer("dynamodb", "TransactWriteItems"):
        deployments.end(record, _stopped(record))
    assert len(no_pauses) == 1
    assert kept()["status"] == "Stopped"
    assert (_holder(GROUP), _holder(ALIAS)) == (None, None)


def test_a_success_is_refused_where_an_interruption_was_recorded() -> None:
    record = keep_planned()
    deployments.update(A, STOP)
    with pytest.raises(Interrupted):
        deployments.end(record, succeeded(record, at(9)))
    assert kept()["status"] == "InProgress"
    assert _holder(GROUP) == A
    assert deployments.end(record, _stopped(record))


def test_who_leaves_weights_is_remembered_until_a_deployment_succeeds() -> None:
    record = keep_planned()
    assert deployments.left_by("shop:live") is None
    ending = _stopped(record)
    assert ending.leaves_weights
    deployments.end(record, ending)
    assert deployments.left_by("shop:live") == kept()

    record = keep_planned(B)
    restored = _stopped(record, status="SUCCEEDED")
    assert not restored.leaves_weights
    deployments.end(record, restored)
    assert deployments.left_by("shop:live") == kept(A)

    record = keep_planned("d-CCCCCCCCC")
    deployments.end(record, succeeded(record, at(9)))
    assert deployments.left_by("shop:live") is None


def test_a_deployment_that_never_began_ends_without_locks() -> None:
    keep_begun()
    deployments.create(new_record(B))
    assert deployments.end(kept(B), failed(kept(B), {"error": "InvalidAppSpec", "cause": "Bad."}, {}, at(9)))
    assert kept(B)["status"] == "Failed"
    assert _holder(GROUP) == A


@pytest.mark.parametrize("lost", [GROUP, ALIAS], ids=["group", "alias"])
def test_a_deployment_ends_even_where_somebody_took_its_lock_away(lost: dynamodb.Key) -> None:
    record = keep_planned()
    expression = Expression()
    expression.set("activeDeployment", B)
    dynamodb.update(expression.update(lost))
    assert deployments.end(record, _stopped(record))
    assert kept()["status"] == "Stopped"
    assert (_holder(GROUP), _holder(ALIAS)) == ((B, None) if lost is GROUP else (None, B))
    assert deployments.watched_by("errors") == []


def test_an_end_with_as_many_alarms_as_a_group_may_have_is_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    names = tuple(f"alarm-{n}" for n in range(50))
    calls = refuse(monkeypatch, "dynamodb", "transact_write_items")
    record = keep_begun(alarms=names)
    assert deployments.end(record, _stopped(record))
    assert [len(call["TransactItems"]) for call in calls] == [53, 53]
    assert deployments.watched_by("alarm-49") == []


# ------------------------------------------------------------------------------------------------------ finding


def test_of_what_a_group_keeps_of_its_last_success_a_record_takes_over_what_identifies_it() -> None:
    content = {"content": "x" * 100_000}
    kept_once = {
        "revisionType": "String",
        "string": content,
        "appSpecContent": content,
        "gitHubLocation": ["junk"] * 10_000,
    }
    dynamodb.create(keys.group("shop-app", "prod"), {"targetRevision": kept_once})
    digest = hashlib.sha256(content["content"].encode()).hexdigest()
    assert deployments.target_of(new_record()) == {"revisionType": "String", "string": {"sha256": digest}}


def test_what_has_not_ended_is_found_oldest_first() -> None:
    deployments.create(new_record(B, createTime="2026-11-23T07:00:00.000Z"))
    deployments.create(new_record(A, createTime="2026-11-23T06:00:00.000Z"))
    ended = new_record("d-CCCCCCCCC")
    deployments.create(ended)
    deployments.end(ended, failed(ended, {"error": "InvalidAppSpec", "cause": "Bad."}, {}, at(9)))
    assert deployments.unfinished() == [A, B]
