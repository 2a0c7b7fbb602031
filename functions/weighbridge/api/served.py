"""All the operations that are served, by name."""

from collections.abc import Mapping

from weighbridge.api import (
    absent,
    applications,
    configs,
    deployments,
    drops,
    groups,
    hooks,
    refusals,
    revisions,
    tags,
    targets,
)
from weighbridge.api.operations import Operation

OPERATIONS: Mapping[str, Operation] = {
    name: operation
    for area in (applications, groups, configs, revisions, deployments, targets, tags, hooks, drops, refusals, absent)
    for name, operation in area.OPERATIONS.items()
}
