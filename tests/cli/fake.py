"""An installation as the command sees it: answers by operation, and what was asked for."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.cli.samples import progress
from weighbridge_cli import aws
from weighbridge_cli.aws import Installation
from weighbridge_cli.exits import Refused
from weighbridge_cli.main import weighbridge
from weighbridge_cli.options import Place

Answer = dict[str, Any] | BaseException | list[Any] | Callable[..., Any]


class Fake:
    """`answers` by operation: a value, an error to raise, a function of the arguments, or a list of these, one a call."""

    def __init__(self, **answers: Answer) -> None:
        self.answers: dict[str, Answer] = {
            "list_aliases": {"aliases": [{"functionName": "checkout", "alias": "live", "version": "6"}]},
            "list_versions_by_function": {"Versions": [{"Version": version} for version in ("$LATEST", "6", "7")]},
            "list_functions": {"Functions": [{"FunctionName": "checkout"}, {"FunctionName": "cart"}]},
            "create_deployment": {"deploymentId": "d-NEWNEWNEW"},
            "put_object": {"VersionId": "v1"},
            **answers,
        }
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.place = Place()
        self.bucket = "drops"
        self.installation = Installation("http://127.0.0.1:1/", "drops")

    def __call__(self, place: Place) -> "Fake":
        self.place = place
        return self

    def api(self, operation: str, /, **arguments: Any) -> Any:
        return self.call("weighbridge", operation, **arguments)

    def call(self, _service: str, operation: str, /, **arguments: Any) -> Any:
        self.asked.append((operation, arguments))
        answer = self.answers[operation]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(**arguments)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def pages(self, service: str, operation: str, /, **arguments: Any) -> Iterator[Any]:
        yield self.call(service, operation, **arguments)

    def of(self, operation: str) -> list[dict[str, Any]]:
        """The arguments of each call of an operation."""
        return [arguments for name, arguments in self.asked if name == operation]

    def run(self, monkeypatch: pytest.MonkeyPatch, *arguments: str, on_github: bool = False) -> Result:
        """What the command says and how it ends, where this is the installation."""
        monkeypatch.setattr(aws, "Cloud", self)
        monkeypatch.setenv("GITHUB_ACTIONS", str(on_github).lower())
        return CliRunner().invoke(weighbridge, list(arguments))

    @property
    def appspec(self) -> dict[str, Any]:
        """The properties in the AppSpec content of the only deployment that was created."""
        [created] = self.of("create_deployment")
        document = json.loads(created["revision"]["appSpecContent"]["content"])
        [resource] = document["Resources"][0].values()
        return {**resource["Properties"], "Hooks": document.get("Hooks")}


def alias(**members: Any) -> dict[str, Any]:
    """What ListAliases answers of checkout:live."""
    return {"aliases": [{"functionName": "checkout", "alias": "live", "version": "6", **members}]}


def told(**members: Any) -> dict[str, Any]:
    """What GetDeploymentProgress answers."""
    return {"deploymentProgress": progress(**members)}


def missing(code: str = "AliasDoesNotExistException", message: str = "There is no such thing.") -> Refused:
    return Refused(message, code)
