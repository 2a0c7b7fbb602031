"""What CloudFormation asks of an alias that a stack owns: kept, carried out as far as it may be now, and answered.

The answer goes to the URL that comes with the request. Done again, it does the same again; what may work later is raised,
so that Lambda does it again.
"""

from dataclasses import dataclass
from datetime import datetime

from aws_lambda_powertools import Logger

from weighbridge.aws import cloudformation
from weighbridge.aws.lambda_aliases import Alias, Lambda
from weighbridge.core import planning
from weighbridge.core.alias_resource import Request, Wish, alias_in, application_of, check_duration, read_wish
from weighbridge.core.configs import missing
from weighbridge.core.deployment import stamp
from weighbridge.core.errors import (
    InvalidDocument,
    InvalidLambdaFunction,
    Outdated,
    Retryable,
    RoleMissing,
    WeighbridgeError,
    clip,
)
from weighbridge.core.ids import deployment_id
from weighbridge.core.ownership import Asked, asked, deleted
from weighbridge.core.service_role import ServiceRole, foreign, service_role
from weighbridge.core.wanted import TYPE, Answer, Item, Owner, Stack, identity, is_open
from weighbridge.environment import environment
from weighbridge.lifecycle import commit, schedule
from weighbridge.store import settings, wanted
from weighbridge.telemetry import count

logger = Logger()
_TRIES = 5
_LONGEST_REASON = 1000
"""Characters: the whole answer may have 4,096 bytes."""
_STAND_FOR_ALIASES = {"AWS::Lambda::Alias", TYPE}


@dataclass(frozen=True)
class _Known:
    """What CloudFormation says of a request: the root stack, and whether an operation is taken back."""

    root: Stack
    rolls_back: bool


@dataclass(frozen=True)
class _Kept:
    """What is kept now, the alias as it was, and what is still to be done."""

    item: Item
    alias: Alias | None
    stops: bool
    creates: bool


def manage(request: Request, now: datetime) -> None:
    """Carries out a request and answers it, unless its answer has to wait for the end of a deployment."""
    try:
        body = _carried_out(request, now)
    except Retryable:
        raise
    except WeighbridgeError as error:
        # Under this id its deletion means no alias.
        body = _refusal(error, request.physical_id or f"refused-{deployment_id(request.request_id)}")
    if body is not None:
        _answer(request, body)


def _answer(request: Request, body: dict[str, object]) -> None:
    to_whom = {"StackId": request.stack_id, "LogicalResourceId": request.logical_id, "RequestId": request.request_id}
    commit.send(request.response_url, to_whom | body)


def _carried_out(request: Request, now: datetime) -> dict[str, object] | None:
    """The answer, None where that has to wait."""
    known = _known(request)
    if request.kind == "Delete":
        _delete(request, known, now)
        return {"Status": "SUCCESS", "PhysicalResourceId": request.physical_id}
    return _set(request, known, now)


def _known(request: Request) -> _Known:
    """Raises InvalidDocument for what no stack asks for: who may invoke this function could else speak for any stack."""
    nested = cloudformation.stack(request.stack_id)
    resource = cloudformation.resource(request.stack_id, request.logical_id)
    if nested is None or resource is None or resource.type != TYPE:
        raise InvalidDocument(f"There is no resource {request.logical_id} of type {TYPE} in the stack that is named.")
    root = nested.stack if nested.root_id == nested.stack.id else _root(nested.root_id)
    if not nested.stack.status.endswith("IN_PROGRESS"):
        raise InvalidDocument(f"The stack is {nested.stack.status}, so that it asks for nothing.")
    return _Known(root, "ROLLBACK" in nested.stack.status or "ROLLBACK" in root.status)


def _root(root_id: str) -> Stack:
    nested = cloudformation.stack(root_id)
    if nested is None:
        raise InvalidDocument("There is no root stack of the stack that is named.")
    return nested.stack


def _set(request: Request, known: _Known, now: datetime) -> dict[str, object] | None:
    application = application_of(known.root.id)
    _, partition, _, region, account, *_ = request.stack_id.split(":")
    wish = read_wish(request.properties, application, region, account)
    role = _allowed(wish, application, known)
    arn = f"arn:{partition}:lambda:{region}:{account}:function:{wish.alias}"
    control_plane = Lambda(deployment_id(identity(request.stack_id, request.request_id)), role)
    kept = _keep(_question(request, known, wish, now), control_plane, arn, now)
    try:
        settings.put_group(application, wish.group_name, wish.group, stamp(now))
        if kept.creates:
            control_plane.create(wish.spec.function_name, wish.spec.alias, wish.spec.target_version)
        if kept.stops:
            commit.stop(kept.item, now, then="restoring")
        waits = kept.item.get("committed", {}).get("answer")
        if waits:
            commit.look_at(wish.alias, now)
    except Retryable:
        raise
    except WeighbridgeError as error:
        # From now on its deletion has to free the alias.
        return _refusal(error, request.physical_id or arn)
    # By `DuringStack` alone: its end is told, or has been where this is the same request once more.
    is_committed = kept.item.get("committed", {}).get("requestId") == request.request_id
    by_condition = bool(wish.wait_handle) and not known.rolls_back
    if is_committed and not by_condition:
        return None
    if by_condition and not is_committed and not waits:
        # Nothing is shifted, so no deployment's end will end the wait.
        unique_id = deployment_id(identity(request.stack_id, request.request_id))
        commit.signal(wish.wait_handle, unique_id, "There was nothing to shift.", succeeded=True)
    version = kept.alias.routing.version if kept.alias else wish.spec.target_version
    return {"Status": "SUCCESS", "PhysicalResourceId": arn, "Data": commit.data(kept.item, version)}


