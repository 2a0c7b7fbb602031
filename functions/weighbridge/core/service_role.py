"""The role by which Weighbridge acts for a deployment group.

Whoever writes a group's settings names its role, and Weighbridge may assume the roles of all groups. So that nobody can
borrow the role of another team that way, it tells the role each time for which group it is assumed, as the external id, on
which the role's trust policy can insist. On the reaction path: standard library only.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ServiceRole:
    """`external_id` is `<application>/<deployment-group>`. No name has a slash in it, so `shop/*` is all of `shop`."""

    arn: str
    external_id: str


def service_role(arn: str | None, application: str, group: str) -> ServiceRole | None:
    """The role of a group; None where it names none, which means Weighbridge's own roles."""
    return ServiceRole(arn, f"{application}/{group}") if arn else None
