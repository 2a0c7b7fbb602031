"""Protects the table of an installation from deletion by one call: `python -m infra.protection`, the end of `make deploy`.

The template does not, for then a creation that fails could not be rolled back (decision 43).
"""

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from infra.account import OPTIONS, STACK_NAME, context, outputs, session


def protect(account: boto3.Session, table: str) -> None:
    """Switches the table's protection from deletion on, where it is off."""
    dynamodb = account.client("dynamodb")
    if not dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)


@click.command(context_settings=OPTIONS)
@click.option("-c", "--context", "chosen", multiple=True)
@click.option("--profile")
def main(*, chosen: tuple[str, ...], profile: str | None) -> None:
    """Protect the table from being deleted by one call."""
    try:
        account = session(profile)
        stack_outputs = outputs(account.client("cloudformation"), context(chosen)[STACK_NAME])
        if stack_outputs and "TableName" in stack_outputs:  # else the CLI was told to do something else than to deploy
            protect(account, stack_outputs["TableName"])
    except (BotoCoreError, ClientError) as error:
        click.echo(f"The table could not be protected from deletion: {error}", err=True)


if __name__ == "__main__":
    main()
