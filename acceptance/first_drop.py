"""What `make deploy` ends with: it drops a file and says when that one has arrived.

S3 begins to send events some minutes after an installation, and until then nothing seems to happen. The key of the file
belongs to nothing, so it becomes a refusal and nothing else; then it is deleted. `python -m acceptance.first_drop` fails
only where the file does not arrive; without the rights to try it says so.
"""

import time
from typing import Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from infra.account import OPTIONS, STACK_NAME, context, outputs, session
from weighbridge.core.object_keys import identity
from weighbridge.core.refusals import Refusal

KEY = "canary-of-make-deploy"
_LONGEST = 900
"""Seconds. S3 takes about five minutes after its events were switched on, and files without an event are found as late."""
_PAUSE = 2


def seconds_until_received(account: boto3.Session, bucket: str, table: str) -> float | None:
    """Drops a file, waits until there is a record of it, and deletes it; None where there is none in time."""
    s3, dynamodb = account.client("s3"), account.client("dynamodb")
    began = time.monotonic()
    version = s3.put_object(Bucket=bucket, Key=KEY)["VersionId"]
    digest = Refusal(identity(bucket, KEY, version), {}, "", "").digest
    key: Any = {"pk": {"S": f"REFUSAL#{digest}"}, "sk": {"S": "REFUSAL"}}
    try:
        for _ in range(_LONGEST // _PAUSE):
            if "Item" in dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True):
                return time.monotonic() - began
            time.sleep(_PAUSE)
    finally:
        s3.delete_object(Bucket=bucket, Key=KEY, VersionId=version)
    return None


@click.command(context_settings=OPTIONS)
@click.option("-c", "--context", "chosen", multiple=True)
@click.option("--profile")
def main(*, chosen: tuple[str, ...], profile: str | None) -> None:
    """Say when dropped files arrive."""
    settings = context(chosen)
    if str(settings["alarmOnRefusals"]).lower() == "true":
        click.echo("Whether dropped files arrive is not tried, for the file would set off the alarm on refusals.")
        return
    try:
        account = session(profile)
        stack_outputs = outputs(account.client("cloudformation"), settings[STACK_NAME])
        if not stack_outputs or "BucketName" not in stack_outputs:  # the CLI was told to do something else than to deploy
            return
        click.echo("Dropping a file, until it is received. After an installation this takes some minutes …")
        seconds = seconds_until_received(account, stack_outputs["BucketName"], stack_outputs["TableName"])
    except (BotoCoreError, ClientError) as error:
        click.echo(f"Whether dropped files arrive cannot be tried: {error}", err=True)
        return
    if seconds is None:
        raise click.ClickException(
            f"A dropped file did not arrive in {_LONGEST} s: see the log of Receive and its dead letters."
        )
    click.echo(f"Dropped files arrive: this one after {seconds:.0f} s.")


if __name__ == "__main__":
    main()
