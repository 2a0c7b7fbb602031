"""Deployment groups: who may be deployed where, watched by which alarms, rolled back when. Reference: 1.5, 6.1, 6.3."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from weighbridge.core.configs import may_be_there, missing
from weighbridge.core.documents import Document, TooMany, matching
from weighbridge.core.errors import InvalidDocument
from weighbridge.core.names import NAME
from weighbridge.core.rollback_rule import ROLLBACK_EVENTS, RollbackEvent
from weighbridge.core.tags import Tags

Name = Annotated[str, matching(NAME, "name; use 1 to 100 letters, digits and . _ + = , @ -")]
MOST_ALARMS = 50
LONGEST_ALARM_NAMES = 16 * 1024
"""Bytes of all names together, which a record keeps three times: room for as many ASCII names as there may be."""
MOST_TRIGGERS = 10
MOST_ALIASES = 100
FOR_OTHERS: Mapping[str, Any] = {
    "blueGreenDeploymentConfiguration": {},
    "ec2TagFilters": [],
    "ec2TagSet": {},
    "onPremisesInstanceTagFilters": [],
    "onPremisesTagSet": {},
    "ecsServices": [],
    "loadBalancerInfo": {},
    "autoScalingGroups": [],
    "terminationHookEnabled": False,
    "outdatedInstancesStrategy": "UPDATE",
}
"""Members of a group for other platforms, and the value that clients send where they have nothing to say."""
_ONLY_TOLD = {"deploymentgroupid", "targetrevision", "lastsuccessfuldeployment", "lastattempteddeployment"}
_ALARM_ARN = re.compile(r"arn:[^:]+:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.+)", re.ASCII | re.DOTALL)
_ALIAS = r"[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,128}"


def _each_once(names: list[str] | None) -> list[str] | None:
    """Said twice means no more than said once, and a list that is kept has a limit."""
    return names if names is None else list(dict.fromkeys(names))


class Alarm(Document):
    name: str = Field(min_length=1, max_length=255)


class AlarmConfiguration(Document):
    enabled: bool = True
    ignore_poll_alarm_failure: bool = False
    alarms: list[Alarm] | None = Field(default=None, fail_fast=True)

    @model_validator(mode="after")
    def _alarms_when_enabled(self) -> "AlarmConfiguration":
        if self.enabled and self.alarms is None:
            raise ValueError("Alarm list cannot be null.")
        if self.enabled and not self.alarms:
            raise ValueError("Deployment Groups need to have at least one alarms attached if they are monitored.")
        names = Counter(alarm.name for alarm in self.alarms or [])
        if len(names) > MOST_ALARMS:
            raise TooMany(f"at most {MOST_ALARMS} alarms can be watched, not {len(names)}.")
        twice = [name for name, count in names.items() if count > 1]
        if twice:
            raise ValueError(f"the alarm {twice[0]!r} is named twice; keep one of them.")
        size = sum(len(name.encode()) for name in names)
        if size > LONGEST_ALARM_NAMES:
            raise ValueError(f"the alarms' names have {size} bytes together; at most {LONGEST_ALARM_NAMES} can be kept.")
        return self

    def watched(self) -> list[str]:
        """The alarms that may stop a deployment: none while the configuration is disabled."""
        return [alarm.name for alarm in self.alarms or []] if self.enabled else []


class AutoRollbackConfiguration(Document):
    enabled: bool = True
    events: list[RollbackEvent] | None = Field(default=None, fail_fast=True)

    _each_event_once = field_validator("events")(_each_once)

    @model_validator(mode="after")
    def _events_when_enabled(self) -> "AutoRollbackConfiguration":
        if self.enabled and self.events is not None and not self.events:
            raise ValueError("Deployment Groups need to have at least one event specified when auto rollback is enabled")
        return self

    def rolls_back_on(self) -> set[RollbackEvent]:
        """The events after which traffic is restored; all of them where none are named (design, rule 1)."""
        if not self.enabled:
            return set()
        return set(ROLLBACK_EVENTS if self.events is None else self.events)


class Trigger(Document):
    trigger_name: str = Field(min_length=1, max_length=100)
    trigger_target_arn: Annotated[
        str,
        matching(
            r"arn:aws[a-zA-Z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}",
            "ARN of an SNS topic; write one such as arn:aws:sns:eu-west-1:123456789012:NAME",
        ),
    ]
    trigger_events: list[
        Literal[
            "DeploymentStart",
            "DeploymentSuccess",
            "DeploymentFailure",
            "DeploymentStop",
            "DeploymentRollback",
            "DeploymentReady",
        ]
    ] = Field(min_length=1, fail_fast=True)

    _each_event_once = field_validator("trigger_events")(_each_once)


class DeploymentStyle(Document):
    deployment_type: Literal["BLUE_GREEN"]
    deployment_option: Literal["WITH_TRAFFIC_CONTROL"]


class DeploymentGroup(Document):
    """A group's settings, with the keys of CreateDeploymentGroup that mean something for Lambda.

    `aliases` is Weighbridge's own: the aliases (`function:alias`) that may be deployed by the group, any where it is None.
    """

    application_name: str | None = None
    deployment_group_name: str | None = None
    deployment_config_name: Name | None = None
    service_role_arn: (
        Annotated[
            str,
            matching(
                r"arn:aws[a-zA-Z-]*:iam::\d{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}",
                "ARN of an IAM role; write one such as arn:aws:iam::123456789012:role/NAME",
            ),
        ]
        | None
    ) = None
    alarm_configuration: AlarmConfiguration | None = None
    auto_rollback_configuration: AutoRollbackConfiguration | None = None
    trigger_configurations: list[Trigger] = Field(default_factory=list, fail_fast=True)
    tags: Tags = Field(default_factory=list, fail_fast=True)
    aliases: list[str] | None = Field(default=None, min_length=1, fail_fast=True)
    deployment_style: DeploymentStyle | None = None
    compute_platform: Literal["Lambda"] = "Lambda"

    _each_alias_once = field_validator("aliases")(_each_once)

    @field_validator("aliases")
    @classmethod
    def _names_of_aliases(cls, aliases: list[str] | None) -> list[str] | None:
        for alias in aliases or []:
            if not re.fullmatch(_ALIAS, alias):
                raise ValueError(f"{alias[:200]!r} names no alias; write the function and the alias, such as checkout:live")
        if len(aliases or []) > MOST_ALIASES:
            raise TooMany(f"at most {MOST_ALIASES} aliases can be named, not {len(aliases or [])}.")
        return aliases

    @field_validator("trigger_configurations")
    @classmethod
    def _distinct_triggers(cls, triggers: list[Trigger]) -> list[Trigger]:
        if len({trigger.trigger_name for trigger in triggers}) < len(triggers):
            raise ValueError("Duplicate Trigger target name detected")
        if len({trigger.trigger_target_arn for trigger in triggers}) < len(triggers):
            raise ValueError("Duplicate Trigger target arn detected")
        if len(triggers) > MOST_TRIGGERS:
            raise TooMany(f"Deployment Groups cannot contain more than {MOST_TRIGGERS} TriggerTargets.")
        return triggers


def arn_among(alarms: AlarmConfiguration | None) -> str | None:
    """What to tell whoever gives an alarm by its ARN, where CodeDeploy and CloudWatch take names alone; else None.

    Only what is new is asked: a group that was kept with one has to stay readable.
    """
    for alarm in (alarms and alarms.alarms) or []:
        if arn := _ALARM_ARN.fullmatch(alarm.name):
            region, account, name = arn.groups()
            return (
                f"the alarm {alarm.name!r} is an ARN: give its name alone, {name!r}, and see that it is in this "
                f"installation's account and region, not only in {region} of {account}."
            )
    return None


def parse(application: str, group: str, document: object) -> DeploymentGroup:
    """A group from a loaded file; raises InvalidDocument with what to change.

    `application` and `group` come from the object's key; where the file names them too, it must say the same.
    """
    settings = DeploymentGroup.read(_settings_in(document))
    for key, inside, outside in (
        ("applicationName", settings.application_name, application),
        ("deploymentGroupName", settings.deployment_group_name, group),
    ):
        if inside not in {None, outside}:
            raise InvalidDocument(f"{key} is {inside!r} but the file lies under {outside!r}; give both the same name.")
    if settings.deployment_config_name and not may_be_there(settings.deployment_config_name):
        raise InvalidDocument(f"deploymentConfigName: {missing(settings.deployment_config_name)}")
    if fault := arn_among(settings.alarm_configuration):
        raise InvalidDocument(f"alarmConfiguration: {fault}")
    return settings


def _settings_in(document: object) -> object:
    """The settings of a file that may be the answer of GetDeploymentGroup: without what it shows and nobody sets."""
    if isinstance(document, Mapping) and [str(key).lower() for key in document] == ["deploymentgroupinfo"]:
        [document] = document.values()
    if not isinstance(document, Mapping):
        return document
    for_others = {name.lower(): name for name in FOR_OTHERS}
    settings: dict[Any, Any] = {}
    for key, item in document.items():
        name = for_others.get(str(key).lower())
        if name is None:
            settings |= {} if str(key).lower() in _ONLY_TOLD else {key: item}
        elif item is not None and str(item).lower() != str(FOR_OTHERS[name]).lower():  # in YAML, false is a text
            raise InvalidDocument(f"For Lambda deployment group, {name} can not be specified; take it out.")
    return settings
