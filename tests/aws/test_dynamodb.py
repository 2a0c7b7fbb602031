"""The table's language: values there and back, and the one place that knows how DynamoDB refuses."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from tests.aws.account import client_error, lost_answer, refuse
from weighbridge.aws import dynamodb
from weighbridge.aws.dynamodb import Expression
from weighbridge.core.errors import ServiceUnavailable, Throttled, WeighbridgeError
from weighbridge.store import keys

KEY = keys.deployment("d-AAAAAAAAA")
VALUES: list[Any] = [
    0.1,
    0.35,
    0.30000000000000004,
    1.0,
    0,
    -7,
    2**60,
    "",
    "größer → ≥ 100 % 🚚",
    True,
    False,
    None,
    [],
    {},
    [[], {}, [{}]],
    {"weights": {"2": 0.1}},
    [0.1, "0.1", 1, True, None],
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_went(value: Any) -> None:
    assert dynamodb.create(KEY, {"value": value})
    assert dynamodb.get(KEY) == {"value": value}


numbers = st.integers(-(10**15), 10**15) | st.integers(0, 10**6).map(lambda millionths: millionths / 10**6)
plain_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(plain_values)
def test_every_value_survives_dynamodbs_form(value: Any) -> None:
    assert dynamodb.plain({"pk": {"S": "left out"}, "sk": {"S": "left out"}, "value": dynamodb.attribute(value)}) == {
        "value": value
    }


@given(plain_values | st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_value_has_the_form_that_boto3_gives_it(value: Any) -> None:
    def by_boto3() -> Any:
        return TypeSerializer().serialize(json.loads(json.dumps(value), parse_float=Decimal))

    try:
        form = by_boto3()
    except ArithmeticError as error:  # the number has too many digits, or is too large or too small
        with pytest.raises(type(error)):
            dynamodb.attribute(value)
    else:
        assert dynamodb.attribute(value) == form


@given(plain_values | st.sets(st.text(min_size=1), min_size=1))
def test_a_value_is_read_as_boto3_reads_it(value: Any) -> None:
    def json_of(read: Any) -> Any:
        return json.loads(json.dumps(read, default=lambda it: sorted(it) if isinstance(it, set) else float(it)))

    form: Any = {"SS": list(value)} if isinstance(value, set) else dynamodb.attribute(value)
    assert dynamodb.plain({"value": form})["value"] == json_of(TypeDeserializer().deserialize(form))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_dynamodb_has_no_form_for_is_refused(value: float) -> None:
    with pytest.raises(TypeError, match="no value that JSON and DynamoDB have"):
        dynamodb.attribute(value)


def test_what_the_table_never_holds_is_not_read() -> None:
    with pytest.raises(TypeError, match="no values of DynamoDB's type B"):
        dynamodb.plain({"value": {"B": b"bytes"}})


def test_a_weight_keeps_its_decimals() -> None:
    assert dynamodb.attribute(0.1) == {"N": "0.1"}


def test_an_item_is_created_once() -> None:
    assert dynamodb.create(KEY, {"value": 1})
    assert not dynamodb.create(KEY, {"value": 2})
    assert dynamodb.get(KEY) == {"value": 1}


def test_what_is_not_there_is_none() -> None:
    assert dynamodb.get(KEY) is None


def test_names_that_are_reserved_words_do_no_harm() -> None:
    expression = Expression()
    for word in ("status", "name", "open", "timeline", "plan"):
        expression.set(word, word)
    assert dynamodb.update(expression.update(KEY)) == {
        word: word for word in ("status", "name", "open", "timeline", "plan")
    }


def test_an_update_whose_condition_does_not_hold_changes_nothing() -> None:
    dynamodb.create(KEY, {"status": "Created"})
    expression = Expression()
    expression.set("status", "Succeeded")
    assert dynamodb.update(expression.update(KEY, expression.equals("status", "InProgress", "Stopped"))) is None
    assert dynamodb.get(KEY) == {"status": "Created"}


def test_once_means_once() -> None:
    for value in ("first", "second"):
        expression = Expression()
        expression.set_once("id", value)
        dynamodb.update(expression.update(KEY))
    assert dynamodb.get(KEY) == {"id": "first"}


def test_paths_reach_into_maps_and_lists_grow() -> None:
    dynamodb.create(KEY, {"hooks": {"before": {"at": 1}}, "timeline": ["a"], "open": "open"})
    expression = Expression()
    expression.set("hooks.before.at", 2)
    expression.append("timeline", ["b", "c"])
    expression.remove("open")
    assert dynamodb.update(expression.update(KEY)) == {"hooks": {"before": {"at": 2}}, "timeline": ["a", "b", "c"]}


def _put(name: str, *, when_absent: str | None = None) -> dict[str, Any]:
    put: dict[str, Any] = {"TableName": dynamodb.name(), "Item": {**keys.config(name)}}
    if when_absent:
        put["ConditionExpression"] = f"attribute_not_exists({when_absent})"
    return {"Put": put}


def test_a_transaction_writes_all_or_nothing_and_says_what_did_not_hold() -> None:
    assert dynamodb.transact([_put("a"), _put("b", when_absent="pk")]) is None
    assert dynamodb.transact([_put("c"), _put("d"), _put("b", when_absent="pk")]) == 2
    assert dynamodb.get(keys.config("c")) is None


def _cancelled(*reasons: str) -> Exception:
    error = client_error("TransactionCanceledException", "TransactWriteItems")
    error.response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return error


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (["None", "TransactionConflict"], ServiceUnavailable),
        (["ThrottlingError", "None"], Throttled),
        (["ProvisionedThroughputExceeded"], Throttled),
        (["ValidationError"], WeighbridgeError),
    ],
)
def test_a_transaction_that_met_another_one_is_tried_again_and_a_wrong_one_is_not(
    monkeypatch: pytest.MonkeyPatch, reasons: list[str], expected: type[WeighbridgeError]
) -> None:
    refuse(monkeypatch, "dynamodb", "transact_write_items", _cancelled(*reasons))
    with pytest.raises(WeighbridgeError) as caught:
        dynamodb.transact([_put("a")])
    assert type(caught.value) is expected


def test_a_condition_that_does_not_hold_counts_more_than_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "dynamodb", "transact_write_items", _cancelled("TransactionConflict", "ConditionalCheckFailed"))
    assert dynamodb.transact([_put("a")]) == 1


def test_a_transaction_whose_answer_was_lost_is_recognised(no_pauses: list[float]) -> None:
    # DynamoDB knows the second request as the first by the token that botocore gives both.
    with lost_answer("dynamodb", "TransactWriteItems"):
        assert dynamodb.transact([_put("a")]) is None
    assert len(no_pauses) == 1


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Our own pauses, noted instead of slept."""
    noted: list[float] = []
    monkeypatch.setattr(dynamodb, "time", SimpleNamespace(sleep=noted.append))
    return noted


