"""How an alias of CloudFormation's becomes one that Weighbridge owns: a `Custom::WeighbridgeAlias` under another id."""

import math
import re
from collections.abc import Mapping
from typing import Any, Literal

import jsii
from aws_cdk import (
    CfnDeletionPolicy,
    CfnWaitCondition,
    CfnWaitConditionHandle,
    Fn,
    IResolveContext,
    IStringProducer,
    Lazy,
    Stack,
)
from aws_cdk import aws_lambda as lambda_

TYPE = "Custom::WeighbridgeAlias"
INSTALLATION = "Weighbridge"
"""The name of Weighbridge's own stack, where it was not chosen otherwise."""
ANSWERS_WITHIN, WAITS_AT_MOST = 120, 3600
"""Seconds that CloudFormation waits for the provider, which answers at once, or when the deployment has ended."""
LONGEST_IN_RESOURCE, LONGEST_IN_CONDITION = 55, 705
"""Minutes that a deployment may take while a custom resource waits for it, and while a wait condition does."""
_PREDEFINED = re.compile(r"CodeDeployDefault\.Lambda(?:(Canary|Linear)(\d+)Percent(?:Every)?(\d+)Minutes?|AllAtOnce)")

Start = Literal["AfterStack", "DuringStack"]
OnRunning = Literal["Queue", "Replace", "Fail"]


def own(alias: lambda_.CfnAlias, installation: str, properties: Mapping[str, Any]) -> None:
    """Makes of an alias what Weighbridge shifts; what refers to it by Ref or by its ARN goes on doing so.

    `properties` are those of the resource, by the names that CloudFormation knows; None leaves one out.
    """
    if alias.routing_config is not None or alias.provisioned_concurrency_config is not None:
        raise ValueError(
            f"{alias.node.path} has weights or provisioned concurrency of its own, which Weighbridge does not set for an "
            "alias that it owns; leave them out."
        )
    functions = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
    during = properties.get("Start") == "DuringStack"
    alias.add_override("Type", TYPE)
    for gone in ("FunctionVersion", "Description"):
        alias.add_property_deletion_override(gone)
    alias.add_property_override("ServiceToken", Fn.sub(f"{functions}{installation.lower()}-cloudformation"))
    alias.add_property_override("ServiceTimeout", WAITS_AT_MOST if during else ANSWERS_WITHIN)
    alias.add_property_override("TargetVersion", alias.function_version)
    for name, value in properties.items():
        if value is not None:
            alias.add_property_override(name, value)
    alias.cfn_options.update_policy = None
    # A type cannot change under the same id, so this may take the place of a native alias.
    alias.override_logical_id(f"{Stack.of(alias).get_logical_id(alias)}Weighbridge")


def version_of(alias: lambda_.CfnAlias) -> lambda_.CfnVersion | None:
    """The version that an alias is to be on, where it is made in the alias's own stack."""
    stack = Stack.of(alias)
    named = stack.resolve(alias.function_version)
    for node in stack.node.find_all():
        if isinstance(node, lambda_.CfnVersion) and stack.resolve(node.attr_version) == named:
            return node
    return None


def keep(version: lambda_.CfnVersion) -> None:
    """Has a version outlive the stack's next update, since a rollback goes back to it; what it says itself stays."""
    if version.cfn_options.deletion_policy is None:
        version.cfn_options.deletion_policy = CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE
        version.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN


def wait_beside(alias: lambda_.CfnAlias, version: lambda_.CfnVersion | None) -> None:
    """Has a wait condition wait for a deployment that outlasts a custom resource: a new one for each version."""
    if version is None:
        raise ValueError(
            f"{alias.node.path} may take longer than the {LONGEST_IN_RESOURCE} minutes that a resource can wait, and its "
            "version is not made in its stack, by which a wait condition would be told from the one before: use "
            "start='AfterStack', or a shorter configuration."
        )
    # Not below the alias: what depends on an alias has to wait for it, and not for the deployment.
    stack, name = Stack.of(alias), alias.node.addr
    handle = CfnWaitConditionHandle(stack, f"{name}Handle")
    condition = CfnWaitCondition(stack, f"{name}Ended", handle=handle.ref, timeout=str(60 * LONGEST_IN_CONDITION), count=1)
    condition.add_resource_dependency(alias)
    for waiting, suffix in ((handle, "Handle"), (condition, "Ended")):
        waiting.override_logical_id(Lazy.uncached_string(_Named(alias, version, suffix)))
    alias.add_property_override("WaitHandle", handle.ref)
    alias.add_property_override("ServiceTimeout", ANSWERS_WITHIN)


def fits(config_name: Any) -> bool:
    """Whether a configuration is known to shift all traffic while a custom resource may wait."""
    known = _PREDEFINED.fullmatch(config_name) if isinstance(config_name, str) else None
    if known is None:
        return False
    if known[1] is None:
        return True
    shifts = 1 if known[1] == "Canary" else math.ceil(100 / int(known[2])) - 1
    return shifts * int(known[3]) <= LONGEST_IN_RESOURCE


@jsii.implements(IStringProducer)
class _Named:
    """A logical id that carries the version's, which is known last of all: it holds the hash of its function."""

    def __init__(self, alias: lambda_.CfnAlias, version: lambda_.CfnVersion, suffix: str) -> None:
        self._alias, self._version, self._suffix = alias, version, suffix

    def produce(self, context: IResolveContext) -> str:
        return f"{context.resolve(self._alias.logical_id)}{context.resolve(self._version.logical_id)}{self._suffix}"
