"""The handlers that events call, and what each may do."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Acknowledgment, Aws, Duration, Stack, Validations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from infra.basis import Basis
from infra.cloudformation import create_commit
from infra.handler import Handler
from infra.machine import DeploymentMachine
from infra.rights import (
    Right,
    act_as_service_role,
    by_own_role,
    functions_named,
    give,
    give_afterwards,
    keeps_the_schedule_on,
    role_accounts,
    schedule_rules,
)


@dataclass(frozen=True)
class Listeners:
    receive: Handler
    interrupt: Handler
    reconcile: Handler
    commit: Handler
    redeliver: Handler
    notify: Handler
    send_triggers: Handler


def create_listeners(scope: Construct, basis: Basis, machine: DeploymentMachine, run_hook: Handler) -> Listeners:
    listeners = Listeners(
        receive=_receive(scope, basis, machine),
        interrupt=_interrupt(scope, basis, machine),
        reconcile=_reconcile(scope, basis, machine),
        commit=create_commit(scope, basis, machine),
        redeliver=_redeliver(scope, basis),
        notify=_notify(scope, basis),
        send_triggers=_send_triggers(scope, basis),
    )
    called_by_events = (listeners.receive, listeners.interrupt, listeners.reconcile, listeners.commit)
    arns = [handler.function.function_arn for handler in called_by_events]
    listeners.redeliver.function.add_environment("REDELIVERED_TO", ",".join(arns))
    give(
        listeners.redeliver.role,
        [
            Right(
                "Hands an event to the function that could not handle it.",
                actions=["lambda:InvokeFunction"],
                resources=arns,
            )
        ],
    )
    for handler in called_by_events:
        handler.function.configure_async_invoke(
            on_failure=destinations.SqsDestination(basis.failures.events),
            retry_attempts=2,
            # An hour outlasts a throttled account; what is older needs a decision.
            max_event_age=Duration.hours(1),
        )
    # What it did not get to waits in the queue for the next run.
    listeners.redeliver.function.configure_async_invoke(retry_attempts=0)
    _notify_of_failure(scope, basis, machine, run_hook)
    readers = (listeners.notify, listeners.send_triggers)
    # A deployment's record only, not the locks and indexes around it.
    records = lambda_.FilterCriteria.filter({"dynamodb": _sort_key("DEPLOYMENT")})
    # That one is deleted when its time is over is no news.
    refusals = lambda_.FilterCriteria.filter(
        {"eventName": lambda_.FilterRule.is_equal("INSERT"), "dynamodb": _sort_key("REFUSAL")}
    )
    _read_stream(listeners.notify, basis, records, refusals)
    _read_stream(listeners.send_triggers, basis, records)
    for queue, senders in (
        (basis.failures.events, called_by_events),
        (basis.failures.unhandled, (listeners.redeliver,)),
        (basis.failures.changes, readers),
    ):
        basis.failures.admit(queue, [handler.role for handler in senders])
    return listeners


def _receive(scope: Construct, basis: Basis, machine: DeploymentMachine) -> Handler:
    bucket = basis.storage.bucket
    table = basis.storage.table
    return Handler(
        scope,
        "Receive",
        basis.package,
        timeout=Duration.seconds(30),
        environment={
            "BUCKET_NAME": bucket.bucket_name,
            "SERVICE_ROLE_ACCOUNTS": ",".join(role_accounts(basis.settings)),
            "STATE_MACHINE_ARN": machine.arn,
            "SCHEDULE_RULE": basis.settings.schedule_rule,
        },
        rights=[
            Right(
                "Reads what was dropped; users choose the keys.",
                actions=["s3:GetObject", "s3:GetObjectVersion"],
                resources=[bucket.arn_for_objects("*")],
            ),
            Right(
                "Looks for files whose event never came; without it S3 denies access where a file is gone.",
                actions=["s3:ListBucket"],
                resources=[bucket.bucket_arn],
            ),
            Right(
                "Writes groups, configurations, refusals and the record of a new deployment.",
                actions=["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
                resources=[table.table_arn],
            ),
            Right("Starts the deployment.", actions=["states:StartExecution"], resources=[machine.arn]),
            keeps_the_schedule_on(basis.settings),
        ],
    )


def _interrupt(scope: Construct, basis: Basis, machine: DeploymentMachine) -> Handler:
    table = basis.storage.table
    return Handler(
        scope,
        "Interrupt",
        basis.package,
        timeout=Duration.seconds(30),
        rights=[
            Right(
                "Finds the deployments that an alarm concerns, records the interruption, or why an event is refused.",
                actions=["dynamodb:Query", "dynamodb:GetItem", "dynamodb:UpdateItem"],
                resources=[table.table_arn],
            ),
            Right(
                "Ends the wait of an execution.",
                actions=["states:SendTaskSuccess", "states:SendTaskFailure"],
                resources=[machine.arn],
            ),
        ],
    )


def _reconcile(scope: Construct, basis: Basis, machine: DeploymentMachine) -> Handler:
    table = basis.storage.table
    return Handler(
        scope,
        "Reconcile",
        basis.package,
        timeout=Duration.seconds(60),
        environment={
            "DEAD_LETTERS_URL": basis.failures.events.queue_url,
            "RELEASE": basis.package.release,
            "STATE_MACHINE_ARN": machine.arn,
            "SCHEDULE_RULE": basis.settings.schedule_rule,
        },
        rights=[
            Right(
                "Finishes the record that a vanished execution left open, and frees the lock.",
                actions=[
                    "dynamodb:GetItem",
                    "dynamodb:PutItem",
                    "dynamodb:UpdateItem",
                    "dynamodb:DeleteItem",
                ],
                resources=[table.table_arn],
            ),
            Right(
                "Finds the deployments that have not ended.",
                actions=["dynamodb:Query"],
                resources=[f"{table.table_arn}/index/open"],
            ),
            Right(
                "Sees whether an execution, whose name is not known beforehand, still runs.",
                actions=["states:DescribeExecution"],
                resources=[machine.executions],
            ),
            keeps_the_schedule_on(basis.settings),
            Right(
                "Switches the schedule off when nothing is left to look after.",
                actions=["events:DisableRule"],
                resources=schedule_rules(basis.settings),
            ),
            Right("Starts the rollback.", actions=["states:StartExecution"], resources=[machine.arn]),
            Right(
                "Ends a wait with what is on record for it, where whoever recorded that could not.",
                actions=["states:SendTaskSuccess", "states:SendTaskFailure"],
                resources=[machine.arn],
            ),
            Right(
                "Restores the traffic itself when no execution can; the context restricts which functions.",
                actions=["lambda:GetAlias", "lambda:UpdateAlias"],
                resources=by_own_role(basis.settings, functions_named(basis.settings.deployable_functions)),
            ),
            act_as_service_role(basis.settings),
        ],
    )


def _redeliver(scope: Construct, basis: Basis) -> Handler:
    return Handler(
        scope,
        "Redeliver",
        basis.package,
        timeout=Duration.seconds(60),
        environment={
            "DEAD_LETTERS_URL": basis.failures.events.queue_url,
            "UNHANDLED_URL": basis.failures.unhandled.queue_url,
        },
        rights=[
            Right(
                "Takes out of the queue what is delivered again.",
                actions=["sqs:ReceiveMessage", "sqs:DeleteMessage"],
                resources=[basis.failures.events.queue_arn],
            ),
            Right(
                "Sets aside what is not.",
                actions=["sqs:SendMessage"],
                resources=[basis.failures.unhandled.queue_arn],
            ),
        ],
    )


def _notify(scope: Construct, basis: Basis) -> Handler:
    return Handler(
        scope,
        "Notify",
        basis.package,
        timeout=Duration.seconds(30),
        rights=[
            Right(
                "Publishes what changed, under no other name.",
                actions=["events:PutEvents"],
                resources=[Stack.of(scope).format_arn(service="events", resource="event-bus", resource_name="default")],
                # Of every entry: a call may put several, and one that names no source is denied, too.
                conditions={
                    "ForAllValues:StringEquals": {"events:source": "weighbridge"},
                    "Null": {"events:source": "false"},
                },
            )
        ],
    )


def _send_triggers(scope: Construct, basis: Basis) -> Handler:
    table = basis.storage.table
    return Handler(
        scope,
        "SendTriggers",
        basis.package,
        timeout=Duration.seconds(60),
        environment={"ACCOUNT_ID": Aws.ACCOUNT_ID},
        rights=[
            Right(
                "Reads which triggers and which role the deployment group has.",
                actions=["dynamodb:GetItem"],
                resources=[table.table_arn],
            ),
            Right(
                "Sends to the topics that deployment groups name, which nobody knows beforehand.",
                actions=["sns:Publish"],
                resources=by_own_role(basis.settings, [Stack.of(scope).format_arn(service="sns", resource="*")]),
            ),
            act_as_service_role(basis.settings),
        ],
    )


def _notify_of_failure(scope: Construct, basis: Basis, machine: DeploymentMachine, run_hook: Handler) -> None:
    """Ends the wait for a hook where RunHook, whose end nobody waits for, did not come to it."""
    failed = Handler(
        scope,
        "RunHookFailed",
        basis.package,
        timeout=Duration.seconds(30),
        rights=[
            Right(
                "Sees whether the hook has answered all the same.",
                actions=["dynamodb:GetItem"],
                resources=[basis.storage.table.table_arn],
            ),
            Right(
                "Ends the wait of an execution.",
                actions=["states:SendTaskSuccess", "states:SendTaskFailure"],
                resources=[machine.arn],
            ),
        ],
    )
    rule = give_afterwards(
        scope,
        "RunHookEnd",
        run_hook.role,
        [
            Right(
                "Has Lambda report an invocation that failed.",
                actions=["lambda:InvokeFunction"],
                resources=[failed.function.function_arn],
            )
        ],
    )
    configured = lambda_.CfnEventInvokeConfig(
        scope,
        "RunHookInvocation",
        function_name=run_hook.function.function_name,
        qualifier="$LATEST",
        # What it was begun for once it must not begin again: the hook may be running.
        maximum_retry_attempts=0,
        # As long as the hook is waited for.
        maximum_event_age_in_seconds=3600,
        destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
            on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=failed.function.function_arn)
        ),
    )
    # Lambda looks whether the role may call it.
    configured.node.add_dependency(rule)


def _sort_key(value: str) -> dict[str, object]:
    return {"Keys": {"sk": {"S": lambda_.FilterRule.is_equal(value)}}}


def _read_stream(handler: Handler, basis: Basis, *filters: Mapping[str, object]) -> None:
    handler.function.add_event_source(
        sources.DynamoEventSource(
            basis.storage.table,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=10,
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            # Attempts may follow each other at once, so that no number of them outlasts an outage. A change that cannot be
            # published at all must not hold back its shard for a day.
            max_record_age=Duration.minutes(15),
            on_failure=sources.SqsDlq(basis.failures.changes),
            filters=list(filters),
        )
    )
    Validations.of(handler.role).acknowledge(
        Acknowledgment(
            id="AwsSolutions-IAM5[Resource::*]",
            reason="X-Ray has no resources that a trace could be restricted to, and neither has dynamodb:ListStreams.",
        )
    )
