"""The definition, checked by two validators that each miss something, and by a lint for what both miss."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from statemachine.definition import DEPLOY, MACHINES, definition, text
from tests.architecture.asl import (
    NO_FAILURES,
    Definition,
    edges,
    failures,
    infra_placeholders,
    lint,
    reachable,
)
from tests.architecture.source import ROOT
from weighbridge.core.rollbacks import FINAL

PROGRAMS = Path(sys.executable).parent
LOOP, SHIFT = "More steps?", "Shift traffic"


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    # asl-validator is a script for the Node that stands beside this Python.
    path = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
    return subprocess.run(command, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False)


def _statelint(machine: Definition, folder: Path) -> subprocess.CompletedProcess[str]:
    copy = folder / "definition.json"
    copy.write_text(json.dumps(machine), encoding="utf-8")
    return _run(PROGRAMS / "statelint", copy)


def test_statelint_accepts_it(tmp_path: Path) -> None:
    machine = definition()
    # statelint does not know that TimeoutSeconds may be an expression in JSONata; this is the only one.
    assert isinstance(machine["States"]["Bake"]["TimeoutSeconds"], str)
    machine["States"]["Bake"]["TimeoutSeconds"] = 60
    run = _statelint(machine, tmp_path)
    assert (run.returncode, run.stdout) == (0, "")
    machine["States"]["Bake"]["Next"] = "Nowhere"
    assert "Nowhere" in _statelint(machine, tmp_path).stdout


def test_statelint_accepts_the_machine_by_which_others_deploy(tmp_path: Path) -> None:
    run = _statelint(definition(DEPLOY), tmp_path)
    assert (run.returncode, run.stdout) == (0, "")


@pytest.mark.parametrize("machine", MACHINES)
def test_asl_validator_accepts_it(tmp_path: Path, machine: str) -> None:
    validator = ROOT / "node_modules" / ".bin" / "asl-validator"
    # It takes no placeholder for a partition; as the template fills it in, everything else has to stand.
    deployable = text(machine).replace("${Partition}", "aws")
    deployed, broken = tmp_path / "deployed.json", tmp_path / "broken.json"
    deployed.write_text(deployable, encoding="utf-8")
    run = _run(validator, "--json-path", deployed)
    assert run.returncode == 0, run.stdout + run.stderr
    broken.write_text(deployable.replace("{% $states.result", "{% $states.result +"), encoding="utf-8")
    assert _run(validator, "--json-path", broken).returncode == 1


@pytest.mark.parametrize("machine", MACHINES)
def test_the_lint_accepts_it(machine: str) -> None:
    assert lint(definition(machine)) == []


def _state(machine: Definition, name: str) -> Any:
    return machine["States"][name]


FAULTS: dict[str, tuple[Callable[[Definition], object], str]] = {
    "a variable that is never assigned": (
        lambda m: _state(m, "Shift traffic")["Arguments"]["Payload"].update(step="{% $stepp %}"),
        "Shift traffic.Arguments.Payload.step: $stepp is not assigned on every path",
    ),
    "a variable that is assigned on one path only": (
        lambda m: _state(m, "Validate deployment")["Catch"][0].pop("Assign"),
        "Record failure.Arguments.Payload.failure: $failure is not assigned on every path",
    ),
    "a result before the task": (
        lambda m: _state(m, "Shift traffic")["Arguments"]["Payload"].update(step="{% $states.result %}"),
        "Shift traffic.Arguments.Payload.step: there is no $states.result here",
    ),
    "an error where none is caught": (
        lambda m: _state(m, "Shift traffic").update(Output="{% $states.errorOutput %}"),
        "Shift traffic.Output: there is no $states.errorOutput here",
    ),
    "a wait without its token": (
        lambda m: _state(m, "Run BeforeAllowTraffic hook")["Arguments"]["Payload"].pop("taskToken"),
        "Run BeforeAllowTraffic hook: waits for a token that it hands to nobody",
    ),
    "a token without a wait": (
        lambda m: _state(m, "Bake").update(Resource="arn:${Partition}:states:::aws-sdk:dynamodb:updateItem"),
        "Bake: hands on a token that nothing waits for",
    ),
    "a wait without an end": (lambda m: _state(m, "Bake").pop("TimeoutSeconds"), "Bake: may wait for ever"),
    "a token in a variable": (
        lambda m: _state(m, "Bake").update(Assign={"token": "{% $states.context.Task.Token %}"}),
        "Bake: has the token outside its Arguments",
    ),
    "a placeholder that nothing fills": (
        lambda m: _state(m, "Shift traffic")["Arguments"].update(FunctionName="${ShiftTraficFunctionArn}"),
        "Shift traffic: nothing fills in ShiftTraficFunctionArn",
    ),
    "a misspelt integration": (
        lambda m: _state(m, "Shift traffic").update(Resource="arn:${Partition}:states:::lambda:invok"),
        "Shift traffic: calls arn:${Partition}:states:::lambda:invok, which is none of the integrations that are granted",
    ),
    "no comment": (lambda m: _state(m, "Bake").pop("Comment"), "Bake: has no Comment"),
    "no retry": (lambda m: _state(m, "Bake").pop("Retry"), "Bake: has no Retry"),
    "an error that nobody catches": (
        lambda m: _state(m, "Bake")["Catch"].pop(),
        "Bake: does not catch every error",
    ),
    "a failure that ends green": (
        lambda m: _state(m, "Stopped?").update(Default="Deployment succeeded"),
        "Roll back: a failure (States.ALL) may end in 'Deployment succeeded', which is green",
    ),
}


@pytest.mark.parametrize(("break_", "complaint"), FAULTS.values(), ids=FAULTS)
def test_the_lint_finds_what_the_validators_miss(break_: Callable[[Definition], object], complaint: str) -> None:
    machine = definition()
    break_(machine)
    assert complaint in lint(machine)


def test_what_infra_fills_in_is_known() -> None:
    assert len(infra_placeholders()) == 9


def test_what_is_caught_without_being_a_failure_is_still_there() -> None:
    assert {(edge.source, edge.why) for edge in edges(definition()) if edge.caught} >= NO_FAILURES


def test_every_failure_ends_red() -> None:
    machine = definition()
    assert len(failures(machine)) > 20
    for edge in failures(machine):
        ends = {name for name in reachable(machine, edge.target) if _state(machine, name)["Type"] in {"Fail", "Succeed"}}
        assert ends
        assert ends <= {"Deployment failed", "Deployment stopped"}


def test_every_red_end_carries_code_and_message() -> None:
    ends = [state for state in definition()["States"].values() if state["Type"] == "Fail"]
    assert len(ends) == 2
    for end in ends:
        assert (end["Error"], end["Cause"]) == ("{% $outcome.code %}", "{% $outcome.message %}")


def test_a_step_takes_four_transitions() -> None:
    # Step Functions is paid for by the transition. Design: section 3.
    machine = definition()
    failing = failures(machine)
    usual = [edge for edge in edges(machine) if edge not in failing]
    rounds: list[list[str]] = []

    def follow(path: list[str]) -> None:
        for edge in usual:
            if edge.source != path[-1]:
                continue
            if edge.target == LOOP:
                rounds.append([*path, LOOP])
            elif edge.target not in path:
                follow([*path, edge.target])

    follow([LOOP])
    steps = [round_ for round_ in rounds if SHIFT in round_]
    assert steps
    assert max(len(step) - 1 for step in steps) == 4
    assert max(len(round_) - 1 for round_ in rounds) <= 4


def test_traffic_is_restored_by_the_first_task_of_a_rollback() -> None:
    machine = definition()
    start = _state(machine, machine["StartAt"])
    [rollback] = start["Choices"]
    assert rollback["Next"] == "Shift traffic back"


GIVES_UP = {kind.__name__ for kind in FINAL}
"""What trying again cannot change: the alias is somebody else's or gone, or the rollback is not wanted."""


