"""The alias under its optimistic lock. moto holds no rule of RevisionIds, so what Lambda answers is scripted here."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.aws.account import client_error, create_alias, lost_answer, refuse, routing
from tests.core.samples import plan
from weighbridge.aws.lambda_aliases import Lambda
from weighbridge.core.errors import (
    AliasMoved,
    Interrupted,
    InvalidLambdaFunction,
    RoleMissing,
    ServiceUnavailable,
    Throttled,
    WeighbridgeError,
)
from weighbridge.core.plan import every_routing
from weighbridge.core.rollbacks import FINAL
from weighbridge.core.routing import Routing
from weighbridge.core.service_role import ServiceRole

Stub = Callable[[str], Stubber]
NAMED = {"FunctionName": "shop", "Name": "live"}


def _alias(version: str, weights: dict[str, float], revision: str) -> dict[str, Any]:
    return {**NAMED, "FunctionVersion": version, "RoutingConfig": {"AdditionalVersionWeights": weights}} | {
        "RevisionId": revision
    }


def _answers(version: str, weights: dict[str, float], revision: str) -> dict[str, Any]:
    answer = _alias(version, weights, revision)
    del answer["FunctionName"]
    return answer


def _found(lambda_: Stubber, version: str, weights: dict[str, float], revision: str) -> None:
    lambda_.add_response("get_alias", _answers(version, weights, revision), NAMED)


def _written(lambda_: Stubber, version: str, weights: dict[str, float], *, over: str, new: str) -> None:
    lambda_.add_response("update_alias", _answers(version, weights, new), _alias(version, weights, over))


def _stale(lambda_: Stubber) -> None:
    lambda_.add_client_error("update_alias", "PreconditionFailedException", "The Revision Id has changed.", 412)


def test_an_alias_is_read() -> None:
    create_alias("1", {"2": 0.25})
    alias = Lambda("d-AAAAAAAAA", None).alias("shop", "live")
    assert alias.routing == Routing("1", "2", 0.25)
    assert alias.revision_id


@pytest.mark.parametrize(("function", "alias"), [("shop", "dead"), ("nowhere", "live")])
def test_an_alias_that_is_not_there_is_told_with_what_to_change(function: str, alias: str) -> None:
    with pytest.raises(InvalidLambdaFunction, match=rf"'{function}' has no alias '{alias}'.*create the alias"):
        Lambda("d-AAAAAAAAA", None).alias(function, alias)


@pytest.mark.parametrize(
    ("function", "version", "there"),
    [("shop", None, True), ("shop", "2", True), ("shop", "9", False), ("nowhere", None, False), ("nowhere", "1", False)],
)
def test_functions_and_versions_exist_or_not(function: str, version: str | None, there: bool) -> None:
    assert (Lambda("d-AAAAAAAAA", None).state(function, version) is not None) is there


def wanted() -> None:
    """A deployment that goes on."""


def unwanted() -> None:
    raise Interrupted("It was stopped.")


def test_a_shift_is_one_call(stub: Stub) -> None:
    _written(stub("lambda"), "1", {"2": 0.1}, over="r-0", new="r-1")
    alias = Lambda("d-AAAAAAAAA", None).shift(plan(), 0, "r-0", wanted)
    assert (alias.routing, alias.revision_id) == (Routing("1", "2", 0.1), "r-1")


def test_the_last_shift_clears_the_weights() -> None:
    create_alias("1", {"2": 0.9})
    assert Lambda("d-AAAAAAAAA", None).shift(plan(), 9, "any", wanted).routing == Routing("2")
    assert routing() == ("2", {})


def test_a_write_whose_answer_was_lost_is_recognised(stub: Stub) -> None:
    _stale(stub("lambda"))
    _found(stub("lambda"), "1", {"2": 0.1}, "r-1")
    alias = Lambda("d-AAAAAAAAA", None).shift(plan(), 0, "r-0", wanted)
    assert (alias.routing, alias.revision_id) == (Routing("1", "2", 0.1), "r-1")


def test_a_lost_answer_is_asked_for_again(no_pauses: list[float]) -> None:
    with lost_answer("lambda", "UpdateAlias"):
        Lambda("d-AAAAAAAAA", None).shift(plan(), 0, "any", wanted)
    assert len(no_pauses) == 1
    assert routing() == ("1", {"2": 0.1})


def test_an_alias_of_which_only_the_description_changed_is_written_over_its_new_revision(stub: Stub) -> None:
    _stale(stub("lambda"))
    _found(stub("lambda"), "1", {}, "r-5")
    _written(stub("lambda"), "1", {"2": 0.1}, over="r-5", new="r-6")
    assert Lambda("d-AAAAAAAAA", None).shift(plan(), 0, "r-0", wanted).revision_id == "r-6"


@pytest.mark.parametrize(
    ("version", "weights"), [("3", {}), ("1", {"2": 0.4}), ("1", {"3": 0.1}), ("2", {}), ("1", {}), ("2", {"1": 0.2})]
)
def test_an_alias_that_somebody_else_routed_is_not_written(stub: Stub, version: str, weights: dict[str, float]) -> None:
    _stale(stub("lambda"))
    _found(stub("lambda"), version, weights, "r-9")
    with pytest.raises(AliasMoved, match=r"Somebody else moved the alias live of shop.*does not overwrite"):
        Lambda("d-AAAAAAAAA", None).shift(plan(), 2, "r-2", wanted)


def _steps() -> list[Routing]:
    return sorted(every_routing(plan(startRouting={"version": "1", "weights": {"2": 0.05}})), key=str)


@pytest.mark.parametrize("found", [step for step in _steps() if step != Routing("1")], ids=str)
def test_traffic_is_restored_from_every_step(stub: Stub, found: Routing) -> None:
    weights = {found.additional_version: found.weight} if found.additional_version else {}
    _stale(stub("lambda"))
    _found(stub("lambda"), found.version, weights, "r-7")
    _written(stub("lambda"), "1", {}, over="r-7", new="r-8")
    restored = Lambda("d-AAAAAAAAA", None).restore(plan(startRouting={"version": "1", "weights": {"2": 0.05}}))
    assert (restored.routing, restored.revision_id) == (Routing("1"), "r-8")


def test_an_alias_as_it_was_left_is_restored_in_one_call(stub: Stub) -> None:
    _written(stub("lambda"), "1", {}, over="r-7", new="r-8")
    assert Lambda("d-AAAAAAAAA", None).restore(plan(revisionId="r-7")).revision_id == "r-8"


def test_what_is_restored_already_gets_a_new_revision_so_that_a_late_shift_is_refused(stub: Stub) -> None:
    _stale(stub("lambda"))
    _found(stub("lambda"), "1", {}, "r-8")
    _written(stub("lambda"), "1", {}, over="r-8", new="r-9")
    assert Lambda("d-AAAAAAAAA", None).restore(plan()).revision_id == "r-9"


def test_a_shift_that_is_not_wanted_any_more_does_not_go_on(stub: Stub) -> None:
    _stale(stub("lambda"))
    _found(stub("lambda"), "1", {}, "r-9")
    with pytest.raises(Interrupted):
        Lambda("d-AAAAAAAAA", None).shift(plan(), 0, "r-0", unwanted)


def test_a_restoration_does_not_overwrite_what_the_deployment_did_not_write(stub: Stub) -> None:
    _stale(stub("lambda"))
    _found(stub("lambda"), "3", {}, "r-9")
    with pytest.raises(AliasMoved, match="it is on version 3 at 100 %"):
        Lambda("d-AAAAAAAAA", None).restore(plan())


def test_an_alias_that_keeps_changing_is_left_to_the_state_machine(stub: Stub) -> None:
    for revision in ("r-1", "r-2", "r-3", "r-4"):
        _stale(stub("lambda"))
        _found(stub("lambda"), "1", {"2": 0.5}, revision)
    with pytest.raises(Throttled, match="live of shop keeps changing"):
        Lambda("d-AAAAAAAAA", None).restore(plan())


@pytest.mark.parametrize("code", ["InvalidParameterValueException", "ResourceNotFoundException"])
def test_a_routing_that_lambda_refuses_is_told(stub: Stub, code: str) -> None:
    stub("lambda").add_client_error("update_alias", code, "Function not found: shop:2")
    with pytest.raises(InvalidLambdaFunction, match=r"refused to route live of shop.*Function not found: shop:2"):
        Lambda("d-AAAAAAAAA", None).shift(plan(), 0, "r-0", wanted)


def test_on_the_way_back_only_what_is_gone_is_final(stub: Stub) -> None:
    stub("lambda").add_client_error("update_alias", "InvalidParameterValueException", "A rule that nobody knew of.")
    with pytest.raises(WeighbridgeError, match=r"refused UpdateAlias: .* A rule that nobody knew of") as caught:
        Lambda("d-AAAAAAAAA", None).restore(plan())
    assert not isinstance(caught.value, FINAL)
    stub("lambda").add_client_error("update_alias", "ResourceNotFoundException", "Function not found: shop:1")
    with pytest.raises(InvalidLambdaFunction, match="Function not found: shop:1") as gone:
        Lambda("d-AAAAAAAAA", None).restore(plan())
    assert isinstance(gone.value, FINAL)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("TooManyRequestsException", 429, Throttled),
        ("ServiceException", 500, ServiceUnavailable),
        ("ResourceConflictException", 409, ServiceUnavailable),
    ],
)
def test_what_may_work_later_is_left_to_the_state_machine(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int, expected: type[Exception]
) -> None:
    calls = refuse(monkeypatch, "lambda", "update_alias", client_error(code, "UpdateAlias", status))
    with pytest.raises(expected):
        Lambda("d-AAAAAAAAA", None).shift(plan(), 0, "r-0", wanted)
    assert len(calls) == 1


def test_a_role_that_cannot_be_assumed_is_told(stub: Stub) -> None:
    stub("sts").add_client_error("assume_role", "AccessDenied", "Not authorized.", 403)
    with pytest.raises(RoleMissing, match="arn:aws:iam::123456789012:role/Deployer could not be assumed: Not authorized"):
        Lambda("d-AAAAAAAAA", ServiceRole("arn:aws:iam::123456789012:role/Deployer", "shop-app/prod"))


# Lambda shows {"1": 1.0} beside version 2 while provisioned concurrency follows the alias there (reference 5.7).


def test_a_shift_does_not_judge_an_alias_that_lambda_still_moves(stub: Stub) -> None:
    _stale(stub("lambda"))
    _found(stub("lambda"), "2", {"1": 1.0}, "r-5")
    with pytest.raises(ServiceUnavailable, match="Lambda still moves the alias live of shop"):
        Lambda("d-AAAAAAAAA", None).shift(plan(), 9, "r-4", wanted)


def test_a_rollback_does_not_wait_until_lambda_has_moved_the_alias_where_the_last_shift_sent_it(stub: Stub) -> None:
    _stale(stub("lambda"))
    _found(stub("lambda"), "2", {"1": 1.0}, "r-5")
    _written(stub("lambda"), "1", {}, over="r-5", new="r-6")
    assert Lambda("d-AAAAAAAAA", None).restore(plan(revisionId="r-4")).revision_id == "r-6"


def test_an_alias_that_lambda_moves_for_somebody_else_is_not_written(stub: Stub) -> None:
    _stale(stub("lambda"))
    _found(stub("lambda"), "3", {"1": 1.0}, "r-5")
    with pytest.raises(AliasMoved, match="version 1 at 100 %"):
        Lambda("d-AAAAAAAAA", None).restore(plan(revisionId="r-4"))


def test_an_alias_is_created_and_deleted_and_twice_does_no_harm() -> None:
    functions = Lambda("d-1", None)
    for _ in range(2):
        functions.delete("shop", "live")
    functions.delete("no-such-function", "live")
    with pytest.raises(InvalidLambdaFunction):
        functions.alias("shop", "live")
    functions.create("shop", "live", "2")
    assert routing() == ("2", {})


def test_an_alias_that_is_there_already_is_left_as_it_is(stub: Stub) -> None:
    said = "Alias already exists: arn:aws:lambda:eu-west-1:123456789012:function:shop:live"
    stub("lambda").add_client_error("create_alias", "ResourceConflictException", said, 409)
    Lambda("d-1", None).create("shop", "live", "2")


def test_an_alias_of_what_is_not_there_is_not_created(stub: Stub) -> None:
    stub("lambda").add_client_error("create_alias", "ResourceNotFoundException", "Function not found", 404)
    with pytest.raises(InvalidLambdaFunction, match="refused to create live of shop"):
        Lambda("d-1", None).create("shop", "live", "9")


def test_a_function_that_is_being_updated_gets_its_alias_later(stub: Stub, no_pauses: list[float]) -> None:  # noqa: ARG001
    said = "The operation cannot be performed at this time"
    stub("lambda").add_client_error("create_alias", "ResourceConflictException", said, 409)
    with pytest.raises(ServiceUnavailable):
        Lambda("d-1", None).create("shop", "live", "2")
