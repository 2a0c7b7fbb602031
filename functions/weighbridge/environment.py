"""What the stack tells each function by its environment: all variables there are, each read where it is needed.

A function has only those that it uses. One that is missing is a KeyError of its name, which the state machine tries again:
while a stack is updated, a function's code may come before its environment.
"""

import os
from collections.abc import Sequence


class Environment:
    @property
    def account_id(self) -> str:
        return os.environ["ACCOUNT_ID"]

    @property
    def bucket_name(self) -> str:
        """The bucket that files are dropped into."""
        return os.environ["BUCKET_NAME"]

    @property
    def table_name(self) -> str:
        return os.environ["TABLE_NAME"]

    @property
    def state_machine_arn(self) -> str:
        return os.environ["STATE_MACHINE_ARN"]

    @property
    def dead_letters_url(self) -> str:
        """The queue of events that could not be handled and are delivered again."""
        return os.environ["DEAD_LETTERS_URL"]

    @property
    def unhandled_url(self) -> str:
        """The queue of events that need a decision."""
        return os.environ["UNHANDLED_URL"]

    @property
    def redelivered_to(self) -> Sequence[str]:
        """The ARNs of the functions that events may be delivered to again."""
        return _list("REDELIVERED_TO")

    @property
    def schedule_rule(self) -> str:
        """The name of the rule by which the scheduled functions run."""
        return os.environ["SCHEDULE_RULE"]

    @property
    def release(self) -> str:
        """What tells one release of the functions from another."""
        return os.environ["RELEASE"]

    @property
    def deployable_functions(self) -> Sequence[str]:
        """Patterns of the names of functions whose aliases may be shifted by Weighbridge's own role."""
        return _list("DEPLOYABLE_FUNCTIONS")

    @property
    def invocable_hooks(self) -> Sequence[str]:
        """Patterns of the names of hook functions that may be invoked by Weighbridge's own role."""
        return _list("INVOCABLE_HOOKS")

    @property
    def provider(self) -> str:
        """The name of the function behind the aliases that stacks own."""
        return os.environ["PROVIDER"]

    @property
    def hook_url(self) -> str:
        """Where hooks that were written for CodeDeploy report; empty where there is no such URL."""
        return os.environ["HOOK_URL"]

    @property
    def service_role_required(self) -> bool:
        return os.environ["SERVICE_ROLE_REQUIRED"] == "true"

    @property
    def service_role_accounts(self) -> Sequence[str]:
        """The accounts whose service roles groups may name."""
        return _list("SERVICE_ROLE_ACCOUNTS")


def _list(variable: str) -> Sequence[str]:
    return os.environ[variable].split(",")


environment = Environment()
