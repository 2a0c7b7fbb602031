"""The worst files of the greatest size that is read: each is refused with the memory and the time that a function has."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from weighbridge.core import documents
from weighbridge.core.documents import SIZE_LIMIT

# What a function has is 512 MiB, of which a third is taken before the file is read, and 30 seconds.
MOST_MEGABYTES = 340
MOST_SECONDS = 15
READ = """
import json, re, sys, time
from weighbridge.core import appspec, documents, groups
from weighbridge.core.errors import WeighbridgeError

content, began, refusals = sys.stdin.buffer.read(), time.process_time(), []
for read in (appspec.parse, lambda content: groups.parse("shop", "prod", documents.load(content))):
    try:
        read(content)
    except WeighbridgeError as error:
        refusals.append(str(error))
megabytes = int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) / 1024
print(json.dumps({"seconds": time.process_time() - began, "megabytes": megabytes, "refusals": refusals}))
"""


def _filled(before: str, unit: str, after: str) -> str:
    return before + unit * ((SIZE_LIMIT - len(before) - len(after)) // len(unit)) + after


def _numbered(before: str, unit: str, separator: str, after: str) -> str:
    count = (SIZE_LIMIT - len(before) - len(after)) // (len(unit) + len(separator) + 4)
    return before + separator.join(unit.format(n) for n in range(count)) + after


SPEC, ALARMS = '{"version": "0.0", "Resources": [', "alarmConfiguration:\n  alarms:\n"
FLOODS = {
    "a key given twice, the last of very many": _numbered("{", '"k{}":1', ",", ',"z":1,"z":2}'),
    "hooks that are none": _filled(SPEC + '], "Hooks": [', "1,", "1]}"),
    "empty hooks": _filled(SPEC + '], "Hooks": [', "{},", "{}]}"),
    "resources that are none": _filled(SPEC, '{"a":{}},', "{}]}"),
    "very many resources in one": _numbered(SPEC + "{", '"k{}":1', ",", "}]}"),
    "very many resources in YAML": _numbered("version: 0.0\nResources:\n - ", "k{}: 1", "\n   ", "\n"),
    "alarms that are none": _filled(ALARMS, "  - a\n", ""),
    "alarms without a name": _filled(ALARMS, "  - {}\n", ""),
    "alarms of one name": _filled(ALARMS, "  - name: a\n", ""),
    "tags that are none": _filled("tags:\n", "- 1\n", ""),
    "triggers that are none": _filled('{"triggerConfigurations":[', "1,", "1]}"),
    "one long key": _filled('{"', "x", '":1}'),
    "one long text": _filled("version: ", "x", "\n"),
    "very deep": _filled("", "[", ""),
    "keys of keys": _filled("", "? ", "a"),
}


@pytest.mark.parametrize("content", FLOODS.values(), ids=FLOODS)
def test_it_is_refused_within_what_a_function_has(content: str) -> None:
    assert SIZE_LIMIT * 0.8 < len(content) <= SIZE_LIMIT
    run = subprocess.run(
        [sys.executable, "-c", READ],
        cwd=Path(documents.__file__).parents[2],
        input=content.encode(),
        capture_output=True,
        check=True,
        timeout=100,
    )
    told = json.loads(run.stdout)
    assert len(told["refusals"]) == 2
    assert max(len(refusal) for refusal in told["refusals"]) <= 2_100
    assert told["seconds"] < MOST_SECONDS
    assert told["megabytes"] < MOST_MEGABYTES
