"""What arrives: a dropped file, or a request on the bus. It becomes a deployment with an id, a group, or a configuration.

Nothing is judged here that the deployment's own execution can judge, so that whatever is wrong with a deployment is told
by its record. Only a key that belongs to nothing is refused without one: logged and counted.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from weighbridge.aws import revisions, settings
from weighbridge.aws.launch import launch
from weighbridge.core import configs, documents, groups
from weighbridge.core.deployment import Record, created, stamp
from weighbridge.core.drops import AppSpecDrop, ConfigDrop, GroupDrop, classify_key
from weighbridge.core.errors import InvalidDocument, RevisionMissing, WeighbridgeError, clip
from weighbridge.core.requests import DeploymentRequest
from weighbridge.telemetry import count

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
@event_source(data_class=EventBridgeEvent)
def handler(event: EventBridgeEvent, context: LambdaContext) -> None:  # noqa: ARG001
    now = datetime.now(UTC)
    if event.source == "aws.s3":
        _receive_drop(event.detail, now)
    else:
        _receive_request(event, now)


def _receive_drop(detail: Mapping[str, Any], now: datetime) -> None:
    key, version = detail["object"]["key"], detail["object"].get("version-id")
    location = {"bucket": detail["bucket"]["name"], "key": key}
    identity = f"s3://{location['bucket']}/{key}?versionId={version or detail['object'].get('sequencer')}"
    try:
        drop = classify_key(key)
    except InvalidDocument as refusal:
        logger.warning("Refused a drop", extra={"key": clip(key, 300), "reason": str(refusal)})
        count("DropsRefused")
        return
    try:
        match drop:
            case AppSpecDrop(application, group, bundle_type):
                pinned = location | {"bundleType": bundle_type} | ({"version": version} if version else {})
                revision = {"revisionType": "S3", "s3Location": pinned}
                _deploy(identity, now, application, group, revision=revision)
            case GroupDrop(application, group):
                _set_group(application, group, location, now)
                logger.info("Deployment group set", extra={"application": application, "deploymentGroup": group})
            case ConfigDrop(name):
                config = configs.parse(name, documents.load(revisions.read(location, "receive")))
                _set_config(config, now)
    except (InvalidDocument, RevisionMissing) as refusal:
        application, group = (drop.application, drop.group) if isinstance(drop, GroupDrop) else ("", "")
        revision = {"revisionType": "S3", "s3Location": location}
        _deploy(identity, now, application, group, revision=revision, refusal=refusal)


def _set_group(application: str, group: str, location: Mapping[str, Any], now: datetime) -> None:
    """Takes the newest version over, whichever event comes last, and looks again whether it still is the newest."""
    taken_over = None
    while (newest := revisions.read(location, "receive")) != taken_over:
        settings.put_group(application, group, groups.parse(application, group, documents.load(newest)), stamp(now))
        taken_over = newest


def _set_config(config: configs.DeploymentConfig, now: datetime) -> None:
    if not settings.create_config(config, stamp(now)) and settings.config(config.name) != config:
        raise InvalidDocument(
            f"There is a deployment configuration {config.name} already, and configurations do not change: "
            "drop this one under another name."
        )
    logger.info("Deployment configuration set", extra={"deploymentConfig": config.name})


def _receive_request(event: EventBridgeEvent, now: datetime) -> None:
    identity = f"event {event.get_id}"
    detail: Any = event.detail
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
    found = settings.group(application, group)

    def record_of(deployment_id: str) -> Record:
        return created(
            deployment_id,
            identity,
            application=application,
            group=group,
            revision=revision,
            now=now,
            group_id=found[0] if found else None,
            overrides=overrides,
            refusal=refusal,
        )

    deployment_id = launch(identity, record_of)
    logger.info("Deployment created", extra={"deploymentId": deployment_id, "requestedBy": identity})
