"""The AppSpec file of a Lambda deployment. Reference: section 3."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from weighbridge.core.documents import Document, filled_in, kind, load
from weighbridge.core.errors import InvalidAppSpec, InvalidDocument, NotWellFormed

FUNCTION_NAME = r"[a-zA-Z0-9_-]{1,64}"
_FUNCTION = re.compile(FUNCTION_NAME)
_ALIAS = re.compile(r"(?!\d+$)[a-zA-Z0-9_-]{1,128}")
_VERSION = re.compile(r"[1-9]\d{0,18}", re.ASCII)
# Lambda takes shorter forms of an ARN, too: in `function:admin` and `123456789012:admin` it reads `admin` as the name.
_PART_OF_AN_ARN = r"(?:function|\d{12}|[a-z-]+-\d):"
_HOOK = re.compile(
    rf"(arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{{12}}:function:)?(?!{_PART_OF_AN_ARN}){FUNCTION_NAME}(:[a-zA-Z0-9$_-]{{1,128}})?",
    re.ASCII,
)


@dataclass(frozen=True)
class AppSpec:
    """What a file asks for: `alias` of `function_name` moves from `current_version` to `target_version`.

    `current_version` is None where the file leaves it to the alias; `hooks` maps a lifecycle event to the name or ARN
    of its function, events without a hook left out.
    """

    function_name: str
    alias: str
    current_version: str | None
    target_version: str
    hooks: dict[str, str]

    def function_info(self) -> dict[str, str]:
        """What is known of the deployment's target before the alias has been read, as lambdaFunctionInfo."""
        info = {"functionName": self.function_name, "functionAlias": self.alias, "targetVersion": self.target_version}
        return info | ({"currentVersion": self.current_version} if self.current_version else {})


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_number_as_text), StringConstraints(strip_whitespace=True), AfterValidator(filled_in)]


class _Properties(Document):
    name: Text = Field(alias="Name")
    alias: Text = Field(alias="Alias")
    current_version: Text | None = Field(alias="CurrentVersion", default=None)
    target_version: Text = Field(alias="TargetVersion")

    @model_validator(mode="before")
    @classmethod
    def _given_but_empty(cls, value: object) -> object:
        if isinstance(value, dict):
            for key, item in value.items():
                if str(key).lower() == "currentversion" and item is None:
                    raise ValueError("CurrentVersion is empty; give the alias's version, or leave the key out")
        return value

    @field_validator("name")
    @classmethod
    def _function_name(cls, name: str) -> str:
        if not name:
            raise ValueError("The Lambda function name cannot be null or empty")
        if not _FUNCTION.fullmatch(name):
            raise ValueError(
                f"{name[:140]!r} is not a valid function name; write the bare name (letters, digits, - and _, at most 64)"
            )
        return name

    @field_validator("alias")
    @classmethod
    def _alias_name(cls, alias: str) -> str:
        if not alias:
            raise ValueError("is empty; name the alias whose traffic is to be shifted")
        if not _ALIAS.fullmatch(alias):
            raise ValueError(f"{alias[:140]!r} is not a valid alias name (letters, digits, - and _, not digits alone)")
        return alias

    @field_validator("current_version", "target_version")
    @classmethod
    def _version(cls, version: str | None) -> str | None:
        if version is None:
            return None
        if version in {"$LATEST", "$LATEST.PUBLISHED"}:
            raise ValueError(f"{version} cannot be deployed gradually; publish a version and give its number")
        if not _VERSION.fullmatch(version):
            raise ValueError(f"{version[:40]!r} is not a published version; give its number, such as 3")
        return version


class _Resource(Document):
    type: Literal["AWS::Lambda::Function"] = Field(alias="Type")
    properties: _Properties = Field(alias="Properties")


def _under_a_name(entry: object) -> object:
    keys = {str(key).lower(): key for key in entry} if isinstance(entry, Mapping) else {}
    if isinstance(entry, Mapping) and "type" in keys and isinstance(entry[keys["type"]], str):
        name = next((str(keys[key]) for key in keys if key not in {"type", "properties"}), "NAME")
        raise ValueError(
            f"Type and Properties have no name above them; write `- {name[:64]}:`, "
            "and Type and Properties below it, further in"
        )
    return entry


