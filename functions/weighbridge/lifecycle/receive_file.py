"""What becomes of a file in the bucket: a deployment with an id, a group's settings, a configuration, or a refusal.

Nothing is judged here that the deployment's own execution can judge, so that whatever is wrong with a deployment is shown
by its record. A key that belongs to nothing is refused without one: logged, counted, and kept as a refusal.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger

from weighbridge.aws import s3
from weighbridge.core import configs, documents, groups, object_keys
from weighbridge.core.deployment import stamp
from weighbridge.core.errors import InvalidDocument, Retryable, WeighbridgeError, clip
from weighbridge.core.event_text import text_at
from weighbridge.core.missed_files import LOOKED_BACK, due, is_held_back, overtaken
from weighbridge.core.object_keys import AppSpecDrop, ConfigDrop, GroupDrop, Stored
from weighbridge.core.refusals import Refusal, Refused, refused_drop, refused_event
from weighbridge.core.service_role import foreign
from weighbridge.environment import environment
from weighbridge.lifecycle import schedule, start
from weighbridge.store import deployments, drops, refusals, settings
from weighbridge.telemetry import count

logger = Logger()
_LONGEST = 1024
"""Characters that S3 lets a key or a version have."""
_TIME_TO_END = 10_000
"""Milliseconds that are left to the last file that is looked at."""
_PAGES = 10
"""Of a thousand objects each, in one look through the bucket."""


def receive_file(event: Mapping[str, Any], event_id: str, now: datetime) -> None:
    """Takes the object of an Object Created event; the same version again changes nothing."""
    detail: Any = event.get("detail")
    bucket, key = (text_at(detail, *path, longest=_LONGEST) for path in (("bucket", "name"), ("object", "key")))
    version, sequencer = (text_at(detail, "object", name, longest=_LONGEST) for name in ("version-id", "sequencer"))
    if not bucket or not key:
        why = Refused("InvalidInputException", "The event names no object in a bucket.")
        _refuse(key or "", refused_event(event, event_id, why), now)
        return
    _take(bucket, key, version, object_keys.identity(bucket, key, version or sequencer or ""), now)


def look_for_missed(remaining_ms: Callable[[], int], now: datetime) -> None:
    """Takes up what was dropped in the last hour and whose event never came, as far as the function's time goes.

    Raises an ExceptionGroup of what was not foreseen, once everything has been looked at.
    """
    left, unforeseen = list[Stored](), list[Exception]()
    try:
        stored = _next_part(now - LOOKED_BACK)
    except WeighbridgeError:  # the next scheduled reconciliation is sooner than the end of Lambda's retries
        logger.exception("Not looked for files without an event")
        return
    for file in due(stored, now):
        if remaining_ms() < _TIME_TO_END:
            logger.warning("The look for files without an event ends before it has been round")
            break
        if is_held_back(file, left):
            continue
        try:
            _take_missed(file, stored, now)
        except WeighbridgeError:
            left.append(file)
            logger.exception("Not taken up yet", extra={"key": clip(file.key, 300)})
        except Exception as error:  # one unexpected file must not keep all the others
            logger.exception("Cannot be taken up", extra={"key": clip(file.key, 300)})
            unforeseen.append(error)
    if left:
        schedule.keep_on(now)  # until they are taken up
    if unforeseen:
        raise ExceptionGroup("Some files without an event cannot be taken up.", unforeseen)


def _next_part(since: datetime) -> list[Stored]:
    """What was written since then of the next 10,000 objects of the bucket, in the order of their keys.

    S3 lists by keys alone. Of a larger bucket it is kept where this ended, and the next call goes on from there.
    """
    began = reached = drops.listed_up_to()
    stored: list[Stored] = []
    for _ in range(_PAGES):
        page, reached = s3.page_after(reached)
        stored += [file for file in page if file.modified >= since]
        if not reached:
            break
    if reached != began:
        drops.keep_listed_up_to(reached)
    return stored


def _take_missed(file: Stored, beside: Sequence[Stored], now: datetime) -> None:
    bucket, version = environment.bucket_name, s3.version_of(file.key)
    if version is None:  # it has been deleted meanwhile
        return
    identity = object_keys.identity(bucket, file.key, version)
    if _has_been_received(file, identity, now):
        return
    logger.warning("Took up a file whose event never came", extra={"key": clip(file.key, 300)})
    count("DropsFound")
    late = None
    if file.group:
        item = settings.group_item(*file.group)
        late = overtaken(file, beside, (item or {}).get("lastAttemptedDeployment"))
    _take(bucket, file.key, version, identity, now, late=late)


def _has_been_received(file: Stored, identity: str, now: datetime) -> bool:
    match file.drop:
        case AppSpecDrop():
            return deployments.find(identity) is not None
        case GroupDrop() | ConfigDrop():
            return drops.is_taken_over(identity) or deployments.find(identity) is not None
        case None:
            return refusals.is_settled(identity, now)


def _take(  # noqa: PLR0913
    bucket: str, key: str, version: str | None, identity: str, now: datetime, *, late: WeighbridgeError | None = None
) -> None:
    """Makes of an object what its key says; `late` is why an AppSpec file is not deployed any more."""
    location = {"bucket": bucket, "key": key}
    pinned = location | ({"version": version} if version else {})
    try:
        drop = object_keys.classify_key(key)
    except InvalidDocument as error:
        subject = location | ({"versionId": version} if version else {})
        _refuse(key, refused_drop(subject, identity, error.code, str(error)), now)
        return
    match drop:
        case AppSpecDrop(application, group, bundle_type):
            revision = {"revisionType": "S3", "s3Location": pinned | {"bundleType": bundle_type}}
            start.deploy(identity, now, application=application, group=group, revision=revision, refusal=late)
        case GroupDrop() | ConfigDrop():
            _take_settings(drop, identity, location, now)


def _refuse(key: str, refusal: Refusal, now: datetime) -> None:
    logger.warning("Refused a drop", extra={"key": clip(key, 300), "reason": refusal.message})
    count("DropsRefused")
    refusals.keep(refusal, now)


def _take_settings(drop: GroupDrop | ConfigDrop, identity: str, location: Mapping[str, Any], now: datetime) -> None:
    """Takes over the file of a group or a configuration; one that cannot be becomes a deployment that says why."""
    try:
        match drop:
            case GroupDrop(application, group):
                _set_group(application, group, location, now)
            case ConfigDrop(name):
                _set_config(configs.parse(name, documents.load(s3.read(location, "receive"))), now)
    except Retryable:
        raise  # by Lambda, and then by redelivery
    except WeighbridgeError as refusal:
        application, group = (drop.application, drop.group) if isinstance(drop, GroupDrop) else ("", "")
        revision = {"revisionType": "S3", "s3Location": location}
        start.deploy(identity, now, application=application, group=group, revision=revision, refusal=refusal)
        return
    drops.note_taken_over(identity, now)


def _set_group(application: str, group: str, location: Mapping[str, Any], now: datetime) -> None:
    """Takes the newest version over, whichever event comes last, and looks again whether it still is the newest."""
    taken_over = None
    while (newest := s3.read(location, "receive")) != taken_over:
        parsed = groups.parse(application, group, documents.load(newest))
        name = parsed.deployment_config_name
        # Any other name may be that of a configuration which arrives in a moment.
        if name and configs.is_short(name) and settings.config(name) is None:
            raise InvalidDocument(configs.missing(name))
        if fault := foreign(parsed.service_role_arn, environment.service_role_accounts):
            raise InvalidDocument(f"serviceRoleArn: {fault}")
        settings.put_group(application, group, parsed, stamp(now))
        taken_over = newest
    logger.info("Deployment group set", extra={"application": application, "deploymentGroup": group})


def _set_config(config: configs.DeploymentConfig, now: datetime) -> None:
    if not settings.create_config(config, stamp(now)) and settings.config(config.name) != config:
        raise InvalidDocument(
            f"There is a deployment configuration {config.name} already, and configurations do not change: "
            "drop this one under another name."
        )
    logger.info("Deployment configuration set", extra={"deploymentConfig": config.name})
