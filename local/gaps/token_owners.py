"""Which state machine the report of a task token needs a right on.

AWS: SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat need the right on the state machine whose task waits.
Emulator: asks for the right on every resource, so that no policy which names the machine allows the call.
Here: as on AWS.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions

from local.gaps import callbacks
from local.gaps.patching import wrap


def install() -> None:
    wrap(iam_actions, "extract_resource_arn", _of_the_machine)


def _of_the_machine(original: Callable[..., str]) -> Callable[..., str]:
    def resource(service: str, *request: Any) -> str:
        _, _, target = request[:3]
        if service == "states" and ".SendTask" in target.get("x-amz-target", ""):
            machine = callbacks.machine_of(json.loads(request[3])["taskToken"])
            return machine or original(service, *request)
        return original(service, *request)

    return resource
