"""The condition keys of PutEvents.

AWS: a policy may restrict PutEvents to entries of certain sources and detail-types (`events:source`,
`events:detail-type`).
Emulator: does not know these keys, so that a policy which restricts them allows nothing.
Here: each is what the entries have in common; where they differ, a list, which equals nothing that a policy names.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions

from local.gaps.patching import wrap

_KEYS = {"events:source": "Source", "events:detail-type": "DetailType"}


def install() -> None:
    wrap(iam_actions, "request_tag_context", _with_keys)


def _with_keys(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def context(service: str, iam_action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        keys = original(service, iam_action, body, params)
        if iam_action != "events:PutEvents":
            return keys
        entries = json.loads(body)["Entries"]
        for key, member in _KEYS.items():
            values = sorted({str(entry.get(member)) for entry in entries})
            keys[key] = values[0] if len(values) == 1 else values
        return keys

    return context
