"""A function whose new versions take traffic gradually."""

from aws_cdk import App, CfnOutput, Stack
from aws_cdk import aws_lambda as lambda_
from weighbridge_cdk import WeighbridgeAlias

CODE = """\
def handler(event, context):
    return "thank you"
"""

app = App()
stack = Stack(app, "Checkout")
checkout = lambda_.Function(
    stack,
    "Checkout",
    runtime=lambda_.Runtime.PYTHON_3_13,
    handler="index.handler",
    code=lambda_.Code.from_inline(CODE),
)
live = WeighbridgeAlias(
    stack,
    "Live",
    version=checkout.current_version,
    alarms=[checkout.metric_errors().create_alarm(stack, "Errors", threshold=1, evaluation_periods=1)],
)
CfnOutput(stack, "Alias", value=live.function_arn)
app.synth()
