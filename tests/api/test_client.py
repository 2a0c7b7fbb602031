"""The model that `client/` ships: up to date, in our words, and signed for what a function URL expects."""

import json
from typing import Any

from client.generate import MODELS, files
from client.words import MEMBERS, WORDS
from statemachine.definition import definition
from tests.api.test_protocol import FOR_SERVERS
from weighbridge.api import protocol
from weighbridge.api.registry import OPERATIONS
from weighbridge.core.configs import LONGEST_MINUTES

SERVICE = json.loads((MODELS / "weighbridge" / "2014-10-06" / "service-2.json").read_text(encoding="utf-8"))


def test_it_is_what_the_script_writes() -> None:
    assert {path: path.read_text(encoding="utf-8") for path in files()} == files(), "run `make client`"


def test_it_signs_for_function_urls() -> None:
    assert SERVICE["metadata"]["signingName"] == "lambda"
    assert SERVICE["metadata"]["targetPrefix"] == protocol.service().metadata["targetPrefix"]


def test_it_has_every_operation_that_is_served_and_says_what_it_does() -> None:
    assert set(SERVICE["operations"]) == set(OPERATIONS) == set(protocol.service().operation_names) - FOR_SERVERS
    for name, operation in SERVICE["operations"].items():
        assert operation["documentation"] == WORDS[name]
    assert set(WORDS) == set(OPERATIONS)


def test_no_word_of_codedeploys_own_documentation_is_in_it() -> None:
    theirs = {shape.documentation for shape in map(protocol.service().shape_for, protocol.service().shape_names)} - {""}
    ours = {text for part in (SERVICE["operations"], SERVICE["shapes"]) for text in _documentation(part)}
    assert not ours & theirs
    assert ours == {*WORDS.values(), *MEMBERS.values()}


def test_it_says_of_every_member_of_a_request_what_it_means() -> None:
    asked = [
        SERVICE["shapes"][operation["input"]["shape"]]
        for operation in SERVICE["operations"].values()
        if "input" in operation
    ]
    members = {name: member for shape in asked for name, member in shape["members"].items()}
    assert set(members) == set(MEMBERS)
    assert {name: member["documentation"] for name, member in members.items()} == MEMBERS


def test_its_waiter_outlasts_the_longest_deployment() -> None:
    """The longest plan, with an hour for each hook, is over before the machine gives up, and the waiter after that."""
    waiters = json.loads((MODELS / "weighbridge" / "2014-10-06" / "waiters-2.json").read_text(encoding="utf-8"))["waiters"]
    machine = definition()
    hours = (LONGEST_MINUTES + 2 * 60) * 60
    waiter = waiters["DeploymentSuccessful"]
    assert hours < machine["TimeoutSeconds"] < waiter["delay"] * waiter["maxAttempts"]


def _documentation(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["documentation"]] if isinstance(part.get("documentation"), str) else []
        return [*own, *(text for value in part.values() for text in _documentation(value))]
    return [text for item in part for text in _documentation(item)] if isinstance(part, list) else []
