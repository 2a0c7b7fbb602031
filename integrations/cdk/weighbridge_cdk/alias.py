"""An alias that Weighbridge shifts, for new code."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from weighbridge_cdk.resource import INSTALLATION, OnRunning, Start, fits, keep, own, version_of, wait_beside

CONFIG = codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES


class WeighbridgeAlias(lambda_.Alias):  # type: ignore[misc]  # aws-cdk-lib is not looked into
    """A `lambda.Alias` whose traffic moves to each new version gradually, once the stack has committed.

    It goes wherever an alias goes: grants, event sources, function URLs, outputs, permissions.

    - `version`: what the stack wants live, such as `function.current_version`. The first one is live at once.
    - `deployment_config`: how traffic moves, by a predefined configuration of CodeDeploy's or the name of one that is
      kept in Weighbridge; ten percent for five minutes by default.
    - `alarms`: put traffic back as soon as one of them fires.
    - `before_allow_traffic`, `after_allow_traffic`: functions that say whether the version may take traffic, and whether
      it has done well. Weighbridge may invoke functions named `CodeDeployHook_…`, or what its installation allows.
    - `service_role`: acts for this alias, where the installation asks for one.
    - `start`: `AfterStack`, or `DuringStack` to have the stack fail with the deployment, as CodeDeploy does.
    - `on_running`: what a commit does while a deployment runs: `Queue` (the newest goes next), `Replace`, or `Fail`.
    - `enabled`: False to move all traffic at once, without hooks and alarms, as in development.
    - `redeploy`: any other text deploys the same version again.
    - `installation`: the name of Weighbridge's own stack.

    Raises ValueError where a deployment with `start="DuringStack"` may outlast what CloudFormation can wait for.
    """

    def __init__(  # noqa: PLR0913 - the properties of the resource
        self,
        scope: Construct,
        id: str,  # noqa: A002 - as every construct has it
        *,
        version: lambda_.IVersion,
        name: str = "live",
        function: lambda_.IFunction | None = None,
        deployment_config: codedeploy.ILambdaDeploymentConfig | str = CONFIG,
        alarms: Sequence[cloudwatch.IAlarm] = (),
        before_allow_traffic: lambda_.IFunction | None = None,
        after_allow_traffic: lambda_.IFunction | None = None,
        service_role: iam.IRole | None = None,
        start: Start = "AfterStack",
        on_running: OnRunning = "Queue",
        enabled: bool = True,
        redeploy: str | None = None,
        installation: str = INSTALLATION,
    ) -> None:
        super().__init__(scope, id, alias_name=name, version=version)
        resource = self.node.default_child
        assert isinstance(resource, lambda_.CfnAlias)  # noqa: S101 - so Alias is made
        if function is not None:
            resource.function_name = function.function_name
        config = deployment_config if isinstance(deployment_config, str) else deployment_config.deployment_config_name
        hooks = {
            event: hook.function_name
            for event, hook in (("BeforeAllowTraffic", before_allow_traffic), ("AfterAllowTraffic", after_allow_traffic))
            if hook is not None
        }
        made = version_of(resource)
        if made:
            keep(made)
        own(
            resource,
            installation,
            {
                "DeploymentConfigName": config,
                "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": alarm.alarm_name} for alarm in alarms]}
                if alarms
                else None,
                "Hooks": hooks or None,
                "ServiceRoleArn": service_role.role_arn if service_role else None,
                "Start": start,
                "OnRunning": on_running,
                "Enabled": None if enabled else False,
                "Redeploy": redeploy,
            },
        )
        if start == "DuringStack" and enabled and not fits(config):
            wait_beside(resource, made)
