"""The account that `make` deploys to, as the commands ask it that stand before and after the CDK CLI's.

They get the CLI's options and look at those that say where the stack is: `-c stackName=…` and `--profile`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

SETTINGS = Path(__file__).parents[1] / "cdk.json"
OPTIONS = {"ignore_unknown_options": True, "allow_extra_args": True}
"""For click: what is meant for `cdk` alone is let through."""
STACK_NAME = "stackName"


def context(chosen: Sequence[str]) -> dict[str, Any]:
    """The context of cdk.json with what the command line chose over it, `KEY=VALUE` each."""
    defaults: dict[str, Any] = json.loads(SETTINGS.read_text(encoding="utf-8"))["context"]
    return defaults | {key: value for key, _, value in (choice.partition("=") for choice in chosen)}


def session(profile: str | None) -> boto3.Session:
    # boto3 does not know this variable of the environment, which the CDK CLI looks at first.
    return boto3.Session(profile_name=profile, region_name=os.environ.get("AWS_REGION"))


def outputs(stacks: Any, stack: str) -> Mapping[str, str] | None:
    """The outputs of the stack of that name, by CloudFormation's client `stacks`; None where there is no such stack."""
    try:
        [description] = stacks.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}
