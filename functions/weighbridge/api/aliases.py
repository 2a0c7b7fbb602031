"""Where aliases are and what was deployed to them last: Weighbridge's own addition to the API."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from weighbridge.api import pagination, protocol
from weighbridge.api.operations import Operation, Request
from weighbridge.aws.lambda_aliases import Lambda
from weighbridge.core.errors import InvalidLambdaFunction, Retryable, WeighbridgeError
from weighbridge.core.routing import Routing
from weighbridge.core.service_role import service_role
from weighbridge.store import aliases, settings

_MOST_ON_A_PAGE = 20
"""As many as can be looked at in Lambda, one after the other, before the caller loses patience."""
_FUNCTION, _ALIAS = r"[A-Za-z0-9_-]{1,64}", r"[A-Za-z0-9_-]{1,128}"
_LOCK = re.compile(rf"(?:\d{{12}}/)?({_FUNCTION}):({_ALIAS})", re.ASCII)
_SESSION = "weighbridge-list-aliases"


def list_aliases(request: Request) -> Mapping[str, Any]:
    """Every alias that has been deployed, of one function or of all; a named one is looked at whether it has or not."""
    function = _name(request, "functionName", _FUNCTION)
    alias = _name(request, "alias", _ALIAS)
    if alias and not function:
        raise protocol.invalid(request.operation, "functionName", "functionName is missing; give it with alias.")
    if function and alias:
        pagination.no_token(request)
        return {"aliases": [_named(f"{function}:{alias}", function, alias)]}
    listing = f"ALIASES#{function}"
    after = pagination.last(request, listing)
    if after and not _LOCK.fullmatch(after):
        raise pagination.bad_token()
    page, more = aliases.page(f"{function}:" if function else "", after, _MOST_ON_A_PAGE)
    return {
        "aliases": list(_infos(page)),
        "nextToken": pagination.token(listing, page[-1]) if more and page else None,
    }


def _name(request: Request, member: str, pattern: str) -> str:
    value = str(request.arguments.get(member, ""))
    if value and not re.fullmatch(pattern, value, re.ASCII):
        raise protocol.invalid(request.operation, member, f"'{value[:100]}' is not a valid {member}: give its name alone.")
    return value


def _named(lock: str, function: str, alias: str) -> dict[str, Any]:
    """An alias that was asked for by its name: there has to be one, and to be allowed to look at it."""
    [stored] = aliases.get_all([lock])
    seen = _seen(function, alias, stored)
    if isinstance(seen, Retryable):
        raise seen
    if isinstance(seen, InvalidLambdaFunction):
        raise protocol.ApiError("AliasDoesNotExistException", f"There is no alias {alias} of {function}.") from seen
    return _info(function, alias, stored, seen)


def _infos(locks: list[str]) -> Iterator[dict[str, Any]]:
    for lock, stored in zip(locks, aliases.get_all(locks), strict=True):
        if match := _LOCK.fullmatch(lock):
            function, alias = match.groups()
            yield _info(function, alias, stored, _seen(function, alias, stored))


def _seen(function: str, alias: str, stored: aliases.Stored) -> Routing | WeighbridgeError:
    """How Lambda routes the alias now, or why that could not be looked at: one of many is no reason to list none."""
    try:
        return _control_plane(stored).alias(function, alias).routing
    except WeighbridgeError as error:
        return error


def _control_plane(stored: aliases.Stored) -> Lambda:
    """By the role of the group that has deployed the alias last, where that has one."""
    last = stored.alias.get("lastDeployment", {})
    application, group = last.get("applicationName", ""), last.get("deploymentGroupName", "")
    item = settings.group_item(application, group) if application and group else None
    arn = item["settings"].get("serviceRoleArn") if item else None
    return Lambda(_SESSION, service_role(arn, application, group))


def _info(function: str, alias: str, stored: aliases.Stored, seen: Routing | WeighbridgeError) -> dict[str, Any]:
    """An AliasInfo; `seen` is as `_seen` says."""
    last, success = stored.alias.get("lastDeployment", {}), stored.alias.get("lastDeployed")
    info: dict[str, Any] = {
        "functionName": function,
        "alias": alias,
        "activeDeploymentId": stored.alias.get("activeDeployment"),
        "lastDeployment": last or None,
        "lastSuccess": {"deploymentId": success["deploymentId"], "targetVersion": success["version"]} if success else None,
        "applicationName": last.get("applicationName"),
        "deploymentGroupName": last.get("deploymentGroupName"),
    }
    if isinstance(seen, Routing):
        weights = {seen.additional_version: round(100 * seen.weight, 4)} if seen.additional_version else None
        info |= {"version": seen.version, "additionalVersionWeights": weights}
    else:
        info["notLookedAt"] = str(seen)
    if want := stored.want.get("pending") or stored.want.get("committed"):
        info |= {"wantedVersion": want["target"], "wantedDeploymentId": want["deploymentId"]}
    return info


OPERATIONS: Mapping[str, Operation] = {"ListAliases": list_aliases}
