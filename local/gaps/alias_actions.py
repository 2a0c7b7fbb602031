"""Which action a call on one alias needs.

AWS: GetAlias, UpdateAlias and DeleteAlias need the action of their name.
Emulator: takes each of them for ListAliases, so that no policy which names the action allows the call.
Here: as on AWS.
"""

import re
from collections.abc import Callable

from ministack.core import iam_actions

from local.gaps.patching import wrap

_ONE_ALIAS = re.compile(r".*/functions/[^/]+/aliases/[^/]+/?")
_ACTIONS = {"GET": "GetAlias", "PUT": "UpdateAlias", "DELETE": "DeleteAlias"}


def install() -> None:
    wrap(iam_actions, "_lambda_action", _by_name)


def _by_name(original: Callable[[str, str], str | None]) -> Callable[[str, str], str | None]:
    def action(method: str, path: str) -> str | None:
        return _ACTIONS[method] if method in _ACTIONS and _ONE_ALIAS.fullmatch(path) else original(method, path)

    return action
