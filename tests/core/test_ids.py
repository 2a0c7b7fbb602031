"""Ids are derived from what asked for a deployment."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.core.ids import DEPLOYMENT_ID, deployment_id, deployment_id_in, rollback_id


@given(st.text())
def test_the_same_identity_is_the_same_deployment(identity: str) -> None:
    assert DEPLOYMENT_ID.fullmatch(deployment_id(identity))
    assert deployment_id(identity) == deployment_id(identity)
    assert deployment_id(identity) != deployment_id(identity, 1)
    assert rollback_id(deployment_id(identity)) != deployment_id(identity)


def test_an_identity_delivered_again_after_an_upgrade_is_the_same_deployment() -> None:
    assert deployment_id("event 1") == "d-F0S8E2PVM"
    assert deployment_id("event 1", 1) == "d-WFJIE35QB"


@pytest.mark.parametrize(
    "detail", [None, [], {}, {"deploymentId": 3}, {"deploymentId": "d-x"}, {"deploymentId": "d-AAAAAAAAA\n"}]
)
def test_a_detail_that_names_no_deployment(detail: Any) -> None:
    assert deployment_id_in(detail) is None