def _refusal(error: WeighbridgeError, physical_id: str) -> dict[str, object]:
    logger.warning("Refused a request of CloudFormation's", extra={"reason": str(error)})
    count("StackRequestsRefused")
    return {"Status": "FAILED", "Reason": clip(str(error), _LONGEST_REASON), "PhysicalResourceId": physical_id}


def _allowed(wish: Wish, application: str, known: _Known) -> ServiceRole | None:
    """The role by which the alias is touched. Raises what is wrong with the wish, of which the way back leaves some out."""
    arn = wish.group.service_role_arn
    if environment.service_role_required and not arn:
        raise RoleMissing(
            "The resource names no service role, by which alone this installation acts (serviceRoleRequired): give it a "
            "ServiceRoleArn."
        )
    if fault := foreign(arn, [environment.account_id]):
        raise InvalidDocument(f"ServiceRoleArn: {fault}")
    hooks = ["*"] if arn else environment.invocable_hooks
    planning.check_allowed(wish.spec, environment.deployable_functions, hooks)
    if not known.rolls_back:
        config = settings.config(wish.config_name)
        if config is None:
            raise InvalidDocument(f"DeploymentConfigName: {missing(wish.config_name)}")
        check_duration(wish, config)
    return service_role(arn, application, wish.group_name)


def _keep(question: Asked, control_plane: Lambda, arn: str, now: datetime) -> _Kept:
    for _ in range(_TRIES):
        item, revision = wanted.get(question.alias)
        alias = _alias(control_plane, question)
        is_own = item is not None and item["owner"]["stackId"] == question.owner["stackId"]
        decision = asked(
            question,
            item,
            alias=alias.routing if alias else None,
            alias_arn=arn,
            holders=[] if is_own else cloudformation.holders(arn, _STAND_FOR_ALIASES),
            owner_lives=item is not None and not is_own and _lives(item),
            busy=next(wanted.holders(question.application, question.group, question.alias), None),
        )
        if decision.refused or decision.item is None:
            raise InvalidDocument(decision.refused or "There is nothing to be kept.")
        for want in decision.dropped:
            commit.drop(decision.item, want, now)
        if is_open(decision.item):
            schedule.keep_on(now)
        if decision.item == item or wanted.put(decision.item, revision):
            return _Kept(decision.item, alias, stops=decision.stop is not None, creates=decision.create_alias)
    raise Outdated(f"What is wanted of {question.alias} keeps changing while it is kept.")


def _question(request: Request, known: _Known, wish: Wish, now: datetime) -> Asked:
    owner = Owner(stackId=request.stack_id, rootId=known.root.id, logicalId=request.logical_id)
    answer = Answer(url=request.response_url, stackId=request.stack_id, logicalId=request.logical_id)
    if wish.wait_handle and not known.rolls_back:
        if not cloudformation.is_answerable(wish.wait_handle):
            raise InvalidDocument("WaitHandle is not the Ref of a wait condition handle of this region.")
        answer["url"] = wish.wait_handle
    else:
        answer["requestId"] = request.request_id
    return Asked(
        request_id=request.request_id,
        owner=owner,
        function=wish.spec.function_name,
        name=wish.spec.alias,
        application=application_of(known.root.id),
        group=wish.group_name,
        target=wish.spec.target_version,
        redeploy=wish.redeploy,
        app_spec=wish.app_spec,
        without_hooks=wish.without_hooks,
        on_running=wish.on_running,
        start=wish.start,
        stack=known.root,
        rolls_back=known.rolls_back,
        time=stamp(now),
        service_role_arn=wish.group.service_role_arn,
        answer=answer,
    )


def _alias(control_plane: Lambda, question: Asked) -> Alias | None:
    try:
        return control_plane.alias(question.function, question.name)
    except InvalidLambdaFunction:
        return None


def _lives(item: Item) -> bool:
    """Whether the resource that has the alias is still there."""
    owner = item["owner"]
    resource = cloudformation.resource(owner["stackId"], owner["logicalId"])
    return resource is not None and resource.type == TYPE


def _delete(request: Request, known: _Known, now: datetime) -> None:
    """What has to be done comes first, so that a deletion that is done again goes on with it."""
    named = alias_in(request.physical_id)
    if named is None:
        return
    alias = ":".join(named)
    for _ in range(_TRIES):
        item, revision = wanted.get(alias)
        decision = deleted(request.stack_id, request.logical_id, item, rolls_back=known.rolls_back)
        if item is None or decision.item == item:
            logger.info("The alias is not this resource's", extra={"alias": alias})
            return
        if decision.stop:
            commit.stop(item, now, then=decision.stop)
        if decision.delete_alias:
            role = commit.role_of(item)
            Lambda(deployment_id(identity(request.stack_id, request.request_id)), role).delete(*named)
        if decision.item is None:
            settings.delete_group(item["application"], item["group"])
        if wanted.put(decision.item, revision) if decision.item else wanted.delete(alias, revision):
            return
    raise Outdated(f"What is wanted of {alias} keeps changing while it is deleted.")
