"""How fast it reacts, on the local cloud, in real time: from an alarm, a stop request or a drop to the alias.

Beside it, in the same run on the same cloud, the design of `polling`. The alias is read every few milliseconds meanwhile,
so everything is measured from outside; one thing at a time, so that nothing waits for a processor that another has.
"""

import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count, product
from pathlib import Path
from typing import Any

import yaml

from benchmarks import polling
from benchmarks.samples import spread_of
from local.cloud import LocalCloud
from local.deployment import deploy
from scenarios.world import SOURCE, World, appspec

SAMPLES = 50
FUNCTION = "shop-reaction"
PACE = 1.0
"""Seconds that a reaction has to itself, with the bookkeeping and the notifications that follow it."""
BEFORE = 3
"""Deployments that are not measured: by then everything has been started and is warm."""
LOOK = 0.005
"""Seconds between two looks at an alias."""
SETTLED = 5.0
"""Seconds after which all that follows many drops is done."""
PATIENCE = 120.0
INTERVALS = (10, 60)
"""Seconds after which the polling design reads its alarms again."""
GOLDEN = 0.618
"""Its multiples, without their whole parts, spread evenly, and neighbours are far apart."""
ON_THE_WAY_BACK = ("Interrupt", "ShiftTraffic")
ON_THE_WAY_FORWARD = ("Receive", "Validate", "CheckAlarms", "ShiftTraffic")
"""Functions that start in between, where they are cold."""


@dataclass(frozen=True)
class Watched:
    """A deployment to be measured: its alias, application and alarm have one number."""

    number: int

    @property
    def alias(self) -> str:
        return f"a{self.number}"

    @property
    def application(self) -> str:
        return f"shop-reaction-{self.number}"

    @property
    def alarm(self) -> str:
        return f"alarm-reaction-{self.number}"


@dataclass
class Measured:
    """Seconds of each kind, and where in their bakes alarms and stops came, as shares of the bake."""

    drops: list[float] = field(default_factory=list)
    alarms: list[float] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    phases: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        return {
            "drop": spread_of(self.drops),
            "alarm": spread_of(self.alarms),
            "stop": spread_of(self.stops),
            "phases": [round(min(self.phases), 2), round(max(self.phases), 2)],
        }


def measure(assembly: Path, *, samples: int = SAMPLES) -> dict[str, Any]:
    """Warm and cold reactions, and the polling design's. It takes about ten minutes."""
    with (
        tempfile.TemporaryDirectory(prefix="weighbridge-bench-") as directory,
        LocalCloud(directory=Path(directory)) as cloud,
    ):
        bench = Bench(World(cloud, deploy(cloud, assembly)))
        return {
            "warm": bench.measured(samples, minutes=5, cold=False).figures(),
            "cold": bench.measured(samples, minutes=20, cold=True).figures(),
            "polling": {str(seconds): figures for seconds, figures in bench.polled(samples).items()},
        }


