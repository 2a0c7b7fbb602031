"""CodeDeploy's API: a function behind a URL that only signed requests pass, and on request a URL for hooks' reports."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_lambda as lambda_
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
    reads_revisions,
    role_accounts,
)

INDEXES = ("listing", "status", "groupStatus")


def create_api(scope: Construct, basis: Basis, machine: DeploymentMachine) -> str:
    """Create the function and return its URL."""
    bucket, table = basis.storage.bucket, basis.storage.table
    api = Handler(
        scope,
        "Api",
        basis.package,
        timeout=Duration.seconds(30),
        environment={
            "ACCOUNT_ID": Aws.ACCOUNT_ID,
            "BUCKET_NAME": bucket.bucket_name,
            **basis.settings.allowed,
            "SERVICE_ROLE_ACCOUNTS": ",".join(role_accounts(basis.settings)),
            "STATE_MACHINE_ARN": machine.arn,
            "SCHEDULE_RULE": basis.settings.schedule_rule,
        },
        rights=[
            Right(
                "Finds the newest version of a dropped file, without what is in it.",
                actions=["s3:ListBucketVersions"],
                resources=[bucket.bucket_arn],
            ),
            *reads_revisions(basis.storage.bucket),
            Right(
                "Looks at aliases, and at the version of a deployment that is only planned; the context restricts which.",
                actions=["lambda:GetAlias", "lambda:GetFunctionConfiguration"],
                resources=by_own_role(basis.settings, functions_named(basis.settings.deployable_functions)),
            ),
            Right(
                "Sees whether the hooks of a deployment that is only planned are Active.",
                actions=["lambda:GetFunctionConfiguration"],
                resources=by_own_role(basis.settings, functions_named(basis.settings.invocable_hooks)),
            ),
            Right(
                "Tells the states of alarms; composite alarms are only described when any may be.",
                actions=["cloudwatch:DescribeAlarms"],
                resources=by_own_role(basis.settings, ["*"]),
            ),
            act_as_service_role(basis.settings),
            Right(
                "Keeps and reads what the API is about: the same items that drops write.",
                actions=[
                    "dynamodb:GetItem",
                    "dynamodb:BatchGetItem",
                    "dynamodb:PutItem",
                    "dynamodb:UpdateItem",
                    "dynamodb:DeleteItem",
                ],
                resources=[table.table_arn],
            ),
            Right(
                "Lists by name, by status and by group, never by a scan.",
                actions=["dynamodb:Query"],
                resources=[f"{table.table_arn}/index/{index}" for index in INDEXES],
            ),
            Right("Starts the deployment.", actions=["states:StartExecution"], resources=[machine.arn]),
            keeps_the_schedule_on(basis.settings),
            Right(
                "Ends the wait of an execution: a stop, or a hook's report.",
                actions=["states:SendTaskSuccess", "states:SendTaskFailure"],
                resources=[machine.arn],
            ),
        ],
    )
    return str(api.function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM).url)


def create_hook_url(scope: Construct, basis: Basis, machine: DeploymentMachine) -> str:
    """Create the function that takes hooks' reports only, behind a URL without IAM, and return the URL."""
    report_hook = Handler(
        scope,
        "ReportHook",
        basis.package,
        timeout=Duration.seconds(30),
        rights=[
            Right(
                "Finds the hook's call by the digest of its execution id, and keeps the answer.",
                actions=["dynamodb:GetItem", "dynamodb:UpdateItem"],
                resources=[basis.storage.table.table_arn],
            ),
            Right(
                "Hands the hook's answer to the execution that waits for it.",
                actions=["states:SendTaskSuccess", "states:SendTaskFailure"],
                resources=[machine.arn],
            ),
        ],
    )
    return str(report_hook.function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE).url)
