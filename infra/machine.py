"""The state machine that runs deployments, and the one by which others deploy and wait."""

from collections.abc import Sequence

from aws_cdk import Acknowledgment, ArnFormat, Aws, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.basis import Basis
from infra.handler import Handler
from infra.rights import Right, give, give_afterwards, keeps_the_schedule_on
from infra.steps import Steps
from statemachine.definition import DEPLOY, DEPLOYMENT, text


def _machine(  # noqa: PLR0913 - what two machines differ in
    scope: Construct,
    role: iam.Role,
    handlers: Sequence[Handler],
    *,
    definition: str,
    log: str,
    name: str | None = None,
    **substitutions: str,
) -> sfn.StateMachine:
    """A machine by one of the definitions, which calls the handlers; `log` tells its log group from the other's."""
    machine = sfn.StateMachine(
        scope,
        "Machine",
        state_machine_name=name,
        # From a string, so that the template holds the definition: validators see it, and so does `cdk diff`.
        definition_body=sfn.DefinitionBody.from_string(text(definition)),
        definition_substitutions={
            # Integrations are named after the partition that they are in.
            "Partition": Aws.PARTITION,
            **substitutions,
            **{f"{handler.name}FunctionArn": handler.function.function_arn for handler in handlers},
        },
        state_machine_type=sfn.StateMachineType.STANDARD,
        role=role,
        logs=sfn.LogOptions(
            destination=logs.LogGroup(
                scope,
                "Logs",
                # The prefix keeps the group out of the account's resource policy for logs, whose size is limited.
                log_group_name=f"/aws/vendedlogs/states/{Aws.STACK_NAME}{log}",
                retention=logs.RetentionDays.THREE_MONTHS,
                removal_policy=RemovalPolicy.DESTROY,
            ),
            level=sfn.LogLevel.ALL,
            # Task tokens are among the data, and who holds one can end a wait.
            include_execution_data=False,
        ),
        tracing_enabled=True,
    )
    # cfn-lint knows no TimeoutSeconds that is an expression, and no partition that is a placeholder; AWS takes both.
    machine.node.default_child.add_metadata("cfn-lint", {"config": {"ignore_checks": ["E3601"]}})
    Validations.of(role).acknowledge(
        Acknowledgment(
            id="AwsSolutions-IAM5[Resource::*]",
            reason="Neither the delivery of logs nor X-Ray has resources that a right could be restricted to.",
        )
    )
    return machine


def _calls(handlers: Sequence[Handler]) -> Right:
    return Right(
        "Calls its steps.",
        actions=["lambda:InvokeFunction"],
        resources=[handler.function.function_arn for handler in handlers],
    )


class DeploymentMachine(Construct):
    """Runs one execution a deployment. `arn` and `executions` are ARNs for the rights of those who deal with them."""

    def __init__(self, scope: Construct, name: str, steps: Steps, table: dynamodb.Table) -> None:
        super().__init__(scope, name)
        handlers = [
            steps.validate,
            steps.run_hook,
            steps.check_alarms,
            steps.shift_traffic,
            steps.complete,
            steps.record_failure,
        ]
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        give(
            role,
            [
                _calls(handlers),
                Right(
                    "Stores the task token of a gate in the record, and why the deployment ends.",
                    actions=["dynamodb:UpdateItem"],
                    resources=[table.table_arn],
                ),
                Right(
                    "Step Functions learns by this rule of its own that a nested execution has ended.",
                    actions=["events:PutTargets", "events:PutRule", "events:DescribeRule"],
                    resources=[
                        Stack.of(self).format_arn(
                            service="events",
                            resource="rule",
                            resource_name="StepFunctionsGetEventsForStepFunctionsExecutionRule",
                        )
                    ],
                ),
            ],
        )
        machine = _machine(self, role, handlers, definition=DEPLOYMENT, log="", TableName=table.table_name)
        self.arn: str = machine.state_machine_arn
        self.executions: str = Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{machine.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        give_afterwards(
            self,
            "NestedRollback",
            role,
            [
                Right("Rolls back by an execution of its own.", actions=["states:StartExecution"], resources=[self.arn]),
                Right(
                    "Waits for nested executions, whose names nobody knows beforehand, and stops them with itself.",
                    actions=["states:DescribeExecution", "states:StopExecution"],
                    resources=[self.executions],
                ),
            ],
        )
        give_afterwards(
            self,
            "HookAnswer",
            steps.run_hook.role,
            [
                Right(
                    "Hands the hook's answer to the execution that waits for it, and sees whether one does.",
                    actions=["states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat"],
                    resources=[self.arn],
                )
            ],
        )


class DeployMachine(Construct):
    """Asks for a deployment and ends as it does: what pipelines, schedules and other state machines call and wait for.

    Its name is known beforehand, like that of the provider of aliases.
    """

    def __init__(self, scope: Construct, name: str, basis: Basis, deployments: DeploymentMachine) -> None:
        super().__init__(scope, name)
        deploy_and_wait = Handler(
            scope,
            "DeployAndWait",
            basis.package,
            timeout=Duration.seconds(30),
            environment={"STATE_MACHINE_ARN": deployments.arn, "SCHEDULE_RULE": basis.settings.schedule_rule},
            rights=[
                Right(
                    "Keeps who waits, by its task token, and writes the record of the new deployment.",
                    actions=["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
                    resources=[basis.storage.table.table_arn],
                ),
                Right("Starts the deployment.", actions=["states:StartExecution"], resources=[deployments.arn]),
                keeps_the_schedule_on(basis.settings),
            ],
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        give(role, [_calls([deploy_and_wait])])
        name = f"{basis.settings.service}-deploy"
        machine = _machine(self, role, [deploy_and_wait], definition=DEPLOY, log="-deploy", name=name)
        self.arn: str = machine.state_machine_arn

    def tell_by(self, role: iam.Role) -> None:
        """Lets whoever sees deployments end tell the executions that wait for it."""
        give(
            role,
            [
                Right(
                    "Tells who waits for a deployment of its end.",
                    actions=["states:SendTaskSuccess", "states:SendTaskFailure"],
                    resources=[self.arn],
                )
            ],
        )
