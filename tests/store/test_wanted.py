"""What stacks want, in the table: kept by whoever read it last, and listed while something is to be done about it."""

from typing import Any

from weighbridge.core.wanted import Item, Owner, Want
from weighbridge.store import wanted

ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"
ALIAS = "checkout:live"


def item(**changes: Any) -> Item:
    made = Item(
        function="checkout",
        name="live",
        aliasArn="arn:aws:lambda:eu-west-1:123456789012:function:checkout:live",
        application="stack@shop",
        group="checkout-live",
        owner=Owner(stackId=ID, rootId=ID, logicalId="Live"),
        adopted=False,
        kept=True,
        requestId="request-1",
        createTime="2026-11-27T12:00:00.000Z",
    )
    return Item(**(made | changes))  # type: ignore[typeddict-item, no-any-return]


PENDING = Want(
    requestId="request-1",
    operation="1",
    target="2",
    redeploy="",
    appSpec="{}",
    onRunning="Queue",
    time="2026-11-27T12:00:00.000Z",
    deploymentId="d-000000001",
)


def test_an_item_is_kept_by_whoever_has_read_it_last() -> None:
    assert wanted.get(ALIAS) == (None, 0)
    assert wanted.put(item(), 0)
    assert not wanted.put(item(requestId="somebody else"), 0)
    assert wanted.get(ALIAS) == (item(), 1)
    assert wanted.put(item(requestId="request-2"), 1)
    assert not wanted.put(item(requestId="too late"), 1)
    assert not wanted.delete(ALIAS, 1)
    assert wanted.get(ALIAS) == (item(requestId="request-2"), 2)
    assert wanted.delete(ALIAS, 2)
    assert wanted.get(ALIAS) == (None, 0)


def test_it_is_listed_while_something_is_to_be_done() -> None:
    assert wanted.put(item(pending=PENDING), 0)
    assert wanted.open_aliases() == [ALIAS]
    assert wanted.get(ALIAS) == (item(pending=PENDING), 1)
    assert wanted.put(item(committed=PENDING, state="Live"), 1)
    assert wanted.open_aliases() == []
