# ruff: noqa: SLF001 - the emulator is patched from inside
"""Macros: functions that CloudFormation has change a template before it looks at it.

AWS: an AWS::CloudFormation::Macro gives a function a name; a template that names it in `Transform` is sent to the function,
one macro after the other in the order of the list, in which AWS's own transforms have their place.
Emulator: refuses the resource type, and leaves a transform alone that is not AWS's.
Here: the resource is known, and its function is called in the order of the list.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import changesets, handlers, provisioners

from local.gaps.patching import wrap

_functions: dict[str, str] = {}
"""The ARN of each macro's function."""

Template = dict[str, Any]


def install() -> None:
    provisioners._RESOURCE_HANDLERS["AWS::CloudFormation::Macro"] = {"create": _create, "delete": _delete}
    for module in (handlers, changesets):
        wrap(module, "_apply_transforms", _in_order)


def _create(_logical_id: str, properties: dict[str, Any], _stack_name: str) -> tuple[str, dict[str, Any]]:
    _functions[properties["Name"]] = properties["FunctionName"]
    return properties["Name"], {}


def _delete(name: str, _properties: dict[str, Any]) -> None:
    _functions.pop(name, None)


def _in_order(original: Callable[..., Template]) -> Callable[..., Template]:
    def apply(template: Template, *parameters: Any) -> Template:
        declared = template.get("Transform", [])
        names = declared if isinstance(declared, list) else [declared]
        rest = {key: value for key, value in template.items() if key != "Transform"}
        # AWS's own are applied together, in an order of their own.
        own = [place for place, name in enumerate(names) if name not in _functions]
        first, last = (own[0], own[-1] + 1) if own else (len(names), len(names))
        rest = _called(names[:first], rest)
        if own:
            rest = original({**rest, "Transform": names[first:last] if last - first > 1 else names[first]}, *parameters)
        else:
            rest = original(rest, *parameters)
        return _called(names[last:], rest)

    return apply


def _called(names: Sequence[str], template: Template) -> Template:
    for name in names:
        record, configuration, _ = lambda_svc._get_func_record_for_ref(_functions[name])
        event = {
            "region": "us-east-1",
            "accountId": "000000000000",
            "fragment": template,
            "transformId": f"000000000000::{name}",
            "params": {},
            "requestId": "macro",
            "templateParameterValues": {},
        }
        run = lambda_svc._execution_record_for_config(record, configuration)
        answer = lambda_svc._execute_function_with_config_scope(run, event)["body"]
        if not isinstance(answer, dict) or answer.get("status") != "success":
            raise ValueError(f"Transform 000000000000::{name} failed with: {_reason(answer)}")
        template = answer["fragment"]
    return template


def _reason(answer: Any) -> str:
    return str(answer.get("errorMessage", answer)) if isinstance(answer, dict) else str(answer)
