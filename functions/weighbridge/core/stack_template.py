"""What the macro Weighbridge makes of a template: aliases that CodeDeploy shifts become aliases that Weighbridge shifts.

An alias whose UpdatePolicy names a deployment group becomes a `Custom::WeighbridgeAlias` under another logical id (a type
cannot change under the same one), and every reference follows it. The group's settings are taken over; what belongs to
CodeDeploy stays where it is, since roles of hooks refer to it and it costs nothing.

The template is untrusted. What is not understood is refused and never guessed. Pure: a template in, another one out.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from weighbridge.core.configs import PREDEFINED, duration
from weighbridge.core.errors import InvalidDocument
from weighbridge.core.names import ALL_AT_ONCE
from weighbridge.core.wanted import LONGEST_IN_CONDITION, LONGEST_IN_RESOURCE, TYPE

SUFFIX = "Weighbridge"
"""Of the logical id: `Live` becomes `LiveWeighbridge`."""
PREPARED = "WeighbridgePrepared"
"""The logical id of what makes a change of attributes alone count as a change."""
HOOK_VARIABLE = "AWS_ENDPOINT_URL_CODEDEPLOY"
"""Read by every current SDK; hooks that were written for CodeDeploy so report to Weighbridge."""
ANSWERS_WITHIN = 120
"""Seconds; CloudFormation would wait an hour for an installation that is gone."""

_FUNCTIONS = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
_GROUP = "AWS::CodeDeploy::DeploymentGroup"
_NO_VALUE = {"Ref": "AWS::NoValue"}
_KEPT = ("Condition", "DependsOn", "Metadata", "DeletionPolicy", "UpdateReplacePolicy")
_SETTINGS = ("DeploymentConfigName", "AlarmConfiguration", "AutoRollbackConfiguration", "TriggerConfigurations")
_HOOKS = {"BeforeAllowTrafficHook": "BeforeAllowTraffic", "AfterAllowTrafficHook": "AfterAllowTraffic"}
_ALIAS_PROPERTIES = {"FunctionName", "FunctionVersion", "Name", "Description"}
_SUBSTITUTION = re.compile(r"\$\{([A-Za-z0-9]+)((?:\.[^}]*)?)\}", re.ASCII)
_LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}", re.ASCII)
_PASSED_ON = ("Start", "OnRunning", "ServiceRoleArn", "Redeploy")
_OPTIONS = (*_PASSED_ON, "Enabled", "Prepare")

_WHOLE = (
    "This is no template with Resources: name the macro in the Transform of the whole template, not in an Fn::Transform."
)

Template = Mapping[str, Any]


@dataclass(frozen=True)
class Options:
    """The template's `Metadata: {Weighbridge: {…}}`. `enabled` and most of what is passed on may be expressions."""

    passed_on: Mapping[str, Any] = field(default_factory=dict)
    enabled: Any = True
    prepare: bool = False

    @classmethod
    def of(cls, template: Template) -> "Options":
        """Raises InvalidDocument."""
        metadata = template.get("Metadata")
        chosen = metadata.get("Weighbridge", {}) if isinstance(metadata, Mapping) else {}
        if not isinstance(chosen, Mapping):
            raise InvalidDocument("Metadata.Weighbridge must be a mapping of options, such as {Start: DuringStack}.")
        for name in chosen:
            if name not in _OPTIONS:
                nearest = get_close_matches(str(name), _OPTIONS, n=1)
                instead = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(_OPTIONS)}."
                raise InvalidDocument(f"Metadata.Weighbridge has no option {str(name)[:100]!r}: {instead}")
        passed_on = {name: chosen[name] for name in _PASSED_ON if name in chosen}
        if passed_on.get("Start", "AfterStack") not in ("AfterStack", "DuringStack"):
            raise InvalidDocument("Metadata.Weighbridge.Start must be AfterStack or DuringStack, written out.")
        prepare = _boolean(chosen.get("Prepare", False))
        if prepare is None:
            raise InvalidDocument("Metadata.Weighbridge.Prepare must be true or false.")
        return cls(passed_on, chosen.get("Enabled", True), prepare)


@dataclass(frozen=True)
class Converted:
    """`renamed` maps the logical ids of the aliases that were converted, or prepared, to what they are called now."""

    template: dict[str, Any]
    renamed: Mapping[str, str]


