"""What arrives: a dropped file, or a request on the bus. It becomes a deployment with an id, a group, or a configuration.

Called every few minutes, too, to look for files of which no event has told.

Nothing is judged here that the deployment's own execution can judge, so that whatever is wrong with a deployment is told
by its record. A key that belongs to nothing, and an event on the bus of a type that is none, are refused without one:
logged, counted, and kept as a refusal.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import refusals, revisions, schedule, settings
from weighbridge.aws.drops import is_taken_over, next_part, note_taken_over
from weighbridge.aws.launch import find, launch
from weighbridge.core import configs, documents, drops, groups
from weighbridge.core.deployment import Record, created, stamp
from weighbridge.core.drops import AppSpecDrop, ConfigDrop, GroupDrop
from weighbridge.core.errors import InvalidDocument, Retryable, WeighbridgeError, clip
from weighbridge.core.event_text import text_at
from weighbridge.core.refusals import Refusal, Refused, refused_drop, refused_event, unknown
from weighbridge.core.requests import DeploymentRequest
from weighbridge.core.service_role import foreign
from weighbridge.core.unheard import LOOKED_BACK, Stored, due, is_held_back, overtaken
from weighbridge.telemetry import count

logger = Logger()
_LONGEST = 1024
"""Characters that S3 lets a key or a version have."""
_TIME_TO_END = 10_000
"""Milliseconds that are left to the last file that is looked at."""


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=EventBridgeEvent)
def handler(event: EventBridgeEvent, context: LambdaContext) -> None:
    now = datetime.now(UTC)
    identity = text_at(event.raw_event, "id", longest=_LONGEST) or context.aws_request_id
    try:
        _receive(event, identity, context, now)
    except Exception:
        with suppress(WeighbridgeError):
            schedule.keep_on(now)  # with the sweep the event is delivered again
        raise


def _receive(event: EventBridgeEvent, identity: str, context: LambdaContext, now: datetime) -> None:
    if event.get("source") == "aws.s3":
        _receive_drop(event, identity, now)
    elif event.get("source") == "aws.events":
        _look_for_unheard(context, now)
    elif event.get("detail-type") == "Deployment Requested":
        _receive_request(f"event {identity}", event.get("detail"), now)
    else:
        why = unknown(event.get("detail-type"))
        logger.warning("Refused an event", extra={"reason": str(why)})
        count("EventsRefused")
        refusals.keep(refused_event(event.raw_event, identity, why), now)


def _receive_drop(event: EventBridgeEvent, event_id: str, now: datetime) -> None:
    detail: Any = event.get("detail")
    bucket, key = (text_at(detail, *path, longest=_LONGEST) for path in (("bucket", "name"), ("object", "key")))
    version, sequencer = (text_at(detail, "object", name, longest=_LONGEST) for name in ("version-id", "sequencer"))
    if not bucket or not key:
        why = Refused("InvalidInputException", "The event names no object in a bucket.")
        _refuse_drop(key or "", refused_event(event.raw_event, event_id, why), now)
        return
    _take(bucket, key, version, drops.identity(bucket, key, version or sequencer or ""), now)


def _take(  # noqa: PLR0913
    bucket: str, key: str, version: str | None, identity: str, now: datetime, *, late: WeighbridgeError | None = None
) -> None:
    """Makes of an object what its key says; `late` is why an AppSpec file is not deployed any more."""
    location = {"bucket": bucket, "key": key}
    pinned = location | ({"version": version} if version else {})
    try:
        drop = drops.classify_key(key)
    except InvalidDocument as error:
        named = location | ({"versionId": version} if version else {})
        _refuse_drop(key, refused_drop(named, identity, error.code, str(error)), now)
        return
    match drop:
        case AppSpecDrop(application, group, bundle_type):
            revision = {"revisionType": "S3", "s3Location": pinned | {"bundleType": bundle_type}}
            _deploy(identity, now, application, group, revision=revision, refusal=late)
        case GroupDrop() | ConfigDrop():
            _set(drop, identity, location, now)


def _look_for_unheard(context: LambdaContext, now: datetime) -> None:
    """Takes up what was dropped in the last hour and was never told of, as far as its time goes."""
    left, unforeseen = list[Stored](), list[Exception]()
    try:
        stored = next_part(now - LOOKED_BACK)
    except WeighbridgeError:  # the next sweep is sooner than the end of Lambda's retries
        logger.exception("Not looked for files without an event")
        return
    for found in due(stored, now):
        if context.get_remaining_time_in_millis() < _TIME_TO_END:
            logger.warning("The look for files without an event ends before it has been round")
            break
        if is_held_back(found, left):
            continue
        try:
            _take_unheard(found, stored, now)
        except WeighbridgeError:
            left.append(found)
            logger.exception("Not taken up yet", extra={"key": clip(found.key, 300)})
        except Exception as error:  # one file that nobody foresaw must not keep all the others
            logger.exception("Cannot be taken up", extra={"key": clip(found.key, 300)})
            unforeseen.append(error)
    if left:
        schedule.keep_on(now)  # until they are taken up
    if unforeseen:
        raise ExceptionGroup("Some files without an event cannot be taken up.", unforeseen)


def _take_unheard(found: Stored, beside: Sequence[Stored], now: datetime) -> None:
    bucket, version = os.environ["BUCKET_NAME"], revisions.version_of(found.key)
    if version is None:  # it has been deleted meanwhile
        return
    identity = drops.identity(bucket, found.key, version)
    if _is_heard_of(found, identity, now):
        return
    logger.warning("Took up a file of which no event has told", extra={"key": clip(found.key, 300)})
    count("DropsFound")
    late = None
    if found.group:
        item = settings.group_item(*found.group)
        late = overtaken(found, beside, (item or {}).get("lastAttemptedDeployment"))
    _take(bucket, found.key, version, identity, now, late=late)


def _is_heard_of(found: Stored, identity: str, now: datetime) -> bool:
    match found.drop:
        case AppSpecDrop():
            return find(identity) is not None
        case GroupDrop() | ConfigDrop():
            return is_taken_over(identity) or find(identity) is not None
        case None:
            return refusals.is_settled(identity, now)


def _refuse_drop(key: str, refusal: Refusal, now: datetime) -> None:
    logger.warning("Refused a drop", extra={"key": clip(key, 300), "reason": refusal.message})
    count("DropsRefused")
    refusals.keep(refusal, now)


def _set(drop: GroupDrop | ConfigDrop, identity: str, location: Mapping[str, Any], now: datetime) -> None:
    """Takes the file of a group or a configuration over; one that cannot be becomes a deployment that says why."""
    application, group = (drop.application, drop.group) if isinstance(drop, GroupDrop) else ("", "")
    try:
        match drop:
            case GroupDrop():
                _set_group(application, group, location, now)
                logger.info("Deployment group set", extra={"application": application, "deploymentGroup": group})
            case ConfigDrop(name):
                config = configs.parse(name, documents.load(revisions.read(location, "receive")))
                _set_config(config, now)
    except Retryable:
        raise  # by Lambda, and then by redelivery
    except WeighbridgeError as refusal:
        revision = {"revisionType": "S3", "s3Location": location}
        _deploy(identity, now, application, group, revision=revision, refusal=refusal)
        return
    note_taken_over(identity, now)


def _set_group(application: str, group: str, location: Mapping[str, Any], now: datetime) -> None:
    """Takes the newest version over, whichever event comes last, and looks again whether it still is the newest."""
    taken_over = None
    while (newest := revisions.read(location, "receive")) != taken_over:
        parsed = groups.parse(application, group, documents.load(newest))
        name = parsed.deployment_config_name
        # Any other name may be that of a configuration which arrives in a moment.
        if name and configs.is_short(name) and settings.config(name) is None:
            raise InvalidDocument(configs.missing(name))
        if fault := foreign(parsed.service_role_arn, os.environ["SERVICE_ROLE_ACCOUNTS"].split(",")):
            raise InvalidDocument(f"serviceRoleArn: {fault}")
        settings.put_group(application, group, parsed, stamp(now))
        taken_over = newest


def _set_config(config: configs.DeploymentConfig, now: datetime) -> None:
    if not settings.create_config(config, stamp(now)) and settings.config(config.name) != config:
        raise InvalidDocument(
            f"There is a deployment configuration {config.name} already, and configurations do not change: "
            "drop this one under another name."
        )
    logger.info("Deployment configuration set", extra={"deploymentConfig": config.name})


def _receive_request(identity: str, detail: Any, now: datetime) -> None:
    try:
        request = DeploymentRequest.read(detail)
    except InvalidDocument as refusal:
        named = detail if isinstance(detail, dict) else {}
        application, group = (_name_in(named.get(key)) for key in ("applicationName", "deploymentGroupName"))
        _deploy(identity, now, application, group, refusal=refusal)
        return
    _deploy(
        identity,
        now,
        request.application_name,
        request.deployment_group_name,
        revision=request.revision.kept(),
        overrides=request.overrides(),
    )


def _name_in(value: Any) -> str:
    """A name that a refused request gives, where it can be one at all."""
    return value if isinstance(value, str) and groups.valid_name(value) else ""


def _deploy(  # noqa: PLR0913
    identity: str,
    now: datetime,
    application: str,
    group: str,
    *,
    revision: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
    refusal: WeighbridgeError | None = None,
) -> None:
    found = settings.group_item(application, group)

    def record_of(deployment_id: str) -> Record:
        return created(
            deployment_id,
            identity,
            application=application,
            group=group,
            revision=revision,
            now=now,
            group_id=found["deploymentGroupId"] if found else None,
            overrides=overrides,
            refusal=refusal,
        )

    deployment_id = launch(identity, record_of)
    logger.info("Deployment created", extra={"deploymentId": deployment_id, "requestedBy": identity})
