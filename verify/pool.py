"""Processes that try cases side by side: each has a simulated account of its own, which stays for all its cases."""

from __future__ import annotations

import atexit
import multiprocessing
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self

from verify.case import Case, Tried

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from verify.simulation.world import SimulatedWorld

CHUNK = 8
"""How many cases a process is given at a time."""
CHUNKS_OF_A_PROCESS = 100
"""After these it is replaced: users' functions and objects of all its cases are still in its account."""


@dataclass(frozen=True)
class Listed:
    """A case, by its place in the catalogue."""

    number: int
    fault_class: str
    what: str

    @property
    def is_long(self) -> bool:
        return self.fault_class.startswith(("race", "load"))


class Pool:
    """A context manager. `assembly` is the cloud assembly that the processes' accounts are deployed from."""

    def __init__(self, assembly: Path, processes: int) -> None:
        self._assembly = assembly
        self._processes = processes
        self._executor = ProcessPoolExecutor(
            processes, multiprocessing.get_context("spawn"), max_tasks_per_child=CHUNKS_OF_A_PROCESS
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)

    def listed(self) -> list[Listed]:
        """The whole catalogue."""
        return self._executor.submit(_listed, self._assembly).result()

    def tried(self, cases: Sequence[Listed]) -> Iterator[tuple[Listed, Tried]]:
        """Tries cases, and yields each when it is through. Long ones begin first, so that none is waited for at the end."""
        chunks = [[case] for case in cases if case.is_long]
        others = [case for case in cases if not case.is_long]
        chunks += [others[at : at + CHUNK] for at in range(0, len(others), CHUNK)]
        under_way: dict[Future[list[Tried]], list[Listed]] = {}
        while chunks or under_way:
            while chunks and len(under_way) <= self._processes:
                chunk = chunks.pop(0)
                under_way[self._executor.submit(_tried, self._assembly, [case.number for case in chunk])] = chunk
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                yield from zip(under_way.pop(future), future.result(), strict=True)


# ----------------------------------------------------------------------------------------------- in the processes


@cache
def _catalogue(assembly: Path) -> tuple[SimulatedWorld, list[Case]]:
    # Not in the process that hands out the cases: the emulator comes with an environment and a time of its own.
    from verify.catalogue import cases  # noqa: PLC0415
    from verify.simulation.world import simulated_world  # noqa: PLC0415

    stack = ExitStack()
    atexit.register(stack.close)
    world = stack.enter_context(simulated_world(assembly))
    return world, list(cases(world))


def _listed(assembly: Path) -> list[Listed]:
    _, cases = _catalogue(assembly)
    return [Listed(number, case.fault_class, str(case)) for number, case in enumerate(cases)]


def _tried(assembly: Path, numbers: list[int]) -> list[Tried]:
    world, cases = _catalogue(assembly)
    return [_one(world, cases[number]) for number in numbers]


def _one(world: SimulatedWorld, case: Case) -> Tried:
    try:
        return case.run(world)
    except Exception as error:  # noqa: BLE001 - a case that breaks does not hold, and the others go on
        return Tried([f"{type(error).__name__}: {error}"])
