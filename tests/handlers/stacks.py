"""CloudFormation as the provider of aliases meets it: stacks with a status, what is in them, and the answers it was given."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.aws.invocation import event_file, invoke
from weighbridge.aws.cloudformation import Nested, Resource
from weighbridge.core.wanted import TYPE, Holder, Stack

CREATE, UPDATE, DELETE = (event_file(f"manage_alias.{kind}") for kind in ("create", "update", "delete"))
ID = CREATE["StackId"]
OTHER = ID.replace("shop-app", "other-app")
ARN = UPDATE["PhysicalResourceId"]


@dataclass
class Stacks:
    """`told` is what came at which URL; at `gone` URLs nobody waits any more."""

    roots: dict[str, Stack] = field(default_factory=dict)
    nested: dict[str, Stack] = field(default_factory=dict)
    resources: dict[tuple[str, str], Resource] = field(default_factory=lambda: {(ID, "Live"): Resource(TYPE, "", {})})
    standing: list[Holder] = field(default_factory=list)
    told: list[tuple[str, Any]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)

    def are(self, status: str, operation: int = 0, stack_id: str = ID) -> None:
        self.roots[stack_id] = Stack(stack_id, status, str(operation))

    def stack(self, stack_id: str) -> Nested | None:
        if stack_id in self.nested:
            return Nested(self.nested[stack_id], ID)
        root = self.roots.get(stack_id)
        return Nested(root, stack_id) if root else None

    def resource(self, stack_id: str, logical_id: str) -> Resource | None:
        return self.resources.get((stack_id, logical_id))

    def holders(self, _alias_arn: str, _types: set[str]) -> list[Holder]:
        return self.standing

    def send(self, url: str, body: bytes) -> int:
        self.told.append((url, json.loads(body)))
        return 403 if url in self.gone else 200

    # ------------------------------------------------------------------------------------------------ what is asked

    def ask(self, event: Any, number: str = "1", **properties: Any) -> Any:
        """The answer to a request with other properties; None where there is none yet."""
        url = f"{event['ResponseURL']}&n={number}"
        asked = event["ResourceProperties"] | properties
        known = {key: value for key, value in asked.items() if value is not None}
        before = len(self.told)
        invoke("manage_alias", event | {"ResourceProperties": known, "ResponseURL": url, "RequestId": f"request-{number}"})
        answers = [body for at, body in self.told[before:] if at == url]
        return answers[-1] if answers else None

    def created(self) -> Any:
        """Creates the stack with its alias, and has its commit's event arrive."""
        self.are("CREATE_IN_PROGRESS")
        answer = self.ask(CREATE, "0")
        self.are("CREATE_COMPLETE")
        self.hear()
        return answer

    def hear(self, stack_id: str = ID) -> None:
        """The event of a stack's status arrives."""
        event = event_file("commit.stack_committed")
        event["detail"]["stack-id"] = stack_id
        invoke("commit", event)
