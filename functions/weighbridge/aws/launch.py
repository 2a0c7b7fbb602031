"""Makes a deployment of a request: keeps its record and starts the execution of its name."""

import itertools
from collections.abc import Callable

from weighbridge.aws import deployments, executions
from weighbridge.core.deployment import Record
from weighbridge.core.ids import deployment_id


def launch(identity: str, record_of: Callable[[str], Record]) -> str:
    """The id of the deployment that `identity` asks for; the same identity again is the same deployment.

    `record_of` makes the record for an id.
    """
    for attempt in itertools.count():
        record = record_of(deployment_id(identity, attempt))
        if deployments.create(record):
            break
        existing = deployments.get(record["deploymentId"])
        if existing and existing["identity"] == identity:
            break
    executions.start(record["deploymentId"])
    return str(record["deploymentId"])
