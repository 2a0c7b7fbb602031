"""The state machine that runs deployments."""

from aws_cdk import Acknowledgment, ArnFormat, Aws, RemovalPolicy, Stack, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.rights import Right, give, give_afterwards
from infra.steps import Steps
from statemachine.definition import text


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
                Right(
                    "Calls its steps.",
                    actions=["lambda:InvokeFunction"],
                    resources=[handler.function.function_arn for handler in handlers],
                ),
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
        machine = sfn.StateMachine(
            self,
            "Machine",
            # From a string, so that the template holds the definition: validators see it, and so does `cdk diff`.
            definition_body=sfn.DefinitionBody.from_string(text()),
            definition_substitutions={
                # Integrations are named after the partition that they are in.
                "Partition": Aws.PARTITION,
                "TableName": table.table_name,
                **{f"{handler.name}FunctionArn": handler.function.function_arn for handler in handlers},
            },
            state_machine_type=sfn.StateMachineType.STANDARD,
            role=role,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    self,
                    "Logs",
                    # The prefix keeps the group out of the account's resource policy for logs, whose size is limited.
                    log_group_name=f"/aws/vendedlogs/states/{Aws.STACK_NAME}",
                    retention=logs.RetentionDays.THREE_MONTHS,
                    removal_policy=RemovalPolicy.DESTROY,
                ),
                level=sfn.LogLevel.ALL,
                # Task tokens are among the data, and who holds one can end a wait.
                include_execution_data=False,
            ),
            tracing_enabled=True,
        )
        # cfn-lint knows no TimeoutSeconds that is an expression, which AWS takes.
        machine.node.default_child.add_metadata("cfn-lint", {"config": {"ignore_checks": ["E3601"]}})
        Validations.of(role).acknowledge(
            Acknowledgment(
                id="AwsSolutions-IAM5[Resource::*]",
                reason="Neither the delivery of logs nor X-Ray has resources that a right could be restricted to.",
            )
        )
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
