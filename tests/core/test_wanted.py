"""Each row of docs/decisions/0052 is a test here; at the end are the rules, for whatever happens in whichever order."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.core.commit import Outcome, after_stack, answered, live, next_step, outcome, started
from weighbridge.core.ids import deployment_id
from weighbridge.core.ownership import Asked, asked, deleted
from weighbridge.core.record import Record
from weighbridge.core.routing import Routing
from weighbridge.core.wanted import Decision, Holder, Item, Owner, Stack, is_open

ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"
OTHER = "arn:aws:cloudformation:eu-west-1:123456789012:stack/other/2"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:checkout:live"
OWNER = Owner(stackId=ID, rootId=ID, logicalId="Live")
CREATING = Stack(ID, "CREATE_IN_PROGRESS", "0")
UPDATING = Stack(ID, "UPDATE_IN_PROGRESS", "1")
BACK = Stack(ID, "UPDATE_ROLLBACK_IN_PROGRESS", "1")


WELL = Outcome(succeeded=True, reason="")


def request(target: str, stack: Stack = UPDATING, number: str = "1", **changes: Any) -> Asked:
    known: dict[str, Any] = {
        "request_id": f"request-{number}",
        "owner": OWNER,
        "function": "checkout",
        "name": "live",
        "application": "shop",
        "group": "checkout-live",
        "target": target,
        "redeploy": "",
        "app_spec": f"to {target}",
        "without_hooks": f"to {target}, no hooks",
        "on_running": "Queue",
        "start": "AfterStack",
        "stack": stack,
        "rolls_back": "ROLLBACK" in stack.status,
        "time": "2026-11-27T12:00:00.000Z",
    }
    return Asked(**(known | changes))


def ask(item: Item | None, version: str | None, asks: Asked, **known: Any) -> Decision:
    alias = Routing(version) if version else None
    return asked(asks, item, alias=alias, alias_arn=ARN, **known)


def owned(version: str = "1") -> Item:
    """The item of an alias that the stack was created with."""
    item = ask(None, None, request(version, CREATING, "0")).item
    assert item
    committed = after_stack(item, Stack(ID, "CREATE_COMPLETE", "0")).item
    assert committed
    return live(committed)


def updated(item: Item, version: str, **changes: Any) -> Item:
    decided = ask(item, "1", request(version, **changes)).item
    assert decided
    return decided


def during(item: Item, version: str) -> Item:
    answer = {"url": "https://s3cr3t", "requestId": "request-1", "stackId": ID, "logicalId": "Live"}
    return updated(item, version, start="DuringStack", answer=answer)


def committed(item: Item, operation: str = "1") -> Decision:
    return after_stack(item, Stack(ID, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", operation))


# ------------------------------------------------------------------------------------------------------- creation


def test_the_first_deployment_creates_the_alias_without_a_shift() -> None:
    decision = ask(None, None, request("1", CREATING))
    assert (decision.create_alias, decision.refused, decision.stop) == (True, None, None)
    assert decision.item
    assert (decision.item["adopted"], decision.item["kept"]) == (False, False)
    item = after_stack(decision.item, Stack(ID, "CREATE_COMPLETE", "0")).item
    assert item
    assert next_step(item, alias=Routing("1"), busy=None, asked_before=False) == "live"


def test_an_alias_that_is_in_no_stack_is_adopted_and_shifted_after_the_commit() -> None:
    decision = ask(None, "1", request("2", CREATING))
    assert decision.item
    assert (decision.create_alias, decision.item["adopted"]) == (False, True)
    assert next_step(decision.item, alias=Routing("1"), busy=None, asked_before=False) == "nothing"
    item = after_stack(decision.item, Stack(ID, "CREATE_COMPLETE", "0")).item
    assert item
    assert item["kept"]
    assert next_step(item, alias=Routing("1"), busy=None, asked_before=False) == "start"


def test_an_alias_that_is_still_a_resource_of_this_stack_is_refused_with_the_way_out() -> None:
    decision = ask(None, "1", request("2"), holders=[Holder(ID, "Alias", "AWS::Lambda::Alias")])
    assert decision == Decision(
        None,
        refused="The alias live of checkout is still a resource (Alias) of this stack and would be deleted: deploy once with "
        "Prepare, which gives it DeletionPolicy: Retain and Metadata: {Weighbridge: prepared}, and then this.",
    )


def test_one_that_the_stack_lets_go_of_is_adopted() -> None:
    decision = ask(None, "1", request("2"), holders=[Holder(ID, "Alias", "AWS::Lambda::Alias", prepared=True)])
    assert decision.refused is None
    assert decision.item
    assert decision.item["adopted"]


def test_an_alias_of_another_stack_is_refused_with_its_name() -> None:
    decision = ask(None, "1", request("2"), holders=[Holder(OTHER, "Alias", "AWS::Lambda::Alias", prepared=True)])
    assert decision.refused
    assert "belongs to the stack other, as its resource Alias: take it out there first" in decision.refused


@pytest.mark.parametrize(("lives", "is_refused"), [(True, True), (False, False)])
def test_of_two_stacks_that_want_an_alias_the_first_has_it_while_it_is_there(*, lives: bool, is_refused: bool) -> None:
    first = owned() | {"owner": Owner(stackId=OTHER, rootId=OTHER, logicalId="Live")}
    decision = ask(first, "1", request("2"), owner_lives=lives)
    assert (decision.refused is not None) == is_refused
    assert decision.item
    assert decision.item["owner"]["stackId"] == (OTHER if is_refused else ID)


def test_a_creation_again_creates_the_alias_if_it_was_not_and_changes_nothing() -> None:
    first = ask(None, None, request("1", CREATING))
    again = ask(first.item, None, request("1", CREATING))
    assert again.item == first.item
    assert again.create_alias
    assert not ask(first.item, "1", request("1", CREATING)).create_alias


# --------------------------------------------------------------------------------------------------------- update


def test_what_an_update_asks_for_is_pending_until_the_stack_has_committed() -> None:
    item = updated(owned(), "2")
    assert (item["pending"]["target"], item["committed"]["target"], item["state"]) == ("2", "1", "Live")
    assert is_open(item)
    for status in ("UPDATE_IN_PROGRESS", "UPDATE_FAILED"):  # as with --no-rollback, until something else comes of it
        assert after_stack(item, Stack(ID, status, "1")).item == item
    item_after = committed(item).item
    assert item_after
    assert (item_after["committed"]["target"], item_after["state"], "pending" in item_after) == ("2", "Waiting", False)
    assert next_step(item_after, alias=Routing("1"), busy=None, asked_before=False) == "start"


def test_the_id_of_the_deployment_is_known_beforehand() -> None:
    want = updated(owned(), "2")["pending"]
    assert want["deploymentId"] == deployment_id(f"stack {ID} request-1")


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_that_rolls_back_cancels_what_is_pending(status: str) -> None:
    before = owned()
    item = after_stack(updated(before, "2"), Stack(ID, status, "1")).item
    assert item
    assert "pending" not in item
    assert item["committed"] == before["committed"]


def test_so_does_the_update_that_takes_it_back() -> None:
    before = owned()
    decision = ask(updated(before, "2"), "1", request("1", BACK, "2"))
    assert decision.item
    assert "pending" not in decision.item
    assert (decision.item["committed"], decision.stop) == (before["committed"], None)


def test_a_stack_that_is_gone_wants_nothing() -> None:
    for stack in (None, Stack(ID, "DELETE_COMPLETE", "1"), Stack(ID, "ROLLBACK_COMPLETE", "1")):
        item = after_stack(updated(owned(), "2"), stack).item
        assert item
        assert "pending" not in item


def test_the_same_version_changes_what_waits_and_deploys_nothing() -> None:
    item = committed(updated(owned(), "2")).item
    assert item
    changed = updated(item, "2", number="2", app_spec="with hooks", on_running="Replace")
    assert "pending" not in changed
    assert (changed["committed"]["appSpec"], changed["committed"]["onRunning"]) == ("with hooks", "Replace")
    assert changed["committed"]["requestId"] == "request-1"


def test_redeploy_asks_for_the_same_version_again() -> None:
    item = updated(owned(), "1", redeploy="again")
    assert item["pending"]["target"] == "1"


def test_an_alias_that_somebody_has_deleted_is_made_again() -> None:
    assert ask(owned(), None, request("2")).create_alias


def test_a_commit_that_was_not_heard_is_none_the_less_what_a_rollback_goes_back_to() -> None:
    two = updated(owned(), "2")
    three = updated(two, "3", stack=Stack(ID, "UPDATE_IN_PROGRESS", "2"), number="2")
    assert three["pending"]["over"]["target"] == "2"
    cancelled = after_stack(three, Stack(ID, "UPDATE_ROLLBACK_IN_PROGRESS", "2")).item
    assert cancelled
    back = ask(cancelled, "1", request("2", Stack(ID, "UPDATE_ROLLBACK_IN_PROGRESS", "2"), "3")).item
    assert back
    assert back["pending"]["target"] == "2"
    item = after_stack(back, Stack(ID, "UPDATE_ROLLBACK_COMPLETE", "2")).item
    assert item
    assert (item["committed"]["target"], item["state"]) == ("2", "Waiting")


def test_an_operation_that_was_left_failed_is_taken_back_with_the_next_one() -> None:
    two = updated(owned(), "2")
    three = updated(two, "3", stack=Stack(ID, "UPDATE_IN_PROGRESS", "2"), number="2")
    back = ask(three, "1", request("1", Stack(ID, "UPDATE_ROLLBACK_IN_PROGRESS", "2"), "3")).item
    assert back
    assert "pending" not in back


def test_another_logical_id_takes_the_alias_over_and_the_old_one_lets_it_be() -> None:
    renamed = ask(owned(), "1", request("1", owner=OWNER | {"logicalId": "Alive"})).item
    assert renamed
    assert deleted(ID, "Live", renamed, rolls_back=False) == Decision(renamed)
    back = deleted(ID, "Alive", renamed, rolls_back=True)
    assert (back.delete_alias, back.item and back.item["owner"]) == (False, OWNER)
    taken_over = committed(renamed).item
    assert taken_over
    assert deleted(ID, "Alive", taken_over, rolls_back=False).delete_alias


# ------------------------------------------------------------------------------------------- while one is running


def test_while_a_deployment_runs_the_next_commit_waits_and_the_newest_goes() -> None:
    two = committed(updated(owned(), "2")).item
    assert two
    assert next_step(two, alias=Routing("1"), busy="d-RUNNING01", asked_before=False) == "wait"
    three = updated(two, "3", stack=Stack(ID, "UPDATE_IN_PROGRESS", "2"), number="2")
    decision = committed(three, "2")
    assert [want["target"] for want in decision.dropped] == ["2"]
    assert decision.item
    assert decision.item["committed"]["target"] == "3"
    assert next_step(decision.item, alias=Routing("1"), busy=None, asked_before=False) == "start"


def test_what_waits_goes_on_waiting_where_the_next_operation_is_taken_back() -> None:
    two = committed(updated(owned(), "2")).item
    assert two
    three = updated(two, "3", stack=Stack(ID, "UPDATE_IN_PROGRESS", "2"), number="2")
    back = after_stack(three, Stack(ID, "UPDATE_ROLLBACK_IN_PROGRESS", "2")).item
    assert back
    assert (back["committed"]["target"], back["state"]) == ("2", "Waiting")


def test_it_replaces_what_runs_where_that_is_asked_for() -> None:
    item = committed(updated(owned(), "2", on_running="Replace")).item
    assert item
    assert next_step(item, alias=Routing("1"), busy="d-RUNNING01", asked_before=False) == "replace"


def test_it_is_refused_where_that_is_asked_for() -> None:
    decision = ask(owned(), "1", request("2", on_running="Fail"), busy="d-RUNNING01")
    assert decision.refused
    assert "The deployment d-RUNNING01 of checkout:live has not ended, and OnRunning is Fail" in decision.refused
    assert ask(owned(), "1", request("2", on_running="Fail")).refused is None
    waiting = committed(updated(owned(), "2")).item
    assert ask(waiting, "1", request("3", on_running="Fail", number="2")).refused


def test_a_rollback_is_never_refused() -> None:
    assert ask(updated(owned(), "2"), "1", request("1", BACK, "2", on_running="Fail"), busy="d-RUNNING01").refused is None


def test_one_that_was_started_already_is_not_started_otherwise() -> None:
    item = committed(updated(owned(), "2")).item
    assert item
    assert next_step(item, alias=Routing("2"), busy="d-RUNNING01", asked_before=True) == "start"
    assert next_step(started(item), alias=Routing("1"), busy=None, asked_before=True) == "nothing"


# -------------------------------------------------------------------------------------------------- during the stack


def test_during_the_stack_it_is_started_at_once_and_answered_at_its_end() -> None:
    item = during(owned(), "2")
    assert next_step(item, alias=Routing("1"), busy=None, asked_before=False) == "start"
    assert outcome(item, None) is None
    item = started(item)
    assert is_open(item)
    record = cast("Record", {"deploymentId": "d-000000001", "status": "InProgress"})
    assert outcome(item, record) is None
    assert outcome(item, record | {"status": "Succeeded"}) == {
        "succeeded": True,
        "reason": "Deployment d-000000001 succeeded.",
    }
    error: Any = {"code": "ALARM_ACTIVE", "message": "One or more alarms"}
    assert outcome(item, record | {"status": "Stopped", "errorInformation": error}) == {
        "succeeded": False,
        "reason": "Deployment d-000000001 Stopped: One or more alarms",
    }
    item = answered(item, WELL)
    assert not is_open(item)
    assert "s3cr3t" not in repr(item)
    assert outcome(item, record | {"status": "Succeeded"}) is None


def test_a_first_creation_waits_for_nothing() -> None:
    decision = ask(None, None, request("1", CREATING, start="DuringStack"))
    assert decision.item
    assert (decision.create_alias, "committed" in decision.item) == (True, False)


def test_a_rollback_of_the_stack_restores_the_version_without_hooks() -> None:
    item = started(during(owned(), "2"))
    answer = {"url": "https://other", "requestId": "request-2", "stackId": ID, "logicalId": "Live"}
    decision = ask(item, "2", request("1", BACK, "2", answer=answer))
    assert decision.stop == "restoring"
    assert decision.item
    want = decision.item["committed"]
    assert (want["target"], want["appSpec"], want.get("restores")) == ("1", "to 1, no hooks", True)
    assert next_step(decision.item, alias=Routing("2"), busy="d-RUNNING01", asked_before=False) == "replace"
    assert next_step(decision.item, alias=Routing("2"), busy=None, asked_before=False) == "start"
    assert next_step(decision.item, alias=Routing("1"), busy=None, asked_before=False) == "live"
    assert outcome(live(decision.item), None) == {"succeeded": True, "reason": "Traffic is there already."}


def test_a_way_back_that_has_failed_is_gone_again() -> None:
    item = started(during(owned(), "2"))
    back = ask(item, "2", request("1", BACK, "2", answer=item["committed"]["answer"])).item
    assert back
    failed = answered(started(back), {"succeeded": False, "reason": "denied"})
    again = ask(failed, "2", request("1", BACK, "3", answer=item["committed"]["answer"])).item
    assert again
    assert (again["committed"]["requestId"], again["state"], "answer" in again["committed"]) == (
        "request-3",
        "Waiting",
        True,
    )
    well = answered(started(back), WELL)
    assert ask(well, "1", request("1", BACK, "3")).item == well | {"requestId": "request-3"}


def test_an_update_that_is_cancelled_stops_the_deployment_that_the_stack_waits_for() -> None:
    item = started(during(owned(), "2"))
    assert after_stack(item, Stack(ID, "UPDATE_ROLLBACK_IN_PROGRESS", "1")).stop == "restoring"
    assert after_stack(item, Stack(ID, "UPDATE_IN_PROGRESS", "1")).stop is None
    assert after_stack(answered(item, WELL), Stack(ID, "UPDATE_ROLLBACK_IN_PROGRESS", "1")).stop is None


def test_a_late_repetition_of_the_update_is_not_taken_for_its_rollback() -> None:
    item = started(during(owned(), "2"))
    assert ask(item, "2", request("2", BACK)) == Decision(item)


# --------------------------------------------------------------------------------------------------------- deletion


def test_a_deletion_leaves_traffic_and_takes_the_alias_away() -> None:
    assert deleted(ID, "Live", owned(), rolls_back=False) == Decision(None, delete_alias=True, stop="leaving")


def test_who_does_not_have_the_alias_does_not_delete_it() -> None:
    item = owned()
    assert deleted(OTHER, "Live", item, rolls_back=False) == Decision(item)
    assert deleted(ID, "Other", item, rolls_back=False) == Decision(item)
    assert deleted(ID, "Live", None, rolls_back=False) == Decision(None)


def test_an_adoption_that_is_taken_back_leaves_the_alias_as_it_was() -> None:
    adopted = ask(None, "1", request("2", CREATING)).item
    assert deleted(ID, "Live", adopted, rolls_back=True) == Decision(None, stop="restoring")


def test_a_creation_that_is_taken_back_takes_its_alias_away() -> None:
    created = ask(None, None, request("1", CREATING)).item
    assert deleted(ID, "Live", created, rolls_back=True).delete_alias


# -------------------------------------------------------------------------------------------------------- the rules

EVENTS = st.lists(st.sampled_from(["update", "fail", "commit", "hear", "start", "end"]), max_size=40)


class _World:
    """A root stack, its alias and what is kept of it; `stable` is what the stack has by its last commit."""

    def __init__(self) -> None:
        self.item, self.stable, self.versions, self.operation = owned(), "1", 1, 1
        self.started: list[str] = []
        self.stack = Stack(ID, "CREATE_COMPLETE", "0")
        self.running: str | None = None

    def update(self, *, commits: bool) -> None:
        """An operation of the stack to another version, from its beginning to its end; nobody knows of it yet."""
        self.versions += 1
        self.operation += 1
        version, number = str(self.versions), str(self.operation)
        self.ask(version, Stack(ID, "UPDATE_IN_PROGRESS", number), f"{number}a")
        self.stack = Stack(ID, "UPDATE_COMPLETE", number)
        if commits:
            self.stable = version
            return
        self.ask(self.stable, Stack(ID, "UPDATE_ROLLBACK_IN_PROGRESS", number), f"{number}b")
        self.stack = Stack(ID, "UPDATE_ROLLBACK_COMPLETE", number)

    def ask(self, version: str, stack: Stack, number: str) -> None:
        once = ask(self.item, "1", request(version, stack, number)).item
        assert once
        assert ask(once, "1", request(version, stack, number)).item == once, "again, it changes something"
        self.item = once

    def hear(self) -> None:
        once = after_stack(self.item, self.stack).item
        assert once
        assert after_stack(once, self.stack).item == once, "again, it changes something"
        self.item = once
        waiting = self.item["committed"]
        assert waiting["target"] == self.stable, "something is wanted that the stack does not have"

    def start(self) -> None:
        if next_step(self.item, alias=None, busy=self.running, asked_before=False) == "start":
            self.running = self.item["committed"]["target"]
            self.started.append(self.running)
            self.item = started(self.item)

    def end(self) -> None:
        self.running = None


@given(EVENTS)
def test_whatever_event_comes_when_only_what_has_committed_is_started_and_the_newest_at_last(events: list[str]) -> None:
    world = _World()
    had = {"1"}
    for event in events:
        if event in {"update", "commit"}:
            world.update(commits=True)
        elif event == "fail":
            world.update(commits=False)
        else:
            getattr(world, event)()
        had.add(world.stable)
        assert set(world.started) <= had
    for act in (world.hear, world.end, world.start, world.end):  # the scheduled reconciliation
        act()
    assert world.item["committed"]["target"] == world.stable
    assert "pending" not in world.item
    assert world.stable == "1" or world.started[-1] == world.stable
    assert [int(version) for version in world.started] == sorted({int(version) for version in world.started})
