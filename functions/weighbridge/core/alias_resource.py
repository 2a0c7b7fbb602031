"""What CloudFormation asks of an alias that a stack owns, `Custom::WeighbridgeAlias`, and what its properties mean.

All of it is untrusted: whoever may invoke the provider writes it. The response URL is a secret, which is told to nobody.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_pascal

from weighbridge.core import appspec
from weighbridge.core.appspec import AppSpec, Text
from weighbridge.core.configs import DeploymentConfig, duration
from weighbridge.core.documents import Document
from weighbridge.core.errors import InvalidAppSpec, InvalidDocument
from weighbridge.core.groups import AlarmConfiguration, AutoRollbackConfiguration, DeploymentGroup, Trigger
from weighbridge.core.groups import parse as parse_group
from weighbridge.core.names import ALL_AT_ONCE, valid_name
from weighbridge.core.requests import Empty
from weighbridge.core.wanted import LONGEST_IN_CONDITION, LONGEST_IN_RESOURCE, TYPE, OnRunning, Start

Kind = Literal["Create", "Update", "Delete"]
_STACK = re.compile(
    r"arn:aws[a-z-]*:cloudformation:[a-z0-9-]+:\d{12}:stack/[A-Za-z][A-Za-z0-9-]{0,127}/[A-Za-z0-9-]{1,64}", re.ASCII
)
_LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}", re.ASCII)
_ALIAS_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:([a-zA-Z0-9_-]{1,64}):([a-zA-Z0-9_-]{1,128})", re.ASCII
)
_FUNCTION_ARN = re.compile(r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):(\d{12}):function:([a-zA-Z0-9_-]{1,64})", re.ASCII)
_LONGEST_ID = 256
_LONGEST_URL = 4096


@dataclass(frozen=True)
class Request:
    """`physical_id` is empty in a Create; `properties` are still as they came."""

    kind: Kind
    stack_id: str
    logical_id: str
    request_id: str
    physical_id: str
    response_url: str = field(repr=False)
    properties: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, event: Any) -> "Request":
        """Raises InvalidDocument where it is none, and says nothing of what is in it."""
        said = event if isinstance(event, Mapping) else {}
        kind, stack_id, logical_id, request_id, url = (
            said.get(name) for name in ("RequestType", "StackId", "LogicalResourceId", "RequestId", "ResponseURL")
        )
        physical_id, properties = said.get("PhysicalResourceId") or "", said.get("ResourceProperties") or {}
        if kind not in ("Create", "Update", "Delete") or said.get("ResourceType") != TYPE:
            raise InvalidDocument(f"This is no Create, Update or Delete of a {TYPE}.")
        if not (isinstance(stack_id, str) and _STACK.fullmatch(stack_id)):
            raise InvalidDocument("StackId is not the id of a stack.")
        if not (isinstance(logical_id, str) and _LOGICAL_ID.fullmatch(logical_id)):
            raise InvalidDocument("LogicalResourceId is not the logical id of a resource.")
        if not (isinstance(request_id, str) and 0 < len(request_id) <= _LONGEST_ID and request_id.isprintable()):
            raise InvalidDocument("RequestId is not the id of a request.")
        if not (isinstance(url, str) and 0 < len(url) <= _LONGEST_URL):
            raise InvalidDocument("ResponseURL is not a URL.")
        if not isinstance(physical_id, str) or len(physical_id) > 1024 or not isinstance(properties, Mapping):  # noqa: PLR2004
            raise InvalidDocument("PhysicalResourceId or ResourceProperties are not what they are in such a request.")
        return cls(kind, stack_id, logical_id, request_id, physical_id, url, properties)


def application_of(root_id: str) -> str:
    """The application of a root stack's deployments: no stack's name has an `@`.

    So whoever may name a stack at will gets neither the groups nor the service roles of an application of others.
    """
    return f"stack@{root_id.partition(':stack/')[2].partition('/')[0]}"


def alias_in(physical_id: str) -> tuple[str, str] | None:
    """The function and the alias that a resource stands for; None where its creation was refused."""
    known = _ALIAS_ARN.fullmatch(physical_id)
    return (known[1], known[2]) if known else None


class _Hooks(Document):
    model_config = ConfigDict(alias_generator=to_pascal)

    before_allow_traffic: Text | None = None
    after_allow_traffic: Text | None = None


class _Properties(Document):
    model_config = ConfigDict(alias_generator=to_pascal)

    service_token: str | None = None
    service_timeout: int | None = None
    function_name: Text
    name: Text
    target_version: Text
    deployment_config_name: Annotated[str | None, Empty] = None
    alarm_configuration: AlarmConfiguration | None = None
    auto_rollback_configuration: AutoRollbackConfiguration | None = None
    trigger_configurations: list[Trigger] | None = Field(default=None, fail_fast=True)
    hooks: _Hooks | None = None
    service_role_arn: Annotated[str | None, Empty] = None
    start: Start = "AfterStack"
    on_running: OnRunning = "Queue"
    redeploy: str = Field(default="", max_length=256)
    wait_handle: Annotated[str | None, Empty] = Field(default=None, max_length=_LONGEST_URL, repr=False)
    enabled: bool = True


@dataclass(frozen=True)
class Wish:
    """What the properties ask for.

    `spec` says which alias is to go where, `app_spec` is its AppSpec file, and `without_hooks` the same without hooks.
    """

    spec: AppSpec
    app_spec: str
    without_hooks: str
    group: DeploymentGroup
    start: Start
    on_running: OnRunning
    redeploy: str
    wait_handle: str = field(repr=False)

    @property
    def alias(self) -> str:
        return f"{self.spec.function_name}:{self.spec.alias}"

    @property
    def group_name(self) -> str:
        return f"{self.spec.function_name}-{self.spec.alias}"

    @property
    def config_name(self) -> str:
        return self.group.deployment_config_name or ALL_AT_ONCE


def read_wish(properties: Mapping[str, Any], application: str, region: str, account: str) -> Wish:
    """`application` is the root stack's (`application_of`). Raises InvalidDocument with what to change."""
    asked = _Properties.read(properties)
    function = _bare(asked.function_name, region, account)
    content = _app_spec(asked, function)
    try:
        spec = appspec.parse(content)
    except InvalidAppSpec as error:
        raise InvalidDocument(str(error)) from error
    group_name = f"{spec.function_name}-{spec.alias}"
    for name, what in (
        (application, "the root stack's name, with `stack@` before it,"),
        (group_name, "the function's and the alias's name together"),
    ):
        if not valid_name(name):
            raise InvalidDocument(f"{name!r} is too long: {what} may have 100 characters at most.")
    settings = {
        "deploymentConfigName": asked.deployment_config_name if asked.enabled else ALL_AT_ONCE,
        "serviceRoleArn": asked.service_role_arn,
        "alarmConfiguration": _dumped(asked.alarm_configuration) if asked.enabled else None,
        "autoRollbackConfiguration": _dumped(asked.auto_rollback_configuration),
        "triggerConfigurations": [_dumped(trigger) for trigger in asked.trigger_configurations or []],
        "aliases": [f"{spec.function_name}:{spec.alias}"],
    }
    group = parse_group(application, group_name, {key: value for key, value in settings.items() if value is not None})
    if asked.wait_handle and asked.start != "DuringStack":
        raise InvalidDocument("WaitHandle is for Start: DuringStack; take it out, or say so.")
    return Wish(
        spec,
        content,
        _app_spec(asked, function, hooks=False),
        group,
        asked.start,
        asked.on_running,
        asked.redeploy,
        asked.wait_handle or "",
    )