def test_items_that_were_left_out_are_asked_for_again_after_growing_pauses(
    stub: Callable[[str], Stubber], pauses: list[float]
) -> None:
    first, second = ({"pk": {"S": name}, "sk": {"S": "X"}} for name in "ab")

    def asking(*left: Mapping[str, Any]) -> dict[str, Any]:
        return {dynamodb.name(): {"Keys": list(left), "ConsistentRead": True}}

    service = stub("dynamodb")
    for read, asked, left in (
        ([first], [first, second], asking(second)),
        ([], [second], asking(second)),
        ([second], [second], {}),
    ):
        answer = {"Responses": {dynamodb.name(): read}, "UnprocessedKeys": left}
        service.add_response("batch_get_item", answer, {"RequestItems": asking(*asked)})
    assert list(dynamodb.items([first, second])) == [first, second]
    assert len(pauses) == 2
    assert pauses[0] < pauses[1]


def test_items_that_are_left_out_for_ever_are_throttled(stub: Callable[[str], Stubber], pauses: list[float]) -> None:
    key = {"pk": {"S": "a"}, "sk": {"S": "X"}}
    left = {dynamodb.name(): {"Keys": [key], "ConsistentRead": True}}
    for _ in range(6):
        stub("dynamodb").add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": left})
    with pytest.raises(Throttled):
        list(dynamodb.items([key]))
    assert 0 < sum(pauses) < 10, "within the time of a request"


def test_every_page_of_a_query_is_read() -> None:
    for n in range(30):
        dynamodb.create(keys.alarm("errors", f"{n:02}"), {"padding": "x" * 50_000})
    items = dynamodb.query(
        KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "ALARM#errors"}}, ConsistentRead=True
    )
    assert [item["sk"] for item in items] == [f"DEPLOYMENT#{n:02}" for n in range(30)]


@pytest.mark.parametrize(
    ("method", "ask"),
    [
        ("get_item", lambda: dynamodb.get(KEY)),
        ("put_item", lambda: dynamodb.create(KEY, {})),
        ("update_item", lambda: dynamodb.update(_touch())),
        ("transact_write_items", lambda: dynamodb.transact([_put("a")])),
    ],
)
def test_what_dynamodb_refuses_otherwise_is_told(monkeypatch: pytest.MonkeyPatch, method: str, ask: Any) -> None:
    refuse(monkeypatch, "dynamodb", method, client_error("ValidationException", "It"), client_error("ThrottlingException"))
    with pytest.raises(WeighbridgeError, match="AmazonDynamoDB refused It: ValidationException"):
        ask()
    with pytest.raises(Throttled):
        ask()


def _touch() -> dict[str, Any]:
    expression = Expression()
    expression.set("value", 1)
    return expression.update(KEY)
