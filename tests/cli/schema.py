"""The schema that is shipped with the command, and documents held against it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import weighbridge_cli

PATH = Path(weighbridge_cli.__file__).parent / "schemas" / "output.json"


@cache
def _schema() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return document


def check(document: Any, kind: str) -> Any:
    """The document, which has to be of that kind, and to have no member that the schema does not know."""
    Draft202012Validator.check_schema(_schema())
    Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": _strict(_schema()["$defs"])}).validate(document)
    return document


def _strict(part: Any) -> Any:
    """The same, and no object may have other members than those that are described."""
    if isinstance(part, list):
        return [_strict(item) for item in part]
    if not isinstance(part, dict):
        return part
    strict = {name: _strict(value) for name, value in part.items()}
    if part.get("type") == "object" and "properties" in part and "additionalProperties" not in part:
        strict["additionalProperties"] = False
    return strict
