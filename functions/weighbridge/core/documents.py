"""Reads untrusted files: YAML or JSON in, plain mappings out, then into models that explain what is wrong.

Scalars stay text (only null is recognised), so that `0.0`, `010` and `1:30` reach the models as they were typed instead
of as YAML 1.1 would read them; the models turn text into numbers and booleans where they expect some.
"""

import codecs
import json
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from weighbridge.core.errors import InvalidDocument, NotWellFormed

SIZE_LIMIT = 1024 * 1024
"""Bytes a file may have."""
DEPTH_LIMIT = 20
_PLACEHOLDER = re.compile(r"\{\{[^{}\n]{1,100}\}\}|\{%[^{}\n]{1,100}%\}|<%[^<>\n]{1,100}%>|\$\{[^{}\n]{1,100}\}")
"""What the templates of pipelines leave where nobody gave a value: {{ x }}, {% x %}, <% x %>, ${x}."""


def load(content: bytes | str) -> object:
    """Parses a YAML or JSON file into mappings, lists, texts and nulls (JSON keeps its booleans).

    Raises InvalidDocument for anything that is no such file: more than 1 MiB, not UTF-8, broken syntax, several
    documents, tags, anchors and aliases, a key given twice, or more than 20 levels.
    """
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(raw) > SIZE_LIMIT:
        raise InvalidDocument(f"The file has {len(raw)} bytes; at most {SIZE_LIMIT} (1 MiB) are read.")
    text = _decoded(raw)
    try:
        return _parsed(text)
    except InvalidDocument as error:
        if left := _PLACEHOLDER.search(text):
            line = text.count("\n", 0, left.start()) + 1
            raise InvalidDocument(f"line {line}: {_left_in(left[0])}. {error}") from error
        raise


