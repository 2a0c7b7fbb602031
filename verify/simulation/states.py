"""Runs an execution through the states of its definition.

States and expressions are evaluated by the emulator's own functions. What it leaves out is here: retries with
MaxDelaySeconds and jitter, the bound of an execution's history, and callback tasks without threads.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.services import stepfunctions

from verify.simulation.callbacks import Callbacks, Wait
from verify.simulation.clock import Clock
from verify.simulation.execution import CALLER, Execution, Position, StatesError
from verify.simulation.integrations import Integrations
from verify.simulation.wire import Caller

MOST_EVENTS = 25_000
TRANSITION = 0.01
"""Seconds from one state to the next."""
Look = Callable[[Execution, str], None]


class States:
    """Runs states. `entering` is called with each before it is run, and may end the execution."""

    def __init__(self, clock: Clock, callbacks: Callbacks, integrations: Integrations, entering: Sequence[Look]) -> None:
        self._clock, self._callbacks, self._integrations, self._entering = clock, callbacks, integrations, entering
        self._chance = random.Random(1)

    def run(self, execution: Execution, definition: Mapping[str, Any]) -> Any:
        """What the last state puts out. Raises StatesError where the execution fails."""
        first = execution.at or Position(definition["StartAt"], json.loads(execution.input), {})
        context: dict[str, Any] = {
            "QueryLanguage": "JSONata",
            "Execution": {"Id": execution.arn, "Name": execution.name, "Input": json.loads(execution.input)},
            "StateMachine": {"Id": execution.machine, "Name": execution.machine.rpartition(":")[2]},
            "variables": dict(first.variables),
        }
        name: str | None = first.state
        value = first.value
        while name is not None:
            execution.at = Position(name, value, dict(context["variables"]))
            value, name = self._step(execution, name, definition["States"][name], value, context)
            self._clock.sleep(TRANSITION, f"{execution.name} goes to {name}")
        return value

    def _step(
        self, execution: Execution, name: str, state: dict[str, Any], value: Any, context: dict[str, Any]
    ) -> tuple[Any, str | None]:
        """Runs a state; what it puts out, and the state that follows, None after the last."""
        execution.states.append(name)
        _count(execution, 2)
        context["State"] = {"Name": name, "RetryCount": 0}
        for look in self._entering:
            look(execution, name)
        match state["Type"]:
            case "Choice":
                output, following = stepfunctions._execute_choice(state, value, context)
                return output, following
            case "Succeed":
                return value, None
            case "Fail":
                error, cause = (
                    stepfunctions._apply_jsonata_template(state[part], value, context) for part in ("Error", "Cause")
                )
                raise StatesError(error, cause)
        return self._task(execution, state, value, context)

    def _task(
        self, execution: Execution, state: dict[str, Any], value: Any, context: dict[str, Any]
    ) -> tuple[Any, str | None]:
        tries: dict[int, int] = {}
        while True:
            # Scheduled, started and how it ended; where more than a request is awaited, that it was submitted, too.
            _count(execution, 3 + state["Resource"].endswith((".waitForTaskToken", ".sync:2")))
            try:
                result = self._attempt(execution, state, value, context)
                output = stepfunctions._apply_jsonata_output(state, value, context, result=result, default=result)
                stepfunctions._apply_state_assign(state, value, context, result=result)
            except StatesError as failure:
                retrier, place = stepfunctions._find_matching_retrier(state.get("Retry", []), failure.error, tries)
                if retrier is not None:
                    self._clock.sleep(self._pause(retrier, tries.get(place, 0)), f"{execution.name} tries again")
                    tries[place] = tries.get(place, 0) + 1
                    context["State"]["RetryCount"] += 1
                    continue
                catcher = stepfunctions._find_matching_catcher(state.get("Catch", []), failure.error)
                if catcher is None:
                    raise
                caught = {"Error": failure.error, "Cause": failure.cause}
                output = stepfunctions._apply_catcher(catcher, value, context, "JSONata", caught)
                return output, catcher["Next"]
            return output, state.get("Next")

    def _pause(self, retrier: Mapping[str, Any], retries: int) -> float:
        longest = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** min(retries, 60)
        longest = min(longest, retrier.get("MaxDelaySeconds", longest))
        return self._chance.uniform(0, longest) if retrier.get("JitterStrategy") == "FULL" else float(longest)

    def _attempt(self, execution: Execution, state: dict[str, Any], value: Any, context: dict[str, Any]) -> Any:
        service, _, pattern = state["Resource"].partition(":::")[2].partition(".")
        wait = None
        if pattern == "waitForTaskToken":
            token, wait = self._callbacks.begin(execution.name)
            context["Task"] = {"Token": token}
        arguments = stepfunctions._apply_jsonata_arguments(state, value, context)
        limit = None
        if "TimeoutSeconds" in state:
            limit = stepfunctions._jsonata_state_field(state, "TimeoutSeconds", "number", value, context)
        if wait is None:
            return self._integrations.call(service, execution, arguments)
        return self._awaited(execution, wait, lambda: self._integrations.call(service, execution, arguments), limit)

    def _awaited(self, execution: Execution, wait: Wait, run: Callable[[], Any], limit: float | None) -> Any:
        """Waits for a token's report while the call that carries the token away is made."""

        def carry() -> None:
            try:
                run()
            except StatesError as failure:
                if not wait.ended.is_set:
                    wait.failure = (failure.error, failure.cause)
                    wait.ended.set()

        call = self._clock.spawn(f"the call of {execution.name}", carry)
        call.context = Caller(CALLER)
        try:
            in_time = wait.ended.wait(limit)
        finally:
            wait.ended.set()  # from now on the token is no longer good, whatever ended the wait
        if not in_time:
            raise StatesError("States.Timeout", "")
        if wait.failure:
            raise StatesError(*wait.failure)
        return wait.output


def _count(execution: Execution, events: int) -> None:
    """Counts what the history gains; one that is full ends the execution."""
    execution.events += events
    if execution.events >= MOST_EVENTS:
        raise StatesError("States.Runtime", f"The execution reached {MOST_EVENTS} events.")
