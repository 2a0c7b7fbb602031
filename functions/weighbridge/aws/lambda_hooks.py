"""Hook functions: whether they may be invoked, and invoking them."""

import logging
import socket
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from weighbridge.aws.clients import client_as
from weighbridge.aws.errors import code_of, translating
from weighbridge.core.errors import HookFailed, HookPending, HookThrottled
from weighbridge.core.hooks import Outcome
from weighbridge.core.service_role import ServiceRole

_LAMBDA = "AWSLambda"
_OF_ITS_OWN = "ReservedFunctionConcurrentInvocationLimitExceeded"
"""Why Lambda throttles a function whose own reserved concurrency is used up, not that of the account."""
_NOT_READY = {
    "ResourceConflictException",
    "ResourceNotReadyException",
    "SnapStartNotReadyException",
    "CodeArtifactUserPendingException",
}
"""What Lambda answers for a function that is not Active, and that so has not run (service model of Lambda, Invoke)."""
# A hook runs once: an invocation without an answer is not repeated. 15 minutes is the longest a function may run; what is
# still running shortly before that has its report awaited, so that this function ends in time itself.
_ONCE = Config(connect_timeout=3, read_timeout=870, retries={"total_max_attempts": 1}, tcp_keepalive=True)
# While a hook runs nothing is sent, and what lies between forgets a connection that is idle for 350 seconds. The kernel's
# first probe would come after two hours, which is all that botocore's own setting asks for.
_ALIVE = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, option), value)
        for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 10))
        if hasattr(socket, option)  # the local cloud may run where there is no such option
    ),
]
_log = logging.getLogger(__name__)


def check(function: str, event: str, deployment_id: str, role: ServiceRole | None) -> None:
    """Makes sure that a hook is there and may be invoked, without running it.

    Raises HookFailed where there is no such function, RolePermissions where it may not be invoked.
    """
    with translating(_LAMBDA, role):
        hooks = client_as(role, deployment_id, "lambda")
        try:
            hooks.invoke(FunctionName=function, InvocationType="DryRun")
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                raise HookFailed(_missing(function, event, hooks.meta.region_name)) from error
            if code_of(error) not in _NOT_READY:
                raise


def invoke(function: str, event: str, payload: bytes, deployment_id: str, role: ServiceRole | None) -> Outcome | None:
    """Runs a hook and waits until it returns; None where it is still running when this function has to end.

    Raises HookFailed where there is no such function, HookThrottled where its own concurrency keeps it from running,
    HookPending where it is not Active, and RolePermissions where it may not be invoked.
    """
    with translating(_LAMBDA, role):
        hooks = _kept_alive(client_as(role, deployment_id, "lambda", _ONCE))
        try:
            answer = hooks.invoke(FunctionName=function, InvocationType="RequestResponse", Payload=payload)
        except ReadTimeoutError:
            return None
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                raise HookFailed(_missing(function, event, hooks.meta.region_name)) from error
            if error.response.get("Reason") == _OF_ITS_OWN:
                raise HookThrottled(
                    f"The {event} hook {function} was not run: its reserved concurrency has no room for it (Lambda: "
                    f"{error.response['Error'].get('Message', '')}); raise it, or take it away."
                ) from error
            if code_of(error) in _NOT_READY:
                raise HookPending(
                    f"The {event} hook {function} was not run: it is not Active (Lambda: "
                    f"{error.response['Error'].get('Message', '')})."
                ) from error
            raise
        returned = answer["Payload"].read().decode("utf-8", "replace")
    return Outcome(returned, answer.get("FunctionError"))


def _kept_alive(client: Any) -> Any:
    """The client, with connections that are probed while nothing is sent.

    botocore offers no setting for it (boto/botocore#3140), so its session of HTTP is exchanged for another of the same
    kind. Should a later botocore keep it elsewhere, hooks are run all the same.
    """
    endpoint: Any = getattr(client, "_endpoint", None)
    if isinstance(getattr(endpoint, "http_session", None), URLLib3Session):
        options: Any = _ONCE
        make: Any = URLLib3Session  # whose stubs know one number for its time-outs
        endpoint.http_session = make(timeout=(options.connect_timeout, options.read_timeout), socket_options=_ALIVE)
    else:
        _log.warning("Connections to hooks are not kept alive: botocore keeps its session of HTTP elsewhere")
    return client


def _missing(function: str, event: str, region: str) -> str:
    if function.startswith("arn:") and function.split(":")[3] != region:
        return f"The {event} hook {function!r} is of another region; hooks are invoked in {region}: create it there."
    return (
        f"There is no Lambda function {function!r} for the {event} hook; correct Hooks in the AppSpec file, or create it."
    )
