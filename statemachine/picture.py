"""Draws the state machines from their definitions into the pages about them, so that no picture can lie.

`python -m statemachine.picture` rewrites the blocks; a test fails while one is out of date.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from statemachine.definition import DEPLOY, DEPLOYMENT, definition

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = {README: DEPLOYMENT, ROOT / "docs" / "pipelines.md": DEPLOY}
"""Where which machine is drawn."""
_BLOCK = re.compile(r"(?<=<!-- picture: make picture -->\n).*?(?=<!-- end of picture -->)", re.DOTALL)
_LABELS = {"$exists($states.input.failure)": "a failure", "$step = $count($plan.steps) - 1": "the last one"}
"""What the arrow of a rule says that is not simply the answer yes."""
_SHAPES = {"Task": '(["%s"])', "Choice": '{{"%s"}}', "Fail": '[["%s"]]:::red', "Succeed": '[["%s"]]:::green'}


def mermaid(machine: dict[str, Any]) -> str:
    """A Mermaid flowchart: what follows what and, after a question, by which answer; dotted where an error leads.

    Where every error of a state goes to the same place as its neighbours', one arrow stands for all of them.
    """
    states: dict[str, Any] = machine["States"]
    names = {name: f"s{number}" for number, name in enumerate(states)}
    lines = ["flowchart TD", "    classDef red stroke:#c00", "    classDef green stroke:#080"]
    lines += [f"    {names[name]}{_SHAPES[state['Type']] % name}" for name, state in states.items()]
    for name, state in states.items():
        lines += [f"    {names[name]} -->{label} {names[target]}" for target, label in _arrows(state)]
    errors = sorted({target for state in states.values() for target in _caught(state)}, key=list(names).index)
    for target in errors:
        sources = [name for name, state in states.items() if target in _caught(state)]
        lines.append(f'    e{names[target]}["an error in: {", ".join(sources)}"] -.-> {names[target]}')
    return "\n".join(lines)


def _arrows(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The states that follow, each with the label of its arrow."""
    rules = state.get("Choices", [])
    labels = [_LABELS.get(rule["Condition"].strip("{%} "), "yes") for rule in rules]
    for rule, label in zip(rules, labels, strict=True):
        yield rule["Next"], f"|{label}|"
    if "Default" in state:
        yield state["Default"], "|no|" if {"yes", "the last one"} & set(labels) else "|yes|"
    if "Next" in state:
        yield state["Next"], ""


def _caught(state: dict[str, Any]) -> set[str]:
    return {catcher["Next"] for catcher in state.get("Catch", []) if catcher["Next"] not in dict(_arrows(state))}


def drawn_into(page: str, machine: str) -> str:
    """The page's text with the picture as it has to be now."""
    return _BLOCK.sub(lambda _: f"\n```mermaid\n{mermaid(definition(machine))}\n```\n\n", page)


if __name__ == "__main__":
    for path, drawn in PAGES.items():
        path.write_text(drawn_into(path.read_text(encoding="utf-8"), drawn), encoding="utf-8")
