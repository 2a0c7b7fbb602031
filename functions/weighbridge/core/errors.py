"""Everything that can end a deployment, one class a situation.

The class name is what a Lambda function's failure shows Step Functions, so the state machine retries and catches by it
and `classify` turns it back into CodeDeploy's error code. Reference: section 8 (codes and texts).

    WeighbridgeError
    ├── Retryable                 trying again may help
    │   ├── Throttled             THROTTLED
    │   ├── ServiceUnavailable    INTERNAL_ERROR
    │   └── Outdated              INTERNAL_ERROR
    ├── Interrupted               an interruption was recorded before the wait began; the record says which
    ├── DeploymentMissing         INTERNAL_ERROR  there is no record of it
    ├── DeploymentEnded           an execution that was started again after its deployment had ended
    ├── RecordFull                INTERNAL_ERROR  what was to be kept is more than an item of the table holds
    ├── NotThePlan                INTERNAL_ERROR  a step was called otherwise than the deployment's record says
    ├── Released                  INTERNAL_ERROR  a stop request decided that a rollback which was held up is given up
    ├── AlarmActive               ALARM_ACTIVE                          (Stopped)
    ├── AlarmsUnreadable          CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND   (Stopped)
    ├── StopRequested             MANUAL_STOP                           (Stopped)
    ├── AliasMoved                INVALID_LAMBDA_CONFIGURATION
    ├── InvalidAppSpec            INVALID_LAMBDA_CONFIGURATION
    ├── VersionPending            INVALID_LAMBDA_CONFIGURATION  a version, hook or alias is not ready yet, and awaited
    ├── VersionUnusable           INVALID_LAMBDA_CONFIGURATION  it never will be
    ├── InvalidLambdaFunction     INVALID_LAMBDA_FUNCTION
    ├── InvalidDocument           INVALID_REVISION
    │   └── NotWellFormed         INVALID_REVISION
    ├── Overtaken                 INVALID_REVISION  a file was found late, and something newer has come after it
    ├── RevisionMissing           REVISION_MISSING
    ├── ApplicationMissing        APPLICATION_MISSING
    ├── DeploymentGroupMissing    DEPLOYMENT_GROUP_MISSING
    │   └── GroupPending          DEPLOYMENT_GROUP_MISSING  the group's file, dropped together with this one, is awaited
    ├── ResourceCannotBeFound     CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND
    ├── DeploymentLimitExceeded   RESOURCE_LIMIT_EXCEEDED
    ├── RolePermissions           IAM_ROLE_PERMISSIONS
    │   └── OwnRolePermissions    IAM_ROLE_PERMISSIONS  Weighbridge's own role, whose rights may arrive late in an upgrade
    ├── RoleMissing               IAM_ROLE_MISSING
    ├── HookFailed                HOOK_EXECUTION_FAILURE
    │   └── HookNotRun            HOOK_EXECUTION_FAILURE  trying again may help
    │       ├── HookThrottled     HOOK_EXECUTION_FAILURE  its own reserved concurrency keeps it from running
    │       └── HookPending       HOOK_EXECUTION_FAILURE  it is not Active yet
    ├── HookTimedOut              TIMEOUT
    └── TimedOut                  TIMEOUT
"""

import json
from collections.abc import Mapping
from typing import ClassVar, Literal

APPSPEC_SENTENCE = (
    "The deployment failed because the AppSpec file that specifies the AWS Lambda deployment configuration "
    "is missing or has an invalid configuration."
)
ALARM_SENTENCE = (
    "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, "
    "and the affected deployments have been stopped. Activated alarms:"
)
HOOK_SENTENCE = "The deployment failed because one or more of the lifecycle event validation functions failed."

# A message ends up in a DynamoDB item, an event of at most 256 KiB and a state's output: untrusted text is cut here.
MESSAGE_LIMIT = 2_000


def clip(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """The text on one line, cut to `limit` characters with a mark that something is missing.

    What does not print is spelled out: control characters, halves of surrogate pairs, and marks that turn the direction of
    writing round must not reach a console, a terminal or a log.
    """
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[: limit + 1]
    )
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


class WeighbridgeError(Exception):
    """Base of all; `str(error)` is the message a user reads, cut to a bounded length."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    stops: ClassVar[bool] = False
    """Whether the deployment ends as Stopped instead of Failed."""
    restores_on: ClassVar[Literal["failure", "alarm", "stop"] | None] = "failure"
    """Which of a group's settings says whether traffic goes back afterwards (core.rollback_rule); None: it never does."""

    def __init__(self, message: str) -> None:
        super().__init__(clip(message))


class Retryable(WeighbridgeError):
    pass


class Throttled(Retryable):
    code = "THROTTLED"


class ServiceUnavailable(Retryable):
    pass


class Outdated(Retryable):
    """What was decided on has changed meanwhile: it has to be read and decided again."""


class Interrupted(WeighbridgeError):
    pass


class DeploymentMissing(WeighbridgeError):
    def __init__(self, deployment_id: str) -> None:
        super().__init__(f"The deployment {deployment_id} could not be found")


class DeploymentEnded(WeighbridgeError):
    """The deployment has ended already: an execution that was started again must not touch anything."""

    restores_on = None


class RecordFull(WeighbridgeError):
    """An item of the table would become larger than DynamoDB keeps."""


class NotThePlan(WeighbridgeError):
    """A step of a deployment was asked for that its record does not foresee: whoever asked is not its execution."""


