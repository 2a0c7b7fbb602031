"""How many invocations of a function run at a time, set apart from what the rest of the account uses.

Lambda's reserved concurrency is cap and floor at once: a function never has more, and nobody else can take what it has.
`python -m infra.concurrency`, which `make deploy` calls with the options for `cdk deploy`, asks the account whether it can
give the recommended figures, says what comes of it on standard error, and prints the option that switches them on.
"""

import json
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from infra.account import OPTIONS, STACK_NAME, context, session

CAPS = {"Receive": 10, "Validate": 5, "Api": 10, "ReportHook": 3, "ManageAlias": 5, "Commit": 5, "DeployAndWait": 5}
"""What others may call, as often as they like: it may not take the account's whole concurrency, nor may Validate by what it
asks take all of the 15 requests a second that Lambda takes of an account, of which putting traffic back is one.
"""
FLOORS = {"Interrupt": 40, "ShiftTraffic": 40, "RecordFailure": 20, "Reconcile": 10}
"""What puts traffic back: it has to run whatever else does."""
RECOMMENDED = CAPS | FLOORS

KEY = "reservedConcurrency"
UNRESERVED = 100
"""Lambda leaves every account so many that no function has reserved."""


def obstacle(functions: Any, stacks: Any, stack: str, reserved: int) -> str | None:
    """Why the account cannot reserve so many for the stack of that name; None where it can.

    `functions` and `stacks` are clients of Lambda and CloudFormation. Raises ClientError and BotoCoreError.
    """
    left = functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    left += _reserved_already(stacks, stack)
    if left - reserved >= UNRESERVED:
        return None
    return (
        f"they take {reserved} concurrent executions; of the account's {left} that are not reserved {UNRESERVED} must stay"
    )


def _reserved_already(stacks: Any, stack: str) -> int:
    """What the stack as it is deployed has reserved, which the account counts no more as left."""
    try:
        template = stacks.get_template(StackName=stack)["TemplateBody"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":  # there is no such stack yet
            return 0
        raise
    # botocore has read a template that is JSON already.
    resources = (template if isinstance(template, dict) else json.loads(template))["Resources"].values()
    return sum(resource.get("Properties", {}).get("ReservedConcurrentExecutions", 0) for resource in resources)


@click.command(context_settings=OPTIONS)
@click.option("-c", "--context", "chosen", multiple=True)
@click.option("--profile")
def main(*, chosen: tuple[str, ...], profile: str | None) -> None:
    """Print the option for `cdk deploy` that gives functions the recommended figures, where the account can."""
    if context(())[KEY] != "off" or any(choice.partition("=")[0] == KEY for choice in chosen):
        return
    try:
        account, stack = session(profile), context(chosen)[STACK_NAME]
        reason = obstacle(account.client("lambda"), account.client("cloudformation"), stack, sum(RECOMMENDED.values()))
    except (BotoCoreError, ClientError) as error:
        reason = f"the account could not be asked: {error}"
    if reason:
        click.echo(f"Functions get no concurrency of their own: {reason}.", err=True)
        return
    figures = ", ".join(f"{name} {count}" for name, count in RECOMMENDED.items())
    click.echo(f"Functions get concurrency of their own: {figures}.", err=True)
    click.echo(f"-c {KEY}=on")


if __name__ == "__main__":
    main()