def _patience(state: str, error: str) -> float:
    """Seconds that a state goes on trying after an error, at the longest."""
    [retrier, *_] = [
        each
        for each in _state(definition(), state)["Retry"]
        if {error, "States.ALL", "States.TaskFailed"} & set(each["ErrorEquals"])
    ]
    longest = retrier.get("MaxDelaySeconds", float("inf"))
    delays = (
        retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** n for n in range(retrier["MaxAttempts"])
    )
    return float(sum(min(delay, longest) for delay in delays))


@pytest.mark.parametrize("error", ["DynamoDb.DynamoDbException", "DynamoDb.ValidationException"])
def test_a_reason_that_the_record_does_not_take_keeps_no_traffic_waiting(error: str) -> None:
    assert _patience("Record reason", error) <= 2


def test_a_version_is_waited_for_as_long_as_the_documents_say() -> None:
    assert 14 * 60 <= _patience("Validate deployment", "VersionPending") <= 16 * 60


def test_a_group_is_waited_for_longer_than_validation_does() -> None:
    assert 15 * 60 <= _patience("Validate deployment", "GroupPending") <= 18 * 60


@pytest.mark.parametrize("event", ["BeforeAllowTraffic", "AfterAllowTraffic"])
def test_a_hook_without_concurrency_is_told_soon(event: str) -> None:
    assert 30 <= _patience(f"Run {event} hook", "HookThrottled") <= 75


@pytest.mark.parametrize("event", ["BeforeAllowTraffic", "AfterAllowTraffic"])
def test_a_hook_that_is_not_active_is_waited_for_as_long_as_the_documents_say(event: str) -> None:
    assert 4 * 60 <= _patience(f"Run {event} hook", "HookPending") <= 5 * 60