class Released(WeighbridgeError):
    """A rollback was held up until a stop request forbade it: the alias stays as it is."""


class AlarmActive(WeighbridgeError):
    code = "ALARM_ACTIVE"
    stops = True
    restores_on = "alarm"

    def __init__(self, names: list[str]) -> None:
        super().__init__(" ".join([ALARM_SENTENCE, *(f"<{name}>" for name in names)]))


class AlarmsUnreadable(WeighbridgeError):
    code = "CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND"
    stops = True
    restores_on = "alarm"


class StopRequested(WeighbridgeError):
    code = "MANUAL_STOP"
    stops = True
    restores_on = "stop"


class AliasMoved(WeighbridgeError):
    """Somebody else has routed the alias: it is theirs."""

    code = "INVALID_LAMBDA_CONFIGURATION"
    restores_on = None


class InvalidAppSpec(WeighbridgeError):
    """What is wrong with an AppSpec file, or with the alias it names; the message opens with CodeDeploy's sentence."""

    code = "INVALID_LAMBDA_CONFIGURATION"

    def __init__(self, detail: str) -> None:
        super().__init__(f"{APPSPEC_SENTENCE} {detail}")


class VersionPending(WeighbridgeError):
    code = "INVALID_LAMBDA_CONFIGURATION"


class VersionUnusable(WeighbridgeError):
    code = "INVALID_LAMBDA_CONFIGURATION"


class InvalidLambdaFunction(WeighbridgeError):
    code = "INVALID_LAMBDA_FUNCTION"


class InvalidDocument(WeighbridgeError):
    """What is wrong with a file or a request.

    `member` is the top-level key that is wrong, empty where it is the whole; `rule` is the first fault in the words of
    the rule alone, without its place in the file; `too_many` says that a list is longer than allowed.
    """

    code = "INVALID_REVISION"

    def __init__(self, message: str, member: str = "", *, rule: str = "", too_many: bool = False) -> None:
        super().__init__(message)
        self.member = member
        self.rule = clip(rule or message)
        self.too_many = too_many


class NotWellFormed(InvalidDocument):
    """Neither YAML nor JSON can be made of a file."""


class Overtaken(WeighbridgeError):
    """A file was found late, and what came after it counts: it must take nothing back."""

    code = "INVALID_REVISION"


class RevisionMissing(WeighbridgeError):
    code = "REVISION_MISSING"


class ApplicationMissing(WeighbridgeError):
    code = "APPLICATION_MISSING"


class DeploymentGroupMissing(WeighbridgeError):
    code = "DEPLOYMENT_GROUP_MISSING"


class GroupPending(DeploymentGroupMissing):
    """The group's file has not been taken over yet, or has not even arrived: files of one upload come in any order."""


class ResourceCannotBeFound(WeighbridgeError):
    code = "CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND"


class DeploymentLimitExceeded(WeighbridgeError):
    code = "RESOURCE_LIMIT_EXCEEDED"


class RolePermissions(WeighbridgeError):
    code = "IAM_ROLE_PERMISSIONS"


class OwnRolePermissions(RolePermissions):
    """One of Weighbridge's own roles lacks a right: while a stack is updated it may get it in a moment."""


class RoleMissing(WeighbridgeError):
    code = "IAM_ROLE_MISSING"


class HookFailed(WeighbridgeError):
    code = "HOOK_EXECUTION_FAILURE"

    def __init__(self, detail: str) -> None:
        super().__init__(f"{HOOK_SENTENCE} {detail}")


class HookNotRun(HookFailed):
    """The hook has not run, so that the next try is to run it."""


class HookThrottled(HookNotRun):
    """Its reserved concurrency is used up: it may run soon, or, where that is 0, never."""


class HookPending(HookNotRun):
    """It is not Active: it will be soon, or, where it has failed, never."""


class HookTimedOut(WeighbridgeError):
    code = "TIMEOUT"


class TimedOut(WeighbridgeError):
    code = "TIMEOUT"


def described(error: WeighbridgeError) -> dict[str, str]:
    """An error in the form of Step Functions: {error, cause}, which `classify` reads back."""
    return {"error": type(error).__name__, "cause": str(error)}


def _tree(root: type[WeighbridgeError]) -> dict[str, type[WeighbridgeError]]:
    classes = {root.__name__: root}
    for child in root.__subclasses__():
        classes |= _tree(child)
    return classes


_BY_NAME = _tree(WeighbridgeError)


def classes() -> Mapping[str, type[WeighbridgeError]]:
    """Every class of this module, by its name."""
    return _BY_NAME


def message_of(cause: str) -> str:
    """The sentence in a cause: Lambda wraps an exception in JSON, Step Functions a nested execution."""
    try:
        wrapped = json.loads(cause)
    except ValueError:
        return clip(cause)
    if not isinstance(wrapped, dict):
        return clip(cause)
    return clip(str(wrapped.get("errorMessage") or wrapped.get("message") or wrapped.get("Cause") or cause))


def classify(error: str, cause: str) -> tuple[type[WeighbridgeError], str]:
    """The class and the message behind a failure that Step Functions caught.

    `error` is a class name of ours or any other error name, `cause` what came with it. What is none of ours was not
    foreseen: it becomes an INTERNAL_ERROR that keeps the original name.
    """
    message = message_of(cause)
    known = _BY_NAME.get(error)
    if known is None:
        return WeighbridgeError, clip(f"{error}: {message}" if message else error)
    return known, message
