"""The provider by which CloudFormation's stacks own aliases, and what starts their deployments once they have committed."""

from aws_cdk import Aws, CfnMacro, Duration, Stack, Tags
from aws_cdk.aws_events import IEventBus
from constructs import Construct

from infra.basis import Basis
from infra.handler import Handler
from infra.machine import DeploymentMachine
from infra.rights import (
    Right,
    act_as_service_role,
    by_own_role,
    functions_named,
    keeps_the_schedule_on,
)

STATUSES = (
    "CREATE_COMPLETE",
    "DELETE_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "IMPORT_ROLLBACK_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
)
"""The statuses of a stack by which something is started or cancelled."""


def create_manage_alias(scope: Construct, basis: Basis, machine: DeploymentMachine) -> Handler:
    """The provider. Its name is known beforehand, since stacks name it and must never have to name another."""
    table = basis.storage.table
    manage_alias = Handler(
        scope,
        "ManageAlias",
        basis.package,
        timeout=Duration.seconds(60),
        function_name=basis.settings.provider,
        environment={
            "ACCOUNT_ID": Aws.ACCOUNT_ID,
            **basis.settings.allowed,
            "STATE_MACHINE_ARN": machine.arn,
            "SCHEDULE_RULE": basis.settings.schedule_rule,
        },
        rights=[
            Right(
                "Sees that who asks is a stack; any stack may ask.",
                actions=["cloudformation:DescribeStacks", "cloudformation:DescribeStackResource"],
                resources=[_stacks(scope)],
            ),
            Right(
                "Finds the stack that has an alias by the alias alone, so that no stack can be named beforehand.",
                actions=["cloudformation:DescribeStackResources"],
                resources=["*"],
            ),
            Right(
                "Keeps what a stack wants, its group, and the record of a deployment that a stack waits for.",
                actions=["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
                resources=[table.table_arn],
            ),
            Right(
                "Makes the alias, looks at it and takes it away with its stack; the context restricts which functions.",
                actions=["lambda:GetAlias", "lambda:CreateAlias", "lambda:DeleteAlias"],
                resources=by_own_role(basis.settings, functions_named(basis.settings.deployable_functions)),
            ),
            Right(
                "Starts a deployment that the stack waits for.", actions=["states:StartExecution"], resources=[machine.arn]
            ),
            Right(
                "Stops what runs of an alias that is deleted, or that its stack takes back.",
                actions=["states:SendTaskSuccess", "states:SendTaskFailure"],
                resources=[machine.arn],
            ),
            keeps_the_schedule_on(basis.settings),
            act_as_service_role(basis.settings),
        ],
    )
    # There is no queue for what fails: the event holds a URL that is a secret.
    manage_alias.function.configure_async_invoke(retry_attempts=2, max_event_age=Duration.hours(1))
    return manage_alias


def tell_callers(manage_alias: Handler, basis: Basis, bus: IEventBus, api_url: str) -> None:
    """Tag the provider, whose name is known beforehand, with where to reach the installation: by that callers find it."""
    places = {"api-url": api_url, "bucket": basis.storage.bucket.bucket_name, "bus": bus.event_bus_name}
    for name, place in places.items():
        if place:
            Tags.of(manage_alias.function).add(f"weighbridge:{name}", place)


def create_commit(scope: Construct, basis: Basis, machine: DeploymentMachine) -> Handler:
    table = basis.storage.table
    return Handler(
        scope,
        "Commit",
        basis.package,
        timeout=Duration.seconds(60),
        environment={"STATE_MACHINE_ARN": machine.arn, "SCHEDULE_RULE": basis.settings.schedule_rule},
        rights=[
            Right(
                "Sees whether a stack has committed; any stack may own an alias.",
                actions=["cloudformation:DescribeStacks"],
                resources=[_stacks(scope)],
            ),
            Right(
                "Finds the aliases of which something is still to be done.",
                actions=["dynamodb:Query"],
                resources=[f"{table.table_arn}/index/open"],
            ),
            Right(
                "Writes the record of a new deployment, and what has become of what a stack wants.",
                actions=["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
                resources=[table.table_arn],
            ),
            Right(
                "Sees whether the alias is there already; the context restricts which functions.",
                actions=["lambda:GetAlias"],
                resources=by_own_role(basis.settings, functions_named(basis.settings.deployable_functions)),
            ),
            Right("Starts the deployment.", actions=["states:StartExecution"], resources=[machine.arn]),
            Right(
                "Stops a deployment that another one replaces.",
                actions=["states:SendTaskSuccess", "states:SendTaskFailure"],
                resources=[machine.arn],
            ),
            keeps_the_schedule_on(basis.settings),
            act_as_service_role(basis.settings),
        ],
    )


def create_macro(scope: Construct, basis: Basis, manage_alias: Handler, hook_url: str) -> None:
    """The macro, by which templates that were written for CodeDeploy are shifted by Weighbridge with one more line.

    CloudFormation calls its function as whoever deploys the template; the function itself may do nothing.
    """
    transform_template = Handler(
        scope,
        "TransformTemplate",
        basis.package,
        timeout=Duration.seconds(30),
        rights=[],
        environment={"PROVIDER": basis.settings.provider, "HOOK_URL": hook_url},
    )
    macro = CfnMacro(
        scope,
        "Macro",
        name=basis.settings.stack_name,
        function_name=transform_template.function.function_arn,
        description="Aliases that CodeDeploy shifts become aliases that Weighbridge shifts",
    )
    # A template that is converted names the provider, so it has to be there.
    macro.node.add_dependency(manage_alias.function)


def _stacks(scope: Construct) -> str:
    return str(Stack.of(scope).format_arn(service="cloudformation", resource="stack", resource_name="*"))
