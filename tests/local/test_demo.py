"""The whole demo, as somebody runs it."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from rich.console import Console

from local import __main__ as command
from local.cloud import ROOT, LocalCloud
from local.demo.display import PlainLines
from local.demo.story import Story, TooLate
from local.demo.verdict import summary
from tests.local.test_cloud import answers, free_port
from tests.local.test_demo_verdict import recorded

FIRST = re.compile(
    r"d-[0-9A-Z]{9} Succeeded after \d+\.\d s and 10 of 10 steps, version 2 answered \d+ % of \d+ requests, 0 failed"
)
SECOND = re.compile(
    r"d-[0-9A-Z]{9} Stopped ALARM_ACTIVE after \d+\.\d s and [1-9] of 10 steps, "
    r"version 3 answered \d+ % of \d+ requests, [1-9]\d* failed, traffic restored in \d+\.\d s by d-[0-9A-Z]{9}"
)


@contextmanager
def demo(directory: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    line = [sys.executable, "-m", "local", "demo", f"--directory={directory}", *options]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_one_deployment_succeeds_and_one_is_rolled_back(tmp_path: Path) -> None:
    with demo(tmp_path, "--time-scale=0.01") as process:
        said, _ = process.communicate(timeout=100)
    before, _, following = said.partition("\n\nNext: ")
    lines = before.splitlines()
    assert process.returncode == 0, said
    assert following.startswith("`make local` keeps")
    assert FIRST.fullmatch(lines[-2]), said
    assert SECOND.fullmatch(lines[-1]), said
    good, bad = lines[-2][:11], lines[-1][:11]
    assert f"\nDeployment {good}: shop:live from version 1 to version 2  [v1: " in said, said
    assert re.findall(r"TrafficShifted: (\d+) % of the traffic is on version 2\.", said) == [
        str(weight) for weight in range(10, 101, 10)
    ]
    assert f"\nDeployment {bad}: shop:live from version 2 to version 3  [v2: " in said, said
    assert re.search(r"Ended: Stopped\. .*<shop-live-errors>.*\[v2: \d+, v3: \d+ \(\d+ failed\)\]", said), said
    assert "\x1b" not in said


def test_interrupted_it_cleans_up(tmp_path: Path, deployed: Path) -> None:
    said = []
    with demo(tmp_path, "--time-scale=0.1", f"--assembly={deployed}", f"--port={(port := free_port())}") as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("Sending"):
                process.send_signal(signal.SIGINT)
    assert process.returncode == 130, said
    assert said[-1] == "Stopped.\n"
    assert not answers(f"http://127.0.0.1:{port}")


def test_it_fails_when_traffic_was_not_restored(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = recorded("succeeded"), recorded("not_rolled_back")
    with pytest.raises(click.ClickException, match=f"{bad.deployment_id}: there was no rollback") as raised:
        command._conclude(good, bad)
    assert raised.value.exit_code == 1
    assert capsys.readouterr().out.splitlines()[-1] == summary(bad)


def test_it_does_not_wait_for_ever(tmp_path: Path) -> None:
    story = Story(LocalCloud(time_scale=0.1, directory=tmp_path), {}, PlainLines(Console()))
    story._deadline = 0
    with pytest.raises(TooLate, match="did not end within 168 s: it was waiting for a miracle"):
        story._until("a miracle", lambda: None)