def _decoded(raw: bytes) -> str:
    if raw.startswith(b"\x1f\x8b"):
        raise NotWellFormed("The file is not text but compressed by gzip; drop it as it was before.")
    if raw.startswith(b"PK\x03\x04"):
        raise NotWellFormed("The file is not text but a zip archive; drop the file that is in it, or the archive as .zip.")
    marked = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    # Without a mark it shows by the zeros that letters of ASCII have as one of their two bytes.
    if marked or (len(raw) > 3 and (raw[:4:2] == b"\0\0") != (raw[1:4:2] == b"\0\0")):  # noqa: PLR2004  # two letters
        raise NotWellFormed("The file is not text in UTF-8 but in UTF-16; save it as UTF-8 and drop it again.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotWellFormed("The file is not text: write YAML or JSON in UTF-8.") from error


def _parsed(text: str) -> object:
    if text.lstrip().startswith("{"):
        try:
            return _load_json(text)
        except json.JSONDecodeError as error:
            not_json, said = error, str(error)
            if error.msg == "Extra data":
                said = f"at line {error.lineno}, column {error.colno}, {_stray(text[error.pos :])}"
        try:
            return _load_yaml(text)  # a YAML file may open with a brace, too
        except InvalidDocument:
            raise NotWellFormed(f"The file is not well-formed JSON: {said}") from not_json
    return _load_yaml(text)


def _stray(rest: str) -> str:
    written_out = " (a line break that was written out)" if rest.startswith(("\\n", "\\r")) else ""
    return f"something follows its end: {rest.strip()[:40]!r}{written_out}; take it out"


def _left_in(placeholder: str) -> str:
    return f"the placeholder {placeholder!r:.110} was left in; put its value there"


def _load_json(text: str) -> object:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, item in pairs:
            if key in mapping:
                raise InvalidDocument(f"The key {key!r} is given twice; keep one of them.")
            mapping[key] = item
        return mapping

    too_deep = InvalidDocument(f"The file is nested more than {DEPTH_LIMIT} levels deep.")
    try:
        value = json.loads(text, object_pairs_hook=unique, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError as error:
        raise too_deep from error
    level = [value]
    for _ in range(DEPTH_LIMIT + 1):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _items(outer)]
    if level:
        raise too_deep
    return value


def _items(collection: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return collection.values() if isinstance(collection, dict) else collection


def _load_yaml(text: str) -> object:
    # Loaded when the first YAML file comes, which most cold starts of what can read one have not.
    from weighbridge.core import yaml_text  # noqa: PLC0415

    return yaml_text.load(text, DEPTH_LIMIT)


def filled_in(value: str) -> str:
    """The text; raises ValueError for one in which a template's placeholder was left."""
    if left := _PLACEHOLDER.search(value):
        raise ValueError(_left_in(left[0]))
    return value


def matching(pattern: str, what: str) -> AfterValidator:
    """For texts of a form: whoever wrote another reads that it is not a valid `what`, instead of a regular expression."""
    form = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not form.fullmatch(filled_in(value)):
            raise PydanticCustomError("form", "{value} is not a valid {what}", {"value": repr(value[:200]), "what": what})
        return value

    return AfterValidator(check)


class TooMany(ValueError):
    """A rule that models raise: a list is longer than allowed."""


class Document(BaseModel):
    """A mapping in a file or request: keys in any case, unknown keys refused with the nearest known one.

    Lists fail fast: a file has room for half a million faults, and all of them told would not fit into a function.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=False, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _canonical_keys(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            raise PydanticCustomError("mapping", "must be a mapping of keys to values, not {found}", {"found": kind(value)})
        known = {str(field.alias).lower(): str(field.alias) for field in cls.model_fields.values()}
        canonical: dict[str, Any] = {}
        for key, item in value.items():
            name = known.get(str(key).lower())
            if name is None:
                nearest = get_close_matches(str(key).lower(), known, n=1, cutoff=0.6)
                raise PydanticCustomError(
                    "unknown_key",
                    "unknown key {key}{hint}",
                    {
                        "key": repr(str(key)[:100]),
                        "hint": f"; did you mean {known[nearest[0]]!r}?"
                        if nearest
                        else f"; the keys are {', '.join(known.values())}",
                    },
                )
            if name in canonical:
                raise PydanticCustomError("twice", "the key {key} is given twice", {"key": repr(name)})
            canonical[name] = item
        return canonical

    @classmethod
    def read(cls, value: object) -> Self:
        """The model of a loaded file; raises InvalidDocument with one sentence for every fault found."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            faults = error.errors()
            broken = faults[0].get("ctx", {}).get("error")
            raise InvalidDocument(
                " ".join(_sentence(fault) for fault in faults[:5]),
                cls._key(faults[0]),
                rule=str(broken) if broken else _sentence(faults[0]),
                too_many=isinstance(broken, TooMany),
            ) from error

    @classmethod
    def _key(cls, fault: ErrorDetails) -> str:
        """The top-level key that is wrong; what is missing pydantic calls by the field's name instead of its alias."""
        name = str(fault["loc"][0]) if fault["loc"] else ""
        return str(cls.model_fields[name].alias) if name in cls.model_fields else name


def kind(value: object) -> str:
    """What a value is, in the words of somebody who writes YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list) else "text" if isinstance(value, str) else repr(value)


def _sentence(fault: ErrorDetails) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).lstrip(".")
    input_shown = f", not {fault['input']!r:.100}" if isinstance(fault["input"], str | int | float | bool) else ""
    match fault["type"]:
        case "missing":
            said = "is missing; add it"
        case "string_type" if fault["input"] is None:
            said = "is empty; give it a value"
        case "string_type":
            said = f"must be text, not {kind(fault['input'])}"
        case "int_parsing" | "int_type" | "int_from_float":
            said = f"must be a whole number{input_shown}"
        case "bool_parsing" | "bool_type":
            said = f"must be true or false{input_shown}"
        case "list_type":
            said = f"must be a list, not {kind(fault['input'])}"
        case "literal_error":
            said = f"must be {fault['ctx']['expected']}{input_shown}"
        case "value_error":
            said = str(fault["ctx"]["error"])
        case _:
            said = fault["msg"][:1].lower() + fault["msg"][1:]
    end = "" if said.endswith((".", "?")) else "."
    if path:
        return f"{path}: {said}{end}"
    return f"The file {said}{end}" if said.startswith("must") else f"{said[:1].upper()}{said[1:]}{end}"