def convert(template: Template, provider: str, hook_url: str = "") -> Converted:
    """`provider` is the name of the function behind the custom resource, `hook_url` where hooks report.

    A template without aliases that CodeDeploy shifts comes back as it was. Raises InvalidDocument with what to change.
    """
    if not isinstance(template, Mapping):  # as by an Fn::Transform in a list
        raise InvalidDocument(_WHOLE)
    try:
        return _converted(copy.deepcopy(dict(template)), provider, hook_url)
    except RecursionError:
        raise InvalidDocument("The template is nested too deeply to be read.") from None


def _converted(template: dict[str, Any], provider: str, hook_url: str) -> Converted:
    options, resources = Options.of(template), template.get("Resources")
    if not isinstance(resources, dict):
        raise InvalidDocument(_WHOLE)
    shifted = dict(_shifted(resources))
    if options.prepare:
        _prepare(resources, shifted)
        return Converted(template, {name: name for name in shifted})
    renamed = {name: _new_id(name, resources) for name in shifted}
    for name, policy in shifted.items():
        alias = resources.pop(name)
        owned = _owned(name, alias, policy, _properties_of(policy.group, resources[policy.group]), options)
        owned["Properties"] = {"ServiceToken": {"Fn::Sub": f"{_FUNCTIONS}{provider}"}, **owned["Properties"]}
        resources[renamed[name]] = owned
        _keep_versions(alias, resources)
        if hook_url:
            for hook in policy.hooks.values():
                _point_at_weighbridge(hook, resources, hook_url)
        _wait_beside(renamed[name], resources, options)
    for section in ("Resources", "Outputs"):
        if section in template:
            template[section] = _following(template[section], renamed)
    return Converted(template, renamed)


# ---------------------------------------------------------------------------------------------- what is to be converted


@dataclass(frozen=True)
class Policy:
    """An alias's UpdatePolicy: the logical id of its deployment group, and its hooks by event.

    `condition` is the one that decides about it, where there is one, and `unless` says that it does by not holding.
    """

    group: str
    hooks: Mapping[str, Any]
    condition: str | None = None
    unless: bool = False

    def enabled(self, otherwise: Any) -> Any:
        """Whether traffic is shifted, for a resource: what the option says, and only where the condition holds."""
        if self.condition is None:
            return otherwise
        return {"Fn::If": [self.condition, *((False, otherwise) if self.unless else (otherwise, False))]}


def _shifted(resources: Mapping[str, Any]) -> Iterator[tuple[str, Policy]]:
    """The aliases that CodeDeploy shifts, by logical id."""
    for name, resource in resources.items():
        if not isinstance(resource, Mapping) or resource.get("Type") != "AWS::Lambda::Alias":
            continue
        condition, unless, policy = _decided(name, resource.get("UpdatePolicy"))
        if isinstance(policy, Mapping) and "CodeDeployLambdaAliasUpdate" in policy:
            inner, inner_unless, policy = _decided(name, policy["CodeDeployLambdaAliasUpdate"])
            if condition and inner:
                raise InvalidDocument(f"The UpdatePolicy of {name} is decided by two conditions; use one.")
            condition, unless = (inner, inner_unless) if inner else (condition, unless)
            if policy == _NO_VALUE:
                continue
            yield name, _policy(name, policy, resources, condition, unless)


def _decided(name: str, policy: Any) -> tuple[str | None, bool, Any]:
    """Of an `Fn::If` one branch of which is AWS::NoValue: the condition, whether it must not hold, and the other branch."""
    if not isinstance(policy, Mapping) or "Fn::If" not in policy:
        return None, False, policy
    match policy["Fn::If"]:
        case [str(condition), then, other] if other == _NO_VALUE and then != _NO_VALUE:
            return condition, False, then
        case [str(condition), then, other] if then == _NO_VALUE and other != _NO_VALUE:
            return condition, True, other
    raise InvalidDocument(
        f"The UpdatePolicy of {name} has an Fn::If with two policies; leave one, and AWS::NoValue for the other."
    )


def _policy(
    name: str,
    policy: Any,
    resources: Mapping[str, Any],
    condition: str | None,
    unless: bool,  # noqa: FBT001
) -> Policy:
    group = policy.get("DeploymentGroupName") if isinstance(policy, Mapping) else None
    match group:
        case {"Ref": str(logical_id)} if _type_of(logical_id, resources) == _GROUP:
            hooks = {event: policy[key] for key, event in _HOOKS.items() if policy.get(key, _NO_VALUE) != _NO_VALUE}
            return Policy(logical_id, hooks, condition, unless)
    raise InvalidDocument(
        f"The deployment group of {name}, {_shown(group)}, is not a resource of this template, so its settings cannot be "
        f"taken over: define it here and refer to it by Ref, or write a {TYPE} instead of the alias."
    )


