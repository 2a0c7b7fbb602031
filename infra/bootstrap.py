"""What `make deploy` does first: bootstraps the CDK where that has not been done.

Bootstrapping takes an administrator's rights, and once more it would update what other CDK apps of the account share.
"""

import subprocess
import sys

import click
from botocore.exceptions import BotoCoreError, ClientError

from infra.account import OPTIONS, context, session

QUALIFIER, DEFAULT_QUALIFIER = "@aws-cdk/core:bootstrapQualifier", "hnb659fds"


@click.command(context_settings=OPTIONS)
@click.option("-c", "--context", "chosen", multiple=True)
@click.option("--profile")
def main(*, chosen: tuple[str, ...], profile: str | None) -> None:
    """Run `cdk bootstrap` unless the account has been bootstrapped in this region."""
    name = f"/cdk-bootstrap/{context(chosen).get(QUALIFIER, DEFAULT_QUALIFIER)}/version"
    account = session(profile)
    try:
        account.client("ssm").get_parameter(Name=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            command = ["cdk", "bootstrap", *(["--profile", profile] if profile else [])]
            sys.exit(subprocess.run(command, check=False).returncode)
        # `cdk deploy` says itself what it misses.
        click.echo(f"Whether the CDK is bootstrapped cannot be seen: {error}", err=True)
    except BotoCoreError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
