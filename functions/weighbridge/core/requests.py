"""What events on the bus may ask for. Reference: 1.2 (CreateDeployment, StopDeployment, PutLifecycleEventHook…), 3.3.

Whatever of a request is kept has a limit: a record that is full could be neither interrupted nor closed.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from weighbridge.core.documents import Document
from weighbridge.core.groups import AlarmConfiguration, AutoRollbackConfiguration, Name, arn_among
from weighbridge.core.names import LONGEST_DESCRIPTION
from weighbridge.core.revisions import BUNDLE_TYPES, member_of, own, sha256_of

Empty = BeforeValidator(lambda value: None if value == "" else value)
"""An optional text that the skeletons of clients have as an empty one, which says nothing."""


class S3Location(Document):
    bucket: str = Field(min_length=3, max_length=63)
    key: str = Field(min_length=1, max_length=1024)
    bundle_type: str = "YAML"
    version: Annotated[str | None, Empty] = Field(default=None, max_length=1024)
    e_tag: Annotated[str | None, Empty] = Field(alias="eTag", default=None, max_length=256)

    @field_validator("bundle_type")
    @classmethod
    def _as_the_service_spells_it(cls, value: str) -> str:
        known = {spelled.lower(): spelled for spelled in BUNDLE_TYPES}.get(value.lower())
        if known is None:
            raise ValueError(f"BundleType must be either {' or '.join(BUNDLE_TYPES)}, not {value[:40]!r}")
        return known


_MEMBERS = {"s3location", "string", "appspeccontent", "githublocation"}
INLINE_LIMIT = 100 * 1024
"""Bytes that the content of an inline revision may have: an item of the table holds 400 KB, its record among them."""


class InlineContent(Document):
    content: str = Field(min_length=1)
    sha256: Annotated[str | None, Empty] = None

    @field_validator("content")
    @classmethod
    def _fits_an_item(cls, content: str) -> str:
        if len(content.encode("utf-8", "surrogatepass")) > INLINE_LIMIT:
            raise ValueError(f"has more than {INLINE_LIMIT} bytes; put it into an S3 object and give its s3Location")
        return content

    @model_validator(mode="after")
    def _digest_matches(self) -> "InlineContent":
        digest = sha256_of(self.content)
        if self.sha256 is not None and self.sha256.lower() != digest:
            raise ValueError(f"sha256 is not that of the content, which is {digest}; send that, or leave it out")
        return self


class Revision(Document):
    revision_type: Literal["S3", "String", "AppSpecContent", "GitHub"]
    s3_location: S3Location | None = Field(alias="s3Location", default=None)
    string: InlineContent | None = None
    app_spec_content: InlineContent | None = None
    git_hub_location: Any = Field(default=None, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _without_members_of_other_types(cls, value: object) -> object:
        """They are not kept, so they need not be right: skeletons of clients have them, with empty texts."""
        members = {str(key).lower(): item for key, item in value.items()} if isinstance(value, Mapping) else {}
        kind = members.get("revisiontype")
        if not isinstance(value, Mapping) or not isinstance(kind, str):
            return value
        others = _MEMBERS - {member_of(kind).lower()}
        return {key: item for key, item in value.items() if str(key).lower() not in others}

    @model_validator(mode="after")
    def _member_for_type(self) -> "Revision":
        if self.revision_type == "GitHub":
            raise ValueError("Revision type: GitHub is not supported under compute platform: LAMBDA")
        member = member_of(self.revision_type)
        if member not in self.model_dump(by_alias=True, exclude_none=True):
            raise ValueError(f"{member} is missing; a revision of type {self.revision_type} needs it")
        return self

    def kept(self) -> dict[str, Any]:
        """The revision as records keep it: with the member of its type, whatever else came with it."""
        return own(self.model_dump(by_alias=True, exclude_none=True))


class DeploymentRequest(Document):
    """The input of CreateDeployment, as far as it applies to Lambda."""

    application_name: Name
    deployment_group_name: Name
    revision: Revision
    deployment_config_name: Name | None = None
    description: str | None = Field(default=None, max_length=LONGEST_DESCRIPTION)
    auto_rollback_configuration: AutoRollbackConfiguration | None = None
    override_alarm_configuration: AlarmConfiguration | None = None
    ignore_application_stop_failures: Literal[False] | None = None
    update_outdated_instances_only: Literal[False] | None = None

    @field_validator("override_alarm_configuration")
    @classmethod
    def _alarms_by_name(cls, alarms: AlarmConfiguration | None) -> AlarmConfiguration | None:
        if fault := arn_among(alarms):
            raise ValueError(fault)
        return alarms

    def overrides(self) -> dict[str, Any]:
        """The members that the deployment's record takes over as they are."""
        return self.model_dump(
            by_alias=True,
            exclude_none=True,
            include={
                "deployment_config_name",
                "description",
                "auto_rollback_configuration",
                "override_alarm_configuration",
            },
        )