def test_a_rollback_gives_up_for_good_reason_only() -> None:
    # A role whose right was taken away by mistake, a crash, an error that nobody foresaw: half-shifted for ever.
    retriers = _state(definition(), "Shift traffic back")["Retry"]
    for error in ("RolePermissions", "RoleMissing", "WeighbridgeError", "KeyError", "Lambda.AccessDeniedException"):
        [first, *_] = [each for each in retriers if {error, "States.ALL"} & set(each["ErrorEquals"])]
        assert first["MaxAttempts"] > 10
    for error in GIVES_UP:
        matching = [each for each in retriers if {error, "States.ALL"} & set(each["ErrorEquals"])]
        assert matching[0]["MaxAttempts"] == 0, error


IN_AN_UPGRADE = ["Runtime.ImportModuleError", "Runtime.HandlerNotFound", "Runtime.UserCodeSyntaxError"]
"""What a function raises while its code is new and its layer is not, or the other way round."""


def _calling_functions() -> list[str]:
    return [name for name, state in definition()["States"].items() if ":lambda:" in state.get("Resource", "")]


@pytest.mark.parametrize("error", [*IN_AN_UPGRADE, "Lambda.ResourceConflictException", "Lambda.ResourceNotReadyException"])
def test_an_upgrade_is_outlasted_by_every_state(error: str) -> None:
    for state in _calling_functions():
        assert _patience(state, error) >= 2 * 60, state


@pytest.mark.parametrize("error", ["KeyError", "OwnRolePermissions"])
def test_a_setting_or_a_right_that_comes_late_in_an_upgrade_is_waited_for(error: str) -> None:
    # A hook that was called may not be called again by what failed after that.
    for state in _calling_functions():
        assert "hook" in state or _patience(state, error) >= 2 * 60, state


@pytest.mark.parametrize(
    "error", ["DynamoDb.DynamoDbException", "DynamoDb.TransactionConflictException", "DynamoDb.Unheard", "States.Runtime"]
)
def test_no_error_of_the_table_ends_a_bake_at_once(error: str) -> None:
    assert _patience("Bake", error) >= 60


@pytest.mark.parametrize("error", ["AlarmActive", "StopRequested", "DynamoDb.ConditionalCheckFailedException"])
def test_what_ends_a_bake_ends_it_at_once(error: str) -> None:
    assert _patience("Bake", error) == 0


def test_a_record_that_cannot_be_closed_does_not_hide_what_went_wrong() -> None:
    [catch] = _state(definition(), "Record failure")["Catch"]
    assert "$failure." in json.dumps(catch)


def test_throttling_is_outlasted_and_traffic_that_goes_back_comes_first() -> None:
    # docs/decisions/0018: with ten attempts and equal pauses, deployments failed and rollbacks waited behind others.
    machine, back = definition(), "Shift traffic back"
    throttled = {
        name: [each for each in state["Retry"] if "Throttled" in each["ErrorEquals"]]
        for name, state in machine["States"].items()
        if state.get("Resource", "").endswith("lambda:invoke")
    }
    assert len(throttled) > 5
    for name, retriers in throttled.items():
        [retrier] = retriers
        assert retrier["MaxAttempts"] >= 100, name
        assert retrier["JitterStrategy"] == "FULL", name
        if name != back:
            assert retrier["MaxDelaySeconds"] > throttled[back][0]["MaxDelaySeconds"], name
            assert retrier["IntervalSeconds"] > throttled[back][0]["IntervalSeconds"], name


def test_no_wait_for_a_token_depends_on_when_a_function_ends() -> None:
    # AWS does not say whether a report ends a task whose function still runs; invoked as an event, none is waited for.
    waits = [state for state in definition()["States"].values() if state.get("Resource", "").endswith(".waitForTaskToken")]
    invocations = [state["Arguments"].get("InvocationType") for state in waits if ":lambda:" in state["Resource"]]
    assert invocations == ["Event", "Event"]


def test_who_deploys_and_waits_ends_as_the_deployment_does() -> None:
    states = definition(DEPLOY)["States"]
    [wait] = [state for state in states.values() if state["Type"] == "Task"]
    [catch] = wait["Catch"]
    assert (catch["ErrorEquals"], states[catch["Next"]]["Type"]) == (["States.ALL"], "Fail")
    assert states[wait["Next"]]["Type"] == "Succeed"
    # What fails a deployment is called by CodeDeploy's code, and asking again would be the same deployment.
    assert not [error for retry in wait["Retry"] for error in retry["ErrorEquals"] if error.isupper() or "ALL" in error]
    assert "States.TaskFailed" not in json.dumps(wait["Retry"])
