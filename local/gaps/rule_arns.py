"""The ARN of a rule on the default bus.

AWS: `…:rule/NAME`; that of another bus is `…:rule/BUS/NAME`.
Emulator: looks for a policy that allows `…:rule/default/NAME`, so that no policy which names the rule allows the call.
Here: as on AWS.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions

from local.gaps.patching import wrap

_DEFAULT = ":rule/default/"


def install() -> None:
    wrap(iam_actions, "extract_resource_arn", _without_the_bus)


def _without_the_bus(original: Callable[..., str]) -> Callable[..., str]:
    def arn(service: str, *arguments: Any, **options: Any) -> str:
        arn_of_rule = original(service, *arguments, **options)
        return arn_of_rule.replace(_DEFAULT, ":rule/") if service == "events" else arn_of_rule

    return arn
