"""What an installation may choose: the context of cdk.json.

- `stackName`: the stack's name, `Weighbridge` by default. What has a name of its own is named after it, so that several
  installations can be in one account and region. It stays: with another name it is another installation.
- `deployableFunctions`: names of the functions whose aliases may be shifted. Any, by default.
- `invocableHooks`: names of the functions that may run as lifecycle event hooks of groups that name no service role; a
  role says by its own rights which it may invoke. `CodeDeployHook_*` by default, as in the policy that AWS manages for
  CodeDeploy.
- `serviceRoles`: names, with their paths, of the roles that a deployment group may name as its serviceRoleArn.
  `WeighbridgeServiceRole*` by default, and not any: whoever may drop a group names its role, and many roles trust the
  whole account. What such a role may do, the two settings above do not limit.
- `serviceRoleAccounts`: ids of the accounts, beside the stack's own, of which such a role may be. None, by default. The
  functions, hooks, alarms and topics of a group with such a role are those of its account.
- `serviceRoleRequired`: whether every deployment group has to name such a role. No, by default: where a group names none,
  Weighbridge's own roles act on any function that the first two settings allow. With it they may touch no function.
- `apiUrl`: whether there is CodeDeploy's API, a function behind a URL. Yes, by default; without it, as in regions that have
  no function URLs, everything else is there: files are dropped, events are put on the bus.
- `hookUrl`: whether there is a second URL, without IAM, at which hook functions that were written for CodeDeploy report.
  No, by default: docs/threat-model.md says what it opens.
- `alarmOnRefusals`: whether the stack has alarms that fire when a dropped file or an event is refused without becoming a
  deployment. No, by default: in a bucket that others write to, too, they would never be over.
- `alarmTopic`: ARN of an SNS topic, in the stack's region, that is notified when one of the stack's alarms fires and
  when it is over; its policy has to let CloudWatch publish. None, by default.
- `reservedConcurrency`: how many invocations of single functions run at a time, which nobody else can take from them.
  `off`, by default: a new account has none to give away. `on`: the figures of concurrency.py, a cap on what others
  call and a floor for what puts traffic back. Or figures of one's own, `Receive=5,Interrupt=20` or a mapping; 0 switches a
  function off. RunHook, which waits for hooks, should have no cap.
- `runtime`: Lambda's runtime, `python3.14`. The layer is for it, and the bytecode in layer and code; after a change, `make
  install` builds another layer.
- `layer`: directory of the Lambda layer, relative to the project. `make install` builds it.

In a name `*` stands for any characters; an empty list allows nothing. On the command line a list is written with
commas: `cdk deploy -c deployableFunctions=orders-*,billing`. All but roles are of the stack's own account, and
functions of its region.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from constructs import Construct

from infra import account, bytecode, concurrency

ROOT = Path(__file__).resolve().parent.parent
NAMESPACE = "Weighbridge"
"""In which namespace the functions count what happens."""

FUNCTION_NAME_PATTERN = re.compile(r"[A-Za-z0-9_*-]+")
# Alarms cannot tell FIFO topics.
TOPIC_ARN = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+")
ACCOUNT_ID = re.compile(r"[0-9]{12}")
STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
RUNTIME = re.compile(r"python(3\.[0-9]{1,2})")
ROLE_NAME_PATTERN = re.compile(r"[A-Za-z0-9_+=.@/*-]+")


class SettingsError(Exception):
    """The context holds a value that no stack can be made of; the message says what to change."""


@dataclass(frozen=True)
class Settings:
    stack_name: str
    deployable_functions: Sequence[str]
    invocable_hooks: Sequence[str]
    service_roles: Sequence[str]
    service_role_accounts: Sequence[str]
    service_role_required: bool
    api_url: bool
    hook_url: bool
    alarm_on_refusals: bool
    alarm_topic: str | None
    reserved_concurrency: Mapping[str, int]
    runtime: str
    layer: Path

    @property
    def python(self) -> str:
        """The runtime's version of Python, such as `3.14`."""
        return self.runtime.removeprefix("python")

    @property
    def service(self) -> str:
        """What the bus is called, and under which name the functions count."""
        return self.stack_name.lower()

    @property
    def schedule_rule(self) -> str:
        """The name of the schedule's rule: whoever switches it has to know the name before the rule is there."""
        return f"{self.stack_name}-Schedule"

    @property
    def provider(self) -> str:
        """The name of the function behind the aliases that stacks own, which stacks and the command have to know."""
        return f"{self.service}-cloudformation"

    @property
    def allowed(self) -> dict[str, str]:
        """What may be deployed and run by Weighbridge's own roles, for the functions that judge requests."""
        return {
            "DEPLOYABLE_FUNCTIONS": ",".join(self.deployable_functions),
            "INVOCABLE_HOOKS": ",".join(self.invocable_hooks),
            "SERVICE_ROLE_REQUIRED": str(self.service_role_required).lower(),
        }

    @classmethod
    def of(cls, scope: Construct) -> "Settings":
        layer = ROOT / str(scope.node.try_get_context("layer"))
        if not (layer / "python").is_dir():
            raise SettingsError(f"There is no Lambda layer in {layer}: run `make install`, or set the context key `layer`.")
        runtime = _runtime(scope, bytecode.KEY)
        # Compiled modules have the version that they are for in their names.
        for module in layer.rglob("*.cpython-*.so"):
            if f".cpython-{runtime.removeprefix('python').replace('.', '')}-" not in module.name:
                hint = f"set the context key `{bytecode.KEY}` in cdk.json, and run `make install`"
                raise SettingsError(f"The Lambda layer in {layer} is not for {runtime}: {hint}.")
        return cls(
            stack_name=_stack_name(scope, account.STACK_NAME),
            deployable_functions=_patterns(scope, "deployableFunctions", FUNCTION_NAME_PATTERN),
            invocable_hooks=_patterns(scope, "invocableHooks", FUNCTION_NAME_PATTERN),
            service_roles=_patterns(scope, "serviceRoles", ROLE_NAME_PATTERN),
            service_role_accounts=_patterns(scope, "serviceRoleAccounts", ACCOUNT_ID, "account id"),
            service_role_required=_switch(scope, "serviceRoleRequired"),
            api_url=_switch(scope, "apiUrl"),
            hook_url=_switch(scope, "hookUrl"),
            alarm_on_refusals=_switch(scope, "alarmOnRefusals"),
            alarm_topic=_topic(scope, "alarmTopic"),
            reserved_concurrency=_figures(scope, concurrency.KEY),
            runtime=runtime,
            layer=layer,
        )


