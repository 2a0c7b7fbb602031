"""One Lambda function for one handler."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import Acknowledgment, Annotations, Duration, FileSystem, RemovalPolicy, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import bytecode
from infra.rights import Right, give
from infra.settings import NAMESPACE, ROOT, Settings
from infra.storage import Storage

ARCHITECTURE = lambda_.Architecture.ARM_64
FUNCTIONS = ROOT / "functions"


class Package(Construct):
    """What all functions share: a runtime, one code asset, one layer, the account's concurrency, and an environment."""

    def __init__(self, scope: Construct, name: str, settings: Settings, storage: Storage) -> None:
        super().__init__(scope, name)
        self.reserved_concurrency = settings.reserved_concurrency
        self.runtime = _runtime(settings.runtime)
        self.code = _packed(FUNCTIONS, settings.python, "/var/task")
        self.release = FileSystem.fingerprint(str(FUNCTIONS), exclude=bytecode.PATTERNS)
        self.layer = lambda_.LayerVersion(
            self,
            "Layer",
            code=_packed(settings.layer, settings.python, "/opt"),
            compatible_runtimes=[self.runtime],
            compatible_architectures=[ARCHITECTURE],
            description="Powertools, pydantic and PyYAML",
        )
        if bytecode.interpreter(settings.python) is None:
            Annotations.of(self).add_warning_v2("weighbridge:bytecode", bytecode.missing(settings.python))
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
            runtime=package.runtime,
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


def _runtime(name: str) -> lambda_.Runtime:
    """The CDK's own, for to make one adds it to those that it knows; the local cloud may have one that it does not know."""
    known = [runtime for runtime in lambda_.Runtime.ALL if runtime.name == name]
    return known[0] if known else lambda_.Runtime(name, lambda_.RuntimeFamily.PYTHON)


def _packed(source: Path, python: str, mounted: str) -> lambda_.Code:
    """A folder as the runtime has it, without programs, and with bytecode where an interpreter of the runtime's is at hand.

    The hash is that of the source and of the bytecode's form, so that it is the same wherever the form is.
    """
    without = [*bytecode.PATTERNS, "python/bin"]
    by = bytecode.interpreter(python)
    if by is None:
        return lambda_.Code.from_asset(str(source), exclude=without)
    fingerprint = FileSystem.fingerprint(str(source), exclude=without)
    directory = Path(_compiled(source, fingerprint, by, mounted).name, source.name)
    return lambda_.Code.from_asset(str(directory), exclude=["python/bin"], asset_hash=f"{fingerprint} {by.form}")


@cache
def _compiled(source: Path, fingerprint: str, by: bytecode.Interpreter, mounted: str) -> TemporaryDirectory[str]:  # noqa: ARG001
    """What the source of that fingerprint compiles to: there until this process ends, for every stack that is built."""
    directory: TemporaryDirectory[str] = TemporaryDirectory(prefix="weighbridge-bytecode-")
    bytecode.compiled(source, Path(directory.name, source.name), by, mounted)
    return directory


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
