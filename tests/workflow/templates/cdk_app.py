"""An app as people have it, for CodeDeploy: what it refers to its alias by, and three ways to have Weighbridge shift it."""

from aws_cdk import App, Aspects, CfnOutput, SecretValue, Stack
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_lambda_event_sources import SqsEventSource
from weighbridge_cdk import GitHubDeployments, Weighbridge, WeighbridgeAlias


def function(stack: Stack, name: str) -> lambda_.Function:
    code = lambda_.Code.from_inline("def handler(event, context):\n    return 'thank you'\n")
    return lambda_.Function(
        stack, name, runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code, memory_size=256
    )


def used(stack: Stack, alias: lambda_.Alias) -> None:
    """Everything that takes an alias."""
    alias.add_event_source(SqsEventSource(sqs.Queue(stack, "Orders")))
    alias.add_function_url()
    alias.grant_invoke(iam.ServicePrincipal("events.amazonaws.com"))
    CfnOutput(stack, "Alias", value=alias.function_arn)


def as_in_typescript(app: App, name: str) -> None:
    """What examples/cdk-typescript/app.ts says, line by line."""
    stack = Stack(app, name)
    checkout = function(stack, "Checkout")
    live = lambda_.Alias(stack, "Live", alias_name="live", version=checkout.current_version)
    codedeploy.LambdaDeploymentGroup(
        stack,
        "Deployments",
        alias=live,
        deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
        alarms=[checkout.metric_errors().create_alarm(stack, "Errors", threshold=1, evaluation_periods=1)],
    )
    CfnOutput(stack, "Alias", value=live.function_arn)
    stack.add_transform("Weighbridge")


def for_codedeploy(app: App, name: str) -> Stack:
    stack = Stack(app, name)
    checkout = function(stack, "Checkout")
    alias = lambda_.Alias(stack, "Live", alias_name="live", version=checkout.current_version)
    used(stack, alias)
    codedeploy.LambdaDeploymentGroup(
        stack,
        "Deployments",
        alias=alias,
        deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
        alarms=[checkout.metric_errors().create_alarm(stack, "Errors", threshold=1, evaluation_periods=1)],
        pre_hook=function(stack, "Before"),
    )
    return stack


app = App()
as_in_typescript(app, "TypeScript")
for_codedeploy(app, "CodeDeploy")
Aspects.of(for_codedeploy(app, "Aspect")).add(Weighbridge())
Aspects.of(for_codedeploy(app, "Prepared")).add(Weighbridge(prepare=True))

construct = Stack(app, "Construct")
shop = function(construct, "Checkout")
long = WeighbridgeAlias(
    construct,
    "Live",
    version=shop.current_version,
    deployment_config=codedeploy.LambdaDeploymentConfig.LINEAR_10_PERCENT_EVERY_10_MINUTES,
    start="DuringStack",
)
used(construct, long)

GitHubDeployments(
    Stack(app, "GitHub"),
    "GitHub",
    repository="shop/checkout",
    token=SecretValue.secrets_manager("github-token"),
    applications=["shop"],
)
app.synth()