def _type_of(logical_id: str, resources: Mapping[str, Any]) -> Any:
    resource = resources.get(logical_id)
    return resource.get("Type") if isinstance(resource, Mapping) else None


def _new_id(name: str, resources: Mapping[str, Any]) -> str:
    new = name + SUFFIX
    if not _LOGICAL_ID.fullmatch(new):
        raise InvalidDocument(f"{new[:100]!r} would be no logical id: {name[:100]} is too long.")
    if new in resources:
        raise InvalidDocument(f"{name} would become {new}, which the template has already; call that one otherwise.")
    return new


# ---------------------------------------------------------------------------------------------- what becomes of it


def _prepare(resources: dict[str, Any], shifted: Mapping[str, Policy]) -> None:
    """Has the stack let go of its aliases when they leave the template: the first of the two steps of moving it.

    CloudFormation goes by what the template said before. A change of attributes alone may count as none, so there is a
    resource beside it, which is nothing and costs nothing.
    """
    for name in shifted:
        alias = resources[name]
        metadata = alias.get("Metadata", {})
        if not isinstance(metadata, Mapping):
            raise InvalidDocument(f"The Metadata of {name} must be a mapping.")
        retained = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
        resources[name] = {**alias, **retained, "Metadata": {**metadata, "Weighbridge": "prepared"}}
    if shifted:
        if PREPARED in resources:
            raise InvalidDocument(f"The template has a {PREPARED} already; call it otherwise.")
        resources[PREPARED] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def _owned(
    name: str, alias: Mapping[str, Any], policy: Policy, group: Mapping[str, Any], options: Options
) -> dict[str, Any]:
    """The resource that is to own the alias, but for who provides it."""
    properties = _properties_of(name, alias)
    if unknown := sorted(set(properties) - _ALIAS_PROPERTIES):
        raise InvalidDocument(
            f"{name} has {', '.join(unknown)}, which Weighbridge does not set for an alias that it owns; take it out."
        )
    for needed in ("FunctionName", "FunctionVersion", "Name"):
        if needed not in properties:
            raise InvalidDocument(f"{name} has no {needed}.")
    enabled = policy.enabled(options.enabled)
    return {
        "Type": TYPE,
        **{attribute: alias[attribute] for attribute in _KEPT if attribute in alias},
        "Properties": {
            "ServiceTimeout": 3600 if options.passed_on.get("Start") == "DuringStack" else ANSWERS_WITHIN,
            "FunctionName": properties["FunctionName"],
            "Name": properties["Name"],
            "TargetVersion": properties["FunctionVersion"],
            **{setting: group[setting] for setting in _SETTINGS if setting in group},
            **({"Hooks": dict(policy.hooks)} if policy.hooks else {}),
            **options.passed_on,
            **({} if enabled is True else {"Enabled": enabled}),
        },
    }


def _properties_of(name: str, resource: Mapping[str, Any]) -> dict[str, Any]:
    properties = resource.get("Properties", {})
    if not isinstance(properties, dict) or any(str(key).startswith("Fn::") for key in properties):
        raise InvalidDocument(f"The Properties of {name} must be written out, not be an expression.")
    return properties


def _keep_versions(alias: Mapping[str, Any], resources: dict[str, Any]) -> None:
    """Has versions outlive the stack's next update: the one before is what a rollback goes back to.

    What a template says of a version itself stays.
    """
    version = resources.get(_referred(alias["Properties"]["FunctionVersion"]))
    if isinstance(version, dict) and version.get("Type") == "AWS::Lambda::Version":
        version.setdefault("DeletionPolicy", "RetainExceptOnCreate")
        version.setdefault("UpdateReplacePolicy", "Retain")


