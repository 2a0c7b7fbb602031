"""Lambda as hooks are invoked by it, and a hook of the deployment of the files in events/."""

import io
import json
from types import SimpleNamespace
from typing import Any

from botocore.response import StreamingBody

from tests.aws.invocation import ID, event_file, invoke
from tests.core.samples import at
from weighbridge.core.deployment import hook_answered
from weighbridge.core.hooks import reported
from weighbridge.store import deployments

EVENT = event_file("run_hook")
TOKEN, BEFORE, AFTER = EVENT["taskToken"], "BeforeAllowTraffic", "AfterAllowTraffic"
SUCCEEDED = {"status": "Succeeded"}


class Hooks:
    """Lambda as it invokes hooks: what it answers next, and what hooks were given."""

    meta = SimpleNamespace(region_name="eu-west-1")

    def __init__(self) -> None:
        self.given: list[dict[str, Any]] = []
        self.answers: list[Any] = []

    def invoke(self, **arguments: Any) -> dict[str, Any]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        self.given.append(json.loads(arguments["Payload"]))
        if callable(answer):
            answer = answer()
        raw = json.dumps(answer).encode()
        return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(raw), len(raw))}


def run_hook(token: str = TOKEN) -> None:
    invoke("run_hook", EVENT | {"taskToken": token})


def report() -> None:
    """The hook's report reaches the record while the hook is still running."""
    deployments.update(ID, hook_answered(BEFORE, "CodeDeployHook_checkShop", reported("Succeeded"), at(3)))
