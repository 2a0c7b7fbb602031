"""Every error of ours keeps its code and message on its way through Lambda and Step Functions."""

import importlib
import json
import pkgutil
import re

import pytest

import weighbridge
from weighbridge.core import errors
from weighbridge.core.errors import WeighbridgeError, classify, clip


def _all() -> list[type[WeighbridgeError]]:
    for module in pkgutil.walk_packages(weighbridge.__path__, "weighbridge."):
        if ".handlers." not in module.name:
            importlib.import_module(module.name)
    kinds = [WeighbridgeError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return kinds


@pytest.mark.parametrize("kind", _all(), ids=lambda kind: kind.__name__)
def test_it_is_recognised_by_its_name(kind: type[WeighbridgeError]) -> None:
    cause = json.dumps({"errorMessage": "why", "errorType": kind.__name__, "stackTrace": []})
    assert classify(kind.__name__, cause) == (kind, "why")


def test_the_tree_at_the_top_of_the_module_is_the_tree() -> None:
    assert errors.__doc__
    drawn = dict(re.findall(r"(\w+) +([A-Z_]{5,})", errors.__doc__))
    actual = {kind.__name__: kind.code for kind in _all()}
    assert drawn == {name: code for name, code in actual.items() if name in drawn}
    assert set(actual) - set(drawn) == {"WeighbridgeError", "Retryable", "Interrupted", "DeploymentEnded"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("größer als 5 €, 日本", "größer als 5 €, 日本"),
        ("one\ntwo\r\n", "one\\ntwo\\r\\n"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("live\u202egnp.exe", "live\\u202egnp.exe"),
        ("half\ud800", "half\\ud800"),
        ("\x00", "\\x00"),
    ],
)
def test_a_message_is_one_line_that_can_be_printed_anywhere(text: str, shown: str) -> None:
    assert str(WeighbridgeError(text)) == shown
    assert classify("ValueError", text)[1] == f"ValueError: {shown}"
    assert shown.isprintable()


@pytest.mark.parametrize("text", ["x" * 5000, "\n" * 5000, "x" * 1999 + "\n"])
def test_a_message_has_a_length_that_fits_everywhere(text: str) -> None:
    assert len(clip(text)) == errors.MESSAGE_LIMIT
    assert clip(text).endswith("…")
    assert clip("x" * errors.MESSAGE_LIMIT) == "x" * errors.MESSAGE_LIMIT
