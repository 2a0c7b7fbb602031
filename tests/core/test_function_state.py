"""Which functions may take traffic, and be asked as hooks."""

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from weighbridge.core.errors import VersionPending, VersionUnusable, WeighbridgeError
from weighbridge.core.function_state import FunctionState, check_usable

STATES = ServiceModel(Loader().load_service_model("lambda", "service-2")).shape_for("State").metadata["enum"]


@pytest.mark.parametrize("state", ["Active", "Inactive"])
def test_a_version_that_answers_may_take_traffic(state: str) -> None:
    check_usable("The hook verify", FunctionState(state, "Idle"), "mend it")


def test_a_version_that_is_being_made_is_waited_for() -> None:
    with pytest.raises(
        VersionPending, match=r"^Version 7 of shop is Pending \(The function is being created\); traffic is"
    ):
        check_usable("Version 7 of shop", FunctionState("Pending", "The function is being created."), "publish another")


@pytest.mark.parametrize("state", sorted({*STATES, "Unheard"} - {"Active", "Inactive", "Pending"}))
def test_no_other_state_takes_traffic_whatever_lambda_adds(state: str) -> None:
    with pytest.raises(
        VersionUnusable, match=rf"^Version 7 of shop is {state}, so no traffic was shifted; publish another.$"
    ) as error:
        check_usable("Version 7 of shop", FunctionState(state), "publish another")
    kind: type[WeighbridgeError] = type(error.value)
    assert kind.code == "INVALID_LAMBDA_CONFIGURATION"
