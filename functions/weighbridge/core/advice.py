"""What to do about a deployment that did not succeed: a sentence or two beside the error's own message.

By the error's code, as far as the message does not say it already. On the path of calls that only read: standard library
only.
"""

from collections.abc import Mapping

from weighbridge.core.deployment import is_rollback, is_running
from weighbridge.core.record import Record

_BY_CODE: Mapping[str, str] = {
    "ALARM_ACTIVE": "Look in CloudWatch what the alarm saw. Deploy the same version again once the alarm is OK, or a "
    "version that is mended.",
    "MANUAL_STOP": "It was stopped on purpose. Deploy the same version again when it may go on.",
    "HOOK_EXECUTION_FAILURE": "Look at the logs of the hook's function for what it checked. Deploy a version that passes, "
    "or mend the hook and deploy the same version again.",
    "TIMEOUT": "The hook's function has to return a status, or report one within the hour: its logs say how far it came.",
    "RESOURCE_LIMIT_EXCEEDED": "Wait until the other deployment has ended, or stop it, and deploy again.",
    "THROTTLED": "AWS throttled calls for longer than is waited for. Deploy again; where it recurs, raise the quota.",
    "INTERNAL_ERROR": "The deployment's execution in the Step Functions console shows which call failed. Deploy again; "
    "where it recurs, report it with the record.",
    "IAM_ROLE_PERMISSIONS": "Give the role the right that the message names, and deploy again.",
}
_HELD_UP = "Traffic is not back yet, and it is tried again every few minutes: mend what the message names."


def advice(record: Record) -> str | None:
    """What to do; None where nothing went wrong, or where the error's message says all that can be said."""
    if is_running(record):
        return _HELD_UP if "heldUp" in record else None
    if "errorInformation" not in record:
        return None
    known = _BY_CODE.get(record["errorInformation"]["code"])
    if is_rollback(record):
        return "The alias may be between two versions: route it by hand, or deploy the version that should be live."
    return known
