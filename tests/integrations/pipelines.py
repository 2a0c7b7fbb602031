"""Runs the shell steps of the GitHub action and of the GitLab component as their runners do, with inputs of the caller's.

What a runner has instead of the stand-in for `python3` is a Python that installs the command; here it is the checkout's.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.source import ROOT

ACTION = ROOT / "integrations" / "github" / "action.yml"
COMPONENT = ROOT / "integrations" / "gitlab" / "templates" / "deploy.yml"
_EXPRESSION = re.compile(r"\$\{\{ *([a-z.-]+(?:_[a-z]+)*) *\}\}")
_INPUT = re.compile(r"\$\[\[ *inputs\.([a-z-]+) *\]\]")
_PYTHON = """#!/bin/sh
# Makes an environment whose pip notes what it is to install, and whose command is the checkout's.
[ "$1 $2" = "-m venv" ] || exit 9
mkdir -p "$3/bin"
printf '#!/bin/sh\\nprintf "%%s\\\\n" "$@" >"$0.installed"\\n' >"$3/bin/python"
ln -s {command} "$3/bin/weighbridge"
chmod +x "$3/bin/python"
"""


def action() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    return parsed


class _GitLab(yaml.SafeLoader):
    """YAML with GitLab's tag for what stands elsewhere in the file."""


def _reference(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> tuple[Any, ...]:
    return tuple(loader.construct_sequence(node))


_GitLab.add_constructor("!reference", _reference)


def of_gitlab(text: str) -> list[Any]:
    """The documents of a file of GitLab's."""
    return list(yaml.load_all(text, Loader=_GitLab))


def component() -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs, and the job, with the lines that it refers to."""
    head, jobs = of_gitlab(COMPONENT.read_text(encoding="utf-8"))
    [job] = [job for name, job in jobs.items() if not name.startswith(".")]
    lines = [line for (hidden, key) in job["before_script"] for line in jobs[hidden][key]]
    return head["spec"]["inputs"], job | {"before_script": lines}


def _stand_in(folder: Path) -> Path:
    programs = folder / "programs"
    programs.mkdir(parents=True, exist_ok=True)
    python = programs / "python3"
    python.write_text(_PYTHON.format(command=Path(sys.executable).with_name("weighbridge")))
    python.chmod(0o755)
    return programs


def on_github(
    inputs: Mapping[str, str], environment: Mapping[str, str], folder: Path
) -> tuple[list[subprocess.CompletedProcess[str]], dict[str, str]]:
    """What the action's steps print, until one fails, and its outputs."""
    written, temporary = folder / "output", folder / "temp"
    temporary.mkdir(parents=True)
    written.touch()
    runner = {
        **environment,
        "PATH": f"{_stand_in(folder)}:{environment['PATH']}",
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(written),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "RUNNER_TEMP": str(temporary),
    }
    values = {f"inputs.{name}": each.get("default", "") for name, each in action()["inputs"].items()}
    values |= {f"inputs.{name}": value for name, value in inputs.items()} | {"github.action_path": str(ACTION.parent)}
    runs = []
    for step in action()["runs"]["steps"]:
        own = {name: _EXPRESSION.sub(lambda found: values[found[1]], text) for name, text in step["env"].items()}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        runs.append(
            subprocess.run(command, env={**runner, **own}, capture_output=True, text=True, check=False, timeout=120)
        )
        if runs[-1].returncode:
            break
    return runs, dict(line.split("=", 1) for line in written.read_text().splitlines())


def on_gitlab(inputs: Mapping[str, str], environment: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What the component's job prints: all of its lines in one shell, which the first error ends."""
    declared, job = component()
    values = {name: str(each.get("default", "")) for name, each in declared.items()} | dict(inputs)
    own = {
        name: _INPUT.sub(lambda found: values[found[1]], variable["value"]) for name, variable in job["variables"].items()
    }
    runner = {**environment, "PATH": f"{_stand_in(folder)}:{environment['PATH']}", "CI_PROJECT_DIR": str(folder)}
    lines = "\n".join([*job["before_script"], *job["script"]])
    return subprocess.run(
        ["sh", "-ec", lines], env={**runner, **own}, capture_output=True, text=True, check=False, timeout=120
    )