def check_duration(wish: Wish, config: DeploymentConfig) -> None:
    """Raises InvalidDocument where CloudFormation would not wait for as long as traffic is shifted, hooks left out."""
    if wish.start != "DuringStack":
        return
    takes = duration(config)
    most = LONGEST_IN_CONDITION if wish.wait_handle else LONGEST_IN_RESOURCE
    if takes <= most:
        return
    minutes = int(takes.total_seconds() / 60)
    advice = (
        "use a shorter configuration, or Start: AfterStack"
        if wish.wait_handle
        else "give it a WaitHandle (up to 705), use a shorter configuration, or Start: AfterStack"
    )
    raise InvalidDocument(
        f"{config.name} shifts traffic for {minutes} minutes, and with Start: DuringStack CloudFormation waits for "
        f"{int(most.total_seconds() / 60)} at most: {advice}."
    )


def _bare(function: str, region: str, account: str) -> str:
    arn = _FUNCTION_ARN.fullmatch(function)
    if arn is None:
        return function
    if (arn[1], arn[2]) != (region, account):
        raise InvalidDocument(
            f"The function {function!r} is of another account or region than this installation, {region}."
        )
    return arn[3]


def _app_spec(asked: _Properties, function: str, *, hooks: bool = True) -> str:
    target = {"Name": function, "Alias": asked.name, "TargetVersion": asked.target_version}
    run = asked.hooks.model_dump(by_alias=True, exclude_none=True) if asked.hooks and asked.enabled and hooks else {}
    file: dict[str, Any] = {
        "version": "0.0",
        "Resources": [{"Function": {"Type": "AWS::Lambda::Function", "Properties": target}}],
    }
    return json.dumps(file | ({"Hooks": [{event: hook} for event, hook in run.items()]} if run else {}))


def _dumped(model: Document | None) -> dict[str, Any] | None:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True) if model else None
