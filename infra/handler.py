"""One Lambda function for one handler."""

import re
from collections.abc import Iterable, Mapping

from aws_cdk import Acknowledgment, Duration, FileSystem, RemovalPolicy, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.rights import Right, give
from infra.settings import NAMESPACE, ROOT, Settings
from infra.storage import Storage

RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64
# Bytecode of the machine that runs this is of another Python version; without it, running the tests changes no hash.
BYTECODE = ["**/__pycache__", "**/*.pyc"]


class Package(Construct):
    """What all functions share: one code asset, one layer, the account's concurrency, and an environment."""

    def __init__(self, scope: Construct, name: str, settings: Settings, storage: Storage) -> None:
        super().__init__(scope, name)
        self.reserved_concurrency = settings.reserved_concurrency
        self.code = lambda_.Code.from_asset(str(ROOT / "functions"), exclude=BYTECODE)
        self.release = FileSystem.fingerprint(str(ROOT / "functions"), exclude=BYTECODE)
        self.layer = lambda_.LayerVersion(
            self,
            "Layer",
            code=lambda_.Code.from_asset(str(settings.layer), exclude=[*BYTECODE, "python/bin"]),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
            description="Powertools, pydantic and PyYAML",
        )
        self.environment = {
            "TABLE_NAME": storage.table.table_name,
            "POWERTOOLS_SERVICE_NAME": settings.service,
            "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }


class Handler(Construct):
    """The function of `handlers/<name>.py`; its construct is named like the file, in camel case.

    Its role starts with its own log group and X-Ray and gets `rights`, nothing else: the managed basic execution
    role could write to every log group of the account.
    """

    def __init__(  # noqa: PLR0913 - each is a column of the table that steps.py and listeners.py are
        self,
        scope: Construct,
        name: str,
        package: Package,
        *,
        timeout: Duration,
        rights: Iterable[Right],
        environment: Mapping[str, str] | None = None,
        function_name: str | None = None,
    ) -> None:
        super().__init__(scope, name)
        self.name = name
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group = logs.LogGroup(
            self, "Logs", retention=logs.RetentionDays.THREE_MONTHS, removal_policy=RemovalPolicy.DESTROY
        )
        give(
            self.role,
            [
                Right(
                    "Writes its log.",
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[log_group.log_group_arn],
                ),
                *rights,
            ],
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=function_name,
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler=f"weighbridge.handlers.{_snake_case(name)}.handler",
            code=package.code,
            layers=[package.layer],
            role=self.role,
            log_group=log_group,
            # A third of a core: what these functions spend is start-up time, which falls with memory up to about here.
            memory_size=512,
            timeout=timeout,
            reserved_concurrent_executions=package.reserved_concurrency.get(name),
            tracing=lambda_.Tracing.ACTIVE,
            environment={**package.environment, **(environment or {})},
        )
        Validations.of(self.role).acknowledge(
            Acknowledgment(
                id="AwsSolutions-IAM5[Resource::*]",
                reason="X-Ray has no resources that a trace could be restricted to.",
            )
        )


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
