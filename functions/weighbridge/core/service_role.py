"""The role by which Weighbridge acts for a deployment group.

Whoever writes a group's settings names its role, and Weighbridge may assume the roles of all groups. So that nobody can
borrow the role of another team that way, it tells the role each time for which group it is assumed, as the external id, on
which the role's trust policy can insist. On the reaction path: standard library only.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ServiceRole:
    """`external_id` is `<application>/<deployment-group>`. No name has a slash in it, so `shop/*` is all of `shop`."""

    arn: str
    external_id: str

    @property
    def account(self) -> str:
        """The account that it is of, and with it the functions that it may touch."""
        return _account_of(self.arn)


def service_role(arn: str | None, application: str, group: str) -> ServiceRole | None:
    """The role of a group; None where it names none, which means Weighbridge's own roles."""
    return ServiceRole(arn, f"{application}/{group}") if arn else None


def foreign(arn: str | None, accounts: Sequence[str]) -> str | None:
    """What to tell whoever names a role that is of none of `accounts`; else None."""
    if arn is None or _account_of(arn) in accounts:
        return None
    return (
        f"the role {arn!r} is of account {_account_of(arn)}, and this installation acts by roles of "
        f"{' and '.join(accounts)} alone: name one of these, or add the account to the context value serviceRoleAccounts."
    )


def alias_lock(function: str, alias: str, role: ServiceRole | None, own_account: str) -> str:
    """What an alias is held by: `function:alias`, with `account/` before it where the function is of another account."""
    name = f"{function}:{alias}"
    return name if role is None or role.account == own_account else f"{role.account}/{name}"


def _account_of(arn: str) -> str:
    return arn.split(":")[4]
