"""Lambda aliases: read, and written only under an optimistic lock (design, rule 3)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from weighbridge.aws.clients import client_as
from weighbridge.aws.errors import code_of, translating
from weighbridge.core.errors import AliasMoved, InvalidLambdaFunction, RolePermissions, ServiceUnavailable, Throttled
from weighbridge.core.function_state import FunctionState
from weighbridge.core.plan import Plan, every_routing, restored, routing_after, routing_before
from weighbridge.core.routing import Found, Routing, judge
from weighbridge.core.service_role import ServiceRole

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_LAMBDA = "AWSLambda"
_NO_REVISION = "00000000-0000-0000-0000-000000000000"
_GONE = {"ResourceNotFoundException"}
"""The function, the alias or the version is not there any more: of what may happen on the way back this alone is final."""
_REFUSALS = {*_GONE, "InvalidParameterValueException"}
_TRIES = 4
"""How often a write is tried again when the alias changes under it."""


@dataclass(frozen=True)
class Alias:
    """`written_over` is the revision that was replaced by a write, of which this is the answer; None where it was read."""

    routing: Routing
    revision_id: str
    written_over: str | None = None


class Lambda:
    """Lambda's control plane for one deployment, by the group's service role where it has one.

    Every method raises Throttled, ServiceUnavailable, RolePermissions or RoleMissing beside what it names.
    """

    def __init__(self, deployment_id: str, role: ServiceRole | None) -> None:
        self._role = role
        with translating(_LAMBDA, role):
            self._client: LambdaClient = client_as(role, deployment_id, "lambda")

    def alias(self, function: str, name: str) -> Alias:
        """Raises InvalidLambdaFunction where there is no such alias (or no such function)."""
        with translating(_LAMBDA, self._role):
            try:
                answer = self._client.get_alias(FunctionName=function, Name=name)
            except self._client.exceptions.ResourceNotFoundException as error:
                raise InvalidLambdaFunction(
                    f"The Lambda function {function!r} has no alias {name!r}; correct Alias in the AppSpec file, "
                    "or create the alias on the version that is live now."
                ) from error
        return Alias(Routing.of(answer), answer["RevisionId"])

    def create(self, function: str, name: str, version: str) -> None:
        """Creates an alias; there may be one already. Raises InvalidLambdaFunction where it has nothing to stand for."""
        with translating(_LAMBDA, self._role):
            try:
                self._client.create_alias(FunctionName=function, Name=name, FunctionVersion=version)
            except ClientError as error:
                if code_of(error) in _REFUSALS:
                    raise InvalidLambdaFunction(f"Lambda refused to create {name} of {function}: {error}") from error
                if "already exists" not in str(error):
                    raise

    def delete(self, function: str, name: str) -> None:
        """Deletes an alias; there need be none, nor a function."""
        with translating(_LAMBDA, self._role):
            try:
                self._client.delete_alias(FunctionName=function, Name=name)
            except self._client.exceptions.ResourceNotFoundException:
                return

    def state(self, function: str, version: str | None = None) -> FunctionState | None:
        """The state of a function, or of a version of it; None where there is no such one."""
        with translating(_LAMBDA, self._role):
            try:
                qualifier = {"Qualifier": version} if version else {}
                configuration = self._client.get_function_configuration(FunctionName=function, **qualifier)
            except self._client.exceptions.ResourceNotFoundException:
                return None
        return FunctionState(configuration.get("State", "Active"), configuration.get("StateReason", ""))

    def check_may_shift(self, function: str, name: str) -> None:
        """Makes sure that the alias may be written, without writing it; raises RolePermissions where it may not.

        IAM is asked before Lambda compares revisions, and no alias has this one.
        """
        with translating(_LAMBDA, self._role):
            try:
                self._client.update_alias(FunctionName=function, Name=name, RevisionId=_NO_REVISION)
            except ClientError as error:
                if code_of(error) not in {"PreconditionFailedException", "ResourceNotFoundException"}:
                    raise

    def shift(self, plan: Plan, step: int, revision_id: str, check_wanted: Callable[[], object]) -> Alias:
        """Writes step `step` of the plan (0 is the first), `revision_id` being the alias's revision last seen.

        One call where nothing is in the way. Where the alias has changed since, `check_wanted` is called before it is
        written after all, and may raise: the change may be the rollback of this very deployment. Raises AliasMoved where
        somebody else has routed the alias, ServiceUnavailable while Lambda itself moves it.
        """
        target, ours = routing_after(plan, step), frozenset({routing_before(plan, step)})
        for _ in range(_TRIES):
            written = self._write(plan, target, revision_id, refusals=_REFUSALS)
            if written:
                return written
            alias = self._look(plan, target, ours)
            if alias.routing.in_transition:
                raise ServiceUnavailable(f"Lambda still moves the alias {plan['alias']} of {plan['functionName']}.")
            if alias.routing == target:
                return alias
            check_wanted()
            revision_id = alias.revision_id
        raise _keeps_changing(plan)

    def restore(self, plan: Plan) -> Alias:
        """Puts all traffic back on the version that the plan started from, whichever step was the last to take effect.

        One call where the alias still has the plan's revision: then it is as this deployment left it. It writes even where
        traffic is back already: that gives the alias a new revision, so that a shift which is still on its way is refused.
        It does not wait until Lambda has moved the alias where the last write sent it. Raises AliasMoved where somebody
        else has routed the alias. Whoever may not write it is content where traffic is back already, since there is nothing
        that it would have to write.
        """
        revision_id = plan["revisionId"]
        for _ in range(_TRIES):
            try:
                written = self._write(plan, restored(plan), revision_id, refusals=_GONE)
            except RolePermissions:
                alias = self._look(plan, restored(plan), every_routing(plan))
                if alias.routing.settled == restored(plan):
                    return alias
                raise
            if written:
                return written
            revision_id = self._look(plan, restored(plan), every_routing(plan)).revision_id
        raise _keeps_changing(plan)

    def _look(self, plan: Plan, target: Routing, ours: frozenset[Routing]) -> Alias:
        alias = self.alias(plan["functionName"], plan["alias"])
        if judge(alias.routing.settled, target, ours) is Found.MOVED:
            raise AliasMoved(
                f"Somebody else moved the alias {plan['alias']} of {plan['functionName']}: it is on {alias.routing}, which "
                "this deployment did not write and so does not overwrite."
            )
        return alias

    def _write(self, plan: Plan, routing: Routing, revision_id: str, *, refusals: Collection[str]) -> Alias | None:
        """Routes the alias; None where it has another revision by now.

        Raises InvalidLambdaFunction for the error codes `refusals`, since trying again would not help.
        """
        function, name = plan["functionName"], plan["alias"]
        with translating(_LAMBDA, self._role):
            try:
                written = self._client.update_alias(
                    FunctionName=function, Name=name, RevisionId=revision_id, **routing.update()
                )
            except ClientError as error:
                if code_of(error) in refusals:
                    raise InvalidLambdaFunction(f"Lambda refused to route {name} of {function}: {error}") from error
                if code_of(error) != "PreconditionFailedException":
                    raise
                return None
        return Alias(routing, written["RevisionId"], revision_id)


def _keeps_changing(plan: Plan) -> Throttled:
    return Throttled(f"The alias {plan['alias']} of {plan['functionName']} keeps changing while it is written.")
