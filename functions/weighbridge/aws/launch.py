"""Makes a deployment of a request: keeps its record, starts the execution of its name, registers its revision."""

import itertools
import logging
from collections.abc import Callable
from datetime import datetime

from weighbridge.aws import deployments, executions, registry, schedule
from weighbridge.core.deployment import Record
from weighbridge.core.errors import WeighbridgeError
from weighbridge.core.ids import deployment_id

_log = logging.getLogger(__name__)


def launch(identity: str, record_of: Callable[[str], Record]) -> str:
    """The id of the deployment that `identity` asks for; the same identity again is the same deployment.

    `record_of` makes the record for an id.
    """
    record = keep(identity, record_of, deployments.create)
    executions.start(record["deploymentId"])
    register(record)
    return str(record["deploymentId"])


def keep(identity: str, record_of: Callable[[str], Record], create: Callable[[Record], bool]) -> Record:
    """The record of the deployment that `identity` asks for, kept by `create`, which says whether its id was free.

    The sweep that looks after it is seen to beforehand.
    """
    for attempt in itertools.count():
        record = record_of(deployment_id(identity, attempt))
        schedule.keep_on(datetime.fromisoformat(record["createTime"]))
        if create(record):
            break
        existing = deployments.get(record["deploymentId"])
        if existing and existing["identity"] == identity:
            break
    return record


def find(identity: str) -> Record | None:
    """The record of the deployment that `identity` asked for; None where there is none (yet)."""
    for attempt in itertools.count():
        record = deployments.get(deployment_id(identity, attempt))
        if record is None or record["identity"] == identity:
            break
    return record


def register(record: Record) -> None:
    """Registers the revision of a deployment that runs already; what becomes of this changes nothing about it.

    Where there is no such group there is no application either that the revision could belong to, and a file that was
    refused is no revision.
    """
    if "deploymentGroupId" not in record or "refusal" in record or "revision" not in record:
        return
    try:
        registry.use(record, datetime.fromisoformat(record["createTime"]))
    except WeighbridgeError as error:
        _log.warning("The revision of %s is not registered: %s", record["deploymentId"], error)