def _referred(value: Any) -> str:
    """The logical id that a value refers to by Ref or GetAtt; empty where it is anything else."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return name
        case {"Fn::GetAtt": str(text)}:
            return text.partition(".")[0]
    return ""


def _point_at_weighbridge(hook: Any, resources: dict[str, Any], hook_url: str) -> None:
    """Has a hook of this template report to Weighbridge; where it says itself where to, that stays."""
    name = _referred(hook)
    function = resources.get(name)
    if not isinstance(function, dict) or function.get("Type") != "AWS::Lambda::Function":
        return
    properties = _properties_of(name, function)
    environment = properties.get("Environment", {})
    variables = environment.get("Variables", {}) if isinstance(environment, dict) else None
    if not isinstance(variables, dict) or any(str(key).startswith("Fn::") for key in [*environment, *variables]):
        raise InvalidDocument(
            f"The environment of the hook {name} is an expression: write out its Variables, so that {HOOK_VARIABLE} can be "
            "added to them."
        )
    function["Properties"] = properties
    properties["Environment"] = {**environment, "Variables": {HOOK_VARIABLE: hook_url, **variables}}


def _wait_beside(name: str, resources: dict[str, Any], options: Options) -> None:
    """What waits for a deployment that outlasts a custom resource: a new condition for each version."""
    properties = resources[name]["Properties"]
    if options.passed_on.get("Start") != "DuringStack" or _fits(properties.get("DeploymentConfigName", ALL_AT_ONCE)):
        return
    version = _referred(properties["TargetVersion"])
    if version not in resources:
        raise InvalidDocument(
            f"{name} may take longer than the 55 minutes that a resource can wait, and its version is no resource of this "
            "template, by which a wait condition would be told from the one before: use Start: AfterStack, or a shorter "
            "configuration."
        )
    handle, condition = f"{name}{version}Handle"[-255:], f"{name}{version}Ended"[-255:]
    condition_of_alias = {"Condition": resources[name]["Condition"]} if "Condition" in resources[name] else {}
    resources[handle] = {"Type": "AWS::CloudFormation::WaitConditionHandle", **condition_of_alias}
    resources[condition] = {
        "Type": "AWS::CloudFormation::WaitCondition",
        **condition_of_alias,
        "DependsOn": name,
        "Properties": {"Handle": {"Ref": handle}, "Timeout": f"{LONGEST_IN_CONDITION.total_seconds():.0f}", "Count": 1},
    }
    properties["WaitHandle"] = {"Ref": handle}
    properties["ServiceTimeout"] = ANSWERS_WITHIN


def _fits(config_name: Any) -> bool:
    """Whether a configuration is known to shift all traffic while a custom resource may wait."""
    match config_name:
        case {"Fn::Sub": [str(text), dict(own)]}:  # so SAM writes the predefined ones
            known = all(isinstance(value, str) for value in own.values())
            config_name = _SUBSTITUTION.sub(lambda match: own.get(match[1], match[0]), text) if known else None
    config = PREDEFINED.get(config_name) if isinstance(config_name, str) else None
    return config is not None and duration(config) <= LONGEST_IN_RESOURCE


# ---------------------------------------------------------------------------------------------- what refers to it


def _following(node: Any, renamed: Mapping[str, str]) -> Any:
    """A part of a template in which every reference goes by the new logical ids."""
    if isinstance(node, list):
        return [_following(item, renamed) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _reference(key, value, renamed) for key, value in node.items()}


def _reference(key: str, value: Any, renamed: Mapping[str, str]) -> Any:
    match key, value:
        case "Ref" | "DependsOn", str():
            return renamed.get(value, value)
        case "DependsOn", list():
            return [renamed.get(item, item) if isinstance(item, str) else item for item in value]
        case "Fn::GetAtt", str():
            name, dot, attribute = value.partition(".")
            return renamed.get(name, name) + dot + attribute
        case "Fn::GetAtt", [str(name), *attributes]:
            return [renamed.get(name, name), *_following(attributes, renamed)]
        case "Fn::Sub", str():
            return _substituted(value, renamed)
        case "Fn::Sub", [str(text), dict(own), *rest]:
            outside = {name: new for name, new in renamed.items() if name not in own}
            return [_substituted(text, outside), _following(own, renamed), *rest]
    return _following(value, renamed)


def _substituted(text: str, renamed: Mapping[str, str]) -> str:
    return _SUBSTITUTION.sub(lambda match: f"${{{renamed.get(match[1], match[1])}{match[2]}}}", text)


def _boolean(value: Any) -> bool | None:
    known = {True: True, False: False, "true": True, "false": False}
    return known.get(value) if isinstance(value, bool | str) else None


def _shown(value: Any) -> str:
    return repr(value)[:100]
