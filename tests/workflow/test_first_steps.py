"""What `make local` prints to try, pasted as it stands into a terminal that has settings of its own."""

import json
from pathlib import Path

import pytest

from local import __main__ as command
from local.demo.user import ALIAS, FUNCTION
from scenarios.world import World
from tests.local.test_cloud import paste

pytestmark = pytest.mark.local_cloud  # other processes


def test_the_printed_lines_deploy_the_sample(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command._explain(world.cloud, dict(world.outputs))
    lines = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert len(lines) == 5
    done = paste("\n".join(lines), tmp_path)
    assert done.stderr == ""
    alias, _, rest = done.stdout.partition("}")
    assert json.loads(alias + "}")["FunctionVersion"] == "2"
    assert "upload: " in rest

    def shifted() -> bool:
        alias = world.client("lambda").get_alias(FunctionName=FUNCTION, Name=ALIAS)
        return "3" in alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}) or alias["FunctionVersion"] == "3"

    world.until("the dropped file's deployment", shifted)
    (another := tmp_path / "another").mkdir()
    looked = paste(f"{lines[0]}\nweighbridge history {FUNCTION}", another)
    assert (looked.stdout.count(f"{FUNCTION}:{ALIAS}"), looked.stderr) == (2, "")
