"""Applications and groups under another name: their items move, by transactions, to the keys of the new name.

A deployment that runs holds its group under the name it knows, so a group is not renamed meanwhile. What is in the way
of a rename is either that the name is taken, or that a group is busy: deploying, or being changed.
"""

from typing import Any, Literal

from weighbridge.aws import settings, table
from weighbridge.aws.table import Expression, Key

_MOST_ACTIONS = 100
"""How many items a transaction may write."""

Refusal = Literal["taken", "busy"]
Action = dict[str, Any]


def rename_group(
    application: str, name: str, new_name: str, seen: dict[str, Any], changed: dict[str, Any]
) -> Refusal | None:
    """Moves a group whose item was `seen` and takes over the attributes in `changed`; says what is in the way."""
    source, target = settings.group_key(application, name), settings.group_key(application, new_name)
    return _refusal([_free(target, seen | changed | {"listingKey": new_name}), _gone(source, seen)])


def rename_application(name: str, new_name: str, item: dict[str, Any]) -> Refusal | None:
    """Moves an application with all its groups; says what is in the way.

    With more groups than fit into a transaction it takes several. Whatever keeps it from coming to its end, the next
    rename to the same name goes on with it, since both items are then of one application, by its id.
    """
    expression = Expression()
    own = f"{expression.absent('pk')} OR {expression.equals('applicationId', item['applicationId'])}"
    first = _put(settings.application_key(new_name), item | {"applicationName": new_name, "listingKey": new_name})
    first["Put"] |= expression.condition(own)
    actions: list[Action] = [first]
    names = list(table.all_listed(settings.groups_of(name)))
    for group_name, group in settings.group_items(name, names).items():
        moved = group | {"listing": settings.groups_of(new_name)}
        pair = [
            _free(settings.group_key(new_name, group_name), moved),
            _gone(settings.group_key(name, group_name), group),
        ]
        if len(actions) + len(pair) > _MOST_ACTIONS:
            if refused := _refusal(actions):
                return refused
            actions = []
        actions += pair
    last: Action = {"Delete": {"TableName": table.name(), "Key": settings.application_key(name)}}
    if len(actions) + 1 > _MOST_ACTIONS:
        if refused := _refusal(actions):
            return refused
        actions = []
    return _refusal([*actions, last])


def _refusal(actions: list[Action]) -> Refusal | None:
    refused = table.transact(actions)
    if refused is None:
        return None
    return "taken" if "Put" in actions[refused] else "busy"


def _put(key: Key, values: dict[str, Any]) -> Action:
    item = {**key, **{name: table.attribute(value) for name, value in values.items()}}
    return {"Put": {"TableName": table.name(), "Item": item}}


def _free(key: Key, values: dict[str, Any]) -> Action:
    """The group comes to be here, where there is none, nor a deployment of one that was deleted."""
    expression, action = Expression(), _put(key, values)
    action["Put"] |= expression.condition(f"{expression.absent('settings')} AND {expression.absent('activeDeployment')}")
    return action


def _gone(key: Key, seen: dict[str, Any]) -> Action:
    """The group is gone from here, where it is as it was seen and no deployment runs."""
    expression = Expression()
    condition = f"{expression.equals('settings', seen['settings'])} AND {expression.absent('activeDeployment')}"
    return {"Delete": {"TableName": table.name(), "Key": key, **expression.condition(condition)}}
