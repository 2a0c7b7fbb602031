"""Every fault at every call of every story. The calls are those that the baseline story makes.

Where stories begin with the same calls, these are struck in the first of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from verify.baseline import Baseline, baseline
from verify.case import Tried
from verify.invariants import breaches, come_to_rest, next_deployment
from verify.simulation.execution import CALLER
from verify.simulation.faults import Call, Fault, Kind, Span
from verify.simulation.world import SimulatedWorld
from verify.stories import STORIES, Played

OF_FUNCTIONS = {Kind.DIES_BEFORE, Kind.DIES_AFTER, Kind.TIMES_OUT, Kind.LATE}
SPANS = (Span.ONCE, Span.THRICE, Span.MINUTE)
# What a deployment that a fault has ended may say: CodeDeploy's code for it, or that something failed, where it has none.
CODES = {
    Kind.THROTTLED: {"THROTTLED"},
    Kind.DENIED: {"IAM_ROLE_PERMISSIONS", "IAM_ROLE_MISSING"},
}


@dataclass(frozen=True)
class Struck:
    """One case: a story, and the fault that strikes it."""

    story: str
    kind: Kind
    span: Span
    at: Call

    @property
    def fault_class(self) -> str:
        return self.kind.value

    def __str__(self) -> str:
        return f"{self.story}: {self.kind.value} {self.span.value} at {self.at}"

    def run(self, world: SimulatedWorld) -> Tried:
        """What did not hold; empty where everything did."""
        usual = baseline(world, self.story)
        world.simulation.forget()
        fault = Fault(self.kind, self.span, self.at)
        played = STORIES[self.story].play(world, before=lambda: world.simulation.faults.strike(fault))
        stuck = come_to_rest(world)
        if stuck:
            return Tried([stuck])
        world.simulation.faults.active.clear()
        return Tried(
            [
                *breaches(world, played),
                *self._of_reason(world, played, usual),
                *_of_news(world),
                *next_deployment(world, played),
            ]
        )

    def _of_reason(self, world: SimulatedWorld, played: Played, usual: Baseline) -> Iterator[str]:
        """The deployment ends as ever, or says that this fault has ended it."""
        for deployment_id in played.deployments:
            record = world.record(deployment_id)
            outcome = (record["status"], record.get("errorInformation", {}).get("code"))
            if outcome == usual.outcome:
                continue
            allowed = CODES.get(self.kind, {"INTERNAL_ERROR"}) | _codes_of(self.at, self.kind)
            if outcome[0] == "Succeeded" or outcome[1] not in allowed:
                message = record.get("errorInformation", {}).get("message")
                yield f"it ended {outcome} instead of {usual.outcome}: {message}"


def _of_news(world: SimulatedWorld) -> Iterator[str]:
    """No fault of a minute makes anybody give up telling what has changed."""
    given_up = sum(count for name, count in world.simulation.emulator.queued().items() if "Changes" in name)
    if given_up:
        yield f"{given_up} batches of changes were given up"


def _codes_of(at: Call, kind: Kind) -> set[str]:
    """What a deployment may say of a call that could not be made, beside what the fault itself is called."""
    codes = set()
    if at.caller == "CheckAlarms" or at.operation == "Invoke CheckAlarms":
        codes.add("CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND")
    if at.caller == "Receive" and kind is Kind.DENIED:
        codes.add("DEPLOYMENT_GROUP_MISSING")  # the group's file is refused, and a deployment of its own says why
    if at.caller == "RunHook":
        codes.add("HOOK_EXECUTION_FAILURE")
    if at.caller == CALLER:
        codes.add("INTERNAL_ERROR")
    return codes


def cases(world: SimulatedWorld) -> Iterator[Struck]:
    """Every case there is."""
    begun = set()
    for story in STORIES:
        calls = baseline(world, story).calls
        for number, call in enumerate(calls, 1):
            if calls[:number] in begun:
                continue
            begun.add(calls[:number])
            for kind in Kind:
                if kind in OF_FUNCTIONS and call.caller == CALLER:
                    continue
                for span in SPANS:
                    yield Struck(story, kind, span, call)