class Bench:
    """Measures in a cloud that Weighbridge is deployed to."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lambda = world.client("lambda")
        self._names: dict[str, str] = {}
        self._numbers = count()
        self._baking: dict[Watched, tuple[str, float]] = {}
        """Deployments' ids, and when their bakes began."""
        world.function(FUNCTION, SOURCE.format(answer=1), SOURCE.format(answer=2))
        self._polling = polling.state_machine(world)

    def measured(self, samples: int, *, minutes: int, cold: bool) -> Measured:
        """So many drops, alarms and stops, one after the other, of canaries that bake for so many minutes.

        Each deployment is ended early, by its alarm or by a stop; half of the drops are not measured. Where it is `cold`,
        the functions on the way have to start.
        """
        measured = Measured()
        unmeasured, watched = self._prepared(BEFORE, minutes), self._prepared(2 * samples, minutes)
        for deployment in unmeasured:
            self._paced(partial(self._dropped, deployment))
            self._paced(partial(self._alarmed, deployment))
        for deployment in watched[:samples]:
            measured.drops.append(self._paced(partial(self._dropped, deployment), ON_THE_WAY_FORWARD if cold else ()))
        for deployment in watched[samples:]:
            self._dropped(deployment)
        time.sleep(SETTLED)
        # In another order than they were dropped in, so that they come at all places of the bake.
        for place, deployment in enumerate(random.Random(1).sample(watched, len(watched))):  # noqa: S311 - no secret
            act, samples_of = (self._alarmed, measured.alarms) if place % 2 else (self._stopped, measured.stops)
            measured.phases.append((time.monotonic() - self._baking[deployment][1]) / (60 * minutes))
            samples_of.append(self._paced(partial(act, deployment), ON_THE_WAY_BACK if cold else ()))
        return measured

    def polled(self, samples: int) -> dict[int, dict[str, Any]]:
        """From alarms to the alias with the design of `polling`: many at once, whose readings come one after the other.

        Their alarms fire at all places of an interval.
        """
        self._world.alarm(name=polling.NAME)
        self._world.client("lambda").invoke(FunctionName=polling.NAME, Payload=json.dumps({"alarm": polling.NAME}))
        executions: dict[Watched, str] = {}
        fired: dict[Watched, float] = {}
        watched: dict[int, list[Watched]] = {seconds: [] for seconds in INTERVALS}
        agenda: list[tuple[float, Callable[[], None]]] = []
        for seconds, place in product(INTERVALS, range(samples)):
            each = self._alias_with_alarm(next(self._numbers))
            watched[seconds].append(each)
            begins = seconds * place / samples
            agenda.append((begins, partial(self._poll, each, seconds, executions)))
            agenda.append((begins + seconds * (place * GOLDEN % 1), partial(self._fire, each, fired)))
        start = time.monotonic()
        for at, act in sorted(agenda, key=lambda due: due[0]):
            time.sleep(max(0.0, start + at - time.monotonic()))
            act()
        took = {seconds: [self._back(executions[each]) - fired[each] for each in watched[seconds]] for seconds in INTERVALS}
        return {seconds: spread_of(each) for seconds, each in took.items()}

    def _poll(self, deployment: Watched, seconds: int, executions: dict[Watched, str]) -> None:
        """Has a tenth of an alias's traffic moved, and its alarm read every so many seconds."""
        tenth = {"AdditionalVersionWeights": {"2": 0.1}}
        self._lambda.update_alias(FunctionName=FUNCTION, Name=deployment.alias, RoutingConfig=tenth)
        asked = {"alarm": deployment.alarm, "function": FUNCTION, "alias": deployment.alias, "seconds": seconds}
        machines = self._world.client("stepfunctions")
        executions[deployment] = machines.start_execution(stateMachineArn=self._polling, input=json.dumps(asked))[
            "executionArn"
        ]

    def _fire(self, deployment: Watched, fired: dict[Watched, float]) -> None:
        fired[deployment] = time.time()
        self._world.set_alarm(deployment.alarm, "ALARM")

    def _back(self, execution: str) -> float:
        """When an execution of the polling design had put traffic back."""
        executions = self._world.client("stepfunctions")

        def ended() -> str | None:
            described = executions.describe_execution(executionArn=execution)
            return str(described["output"]) if described["status"] == "SUCCEEDED" else None

        return float(json.loads(self._world.until("the polling design", ended, PATIENCE + max(INTERVALS)))["back"])

    def _prepared(self, number: int, minutes: int) -> list[Watched]:
        """Aliases, each with an alarm and a group whose canary bakes for so many minutes."""
        world, name = self._world, f"Canary{minutes}"
        routing = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": minutes}}
        world.put(f"deployment-configs/{name}.yaml", yaml.safe_dump({"trafficRoutingConfig": routing}))
        world.until("the configuration", lambda: world.item(f"CONFIG#{name}", "CONFIG"))
        watched = [self._alias_with_alarm(next(self._numbers)) for _ in range(number)]
        for deployment in watched:
            group = {
                "deploymentConfigName": name,
                "alarmConfiguration": {"enabled": True, "alarms": [{"name": deployment.alarm}]},
            }
            world.put(f"{deployment.application}/prod/deployment-group.yaml", yaml.safe_dump(group))
            world.until("the group", partial(world.item, f"GROUP#{deployment.application}/prod", "GROUP"))
        return watched

    def _alias_with_alarm(self, number: int) -> Watched:
        deployment = Watched(number)
        self._lambda.create_alias(FunctionName=FUNCTION, Name=deployment.alias, FunctionVersion="1")
        self._world.alarm(name=deployment.alarm)
        return deployment

    def _paced(self, act: Callable[[], float], cold: Sequence[str] = ()) -> float:
        """What `act` measures, with time for what follows; beforehand, functions are made cold."""
        self._cool(cold)
        took = act()
        time.sleep(PACE)
        return took

    def _cool(self, constructs: Sequence[str]) -> None:
        """Ends the environments of functions, by an update that changes nothing."""
        names = [self._name(construct) for construct in constructs]
        for name in names:
            timeout = self._lambda.get_function_configuration(FunctionName=name)["Timeout"]
            self._lambda.update_function_configuration(FunctionName=name, Timeout=timeout)
        for name in names:
            self._world.until(f"the update of {name}", partial(self._is_updated, name))

    def _name(self, construct: str) -> str:
        if construct not in self._names:
            self._names[construct] = self._world.function_of(construct)
        return self._names[construct]

    def _is_updated(self, name: str) -> bool:
        return bool(self._lambda.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful")

    def _dropped(self, deployment: Watched) -> float:
        content = appspec(FUNCTION).replace("live", deployment.alias)
        key, began = f"{deployment.application}/prod/release.yaml", time.monotonic()
        version = self._world.put(key, content)
        took = self._seconds_until(deployment, began, bool)
        named = self._world.deployment_of(f"s3://{self._world.bucket}/{key}?versionId={version}")
        self._baking[deployment] = (named, began + took)
        return took

    def _alarmed(self, deployment: Watched) -> float:
        began = time.monotonic()
        self._world.set_alarm(deployment.alarm, "ALARM")
        return self._seconds_until(deployment, began, lambda weights: not weights)

    def _stopped(self, deployment: Watched) -> float:
        began = time.monotonic()
        self._world.stop(self._baking[deployment][0])
        return self._seconds_until(deployment, began, lambda weights: not weights)

    def _seconds_until(self, deployment: Watched, began: float, holds: Callable[[dict[str, float]], bool]) -> float:
        """Until the alias's weights, beside version 1, are as they should be."""
        while True:
            alias = self._lambda.get_alias(FunctionName=FUNCTION, Name=deployment.alias)
            took = time.monotonic() - began
            if alias["FunctionVersion"] != "1":
                raise AssertionError(f"the bake of {deployment.application} was over before it was measured")
            if holds((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}):
                return took
            if took > PATIENCE:
                raise AssertionError(f"waited {took:.0f} s for the alias of {deployment.application}")
            time.sleep(LOOK)
