"""How a failing Lambda function looks to its caller and to a state machine."""

import json
from typing import Any

import pytest

from tests.local.workbench import Workbench, closed

SOURCES = {
    "exception": "class AliasMoved(Exception): pass\ndef handler(event, context): raise AliasMoved('by somebody else')",
    "exit": "import os\ndef handler(event, context): os._exit(7)",
    "import": "import no_such_module\ndef handler(event, context): pass",
}
EXPECTED = {"exception": "AliasMoved", "exit": "Runtime.ExitError", "import": "Runtime.ImportModuleError"}


def invoked(bench: Workbench, function: str) -> dict[str, Any]:
    answer = bench.client("lambda").invoke(FunctionName=function)
    assert answer["FunctionError"] == "Unhandled"
    error: dict[str, Any] = json.load(answer["Payload"])
    return error


@pytest.mark.parametrize("kind", SOURCES)
def test_bare_emulator_hides_what_failed(bare: Workbench, kind: str) -> None:
    assert invoked(bare, bare.function(SOURCES[kind]))["errorType"] != EXPECTED[kind], closed("function_errors")


@pytest.mark.parametrize("kind", SOURCES)
def test_error_names_what_failed(filled: Workbench, kind: str) -> None:
    function = filled.function(SOURCES[kind])
    assert invoked(filled, function)["errorType"] == EXPECTED[kind]
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": function}}
    run = filled.ended(filled.start({"Try": task | {"End": True}}, "Try"))
    assert run["error"] == EXPECTED[kind]
    assert json.loads(run["cause"])["errorType"] == EXPECTED[kind]


def test_exception_has_message_and_stack(filled: Workbench) -> None:
    error = invoked(filled, filled.function(SOURCES["exception"]))
    assert error["errorMessage"] == "by somebody else"
    assert "main.py" in error["stackTrace"][0]


def test_exit_tells_its_status(filled: Workbench) -> None:
    assert "exit status 7" in invoked(filled, filled.function(SOURCES["exit"]))["errorMessage"]


def test_timeout_has_a_name_of_its_own(filled: Workbench) -> None:
    function = filled.function("import time\ndef handler(event, context): time.sleep(9)", timeout=1)
    assert invoked(filled, function)["errorType"] == "Sandbox.Timedout"


def test_environment_outlives_an_exception(filled: Workbench) -> None:
    source = "import os\ndef handler(event, context):\n  if event: raise ValueError(os.getpid())\n  return os.getpid()"
    function = filled.function(source)
    functions = filled.client("lambda")
    error = json.load(functions.invoke(FunctionName=function, Payload=b"[1]")["Payload"])
    process = json.load(functions.invoke(FunctionName=function, Payload=b"[]")["Payload"])
    assert str(process) == error["errorMessage"]
