"""Every error of ours keeps its code and message on its way through Lambda and Step Functions."""

import importlib
import json
import pkgutil
import re

import pytest

import weighbridge
from weighbridge.core import errors
from weighbridge.core.errors import WeighbridgeError, classify


def _all() -> list[type[WeighbridgeError]]:
    for module in pkgutil.walk_packages(weighbridge.__path__, "weighbridge."):
        if ".handlers." not in module.name:
            importlib.import_module(module.name)
    found = [WeighbridgeError]
    for kind in found:
        found += kind.__subclasses__()
    return found


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