_Entry = Annotated[dict[str, _Resource], BeforeValidator(_under_a_name)]
_EVENTS_OF_OTHERS = {
    "ApplicationStart",
    "ApplicationStop",
    "BeforeBlockTraffic",
    "AfterBlockTraffic",
    "BeforeInstall",
    "AfterInstall",
    "AfterAllowTestTraffic",
    "ValidateService",
}
"""Lifecycle events that hooks of deployments to servers and to ECS have."""


class _HookEntry(Document):
    before: Text | None = Field(alias="BeforeAllowTraffic", default=None)
    after: Text | None = Field(alias="AfterAllowTraffic", default=None)

    @model_validator(mode="before")
    @classmethod
    def _events_of_lambda(cls, value: object) -> object:
        for key in value if isinstance(value, Mapping) else ():
            if key in _EVENTS_OF_OTHERS:
                raise ValueError(
                    f"{key} is not an event of a Lambda deployment, which has BeforeAllowTraffic and AfterAllowTraffic"
                )
        return value

    @field_validator("before", "after", mode="before")
    @classmethod
    def _one_function(cls, hook: object) -> object:
        if isinstance(hook, list | Mapping):
            said = "must be the name or ARN of one function, not {found}; write it behind the colon"
            raise PydanticCustomError("one_function", said, {"found": kind(hook)})
        return hook

    @field_validator("before", "after")
    @classmethod
    def _function(cls, hook: str | None) -> str:
        if not hook:
            raise ValueError("The Lambda function name cannot be null or empty; name the hook's function or leave it out")
        if not _HOOK.fullmatch(hook):
            raise ValueError(f"{hook[:200]!r} is not a function name or an ARN; write the bare name, or the whole ARN")
        return hook


class _File(Document):
    version: Text
    resources: list[_Entry] = Field(alias="Resources", fail_fast=True)
    hooks: list[_HookEntry] | None = Field(alias="Hooks", default=None, fail_fast=True)

    @field_validator("resources", "hooks", mode="before")
    @classmethod
    def _lists(cls, value: object) -> object:
        if isinstance(value, Mapping):
            said = "must be a list, not a mapping; write a dash before each of the names below it"
            raise PydanticCustomError("list", said)
        return value

    @field_validator("version")
    @classmethod
    def _only_version(cls, version: str) -> str:
        if version not in {"0.0", "0"}:
            raise ValueError(f"must be 0.0, the only version there is, not {version[:40]!r}")
        return version

    @field_validator("resources")
    @classmethod
    def _one_resource(cls, resources: list[dict[str, _Resource]]) -> list[dict[str, _Resource]]:
        count = sum(len(entry) for entry in resources)
        if count != 1:
            raise ValueError(f"must name exactly one function, not {count}; write one AppSpec file for each function")
        return resources


def parse(content: bytes | str) -> AppSpec:
    """The deployment that an AppSpec file asks for; raises InvalidAppSpec with what to change."""
    try:
        file = _File.read(load(content))
    except NotWellFormed as error:
        raise InvalidAppSpec(
            f"The input AppSpec file is a not well-formed yaml. The template cannot be parsed. {error}"
        ) from error
    except InvalidDocument as error:
        raise InvalidAppSpec(str(error)) from error
    [properties] = [resource.properties for entry in file.resources for resource in entry.values()]
    return AppSpec(
        function_name=properties.name,
        alias=properties.alias,
        current_version=properties.current_version,
        target_version=properties.target_version,
        hooks=_hooks(file.hooks or []),
    )


def _hooks(entries: list[_HookEntry]) -> dict[str, str]:
    hooks: dict[str, str] = {}
    for entry in entries:
        for event, function in entry.model_dump(by_alias=True, exclude_none=True).items():
            if event in hooks:
                raise InvalidAppSpec(f"Hooks: {event} is given twice; one function can be called for each event.")
            hooks[event] = function
    return hooks
