"""What can go wrong with a call of AWS, and when."""

from collections import Counter
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    THROTTLED = "throttled"
    """Refused, because there were too many."""
    SERVER_ERROR = "5xx"
    """The service answers that it has failed."""
    CUT = "connection cut"
    """The call never reaches the service."""
    LOST = "answer lost"
    """The call takes effect, its answer does not arrive."""
    DENIED = "access denied"
    """The role may not do it."""
    DIES_BEFORE = "handler dies before"
    """The function's process ends before the call."""
    DIES_AFTER = "handler dies after"
    """The function's process ends after the call has taken effect."""
    TIMES_OUT = "handler times out"
    """The call hangs until Lambda ends the function, and never takes effect."""
    LATE = "effect after time-out"
    """The call hangs until Lambda ends the function, and takes effect a quarter of a minute later."""


LATE_BY = 15.0


class Span(Enum):
    """How long a fault lasts, from the moment in which it first strikes."""

    ONCE = "once"
    """One request: the client's own retry gets through."""
    THRICE = "three times"
    """Three calls, each with the client's retries."""
    MINUTE = "for a minute"
    """Every such call within a minute."""
    GOOD = "for good"
    """Every such call, until somebody ends it."""


@dataclass(frozen=True)
class Call:
    """A call as faults see it: who makes it, and which one it is among the caller's calls of that operation (from 1)."""

    caller: str
    service: str
    operation: str
    number: int

    def __str__(self) -> str:
        return f"{self.caller}: {self.service} {self.operation} #{self.number}"


@dataclass
class Fault:
    """A fault that strikes at `at`, and then at the same caller's calls of that operation for as long as it lasts.

    With `of_all` it is everybody's calls of that operation.
    """

    kind: Kind
    span: Span
    at: Call
    of_all: bool = False
    began: float | None = None
    calls: int = 0
    ended: bool = False

    def strikes(self, call: Call, now: float) -> bool:
        """Whether it befalls a call that begins now."""
        if self.ended or (call.service, call.operation) != (self.at.service, self.at.operation):
            return False
        if self.began is None:
            if call != self.at:
                return False
            self.began = now
        if call.caller != self.at.caller and not self.of_all:
            return False
        self.calls += 1
        match self.span:
            case Span.ONCE:
                self.ended = True
            case Span.THRICE:
                self.ended = self.calls == 3  # noqa: PLR2004
            case Span.MINUTE:
                self.ended = now > self.began + 60
                return not self.ended
            case Span.GOOD:
                pass
        return True


class Faults:
    """Numbers the calls, remembers them, and says what befalls each."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.active: list[Fault] = []
        self._numbers: Counter[tuple[str, str, str]] = Counter()

    def forget(self) -> None:
        self.__init__()  # type: ignore[misc]

    def strike(self, fault: Fault) -> None:
        """From now on calls are numbered anew, and `fault` befalls them."""
        self.forget()
        self.active.append(fault)

    def of(self, caller: str, service: str, operation: str, now: float) -> tuple[Call, Fault | None]:
        """The call that is about to be made, and the fault that befalls it."""
        name = (caller, service, operation)
        self._numbers[name] += 1
        call = Call(*name, self._numbers[name])
        self.calls.append(call)
        return call, next((fault for fault in self.active if fault.strikes(call, now)), None)
