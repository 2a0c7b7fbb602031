"""The worst files of the greatest size that is read: each is refused with the memory and the work that a function can do."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from weighbridge.core import documents
from weighbridge.core.documents import SIZE_LIMIT

# What a function has is 512 MiB, of which a third is taken before the file is read.
MOST_MEGABYTES = 340
PART = 16
MOST_CALLS = 1_000_000
"""For a 16th of a file: 16 millions for the whole take some 5 of the 30 seconds that a function has."""
READ = """
import cProfile, json, pstats, re, sys
from weighbridge.core import appspec, documents, groups
from weighbridge.core.errors import WeighbridgeError

READERS = {"appspec": appspec.parse, "group": lambda content: groups.parse("shop", "prod", documents.load(content))}

def refusal(content):
    try:
        READERS[sys.argv[1]](content)
    except WeighbridgeError as error:
        return str(error)

def calls(content):
    with cProfile.Profile() as profile:
        refusal(content)
    return pstats.Stats(profile).total_calls

whole, *parts = json.load(sys.stdin)
said = refusal(whole.encode())
megabytes = int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) / 1024
print(json.dumps({"megabytes": megabytes, "refusal": said, "calls": [calls(part.encode()) for part in parts]}))
"""


@dataclass(frozen=True)
class Flood:
    """A file of any size, and what it is read as."""

    kind: str
    of_size: Callable[[int], str]


def _filled(before: str, unit: str, after: str, kind: str = "appspec") -> Flood:
    return Flood(kind, lambda size: before + unit * ((size - len(before) - len(after)) // len(unit)) + after)


def _numbered(before: str, unit: str, separator: str, after: str) -> Flood:
    def of_size(size: int) -> str:
        count = (size - len(before) - len(after)) // (len(unit) + len(separator) + 4)
        return before + separator.join(unit.format(n) for n in range(count)) + after

    return Flood("appspec", of_size)


SPEC, ALARMS = '{"version": "0.0", "Resources": [', "alarmConfiguration:\n  alarms:\n"
FLOODS = {
    "a key given twice, the last of very many": _numbered("{", '"k{}":1', ",", ',"z":1,"z":2}'),
    "hooks that are none": _filled(SPEC + '], "Hooks": [', "1,", "1]}"),
    "empty hooks": _filled(SPEC + '], "Hooks": [', "{},", "{}]}"),
    "resources that are none": _filled(SPEC, '{"a":{}},', "{}]}"),
    "very many resources in one": _numbered(SPEC + "{", '"k{}":1', ",", "}]}"),
    "very many resources in YAML": _numbered("version: 0.0\nResources:\n - ", "k{}: 1", "\n   ", "\n"),
    "alarms that are none": _filled(ALARMS, "  - a\n", "", "group"),
    "alarms without a name": _filled(ALARMS, "  - {}\n", "", "group"),
    "alarms of one name": _filled(ALARMS, "  - name: a\n", "", "group"),
    "tags that are none": _filled("tags:\n", "- 1\n", "", "group"),
    "triggers that are none": _filled('{"triggerConfigurations":[', "1,", "1]}", "group"),
    "one long key": _filled('{"', "x", '":1}'),
    "one long text": _filled("version: ", "x", "\n"),
    "very deep": _filled("", "[", ""),
    "keys of keys": _filled("", "? ", "a"),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_it_is_refused_within_what_a_function_has(flood: Flood) -> None:
    sizes = (SIZE_LIMIT, SIZE_LIMIT // PART, SIZE_LIMIT // PART // 2)
    whole, *parts = map(flood.of_size, sizes)
    assert SIZE_LIMIT * 0.8 < len(whole) <= SIZE_LIMIT
    run = subprocess.run(
        [sys.executable, "-c", READ, flood.kind],
        cwd=Path(documents.__file__).parents[2],
        input=json.dumps([whole, *parts]).encode(),
        capture_output=True,
        check=True,
        timeout=200,
    )
    measured = json.loads(run.stdout)
    assert 0 < len(measured["refusal"]) <= 2_100
    assert measured["megabytes"] < MOST_MEGABYTES
    of_part, of_half = measured["calls"]
    assert of_part < MOST_CALLS
    assert of_part <= 2.2 * of_half + 1000, "twice the file takes more than twice the work"
