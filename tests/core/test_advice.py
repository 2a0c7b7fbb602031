"""What to do about a deployment that did not succeed."""

import pytest

from tests.core.samples import apply, at, plan, record
from weighbridge.core.advice import advice
from weighbridge.core.endings import failed
from weighbridge.core.errors import classes
from weighbridge.core.rollbacks import rollback_record

# Their messages say what to change.
SAYS_IT_ITSELF = {
    "APPLICATION_MISSING",
    "CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND",
    "DEPLOYMENT_GROUP_MISSING",
    "IAM_ROLE_MISSING",
    "INVALID_LAMBDA_CONFIGURATION",
    "INVALID_LAMBDA_FUNCTION",
    "INVALID_REVISION",
    "REVISION_MISSING",
}


@pytest.mark.parametrize("kind", classes().values(), ids=lambda kind: kind.__name__)
def test_every_error_has_advice_or_says_itself_what_to_change(kind: type) -> None:
    begun = record()
    ended = apply(begun, failed(begun, {"error": kind.__name__, "cause": "why"}, {}, at(9)).change)
    assert (advice(ended) is None) == (ended["errorInformation"]["code"] in SAYS_IT_ITSELF)


def test_a_rollback_that_failed_is_about_the_alias() -> None:
    rollback = rollback_record(plan(), at(1))
    ended = apply(rollback, failed(rollback, {"error": "AliasMoved", "cause": "why"}, {}, at(9)).change)
    assert "route it by hand" in str(advice(ended))


def test_what_runs_needs_none() -> None:
    assert advice(record()) is None
