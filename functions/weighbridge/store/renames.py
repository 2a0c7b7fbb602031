"""Applications and groups under another name: their items move, by transactions, to the keys of the new name.

A deployment that runs holds its group under the name it knows, so a group is not renamed meanwhile. What is in the way
of a rename is either that the name is taken, or that a group is busy: deploying, or being changed.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression, Key
from weighbridge.store import keys, settings

Refusal = Literal["taken", "busy"]
Action = dict[str, Any]
Item = dict[str, Any]
"""An item in DynamoDB's form, its keys among it."""


def rename_group(
    application: str, name: str, new_name: str, seen: Mapping[str, Any], changed: Mapping[str, Any]
) -> Refusal | None:
    """Moves a group that has the settings `seen`, and changes its attributes as `changed` says."""
    target = keys.group(application, new_name)
    for item in dynamodb.items([keys.group(application, name)]):
        if dynamodb.plain(item).get("settings") == seen:
            return _write([_move(item, target, {**changed, "listingKey": new_name})])
    return "busy"


def rename_application(name: str, new_name: str, application: Mapping[str, Any]) -> Refusal | None:
    """Moves an application with all that is in it; says what is in the way.

    With more than fits into a transaction it takes several. Whatever keeps it from coming to its end, the next rename
    to the same name goes on with it, since both items are then of one application, by its id.
    """
    source, target = keys.application(name), keys.application(new_name)
    expression = Expression()
    own = f"{expression.absent('pk')} OR {expression.equals('applicationId', application['applicationId'])}"
    values = {**application, "applicationName": new_name, "listingKey": new_name}
    arrival = _put({}, target, values, expression.condition(own))
    departure = {"Delete": {"TableName": dynamodb.name(), "Key": source}}
    return _write([[arrival], *_contents(name, new_name), [departure]])


def _contents(name: str, new_name: str) -> Iterator[list[Action]]:
    """The moves of an application's groups, and then of its revisions: only of groups there is a reason not to move."""
    for listing_of in (settings.groups_of, settings.revisions_of):
        for item in dynamodb.items(dynamodb.listed_keys(listing_of(name))):
            yield _move(item, keys.renamed(item, name, new_name), {"listing": listing_of(new_name)})


def _move(item: Item, target: Key, values: dict[str, Any]) -> list[Action]:
    source = {"pk": item["pk"], "sk": item["sk"]}
    arrival: dict[str, Any] = {}
    departure: dict[str, Any] = {}
    if "settings" in item:  # a group: not to where one is, or the lock of one that was deleted, nor while it is busy
        free, idle = Expression(), Expression()
        arrival = free.condition(f"{free.absent('settings')} AND {free.absent('activeDeployment')}")
        departure = idle.condition(
            f"{idle.equals('settings', dynamodb.plain(item)['settings'])} AND {idle.absent('activeDeployment')}"
        )
    return [
        _put(item, target, values, arrival),
        {"Delete": {"TableName": dynamodb.name(), "Key": source, **departure}},
    ]


def _put(item: Item, target: Key, values: dict[str, Any], condition: dict[str, Any]) -> Action:
    moved = {**item, **target, **{name: dynamodb.attribute(value) for name, value in values.items()}}
    return {"Put": {"TableName": dynamodb.name(), "Item": moved, **condition}}


def _write(moves: list[list[Action]]) -> Refusal | None:
    """Writes the moves in their order, each of them whole, with as many as fit into a transaction."""
    actions: list[Action] = []
    for move in moves:
        if len(actions) + len(move) > dynamodb.MOST_ACTIONS:
            if refused := _transact(actions):
                return refused
            actions = []
        actions += move
    return _transact(actions) if actions else None


def _transact(actions: list[Action]) -> Refusal | None:
    refused = dynamodb.transact(actions)
    if refused is None:
        return None
    return "taken" if "Put" in actions[refused] else "busy"
