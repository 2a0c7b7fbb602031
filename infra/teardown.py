"""What `make destroy` looks at before the CDK CLI deletes the stack: whether a deployment is open.

Without the stack nothing puts traffic back: the rules and functions that react to alarms are deleted at once, the state
machine with the end of a bake, and the alias stays split. `python -m infra.teardown` ends with an error while something is
open and says what; with `--stop` it stops everything, has its traffic put back and waits until all of it has ended.
It ends with an error, too, where it cannot know.
"""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import click
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import BotoCoreError, ClientError

from infra.account import OPTIONS, STACK_NAME, context, outputs, session

_PAUSE = 5
"""Seconds until it is looked again whether all has ended."""
_plain = TypeDeserializer().deserialize
Record = Mapping[str, Any]


def unfinished(account: boto3.Session, table: str) -> list[Record]:
    """The records of all deployments that are open, oldest first; none where there is no such table."""
    dynamodb = account.client("dynamodb")
    try:
        pages = dynamodb.get_paginator("query").paginate(
            TableName=table,
            IndexName="open",
            KeyConditionExpression="#open = :open",
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":open": {"S": "open"}},
        )
        keys = [{name: item[name] for name in ("pk", "sk")} for page in pages for item in page["Items"]]
        answers = (dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True) for key in keys)
        records = [{name: _plain(value) for name, value in answer.get("Item", {}).items()} for answer in answers]
    except dynamodb.exceptions.ResourceNotFoundException:
        return []
    # The index is a moment behind.
    return [record for record in records if "open" in record]


def described(record: Record) -> str:
    """Which deployment it is, where its alias's traffic is, and why it does not end, if something holds it up."""
    text = f"{record['deploymentId']} of {record['applicationName']}/{record['deploymentGroupName']} is {record['status']}"
    target = record.get("lambdaFunctionInfo", {})
    if "targetVersionWeight" in target:
        percent = round(100 * float(target["targetVersionWeight"]), 2)
        text += (
            f", {target['functionName']}:{target['functionAlias']} has {percent:g} % on version {target['targetVersion']}"
        )
    if "heldUp" in record:
        text += f"; held up: {record['heldUp']['message']}"
    return text


def stop(account: boto3.Session, bus: str, deployment_id: str) -> None:
    """Asks for the end of a deployment, with its traffic back on the version before, whatever its group says."""
    answer = account.client("events").put_events(
        Entries=[
            {
                "EventBusName": bus,
                "Source": "make.destroy",
                "DetailType": "Deployment Stop Requested",
                "Detail": json.dumps({"deploymentId": deployment_id, "autoRollbackEnabled": True}),
            }
        ]
    )
    if answer["FailedEntryCount"]:
        raise click.ClickException(f"{deployment_id} cannot be stopped: {answer['Entries'][0]['ErrorMessage']}")


def stop_all(account: boto3.Session, table: str, bus: str) -> Iterator[str]:
    """Stops what is open, and what begins meanwhile, until nothing is; tells each change in a line."""
    asked: set[str] = set()
    described_before: set[str] = set()
    while records := unfinished(account, table):
        for record in records:
            deployment_id = record["deploymentId"]
            # A rollback is what is waited for.
            if deployment_id not in asked and "rollbackTriggeringDeploymentId" not in record.get("rollbackInfo", {}):
                stop(account, bus, deployment_id)
                asked.add(deployment_id)
                yield f"Stopping {deployment_id}"
            if (text := described(record)) not in described_before:
                described_before.add(text)
                yield f"  {text}"
        time.sleep(_PAUSE)


@click.command(context_settings=OPTIONS)
@click.option("-c", "--context", "chosen", multiple=True)
@click.option("--profile")
@click.option("--stop", "stops", is_flag=True)
def main(*, chosen: tuple[str, ...], profile: str | None, stops: bool) -> None:
    """End with an error while a deployment is open; with --stop, stop all of them and wait."""
    stack = context(chosen)[STACK_NAME]
    try:
        account = session(profile)
        stack_outputs = outputs(account.client("cloudformation"), stack)
        if stack_outputs is None:
            click.echo(f"There is no stack {stack} in {account.region_name}.")
            return
        # A stack that was never created whole has no outputs, and no deployments.
        if "TableName" not in stack_outputs:
            return
        if stops:
            for line in stop_all(account, stack_outputs["TableName"], stack_outputs["EventBusName"]):
                click.echo(line)
        elif records := unfinished(account, stack_outputs["TableName"]):
            what = "\n".join(f"  {described(record)}" for record in records)
            raise click.ClickException(
                f"{stack} is left as it is, for deployments are open:\n{what}\n"
                "Without the stack nothing would put their traffic back. Wait until they have ended, or stop them, all by\n"
                "`make destroy STOP=1`: it puts their traffic back, waits, and then removes the stack."
            )
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(
            f"{stack} is left as it is: whether a deployment is open cannot be seen: {error}"
        ) from error


if __name__ == "__main__":
    main()
