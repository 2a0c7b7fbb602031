# ruff: noqa: SLF001 - the emulator is patched from inside
"""CodeDeploy's resources in templates.

AWS: makes an application and a deployment group, whose Ref are their names.
Emulator: has no CodeDeploy, and refuses templates that name these types.
Here: they are taken and stand for nothing. What Weighbridge shifts leaves them in the template, unused.
"""

from typing import Any

from ministack.services.cloudformation import provisioners


def install() -> None:
    for kind in ("Application", "DeploymentGroup"):
        provisioners._RESOURCE_HANDLERS[f"AWS::CodeDeploy::{kind}"] = {"create": _create, "delete": _delete}


def _create(logical_id: str, _properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
    return f"{stack_name}-{logical_id}", {}


def _delete(_name: str, _properties: dict[str, Any]) -> None:
    """There is nothing."""
