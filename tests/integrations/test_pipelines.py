"""The GitHub action and the GitLab component: what they take, and that no input is more than a value of an option."""

import re
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from tests.architecture.blocks import blocks
from tests.integrations.pipelines import action, component, of_gitlab, on_github, on_gitlab

PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
HOSTILE = [
    "$(touch {mark})",
    "`touch {mark}`",
    '"; touch {mark}; "',
    "'; touch {mark}; '",
    "a\ntouch {mark}",
    "--endpoint=http://127.0.0.1:9",
    "${{ github.token }}",
]
INPUTS = ["function", "alias", "target", "config", "group", "description", "until", "timeout", "stack"]


@pytest.fixture
def noting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command that notes its arguments, in the place of ours."""
    noted = tmp_path / "noted"
    fake = tmp_path / "bin" / "weighbridge"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nfor each in "$@"; do printf "%s\\0" "$each"; done >{noted}\n')
    fake.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(fake.with_name("python")))
    return noted


def arguments(noted: Path) -> list[str]:
    return noted.read_text().split("\0")[:-1]


def test_no_input_is_part_of_a_script() -> None:
    # It would be text of the script before the shell reads it.
    for step in action()["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
    _, job = component()
    assert "$[[" not in "".join([*job["before_script"], *job["script"]])
    # A runner expands variables in variables otherwise, secrets among them.
    assert all(variable["expand"] is False for variable in job["variables"].values())


def test_both_take_the_same() -> None:
    declared, _ = component()
    assert set(action()["inputs"]) == set(declared) - {"stage", "job", "image"}
    for name, each in action()["inputs"].items():
        assert each["description"]
        if name != "version":
            assert str(each.get("default")).lower() == str(declared[name].get("default")).lower(), name


def test_every_input_is_used_and_nothing_else_is_asked_for() -> None:
    used = re.findall(r"\$\{\{ inputs\.([a-z-]+) \}\}", str([step["env"] for step in action()["runs"]["steps"]]))
    assert sorted(used) == sorted(action()["inputs"])
    text = str(component()[1])
    assert set(re.findall(r"\$\[\[ inputs\.([a-z-]+) \]\]", text)) == set(component()[0]) - {"job"}


def test_what_is_given_is_what_the_command_gets(noting: Path, tmp_path: Path) -> None:
    given = {"function": "checkout", "target": "7", "config": "Careful", "group": "shop/prod", "description": "Release 42"}
    expected = [
        "deploy", "--wait", "--until=finished", "--timeout=45m", "--stack=Weighbridge", "--target=7", "--config=Careful",
        "--group=shop/prod", "--description=Release 42", "--", "checkout:live",
    ]  # fmt: skip
    on_github(given, PATH, tmp_path / "github")
    assert arguments(noting) == expected
    on_gitlab(given | {"version": "1.0"}, PATH, tmp_path / "gitlab")
    assert arguments(noting) == expected


def test_what_is_not_given_is_left_to_the_command(noting: Path, tmp_path: Path) -> None:
    on_github({"function": "checkout", "publish": "true", "until": "started"}, PATH, tmp_path / "github")
    expected = ["deploy", "--wait", "--until=started", "--timeout=45m", "--stack=Weighbridge", "--publish", "--"]
    assert arguments(noting) == [*expected, "checkout:live"]


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("way", ["github", "gitlab"])
def test_a_hostile_input_is_one_argument_and_runs_nothing(noting: Path, tmp_path: Path, name: str, way: str) -> None:
    mark = tmp_path / "mark"
    for number, text in enumerate(HOSTILE):
        value = text.format(mark=mark) if "{mark}" in text else text
        given = {"function": "checkout", "version": "1.0", name: value}
        if way == "github":
            on_github(given, PATH, tmp_path / f"{number}")
        else:
            on_gitlab(given, PATH, tmp_path / f"{number}")
        got = arguments(noting)
        subject = {"function": f"{value}:live", "alias": f"checkout:{value}"}.get(name)
        assert got[-2:] == ["--", subject or "checkout:live"], text
        assert subject or f"--{name}={value}" in got, text
        assert not mark.exists(), text


@pytest.mark.parametrize(
    "version", ["1.0; touch x", "-r/etc/passwd", "1.0 --index-url=http://127.0.0.1", "$(id)", "../cli"]
)
def test_a_release_is_a_release(noting: Path, tmp_path: Path, version: str) -> None:
    [run], _ = on_github({"function": "checkout", "version": version}, PATH, tmp_path / "github")
    assert (run.returncode, run.stdout) == (2, "::error::version is no release: digits, letters and dots\n")
    assert not noting.exists()
    assert not re.search(component()[0]["version"]["regex"], version)


def test_by_default_the_command_is_the_one_beside_the_action(noting: Path, tmp_path: Path) -> None:
    on_github({"function": "checkout"}, PATH, tmp_path / "github")
    assert noting.exists()
    installed = (tmp_path / "github" / "temp" / "weighbridge" / "bin" / "python.installed").read_text().splitlines()
    source = Path(installed.pop())
    assert installed == ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    assert (source / "pyproject.toml").is_file()
    on_github({"function": "checkout", "version": "1.2.3"}, PATH, tmp_path / "release")
    installed = (tmp_path / "release" / "temp" / "weighbridge" / "bin" / "python.installed").read_text().splitlines()
    assert installed[-1] == "weighbridge==1.2.3"


@pytest.mark.parametrize("name", ["function", "alias", "target", "timeout", "stack", "version"])
def test_gitlab_refuses_what_cannot_be(name: str) -> None:
    pattern = component()[0][name]["regex"]
    for text in HOSTILE:
        assert not re.search(pattern.replace("$", r"\Z"), text), text


def test_the_workflows_of_the_page_give_what_the_action_takes() -> None:
    pages = [block.text for block in blocks("integrations/github/README.md") if block.language == "yaml"]
    job, steps = (yaml.safe_load(dedent(text)) for text in pages)
    used = [step for step in [*job["jobs"]["deploy"]["steps"], *steps] if "integrations/github@" in step.get("uses", "")]
    assert len(used) == 2
    for step in used:
        assert {"function"} <= set(step["with"]) <= set(action()["inputs"])
    named = set(re.findall(r"steps\.deploy\.outputs\.([a-z-]+)", pages[0]))
    assert named == set(action()["outputs"])


def test_the_pages_tables_have_every_input_and_output() -> None:
    page = (Path(__file__).parents[2] / "integrations" / "github" / "README.md").read_text(encoding="utf-8")
    for name in [*action()["inputs"], *action()["outputs"]]:
        assert f"`{name}`" in page, name


def test_the_pipeline_of_the_page_gives_what_the_component_takes() -> None:
    [block] = blocks("integrations/gitlab/README.md")
    [pipeline] = of_gitlab(block.text)
    declared, job = component()
    required = {name for name, each in declared.items() if "default" not in each}
    assert required <= set(pipeline["include"][0]["inputs"]) <= set(declared)
    # What it adds to the job has the name that the job has by default, and installs the command, too.
    added = pipeline[declared["job"]["default"]]
    assert (".install-weighbridge", "script") in added["before_script"]
    assert not set(added["variables"]) & set(job["variables"])
