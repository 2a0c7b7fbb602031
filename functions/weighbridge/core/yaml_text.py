"""YAML in, mappings, lists, texts and nulls out, for core.documents; apart from it, since PyYAML takes long to load."""

import re
from collections.abc import Hashable
from typing import Any, ClassVar

import yaml

from weighbridge.core.errors import InvalidDocument, NotWellFormed

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _TextLoader(_Loader):  # type: ignore[misc]
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise InvalidDocument(f"line {key.start_mark.line + 1}: a key must be plain text.")
            if key.value in seen:
                raise InvalidDocument(
                    f"line {key.start_mark.line + 1}: the key {key.value!r} is given twice; keep one of them."
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)  # type: ignore[no-any-return]


_TextLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])


def load(text: str, deepest: int) -> object:
    """Parses a file of at most so many levels; raises InvalidDocument, as core.documents says for what."""
    try:
        _refuse_dangerous(text, deepest)
        return yaml.load(text, Loader=_TextLoader)  # noqa: S506  # derived from the safe loader
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise NotWellFormed(f"The file is not well-formed YAML: {problem}") from error


def _refuse_dangerous(text: str, deepest: int) -> None:
    """Looks at the file's events before anything is built from them: an alias bomb costs nothing until it is built."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InvalidDocument(f"line {line}: anchors and aliases are not read; write the value out.")
        if tag := getattr(event, "tag", None):
            raise InvalidDocument(f"line {line}: tags such as {tag!r:.100} are not read; write plain values.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > deepest:
                raise InvalidDocument(f"line {line}: the file is nested more than {deepest} levels deep.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
