"""Everything that is installed is locked, with hashes, to exactly what was chosen."""

import json
import re
import subprocess

import pytest

from tests.architecture.source import ROOT

REQUIREMENTS = ROOT / "requirements"
SETS = sorted(path.stem for path in REQUIREMENTS.glob("*.in"))
CHOSEN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[a-z0-9,]+\])?==(?P<version>\S+)")
LOCKED = re.compile(r"^(?P<name>[a-z0-9.-]+)(\[[a-z0-9,-]+\])?==(?P<version>[^\s;]+)( ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
ELSEWHERE = re.compile(r"https?://|git\+|--(extra-)?index-url|--find-links|--trusted-host")
"""Whatever would fetch something from another place than the one that the machine is set up for."""


def chosen(name: str) -> dict[str, str]:
    """What a set asks for, by name, and that of the sets that it takes in."""
    versions: dict[str, str] = {}
    for line in (REQUIREMENTS / f"{name}.in").read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            versions |= chosen(text.removeprefix("-r ").removesuffix(".in"))
        elif text:
            match = CHOSEN.fullmatch(text)
            assert match, f"{line!r} is not pinned to a version"
            versions[match["name"].lower().replace("_", "-")] = match["version"]
    return versions


def locked(name: str) -> dict[str, tuple[str, int]]:
    """What is installed, by name: its version, and the number of its hashes."""
    packages: dict[str, tuple[str, int]] = {}
    last = ""
    for line in (REQUIREMENTS / f"{name}.txt").read_text().splitlines():
        if HASH.match(line):
            version, hashes = packages[last]
            packages[last] = version, hashes + 1
        elif not line.lstrip().startswith("#"):
            match = LOCKED.match(line)
            assert match, f"{line!r} is neither a pinned requirement nor a hash"
            last = match["name"]
            packages[last] = match["version"], 0
    return packages


def test_the_sets_are_there() -> None:
    assert {"uv", "layer", "dev"} <= set(SETS)
    assert len(locked("dev")) > 50


@pytest.mark.parametrize("name", SETS)
def test_every_requirement_is_locked_with_hashes_to_what_was_chosen(name: str) -> None:
    installed = locked(name)
    assert {package: installed[package][0] for package in chosen(name)} == chosen(name)
    assert not [package for package, (_, hashes) in installed.items() if not hashes]


def test_functions_run_what_was_tested() -> None:
    tested = locked("dev")
    assert {name: tested[name][0] for name in locked("layer")} == {
        name: version for name, (version, _) in locked("layer").items()
    }


@pytest.mark.parametrize("name", SETS)
def test_nothing_comes_from_a_place_of_its_own(name: str) -> None:
    for path in (REQUIREMENTS / f"{name}.in", REQUIREMENTS / f"{name}.txt"):
        assert not ELSEWHERE.search(path.read_text())


def test_packages_of_npm_are_locked_by_their_content() -> None:
    lock, asked = (json.loads((ROOT / file).read_text()) for file in ("package-lock.json", "package.json"))
    packages = {path: package for path, package in lock["packages"].items() if path}
    assert packages
    assert not [path for path, package in packages.items() if not package["integrity"].startswith("sha512-")]
    dependencies = asked["devDependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in dependencies} == dependencies


def test_installing_checks_the_hashes() -> None:
    commands = [line for line in (ROOT / "Makefile").read_text().splitlines() if re.search(r"pip (install|sync)", line)]
    assert len(commands) >= 5
    assert not [line for line in commands if "--require-hashes" not in line]
    assert "npm ci " in (ROOT / "Makefile").read_text()


def test_installing_runs_no_code_of_what_is_installed() -> None:
    installs = [line for line in (ROOT / "Makefile").read_text().splitlines() if re.search(r"\bnpm (ci|install)\b", line)]
    assert installs
    assert not [line for line in installs if "--ignore-scripts" not in line]


def test_a_release_is_some_days_old_before_it_is_locked() -> None:
    def command(days: str) -> str:
        made = ["make", "--dry-run", "--no-print-directory", "lock", *([f"COOLING_DAYS={days}"] if days else [])]
        return subprocess.run(made, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    assert '--exclude-newer "7 days" ' in command("")
    assert '--exclude-newer "30 days" ' in command("30")
