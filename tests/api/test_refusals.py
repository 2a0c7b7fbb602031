"""What was refused without becoming a deployment, by the API."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.api.caller import Caller
from tests.aws.invocation import dropped, event_file, invoke
from tests.core.samples import at
from weighbridge.core.refusals import Refused as Why
from weighbridge.core.refusals import refused_event
from weighbridge.store import refusals


def test_refusals_are_listed_newest_first_and_page_by_page(api: Caller, place: SimpleNamespace) -> None:
    assert api.call("ListRefusals") == {"refusals": []}
    why = Why("DeploymentDoesNotExistException", "There is no such deployment")
    for n in range(230):
        refusals.keep(refused_event({"id": f"{n:03}"}, "call", why), at(n))
    listed: list[Any] = api.names("ListRefusals", "refusals")
    assert [refusal["eventId"] for refusal in listed] == [f"{n:03}" for n in range(229, -1, -1)]
    invoke("receive", dropped(place, "stray.yaml", "v1"))
    invoke("interrupt", event_file("interrupt.stop_requested"))
    event, drop = api.call("ListRefusals")["refusals"][:2]
    assert {name: drop[name] for name in ("bucket", "key", "versionId", "code")} == {
        "bucket": place.bucket,
        "key": "stray.yaml",
        "versionId": "v1",
        "code": "INVALID_REVISION",
    }
    assert (event["detailType"], event["eventSource"]) == ("Deployment Stop Requested", "release-pipeline")
    assert event["code"] == "DeploymentDoesNotExistException"
    assert event["message"] == "The deployment d-LAFB8W95J could not be found"
    assert event["time"].tzinfo
    assert set(event) == {"time", "code", "message", "eventId", "eventSource", "detailType", "deploymentId"}


@pytest.mark.parametrize("token", ["x", "WyJSRUZVU0FMUyIsICJ5Il0="])
def test_a_token_that_was_not_given_is_refused(api: Caller, token: str) -> None:
    assert api.raw("ListRefusals", json.dumps({"nextToken": token}))["Error"]["Code"] == "InvalidNextTokenException"
