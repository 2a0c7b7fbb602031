"""A lint of the state machine's definition for what `statelint` and `asl-validator` do not look at.

It knows the part of the language that the definition uses: JSONata, Task, Choice, Succeed and Fail states.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.architecture.source import ROOT

INTEGRATIONS = {
    "arn:${Partition}:states:::lambda:invoke",
    "arn:${Partition}:states:::lambda:invoke.waitForTaskToken",
    "arn:${Partition}:states:::aws-sdk:dynamodb:updateItem",
    "arn:${Partition}:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
    "arn:${Partition}:states:::states:startExecution.sync:2",
}
TOKEN = "$states.context.Task.Token"
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)\b(?!\s*\()")
_STATES_MEMBER = re.compile(r"\$states\.(\w+)")

Definition = dict[str, Any]
State = dict[str, Any]


@dataclass(frozen=True)
class Edge:
    """A transition. `why` is the error that is caught or the condition that holds, empty for the usual way on."""

    source: str
    target: str
    why: str
    assigned: frozenset[str]
    caught: bool = False


def edges(machine: Definition) -> Iterator[Edge]:
    for name, state in machine["States"].items():
        own = frozenset(state.get("Assign", {}))
        for target in (state.get("Next"), state.get("Default")):
            if target:
                yield Edge(name, target, "", own)
        for choice in state.get("Choices", []):
            yield Edge(name, choice["Next"], choice["Condition"], frozenset(choice.get("Assign", {})))
        for catch in state.get("Catch", []):
            assigned = frozenset(catch.get("Assign", {}))
            yield Edge(name, catch["Next"], ", ".join(catch["ErrorEquals"]), assigned, caught=True)


def reachable(machine: Definition, start: str) -> set[str]:
    """Every state that may follow, the first one included."""
    states, ahead, all_edges = {start}, [start], list(edges(machine))
    while ahead:
        here = ahead.pop()
        following = {edge.target for edge in all_edges if edge.source == here} - states
        states |= following
        ahead += following
    return states


def infra_placeholders() -> set[str]:
    """What infra fills in: the partition, the table, and every handler that is declared as a step or with a machine."""
    handlers = [
        ast.literal_eval(node.args[1])
        for file in ("steps", "machine")
        for node in ast.walk(ast.parse((ROOT / "infra" / f"{file}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Handler"
    ]
    return {"Partition", "TableName", *(f"{handler}FunctionArn" for handler in handlers)}


def lint(machine: Definition) -> list[str]:
    """Everything that is wrong, one sentence each."""
    return [
        *_comments(machine),
        *_integrations(machine),
        *_variables(machine),
        *_tokens(machine),
        *_placeholders(machine),
        *_tasks(machine),
        *_failures(machine),
    ]


def _comments(machine: Definition) -> Iterator[str]:
    for name, state in machine["States"].items():
        if not state.get("Comment"):
            yield f"{name}: has no Comment"


def _integrations(machine: Definition) -> Iterator[str]:
    for name, state in machine["States"].items():
        if state["Type"] == "Task" and state["Resource"] not in INTEGRATIONS:
            yield f"{name}: calls {state['Resource']}, which is none of the integrations that are granted"


def _tasks(machine: Definition) -> Iterator[str]:
    # There is no exception: whatever a task does may be throttled, and whatever it does may fail for good.
    for name, state in machine["States"].items():
        if state["Type"] == "Task":
            yield from (f"{name}: has no {field}" for field in ("Retry", "Catch") if not state.get(field))
            if not any("States.ALL" in catch["ErrorEquals"] for catch in state.get("Catch", [])):
                yield f"{name}: does not catch every error"


# ---------------------------------------------------------------------------------------------------- variables


def _variables(machine: Definition) -> Iterator[str]:
    known = _assigned_before(machine)
    for name, state in machine["States"].items():
        for where, expression in expressions({key: item for key, item in state.items() if key != "Comment"}, name):
            used = set(_VARIABLE.findall(expression)) - {"states"}
            yield from (f"{where}: ${each} is not assigned on every path" for each in sorted(used - known[name]))
            yield from _members(where, expression)


def _assigned_before(machine: Definition) -> dict[str, set[str]]:
    """The variables that are assigned on every path into a state."""
    all_edges = list(edges(machine))
    everything = set[str]().union(*(edge.assigned for edge in all_edges))
    known = {name: set(everything) for name in machine["States"]}
    known[machine["StartAt"]] = set()
    changed = True
    while changed:
        changed = False
        for name in machine["States"]:
            if name == machine["StartAt"]:
                continue
            ways = [known[edge.source] | edge.assigned for edge in all_edges if edge.target == name]
            now = set.intersection(*ways) if ways else set[str]()
            changed |= now != known[name]
            known[name] = now
    return known


def _members(where: str, expression: str) -> Iterator[str]:
    """$states.errorOutput is there where an error is caught only, $states.result only after the task."""
    in_catch = ".Catch[" in where
    after_task = not in_catch and re.search(r"\.(Output|Assign)\b", where) is not None
    for member in _STATES_MEMBER.findall(expression):
        there = {"input": True, "context": True, "errorOutput": in_catch, "result": after_task}
        if not there.get(member, False):
            yield f"{where}: there is no $states.{member} here"


def expressions(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from expressions(item, f"{where}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from expressions(item, f"{where}[{number}]")
    elif isinstance(value, str) and value.startswith("{%"):
        yield where, value


# ------------------------------------------------------------------------------------------ tokens, placeholders


def _tokens(machine: Definition) -> Iterator[str]:
    for name, state in machine["States"].items():
        waits = state.get("Resource", "").endswith(".waitForTaskToken")
        handed_on = TOKEN in json.dumps(state.get("Arguments", {}))
        if waits and not handed_on:
            yield f"{name}: waits for a token that it hands to nobody"
        if not waits and handed_on:
            yield f"{name}: hands on a token that nothing waits for"
        if waits and "TimeoutSeconds" not in state:
            yield f"{name}: may wait for ever"
        others = {key: item for key, item in state.items() if key != "Arguments"}
        if "Task.Token" in json.dumps(others):
            yield f"{name}: has the token outside its Arguments"


def _placeholders(machine: Definition) -> Iterator[str]:
    known = infra_placeholders()
    for name, state in machine["States"].items():
        for used in re.findall(r"\$\{(\w+)\}", json.dumps(state)):
            if used not in known:
                yield f"{name}: nothing fills in {used}"


# ------------------------------------------------------------------------------------------------------ failures

# Caught, but no failure: the end of a bake, and a reading of alarms that is judged in the state that follows.
NO_FAILURES = {
    ("Bake", "States.Timeout"),
    ("Check alarms", "Throttled, ServiceUnavailable"),
    ("Check alarms at the start", "Throttled, ServiceUnavailable"),
}


def failures(machine: Definition) -> list[Edge]:
    """The transitions that a failure takes: what is caught, and a condition that takes a failure over."""
    return [
        edge
        for edge in edges(machine)
        if ((edge.caught and (edge.source, edge.why) not in NO_FAILURES) or "failure" in edge.assigned)
    ]


def _failures(machine: Definition) -> Iterator[str]:
    for edge in failures(machine):
        for name in reachable(machine, edge.target):
            state = machine["States"][name]
            if state["Type"] == "Succeed" or state.get("End"):
                yield f"{edge.source}: a failure ({edge.why}) may end in {name!r}, which is green"
