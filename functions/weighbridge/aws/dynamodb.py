"""DynamoDB: values and update expressions in its form, its answers as plain values, its refusals as ours.

On the reaction path: botocore only.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Clamped, Context, Decimal, Inexact, Overflow, Rounded, Underflow
from typing import Any

from botocore.exceptions import ClientError

from weighbridge.aws.clients import client
from weighbridge.aws.errors import code_of, translating
from weighbridge.core.errors import Throttled
from weighbridge.environment import environment

_DYNAMODB = "AmazonDynamoDB"
MOST_LISTED = 100
"""How many names a page of a list has."""
MOST_ACTIONS = 100
"""How many actions a transaction has."""
_MOST_KEYS = 100
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds before what DynamoDB has left out is asked for again: it does so where it is throttled."""
_NUMBERS = Context(prec=38, Emin=-128, Emax=126, traps=[Clamped, Inexact, Overflow, Rounded, Underflow])
"""What DynamoDB keeps of a number; it rounds none."""

Key = Mapping[str, Any]


def name() -> str:
    return environment.table_name


def attribute(value: Any) -> dict[str, Any]:
    """A plain value in DynamoDB's form; it keeps decimals, and JSON is the shortest exact way from floats to them.

    Raises decimal's exceptions for a number that DynamoDB would have to round, and TypeError for what is no JSON.
    """
    return _attribute(json.loads(json.dumps(value), parse_float=Decimal))


