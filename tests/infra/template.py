"""A synthesized template in a form that tests can compare with plain values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Properties = dict[str, Any]
Rights = dict[str, set[str]]


@dataclass(frozen=True)
class Resource:
    name: str
    type: str
    properties: Properties
    attributes: Properties


class Template:
    """Resources by logical id without its hash.

    References read `<StorageTable>`, `<StorageTable.Arn>` or `<AWS::Region>`, and joined strings are joined.
    """

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.resources: dict[str, Resource] = {}
        for logical_id, declared in body["Resources"].items():
            resource = Resource(
                _name(logical_id), declared["Type"], _readable(declared.get("Properties", {})), _readable(declared)
            )
            assert resource.name not in self.resources, f"two resources are called {resource.name}"
            self.resources[resource.name] = resource
        self.outputs = {name: _readable(output["Value"]) for name, output in body["Outputs"].items()}

    def __getitem__(self, name: str) -> Properties:
        return self.resources[name].properties

    def of_type(self, kind: str) -> dict[str, Properties]:
        return {resource.name: resource.properties for resource in self.resources.values() if resource.type == kind}

    def statements(self, role: str) -> Iterator[Properties]:
        for policy in self.of_type("AWS::IAM::Policy").values():
            if f"<{role}>" in policy["Roles"]:
                yield from policy["PolicyDocument"]["Statement"]

    def rights(self, role: str) -> Rights:
        """What the role may do: the actions by resource."""
        rights: Rights = {}
        for statement in self.statements(role):
            for resource in as_list(statement["Resource"]):
                rights.setdefault(resource, set()).update(as_list(statement["Action"]))
        return rights


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(logical_id: str) -> str:
    return re.sub(r"[0-9A-F]{8}$", "", logical_id)


def _readable(value: Any) -> Any:
    match value:
        case {"Ref": logical_id}:
            return f"<{_name(logical_id)}>"
        case {"Fn::GetAtt": [logical_id, attribute]}:
            return f"<{_name(logical_id)}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return separator.join(_readable(part) for part in parts)
        case dict():
            return {key: _readable(item) for key, item in value.items()}
        case list():
            return [_readable(item) for item in value]
    return value
