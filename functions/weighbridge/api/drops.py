"""What became of a dropped object: Weighbridge's own addition to the API."""

from collections.abc import Mapping
from typing import Any

from weighbridge.api import protocol
from weighbridge.api.operations import Operation, Request
from weighbridge.aws import s3
from weighbridge.core.errors import InvalidDocument, classify
from weighbridge.core.object_keys import AppSpecDrop, ConfigDrop, GroupDrop, classify_key, identity
from weighbridge.environment import environment
from weighbridge.lifecycle import schedule
from weighbridge.store import deployments, drops


def get_drop(request: Request) -> Mapping[str, Any]:
    """By the object's key and version alone: Pending until it was received or found, then Accepted or Refused."""
    bucket, key = request.arguments["bucket"], request.arguments["key"]
    own = environment.bucket_name
    if bucket != own:
        raise protocol.invalid(
            request.operation, "bucket", f"Weighbridge receives what is dropped into {own}, and not into {bucket[:100]!r}."
        )
    version = request.arguments.get("versionId") or s3.newest_version(bucket, key)
    if version is None:
        raise protocol.ApiError("DropDoesNotExistException", f"There is no object {key[:300]!r} in the bucket.")
    location = {"bucket": bucket, "key": key, "versionId": version}
    try:
        drop = classify_key(key)
    except InvalidDocument as refusal:
        error = {"code": refusal.code, "message": str(refusal)}
        return {"dropInfo": location | {"status": "Refused", "errorInformation": error}}
    became = _became(drop, identity(bucket, key, version))
    if became["status"] == "Pending":
        schedule.keep_on(request.now)  # by which objects are looked for whose events were lost
    return {"dropInfo": location | _names(drop) | became}


def _names(drop: AppSpecDrop | GroupDrop | ConfigDrop) -> dict[str, str]:
    if isinstance(drop, ConfigDrop):
        return {"deploymentConfigName": drop.name}
    return {"applicationName": drop.application, "deploymentGroupName": drop.group}


def _became(drop: AppSpecDrop | GroupDrop | ConfigDrop, of: str) -> dict[str, Any]:
    record = deployments.find(of)
    if record is None:
        taken_over = not isinstance(drop, AppSpecDrop) and drops.is_taken_over(of)
        return {"status": "Accepted" if taken_over else "Pending"}
    deployment = {"deploymentId": record["deploymentId"], "deploymentStatus": record["status"]}
    if "refusal" in record:  # it says so before its execution has come to it
        kind, message = classify(record["refusal"]["error"], record["refusal"]["message"])
        return deployment | {"status": "Refused", "errorInformation": {"code": kind.code, "message": message}}
    return deployment | {"status": "Accepted", "errorInformation": record.get("errorInformation")}


OPERATIONS: Mapping[str, Operation] = {"GetDrop": get_drop}
