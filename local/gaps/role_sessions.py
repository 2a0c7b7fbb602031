# ruff: noqa: SLF001 - the emulator is patched from inside
"""The condition key `aws:PrincipalArn` of a role's session.

AWS: it is the ARN of the role, so that a policy can name a role whose sessions have names of their own.
Emulator: it is the ARN of the session.
Here: as on AWS.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

from local.gaps.patching import wrap


def install() -> None:
    wrap(iam_evaluator, "_resolve_condition_key", _role_of_session)


def _role_of_session(original: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(key: str, context: Any) -> Any:
        if key.lower() != "aws:principalarn" or ":assumed-role/" not in context.principal_arn:
            return original(key, context)
        name = iam_evaluator._role_name_from_assumed_arn(context.principal_arn)
        return iam._roles.get_scoped(context.principal_account, None, name)["Arn"]

    return resolve
