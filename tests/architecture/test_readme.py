"""The README shows what is there: its picture is the state machine's, its files are read, its commands exist."""

import re

from local.cloud import ROOT
from statemachine.picture import PAGES, README, drawn_into
from weighbridge.core import appspec, configs, documents, groups

TEXT = README.read_text(encoding="utf-8")
FILES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_the_picture_is_drawn_from_the_definition() -> None:
    for path, machine in PAGES.items():
        page = path.read_text(encoding="utf-8")
        assert page.count("```mermaid") == 1, path
        assert drawn_into(page, machine) == page, "run `make picture`"


def test_every_answer_to_a_question_has_an_arrow_of_its_own() -> None:
    questions = re.findall(r'^    (s\d+)\{\{"', TEXT, re.MULTILINE)
    assert questions
    for question in questions:
        labels = re.findall(rf"^    {question} -->(.*) s\d+$", TEXT, re.MULTILINE)
        assert len(set(labels)) == len(labels) > 1
        assert all(re.fullmatch(r"\|[a-z ]+\|", label) for label in labels)


def test_the_files_to_copy_are_read_as_they_stand() -> None:
    group, release, config = FILES[:3]
    settings = groups.parse("shop", "prod", documents.load(group))
    assert settings.alarm_configuration
    assert settings.alarm_configuration.watched() == ["checkout-errors"]
    assert appspec.parse(release).hooks.keys() == {"BeforeAllowTraffic", "AfterAllowTraffic"}
    assert configs.parse("NAME", documents.load(config)).percentage == 20


def test_every_command_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", TEXT)) - {"picture"}
    assert {"demo", "test", "local", "deploy", "destroy"} <= named
    assert named <= targets
