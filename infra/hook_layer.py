"""A layer for hook functions that were written for CodeDeploy: with it their SDKs report to Weighbridge."""

from aws_cdk import CfnDeletionPolicy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.settings import ROOT

# Signed requests of boto3 come from a file that botocore reads, those of Node from a script that it preloads.
RUNTIMES = [
    lambda_.Runtime(name)
    for name in (
        *(f"nodejs{version}.x" for version in (16, 18, 20, 22, 24)),
        *(f"python3.{version}" for version in (9, 10, 11, 12, 13, 14)),
    )
]


def create_hook_layer(scope: Construct) -> str:
    """Create the layer and return the ARN of its version."""
    layer = lambda_.LayerVersion(
        scope,
        "HookLayer",
        code=lambda_.Code.from_asset(str(ROOT / "client" / "layer")),
        compatible_runtimes=RUNTIMES,
        description="Weighbridge for hooks that were written for CodeDeploy",
    )
    options = layer.node.default_child.cfn_options
    # Functions name the version that they use, and cannot be changed once it is gone.
    options.update_replace_policy = CfnDeletionPolicy.RETAIN
    options.deletion_policy = CfnDeletionPolicy.DELETE
    return str(layer.layer_version_arn)