def _patterns(scope: Construct, key: str, allowed: re.Pattern[str], what: str = "name pattern") -> tuple[str, ...]:
    value: object = scope.node.try_get_context(key)
    if isinstance(value, str):
        value = [pattern.strip() for pattern in value.split(",") if pattern.strip()]
    if not isinstance(value, list):
        raise SettingsError(f"The context key `{key}` must be a list of {what}s, not {value!r}.")
    for pattern in value:
        if not isinstance(pattern, str) or not allowed.fullmatch(pattern):
            raise SettingsError(f"The context key `{key}` holds {pattern!r}, which is no {what}.")
    return tuple(value)


def _switch(scope: Construct, key: str) -> bool:
    value: object = scope.node.try_get_context(key)
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower())
    if not isinstance(value, bool):
        raise SettingsError(f"The context key `{key}` must be true or false.")
    return value


def _stack_name(scope: Construct, key: str) -> str:
    value: object = scope.node.try_get_context(key)
    if not isinstance(value, str) or not STACK_NAME.fullmatch(value):
        raise SettingsError(
            f"The context key `{key}` must be a stack's name, of letters, digits and hyphens, not {value!r}."
        )
    return value


def _topic(scope: Construct, key: str) -> str | None:
    value: object = scope.node.try_get_context(key)
    if not isinstance(value, str) or (value and not TOPIC_ARN.fullmatch(value)):
        raise SettingsError(f"The context key `{key}` must be the ARN of an SNS topic that is no FIFO topic, or empty.")
    return value or None


def _runtime(scope: Construct, key: str) -> str:
    value: object = scope.node.try_get_context(key)
    if not isinstance(value, str) or not RUNTIME.fullmatch(value):
        raise SettingsError(f"The context key `{key}` must be a runtime for Python, such as `python3.14`, not {value!r}.")
    return value


def _figures(scope: Construct, key: str) -> Mapping[str, int]:
    """Functions, and how many invocations of each run at a time."""
    value: object = scope.node.try_get_context(key)
    if value in ("on", "off"):
        return concurrency.RECOMMENDED if value == "on" else {}
    if isinstance(value, str):
        value = dict(pair.strip().partition("=")[::2] for pair in value.split(","))
    if not isinstance(value, dict):
        raise SettingsError(f"The context key `{key}` must be `on`, `off` or figures, such as `Receive=5,Interrupt=20`.")
    names = {path.stem.title().replace("_", "") for path in (ROOT / "functions/weighbridge/handlers").glob("[!_]*.py")}
    for name, figure in value.items():
        if name not in names:
            raise SettingsError(f"The context key `{key}` names {name!r}; the functions are {', '.join(sorted(names))}.")
        if isinstance(figure, bool) or not re.fullmatch(r"[0-9]{1,6}", str(figure), re.ASCII):
            raise SettingsError(f"The context key `{key}` gives {name} {figure!r}, which is not a number of invocations.")
    return {name: int(figure) for name, figure in value.items()}