# Written out, since boto3's own serializer comes with all of boto3 only.
def _attribute(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": str(_NUMBERS.create_decimal(value))}
        case str():
            return {"S": value}
        case list():
            return {"L": [_attribute(item) for item in value]}
        case dict():
            return {"M": {name: _attribute(item) for name, item in value.items()}}
    raise TypeError(f"{value!r} is no value that JSON and DynamoDB have")


def plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """An item in DynamoDB's form (of an answer or a stream) as plain values, its keys left out."""
    return {name: _plain(value) for name, value in attributes.items() if name not in {"pk", "sk"}}


def images(change: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """An item before (None where it is new) and after a change, from a record of the stream; None where it was deleted."""
    sides = change["dynamodb"]
    if "NewImage" not in sides:
        return None
    return plain(sides["OldImage"]) if "OldImage" in sides else None, plain(sides["NewImage"])


def _plain(value: Mapping[str, Any]) -> Any:
    [(kind, content)] = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "NULL":
            return None
        case "N":
            number = Decimal(content)
            return int(number) if number == number.to_integral_value() else float(number)
        case "L":
            return [_plain(item) for item in content]
        case "M":
            return {name: _plain(item) for name, item in content.items()}
        case "SS":
            return sorted(content)
    raise TypeError(f"The table holds no values of DynamoDB's type {kind}")


class Expression:
    """An update expression, built together with the names and values that it refers to."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._sets: list[str] = []
        self._removes: list[str] = []
        self._adds: list[str] = []

    def path(self, dotted: str) -> str:
        """A dotted path, as expressions spell it: every part by a placeholder, since many words are reserved."""
        parts = dotted.split(".")
        self._names |= {f"#{part}": part for part in parts}
        return ".".join(f"#{part}" for part in parts)

    def _value(self, value: Any) -> str:
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = attribute(value)
        return placeholder

    def set(self, dotted: str, value: Any) -> None:
        self._sets.append(f"{self.path(dotted)} = {self._value(value)}")

    def set_once(self, dotted: str, value: Any) -> None:
        """Sets what is not there yet."""
        self._sets.append(f"{self.path(dotted)} = if_not_exists({self.path(dotted)}, {self._value(value)})")

    def append(self, dotted: str, entries: Sequence[Any]) -> None:
        self._sets.append(f"{self.path(dotted)} = list_append({self.path(dotted)}, {self._value(list(entries))})")

    def include(self, attribute_name: str, text: str) -> None:
        """Adds a text to a set of texts, which need not be there yet."""
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = {"SS": [text]}
        self._adds.append(f"{self.path(attribute_name)} {placeholder}")

    def count(self, attribute_name: str) -> None:
        """Counts one up, from 0 where there is no number yet."""
        self._adds.append(f"{self.path(attribute_name)} {self._value(1)}")

    def remove(self, dotted: str) -> None:
        self._removes.append(self.path(dotted))

    def equals(self, dotted: str, *values: Any) -> str:
        """The condition that an attribute is one of `values`; lists and maps can be compared with one value only."""
        if len(values) == 1:
            return f"{self.path(dotted)} = {self._value(values[0])}"
        return f"{self.path(dotted)} IN ({', '.join(self._value(value) for value in values)})"

    def has_length(self, dotted: str, length: int) -> str:
        """The condition that a list has so many elements."""
        return f"size({self.path(dotted)}) = {self._value(length)}"

    def at_most(self, dotted: str, limit: str) -> str:
        """The condition that a text, a time say, does not come after `limit`."""
        return f"{self.path(dotted)} <= {self._value(limit)}"

    def below(self, dotted: str, limit: int) -> str:
        """The condition that a number is smaller than `limit`."""
        return f"{self.path(dotted)} < {self._value(limit)}"

    def absent(self, dotted: str) -> str:
        return f"attribute_not_exists({self.path(dotted)})"

    def present(self, dotted: str) -> str:
        return f"attribute_exists({self.path(dotted)})"

    def condition(self, text: str) -> dict[str, Any]:
        """The arguments of a condition alone, for Put and Delete in a transaction."""
        arguments: dict[str, Any] = {"ConditionExpression": text, "ExpressionAttributeNames": self._names}
        return arguments | ({"ExpressionAttributeValues": self._values} if self._values else {})

    def update(self, of: Key, condition: str | None = None) -> dict[str, Any]:
        """The arguments of UpdateItem, or of an Update in a transaction."""
        clauses = [f"SET {', '.join(self._sets)}"] if self._sets else []
        if self._removes:
            clauses.append(f"REMOVE {', '.join(self._removes)}")
        if self._adds:
            clauses.append(f"ADD {', '.join(self._adds)}")
        request: dict[str, Any] = {
            "TableName": name(),
            "Key": of,
            "UpdateExpression": " ".join(clauses),
            "ExpressionAttributeNames": self._names,
        }
        if condition:
            request["ConditionExpression"] = condition
        if self._values:
            request["ExpressionAttributeValues"] = self._values
        return request


def get(of: Key) -> dict[str, Any] | None:
    with translating(_DYNAMODB):
        item = client("dynamodb").get_item(TableName=name(), Key=of, ConsistentRead=True).get("Item")
    return plain(item) if item else None


def get_all(keys: Sequence[Key]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The partition keys and values of those items that are there, in no order; every key may be given once."""
    return ((item["pk"]["S"], plain(item)) for item in items(keys))


def items(keys: Sequence[Key]) -> Iterator[dict[str, Any]]:
    """Those of the items that are there, in DynamoDB's form, in no order; every key may be given once.

    Raises Throttled where DynamoDB leaves some of them out again and again.
    """
    for start in range(0, len(keys), _MOST_KEYS):
        unread: Mapping[str, Any] = {name(): {"Keys": list(keys[start : start + _MOST_KEYS]), "ConsistentRead": True}}
        for pause in _PAUSES:
            with translating(_DYNAMODB):
                answer = client("dynamodb").batch_get_item(RequestItems=unread)
            yield from answer["Responses"].get(name(), [])
            unread = answer.get("UnprocessedKeys") or {}
            if not unread:
                break
            time.sleep(pause)
        else:
            raise Throttled("DynamoDB left out some of the items that were asked for.")


def listed(listing: str, after: str = "", limit: int = MOST_LISTED, *, prefix: str = "") -> tuple[list[str], bool]:
    """The names of a listing that begin with `prefix` and come after `after`, in order, and whether there may be more."""
    condition, values = "#listing = :listing", {":listing": attribute(listing)}
    if prefix:  # an index takes one range: from the prefix, or from what came last, to the last name that begins so
        condition = f"{condition} AND #listingKey BETWEEN :after AND :last"
        values |= {":after": attribute(f"{after}\0" if after else prefix), ":last": attribute(f"{prefix}\U0010ffff")}
    elif after:
        condition, values = f"{condition} AND #listingKey > :after", values | {":after": attribute(after)}
    names = {name: name.removeprefix("#") for name in ("#listing", "#listingKey") if name in condition}
    with translating(_DYNAMODB):
        answer = client("dynamodb").query(
            TableName=name(),
            IndexName="listing",
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            Limit=limit,
        )
    return [item["listingKey"]["S"] for item in answer["Items"]], "LastEvaluatedKey" in answer


def listed_keys(listing: str) -> list[Key]:
    """The keys of all items of a listing, in its order."""
    answer = query(
        IndexName="listing",
        KeyConditionExpression="#listing = :listing",
        ExpressionAttributeNames={"#listing": "listing"},
        ExpressionAttributeValues={":listing": attribute(listing)},
    )
    return [{name: {"S": value} for name, value in key.items()} for key in answer]


def open_keys(kind: str) -> list[dict[str, str]]:
    """The key strings of all items of a kind in the index of what is open, oldest first."""
    return query(
        IndexName="open",
        KeyConditionExpression="#open = :open",
        ExpressionAttributeNames={"#open": "open"},
        ExpressionAttributeValues={":open": {"S": kind}},
    )


def create(of: Key, values: Mapping[str, Any]) -> bool:
    """Keeps a new item; False where there is one of that key already."""
    item = {**of, **{attr: attribute(value) for attr, value in values.items()}}
    with translating(_DYNAMODB):
        try:
            client("dynamodb").put_item(TableName=name(), Item=item, ConditionExpression="attribute_not_exists(pk)")
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
    return True


def delete(of: Key) -> None:
    """Deletes an item; there need be none."""
    with translating(_DYNAMODB):
        client("dynamodb").delete_item(TableName=name(), Key=of)


def update(request: Mapping[str, Any]) -> dict[str, Any] | None:
    """Updates an item and returns it; None where its condition does not hold."""
    with translating(_DYNAMODB):
        try:
            answer = client("dynamodb").update_item(**request, ReturnValues="ALL_NEW")
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return None
    return plain(answer["Attributes"])


def transact(actions: Sequence[Mapping[str, Any]]) -> int | None:
    """Writes all or nothing; returns the place of the first action whose condition does not hold, None if all held."""
    with translating(_DYNAMODB):
        try:
            client("dynamodb").transact_write_items(TransactItems=actions)
        except ClientError as error:
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if code_of(error) != "TransactionCanceledException" or "ConditionalCheckFailed" not in reasons:
                raise
            return reasons.index("ConditionalCheckFailed")
    return None


def query(**arguments: Any) -> list[dict[str, Any]]:
    """The key strings of all items that a query finds."""
    return [{"pk": item["pk"], "sk": item["sk"]} for item in stream(**arguments)]


def stream(**arguments: Any) -> Iterator[dict[str, str]]:
    """The text attributes of the items that a query finds, the index's keys among them; read a page at a time."""
    pages = client("dynamodb").get_paginator("query")
    with translating(_DYNAMODB):
        for page in pages.paginate(TableName=name(), **arguments):
            for item in page["Items"]:
                yield {attr: value["S"] for attr, value in item.items() if "S" in value}
