"""A stack of CloudFormation, as its owner sees it."""

import json
from collections.abc import Mapping
from typing import Any

from scenarios.world import World

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class Stack:
    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.cloudformation = world.client("cloudformation")

    def create(self, template: Mapping[str, Any]) -> None:
        """Begins to."""
        self.cloudformation.create_stack(**self._of(template))

    def update(self, template: Mapping[str, Any]) -> None:
        """Begins to."""
        self.cloudformation.update_stack(**self._of(template))

    def _of(self, template: Mapping[str, Any]) -> dict[str, Any]:
        return {"StackName": self.name, "TemplateBody": json.dumps(template), "Capabilities": CAPABILITIES}

    def delete(self) -> None:
        stack_id = self.described()["StackId"]
        self.cloudformation.delete_stack(StackName=stack_id)

        def gone() -> bool:
            [stack] = self.cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
            return bool(stack["StackStatus"] == "DELETE_COMPLETE")

        self.world.until("the stack's end", gone)

    def described(self) -> dict[str, Any]:
        [stack] = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        return dict(stack)

    def settled(self) -> str:
        """Its status, once no operation is under way."""

        def ask() -> str | None:
            status = str(self.described()["StackStatus"])
            return None if status.endswith("IN_PROGRESS") else status

        return self.world.until("the stack", ask)

    def outputs(self) -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in self.described().get("Outputs", [])}

    def reasons(self) -> str:
        """Why resources of it failed."""
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return " ".join(event.get("ResourceStatusReason", "") for event in events)
