"""Tags of applications, groups and configurations. Reference: 1.5 and 9.1."""

from collections.abc import Collection, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from weighbridge.core.documents import Document

MOST_TAGS = 50


class Tag(Document):
    key: str = Field(alias="Key", min_length=1, max_length=128)
    value: str = Field(alias="Value", default="", max_length=256)


def _checked(tags: list[Tag]) -> list[Tag]:
    if len(tags) > MOST_TAGS:
        raise ValueError(f"at most {MOST_TAGS} tags can be kept, not {len(tags)}.")
    if len({tag.key for tag in tags}) < len(tags):
        raise ValueError("a tag's key is given twice; keep one of them.")
    reserved = [tag.key for tag in tags if tag.key.lower().startswith("aws:")]
    if reserved:
        raise ValueError(f"the tag {reserved[0]!r} begins with aws:, which is reserved; use another key.")
    return tags


Tags = Annotated[list[Tag], AfterValidator(_checked)]


class Tagged(Document):
    """The tags of one resource."""

    tags: Tags = Field(fail_fast=True)

    def plain(self) -> list[dict[str, str]]:
        return [{"Key": tag.key, "Value": tag.value} for tag in self.tags]


def with_tags(tags_before: Sequence[dict[str, str]], added: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The tags after some were added; a key that is there already takes the new value.

    Raises InvalidDocument where the outcome is not allowed.
    """
    new_tags = Tagged.read({"tags": added}).plain()
    keys = {tag["Key"] for tag in new_tags}
    return Tagged.read({"tags": [*(tag for tag in tags_before if tag["Key"] not in keys), *new_tags]}).plain()


def without_tags(tags_before: Sequence[dict[str, str]], keys: Collection[str]) -> list[dict[str, str]]:
    return [tag for tag in tags_before if tag["Key"] not in keys]
