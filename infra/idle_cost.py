"""What an installation costs in a month in which nobody deploys anything: `make idle-cost`.

What there is comes from the template, what it costs from the price list of AWS, outside of the free tier. An idle
installation does nothing, for its schedule rests (decision 42): no function runs, no queue is asked, no metric is written.
"""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from infra.account import OPTIONS, context
from infra.app import build

PRICES = {
    "AWS::CloudWatch::Alarm": 0.10,
}
"""US dollars a month for each, in us-east-1, as generally known: https://aws.amazon.com/cloudwatch/pricing/ has today's."""
BY_USE = frozenset(
    {
        "AWS::CloudFormation::Macro",
        "AWS::Events::EventBus",
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Url",
        "AWS::S3::BucketPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::StepFunctions::StateMachine",
    }
)
"""What costs nothing while it is not used. Lambda reads the table's stream for its functions without a charge."""
BY_SIZE = {
    "AWS::DynamoDB::Table": "$0.25 a GB, and $0.20 a GB for its recovery to any point in time",
    "AWS::Logs::LogGroup": "$0.03 a GB",
    "AWS::S3::Bucket": "$0.023 a GB",
}
"""What costs by what is in it, by the same list."""


def fixed(template: Mapping[str, Any]) -> dict[str, tuple[int, float]]:
    """How many of each type there are that cost something by being there, and US dollars a month for them.

    Raises KeyError for a type of which it is not known what it costs.
    """
    kinds = Counter(resource["Type"] for resource in template["Resources"].values())
    costly = {kind: count for kind, count in kinds.items() if kind not in BY_USE and kind not in BY_SIZE}
    return {kind: (count, count * PRICES[kind]) for kind, count in sorted(costly.items())}


@click.command(context_settings=OPTIONS)
@click.option("-c", "--context", "chosen", multiple=True)
def main(*, chosen: tuple[str, ...]) -> None:
    """Print what an idle installation with these settings costs a month."""
    os.environ["CDK_VALIDATION"] = "false"  # the tests validate the template
    with tempfile.TemporaryDirectory() as directory:
        build(Path(directory), context(chosen)).synth()
        [path] = Path(directory).glob("*.template.json")
        template = json.loads(path.read_text(encoding="utf-8"))
    costs = fixed(template)
    for kind, (count, dollars) in costs.items():
        click.echo(f"${dollars:.2f}  {count} x {kind}")
    click.echo(f"${sum(dollars for _, dollars in costs.values()):.2f}  a month while nobody deploys, and by what is kept:")
    for kind, price in BY_SIZE.items():
        click.echo(f"       {kind}: {price}")


if __name__ == "__main__":
    main()
