"""Starts a deployment, whoever asks for it: keeps its record, starts the execution of its name, registers its revision."""

import itertools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Required, TypedDict, Unpack

from aws_lambda_powertools import Logger

from weighbridge.aws import stepfunctions
from weighbridge.core.deployment import created
from weighbridge.core.errors import InvalidDocument, Retryable, WeighbridgeError
from weighbridge.core.ids import deployment_id
from weighbridge.core.names import valid_name
from weighbridge.core.record import Record
from weighbridge.lifecycle import schedule
from weighbridge.store import deployments, revisions, settings

logger = Logger()


class Request(TypedDict, total=False):
    """What is asked for, as `core.deployment.created` takes it."""

    application: Required[str]
    group: Required[str]
    group_id: str | None
    revision: Mapping[str, Any] | None
    overrides: Mapping[str, Any] | None
    refusal: WeighbridgeError | None
    caller: str


def deploy(identity: str, now: datetime, **request: Unpack[Request]) -> None:
    """Starts the deployment that `identity` (an object's version, an event) asks for; again, it is the same deployment.

    The group's id is looked up. Whether there is such a group is judged by the deployment itself.
    """
    group = settings.group_item(request["application"], request["group"])
    request["group_id"] = group["deploymentGroupId"] if group else None
    record = _keep(identity, now, request, deployments.create)
    stepfunctions.start(record["deploymentId"])
    _register(record)
    logger.info("Deployment created", extra={"deploymentId": record["deploymentId"], "requestedBy": identity})


def deploy_alone(identity: str, now: datetime, **request: Unpack[Request]) -> Record:
    """Starts a deployment that has its group from the beginning; raises DeploymentLimitExceeded where another one has it.

    The record is answered even where the execution could not be started: asked for once more, it would be in its own way,
    and the scheduled reconciliation starts it.
    """
    record = _keep(identity, now, request, deployments.claim)
    try:
        stepfunctions.start(record["deploymentId"])
    except Retryable as error:
        logger.warning("Deployment not started yet", extra={"reason": str(error)})
    _register(record)
    known = {"deploymentId": record["deploymentId"], "requestedBy": record.get("requestedBy")}
    logger.info("Deployment created", extra=known)
    return record


def deploy_requested(identity: str, detail: Any, now: datetime) -> None:
    """Starts the deployment that a Deployment Requested event asks for, or one that says what is wrong with its detail."""
    # Loaded when the first one comes: what is dropped is far more, and needs no model.
    from weighbridge.core.requests import DeploymentRequest  # noqa: PLC0415

    try:
        request = DeploymentRequest.read(detail)
    except InvalidDocument as refusal:
        members = detail if isinstance(detail, dict) else {}
        application, group = (_name_in(members.get(key)) for key in ("applicationName", "deploymentGroupName"))
        deploy(identity, now, application=application, group=group, refusal=refusal)
        return
    deploy(
        identity,
        now,
        application=request.application_name,
        group=request.deployment_group_name,
        revision=request.revision.kept(),
        overrides=request.overrides(),
    )


def _name_in(value: Any) -> str:
    """A name that a refused request gives, where it can be one at all."""
    return value if isinstance(value, str) and valid_name(value) else ""


def _keep(identity: str, now: datetime, request: Request, create: Callable[[Record], bool]) -> Record:
    """The record of the deployment that `identity` asks for, kept by `create`, which says whether its id was free.

    The scheduled reconciliation, which looks after it, is seen to beforehand.
    """
    schedule.keep_on(now)
    for attempt in itertools.count():
        record = created(deployment_id(identity, attempt), identity, now=now, **request)
        if create(record):
            break
        existing = deployments.get(record["deploymentId"])
        if existing and existing["identity"] == identity:
            break
    return record


def _register(record: Record) -> None:
    """Registers the revision of a deployment that runs already; what becomes of this changes nothing about it.

    Where there is no such group there is no application either that the revision could belong to, and a file that was
    refused is no revision.
    """
    if "deploymentGroupId" not in record or "refusal" in record or "revision" not in record:
        return
    try:
        revisions.use(record, datetime.fromisoformat(record["createTime"]))
    except WeighbridgeError as error:
        known = {"deploymentId": record["deploymentId"], "reason": str(error)}
        logger.warning("The revision is not registered", extra=known)
