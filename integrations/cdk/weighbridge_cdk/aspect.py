"""Existing apps without a macro: one line has Weighbridge shift what their LambdaDeploymentGroups shift."""

from typing import Any

import jsii
from aws_cdk import (
    CfnDeletionPolicy,
    CfnWaitConditionHandle,
    IAspect,
    IStableAnyProducer,
    Lazy,
    Stack,
)
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct

from weighbridge_cdk.resource import INSTALLATION, OnRunning, Start, fits, keep, own, version_of, wait_beside

_PREPARED = "WeighbridgePrepared"
_SETTINGS = ("AlarmConfiguration", "AutoRollbackConfiguration", "TriggerConfigurations")


@jsii.implements(IAspect)
class Weighbridge:
    """`Aspects.of(app).add(Weighbridge())`: every alias of a LambdaDeploymentGroup is shifted by Weighbridge.

    The group stays in the template, where it costs nothing; its configuration, alarms, rollback, triggers and hooks are
    taken over. A stack that is deployed already moves in two deployments, the first with `prepare=True`.
    """

    def __init__(
        self,
        *,
        start: Start = "AfterStack",
        on_running: OnRunning = "Queue",
        prepare: bool = False,
        installation: str = INSTALLATION,
    ) -> None:
        self._start, self._on_running = start, on_running
        self._prepare, self._installation = prepare, installation

    def visit(self, node: IConstruct) -> None:
        """Raises ValueError where an alias's deployment group is not in its stack, so that nothing is known of it."""
        if not isinstance(node, lambda_.CfnAlias) or node.cfn_options.update_policy is None:
            return
        policy = node.cfn_options.update_policy.code_deploy_lambda_alias_update
        if policy is None:
            return
        if self._prepare:
            _prepare(node)
            return
        group = _group(node, policy.deployment_group_name)
        version = version_of(node)
        if version:
            keep(version)
        config = group.deployment_config_name
        hooks = {
            "BeforeAllowTraffic": policy.before_allow_traffic_hook,
            "AfterAllowTraffic": policy.after_allow_traffic_hook,
        }
        hooks = {event: hook for event, hook in hooks.items() if hook}
        settings = {name: Lazy.any(_Setting(group, name)) for name in _SETTINGS}
        own(
            node,
            self._installation,
            {
                "DeploymentConfigName": config,
                **settings,
                "Hooks": hooks or None,
                "Start": self._start,
                "OnRunning": self._on_running,
            },
        )
        if self._start == "DuringStack" and not fits(config):
            wait_beside(node, version)


def _group(alias: lambda_.CfnAlias, name: str) -> codedeploy.CfnDeploymentGroup:
    stack = Stack.of(alias)
    for node in stack.node.find_all():
        if isinstance(node, codedeploy.CfnDeploymentGroup) and stack.resolve(node.ref) == stack.resolve(name):
            return node
    raise ValueError(
        f"The deployment group of {alias.node.path} is not made in its stack, so its settings cannot be taken over: make "
        "it there, or use a WeighbridgeAlias."
    )


def _prepare(alias: lambda_.CfnAlias) -> None:
    """Has the stack let go of the alias when it leaves the template: CloudFormation goes by the template before."""
    alias.cfn_options.deletion_policy = alias.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
    alias.add_override("Metadata.Weighbridge", "prepared")
    stack = Stack.of(alias)
    if stack.node.try_find_child(_PREPARED) is None:
        # A change of attributes alone may count as none.
        CfnWaitConditionHandle(stack, _PREPARED)


@jsii.implements(IStableAnyProducer)
class _Setting:
    """A setting of a deployment group as CloudFormation spells it, once all alarms and triggers are there."""

    def __init__(self, group: codedeploy.CfnDeploymentGroup, name: str) -> None:
        self._group, self._name = group, name

    def produce(self) -> Any:
        # What a LambdaDeploymentGroup sets is known at the end only, and its typed properties are empty until then.
        settings = Stack.of(self._group).resolve(self._group._cfn_properties)  # noqa: SLF001 - open to what extends it
        setting = settings.get(self._name[:1].lower() + self._name[1:])
        if setting == {}:
            raise ValueError(
                f"{self._name} of {self._group.node.path} was read by something else before; have Weighbridge visit the "
                "app first."
            )
        return _spelled(setting)


def _spelled(value: Any) -> Any:
    """Members begin with a capital letter in templates; those of expressions, such as Ref, do already."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: _spelled(member) for key, member in value.items()}
    return [_spelled(item) for item in value] if isinstance(value, list) else value
