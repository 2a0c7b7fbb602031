# ruff: noqa: SLF001 - the emulator is patched from inside
"""The events of a stack's status.

AWS: whenever a stack comes to another status, nested stacks included, there is a `CloudFormation Stack Status Change` on
the default bus, with the stack's id, the status and its reason. After an update that has committed there are two, of
`UPDATE_COMPLETE_CLEANUP_IN_PROGRESS` and of `UPDATE_COMPLETE`.
Emulator: records the stack's own events only, and knows no clean-up after an update.
Here: the event is put on the default bus for whatever the emulator records of a stack itself.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge
from ministack.services.cloudformation import changesets, handlers, stacks

from local.gaps.patching import wrap


def install() -> None:
    for module in (stacks, handlers, changesets):
        wrap(module, "_add_event", _telling)


def _telling(original: Callable[..., None]) -> Callable[..., None]:
    def add_event(  # noqa: PLR0913, PLR0917 - as the emulator's own
        stack_id: str, stack_name: str, logical_id: str, kind: str, status: str, reason: str = "", *others: Any, **rest: Any
    ) -> None:
        original(stack_id, stack_name, logical_id, kind, status, reason, *others, **rest)
        if kind != "AWS::CloudFormation::Stack" or logical_id != stack_name:
            return
        detail = {
            "stack-id": stack_id,
            "status-details": {"status": status, "status-reason": reason},
            "client-request-token": stacks.CLIENT_REQUEST_TOKEN.get(),
        }
        eventbridge._put_events(
            {
                "Entries": [
                    {
                        "Source": "aws.cloudformation",
                        "DetailType": "CloudFormation Stack Status Change",
                        "Detail": json.dumps(detail),
                        "Resources": [stack_id],
                    }
                ]
            },
            allow_aws_source=True,
        )

    return add_event
