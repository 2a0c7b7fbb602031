"""Writes the botocore model of Weighbridge's own API: `make client`.

The API is CodeDeploy's, and stock clients speak it; but they sign for the service `codedeploy`, which the IAM authorization
of a function URL refuses. A client made of this model sends the same requests signed for `lambda`. It offers the operations
that are served, with the sentences of words.py; members, shapes and errors are those of CodeDeploy's model, and of
api/additions.py. Its waiter for a deployment waits for as long as one may take, where CodeDeploy's gives up after half an
hour.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

from client.words import MEMBERS, WORDS
from statemachine.definition import definition
from weighbridge.api import additions, protocol
from weighbridge.api.registry import OPERATIONS

MODELS = Path(__file__).parent / "models"
SECONDS_TO_RESTORE = 3600
"""How long after its own execution's end a deployment is waited for: it ends when its rollback has put traffic back."""
VERSION = "2014-10-06"
SERVICE = "weighbridge"
_SUMMARY = "Gradual deployments of AWS Lambda versions that reverse themselves, in the caller's own account."


def files() -> dict[Path, str]:
    """The model's files, by path."""
    loader = Loader()
    folder = MODELS / SERVICE / VERSION
    parts = {
        "service-2.json": _service(protocol.model()),
        "paginators-1.json": _served(loader.load_service_model("codedeploy", "paginators-1"), "pagination"),
        "waiters-2.json": _waiters(loader.load_service_model("codedeploy", "waiters-2")),
    }
    return {folder / name: json.dumps(part, indent=1, sort_keys=True) + "\n" for name, part in parts.items()}


def _service(model: Mapping[str, Any]) -> dict[str, Any]:
    operations = {name: _operation(model["operations"][name], name) for name in sorted(OPERATIONS)}
    shapes = _reachable(model["shapes"], operations.values())
    metadata = {
        key: model["metadata"][key] for key in ("apiVersion", "jsonVersion", "protocol", "protocols", "targetPrefix")
    }
    return {
        "version": "2.0",
        "metadata": metadata
        | {
            "endpointPrefix": SERVICE,
            "serviceFullName": "Weighbridge",
            "serviceId": "Weighbridge",
            "signatureVersion": "v4",
            "signingName": "lambda",
            "uid": f"{SERVICE}-{VERSION}",
        },
        "documentation": _SUMMARY,
        "operations": operations,
        "shapes": {name: _wordless(model["shapes"][name]) for name in sorted(shapes)}
        | _inputs(model["shapes"], operations),
    }


def _inputs(shapes: Mapping[str, Any], operations: Mapping[str, Any]) -> dict[str, Any]:
    """What operations take, each member with its sentence."""
    names = sorted(operation["input"]["shape"] for operation in operations.values() if "input" in operation)
    return {name: _explained(_wordless(shapes[name])) for name in names}


def _explained(shape: Mapping[str, Any]) -> dict[str, Any]:
    members = {name: member | {"documentation": MEMBERS[name]} for name, member in shape["members"].items()}
    return {**shape, "members": members}


def _operation(operation: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**_wordless(operation), "documentation": WORDS[name]}


def _wordless(part: Any) -> Any:
    """A part of the model without its documentation; a member that is itself called so is kept."""
    if isinstance(part, Mapping):
        return {
            key: _wordless(value) for key, value in part.items() if not (key == "documentation" and isinstance(value, str))
        }
    return [_wordless(item) for item in part] if isinstance(part, list) else part


def _reachable(shapes: Mapping[str, Any], roots: Iterable[Mapping[str, Any]]) -> set[str]:
    reachable: set[str] = set()
    waiting = [name for root in roots for name in _references(root)]
    while waiting:
        name = waiting.pop()
        if name not in reachable:
            reachable.add(name)
            waiting += _references(shapes[name])
    return reachable


def _references(part: Any) -> list[str]:
    if isinstance(part, Mapping):
        inner = [name for value in part.values() for name in _references(value)]
        return [*inner, part["shape"]] if isinstance(part.get("shape"), str) else inner
    return [name for item in part for name in _references(item)] if isinstance(part, list) else []


def _served(model: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {key: {name: value for name, value in model[key].items() if name in OPERATIONS} | additions.PAGINATORS}


def _waiters(model: Mapping[str, Any]) -> dict[str, Any]:
    longest = definition()["TimeoutSeconds"] + SECONDS_TO_RESTORE
    served = {
        name: waiter | {"maxAttempts": longest // waiter["delay"]}
        for name, waiter in model["waiters"].items()
        if waiter["operation"] in OPERATIONS
    }
    return {"version": model["version"], "waiters": served | additions.WAITERS}


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
