# ruff: noqa: SLF001 - the emulator is patched from inside
"""Stacks and their resources, as they are asked for.

AWS: a nested stack is described with its root. A resource is described from the moment that its creation begins, as
CREATE_IN_PROGRESS; DescribeStackResources takes the physical id of a resource in a stack's place, and refuses one that is
in no stack.
Emulator: knows the root of a nested stack and does not say it; describes a resource once it is there; overlooks a physical
id, and refuses, since no stack is named.
Here: the root is said, a custom resource that is being created is described, and a physical id leads to the stack that it
is in.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import cloudformation
from ministack.services.cloudformation import custom_resource, handlers

from local.gaps.patching import wrap

Params = Mapping[str, Any]
_being_created: dict[tuple[str, str], str] = {}
"""The types of the custom resources that are being created, by stack and logical id."""


def install() -> None:
    wrap(custom_resource, "invoke_custom_resource", _noting)
    described = handlers._ACTION_HANDLERS
    described["DescribeStacks"] = _with_roots(described["DescribeStacks"])
    described["DescribeStackResource"] = _with_what_is_being_created(described["DescribeStackResource"])
    by_stack = _with_what_is_being_created(described["DescribeStackResources"])
    described["DescribeStackResources"] = lambda params: by_stack(_by_stack(params))


def _with_roots(original: Callable[[Params], Any]) -> Callable[[Params], Any]:
    def describe(params: Params) -> Any:
        status, headers, body = original(params)
        text = body.decode() if isinstance(body, bytes) else body
        for stack in cloudformation._stacks.values():
            if root := stack.get("RootId"):
                own = f"<StackId>{stack['StackId']}</StackId>"
                text = text.replace(own, f"{own}<RootId>{root}</RootId>")
        return status, headers, text.encode()

    return describe


def _noting(original: Callable[..., Any]) -> Callable[..., Any]:
    def invoke(  # noqa: PLR0913, PLR0917 - as the emulator's own
        request_type: str, logical_id: str, props: Any, stack_name: str, stack_id: str, resource_type: str, **rest: Any
    ) -> Any:
        place = (stack_id, logical_id)
        if request_type == "Create":
            _being_created[place] = resource_type
        try:
            return original(request_type, logical_id, props, stack_name, stack_id, resource_type, **rest)
        finally:
            _being_created.pop(place, None)

    return invoke


def _with_what_is_being_created(original: Callable[[Params], Any]) -> Callable[[Params], Any]:
    def describe(params: Params) -> Any:
        with _added(handlers._resolve_stack(handlers._p(params, "StackName"))):
            return original(params)

    return describe


@contextmanager
def _added(stack: dict[str, Any] | None) -> Iterator[None]:
    """Meanwhile the stack holds what is being created in it."""
    resources = stack.setdefault("_resources", {}) if stack else {}
    new = {
        logical_id: {
            "ResourceType": kind,
            "ResourceStatus": "CREATE_IN_PROGRESS",
            "PhysicalResourceId": "",
            "Timestamp": now_iso(),
        }
        for (stack_id, logical_id), kind in list(_being_created.items())
        if stack and stack["StackId"] == stack_id and logical_id not in resources
    }
    resources.update(new)
    try:
        yield
    finally:
        for logical_id in new:
            resources.pop(logical_id, None)


def _by_stack(params: Params) -> Params:
    physical_id = handlers._p(params, "PhysicalResourceId")
    if handlers._p(params, "StackName") or not physical_id:
        return params
    for stack in cloudformation._stacks.values():
        if any(each.get("PhysicalResourceId") == physical_id for each in stack.get("_resources", {}).values()):
            return {**params, "StackName": [stack["StackId"]]}
    return {**params, "StackName": [physical_id]}
