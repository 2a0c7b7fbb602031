"""What is dropped into the bucket: AppSpec files and groups, and what becomes of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from weighbridge_cli.exits import OutOfReach, Refused
from weighbridge_cli.following import Patience, TimeIsOver, Watcher
from weighbridge_cli.options import AliasName, GroupName
from weighbridge_cli.output import note
from weighbridge_cli.progress import Progress
from weighbridge_cli.requests import default_group_file
from weighbridge_cli.text import clean

if TYPE_CHECKING:
    from weighbridge_cli.aws import Cloud

UNTIL_RECEIVED = timedelta(minutes=8)
"""S3 sends the event of an object within seconds; one whose event is lost is found within seven minutes."""
MISSING_GROUP = {"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"}
"""What the API says where there is no such group."""


def set_group(cloud: Cloud, group: GroupName, text: str) -> None:
    """Drops a group's file, and waits until it is taken over. Raises Refused with what is wrong in it."""
    key = f"{group}/deployment-group.yaml"
    received(cloud, key, drop(cloud, key, text.encode()), _Notes())


def make_group(cloud: Cloud, group: GroupName, alias: AliasName) -> None:
    """The group of an alias that has none yet."""
    try:
        set_group(cloud, group, default_group_file(alias))
    except OutOfReach as error:
        if not error.code:  # AWS has refused nothing
            raise
        raise OutOfReach(
            f"The group {group} is not there, and you may not drop its file. {error.message} Or make it by the API, which "
            f"wants a role: {cloud.place.command('group', 'set', str(group), '--role', 'ARN')}",
            code=error.code,
        ) from error
    note(f"The group {group} is new, with all defaults: all traffic at once, no alarms.")


class _Notes:
    """Tells what concerns the command itself."""

    def say(self, text: str) -> None:
        note(text)

    def show(self, progress: Progress) -> None:
        pass


def drop(cloud: Cloud, key: str, body: bytes) -> str:
    """The version of the object that was put into the bucket."""
    answer = cloud.call("s3", "put_object", Bucket=cloud.bucket, Key=key, Body=body)
    return str(answer["VersionId"])


def received(cloud: Cloud, key: str, version: str, watcher: Watcher) -> str | None:
    """The deployment that an object has become; None for a group or configuration. Raises Refused with the reason."""
    patience = Patience(UNTIL_RECEIVED, watcher)
    not_received = OutOfReach(
        f"The installation has not received s3://{cloud.bucket}/{key} yet. What has become of it: "
        f"aws weighbridge get-drop --bucket {cloud.bucket} --key {key}"
    )
    while True:
        try:
            info = patience.ask(lambda: cloud.api("get_drop", bucket=cloud.bucket, key=key, versionId=version)["dropInfo"])
        except TimeIsOver as error:
            raise not_received from error
        if info["status"] == "Refused":
            reason = info.get("errorInformation", {})
            raise Refused(f"{key} is refused: {reason.get('message', 'no reason is given')}", str(reason.get("code", "")))
        if info["status"] == "Accepted":
            return info.get("deploymentId")  # type: ignore[no-any-return]
        if not patience.wait(1):
            raise not_received


def ensure_group(cloud: Cloud, group: GroupName, maker: AliasName) -> None:
    try:
        cloud.api("get_deployment_group", applicationName=group.application, deploymentGroupName=group.group)
    except Refused as error:
        if error.code not in MISSING_GROUP:
            raise
        make_group(cloud, group, maker)


def read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused(f"{clean(file)} cannot be read: {error.strerror}.") from error


def read(file: Path) -> str:
    """Raises Refused."""
    try:
        return read_bytes(file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{clean(file)} is no text in UTF-8. An archive can only be dropped, as FILE.") from error
