"""The handlers that the state machine calls, and what each may do."""

from dataclasses import dataclass

from aws_cdk import Aws, Duration
from constructs import Construct

from infra.basis import Basis
from infra.handler import Handler
from infra.rights import Right, act_as_service_role, by_own_role, functions_named, reads_revisions


@dataclass(frozen=True)
class Steps:
    validate: Handler
    run_hook: Handler
    check_alarms: Handler
    shift_traffic: Handler
    complete: Handler
    record_failure: Handler


def create_steps(scope: Construct, basis: Basis) -> Steps:
    return Steps(
        validate=_validate(scope, basis),
        run_hook=_run_hook(scope, basis),
        check_alarms=_check_alarms(scope, basis),
        shift_traffic=_shift_traffic(scope, basis),
        complete=_complete(scope, basis),
        record_failure=_record_failure(scope, basis),
    )


def _validate(scope: Construct, basis: Basis) -> Handler:
    bucket = basis.storage.bucket
    table = basis.storage.table
    functions = by_own_role(basis.settings, functions_named(basis.settings.deployable_functions))
    hooks = by_own_role(basis.settings, functions_named(basis.settings.invocable_hooks))
    service_role = act_as_service_role(basis.settings)
    return Handler(
        scope,
        "Validate",
        basis.package,
        timeout=Duration.seconds(60),
        environment={
            "ACCOUNT_ID": Aws.ACCOUNT_ID,
            "BUCKET_NAME": bucket.bucket_name,
            **basis.settings.allowed,
        },
        rights=[
            *reads_revisions(basis.storage.bucket),
            Right(
                "Takes the lock of group and alias together with the record of what is deployed.",
                actions=["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
                resources=[table.table_arn],
            ),
            Right(
                "Sees whether alias and versions exist; the context restricts which functions.",
                actions=["lambda:GetAlias", "lambda:GetFunctionConfiguration"],
                resources=functions,
            ),
            Right(
                "Sees whether hooks are Active.",
                actions=["lambda:GetFunctionConfiguration"],
                resources=hooks,
            ),
            Right(
                "Asks by a dry run whether a hook may be invoked; the context restricts which.",
                actions=["lambda:InvokeFunction"],
                resources=hooks,
            ),
            service_role,
        ],
    )


def _run_hook(scope: Construct, basis: Basis) -> Handler:
    table = basis.storage.table
    hooks = by_own_role(basis.settings, functions_named(basis.settings.invocable_hooks))
    return Handler(
        scope,
        "RunHook",
        basis.package,
        # It waits for the hook's answer, and a hook may run as long as any function.
        timeout=Duration.minutes(15),
        rights=[
            Right(
                "Invokes the hook; the context restricts which functions.",
                actions=["lambda:InvokeFunction"],
                resources=hooks,
            ),
            Right(
                "Keeps the task token and the hook's answer.",
                actions=["dynamodb:GetItem", "dynamodb:UpdateItem"],
                resources=[table.table_arn],
            ),
            act_as_service_role(basis.settings),
        ],
    )


def _check_alarms(scope: Construct, basis: Basis) -> Handler:
    table = basis.storage.table
    return Handler(
        scope,
        "CheckAlarms",
        basis.package,
        timeout=Duration.seconds(30),
        rights=[
            Right(
                "Reads the alarms of groups without a role; composite alarms are only described when any may be.",
                actions=["cloudwatch:DescribeAlarms"],
                resources=by_own_role(basis.settings, ["*"]),
            ),
            Right(
                "Sees which alarms the deployment watches, and notes a reading that matters in the timeline.",
                actions=["dynamodb:GetItem", "dynamodb:UpdateItem"],
                resources=[table.table_arn],
            ),
            act_as_service_role(basis.settings),
        ],
    )


def _shift_traffic(scope: Construct, basis: Basis) -> Handler:
    table = basis.storage.table
    functions = by_own_role(basis.settings, functions_named(basis.settings.deployable_functions))
    return Handler(
        scope,
        "ShiftTraffic",
        basis.package,
        timeout=Duration.seconds(30),
        rights=[
            Right(
                "Shifts the alias and reads it back; the context restricts which functions.",
                actions=["lambda:GetAlias", "lambda:UpdateAlias"],
                resources=functions,
            ),
            Right(
                "Notes each shift, sees whether it is still wanted, and keeps the record of a rollback.",
                actions=["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
                resources=[table.table_arn],
            ),
            act_as_service_role(basis.settings),
        ],
    )


def _complete(scope: Construct, basis: Basis) -> Handler:
    table = basis.storage.table
    return Handler(
        scope,
        "Complete",
        basis.package,
        timeout=Duration.seconds(30),
        rights=[
            Right(
                "Closes the record and frees the lock.",
                actions=["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
                resources=[table.table_arn],
            )
        ],
    )


def _record_failure(scope: Construct, basis: Basis) -> Handler:
    table = basis.storage.table
    return Handler(
        scope,
        "RecordFailure",
        basis.package,
        timeout=Duration.seconds(30),
        rights=[
            Right(
                "Closes the record, frees the lock and writes the record of the rollback.",
                actions=["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
                resources=[table.table_arn],
            )
        ],
    )
