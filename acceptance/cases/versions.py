"""Case 8: aliases and versions do what the shifts rely on."""

import time

from acceptance.cases import limits
from acceptance.cases.configurations import ALL_AT_ONCE
from acceptance.lines import Answer, failed, held, unanswered
from acceptance.stage import Stage, outcome
from acceptance.waiting import expect


def facts(stage: Stage) -> Answer:
    functions, named = stage.client("lambda"), {"FunctionName": stage.function, "Name": "facts"}
    first = functions.create_alias(**named, FunctionVersion="1")
    try:
        same = functions.update_alias(**named)
        if same["RevisionId"] == first["RevisionId"]:
            return failed("an update that changes nothing keeps the revision")
        weighted = functions.update_alias(**named, RoutingConfig={"AdditionalVersionWeights": {"2": 0.01}})
        expect(weighted["RoutingConfig"]["AdditionalVersionWeights"], {"2": 0.01}, "a weight of 0.01")
        cleared = functions.update_alias(**named, RoutingConfig={"AdditionalVersionWeights": {}})
        expect(cleared.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}), {}, "empty weights")
        try:
            functions.update_alias(**named, RevisionId=first["RevisionId"])
        except functions.exceptions.PreconditionFailedException:
            return held("a new revision without a change; 0.01 and empty weights as written; a stale revision refused")
        return failed("a stale revision is accepted")
    finally:
        functions.delete_alias(**named)


def a_pending_version_is_waited_for(stage: Stage) -> Answer:
    """One with SnapStart, of which a snapshot is taken first; dropped as soon as it is published."""
    functions = stage.client("lambda")
    stage.configure(deploymentConfigName=ALL_AT_ONCE)
    before, _ = stage.routing()
    try:
        try:
            stage.set_snap_start("PublishedVersions")
        except functions.exceptions.InvalidParameterValueException:
            return unanswered("Lambda has no SnapStart here for Python")
        published = functions.publish_version(FunctionName=stage.function)
        began = time.monotonic()
        if published["State"] != "Pending":
            return unanswered(f"no version is Pending here: it is {published['State']} when it is published")
        record = stage.ended(stage.drop(target=published["Version"]), limits.PENDING_SECONDS)
        took = time.monotonic() - began
    finally:
        stage.set_snap_start("None")
    expect(outcome(record), "Succeeded", "the deployment of a version that was Pending")
    # A version with a snapshot costs something as long as it is there, and takes no provisioned concurrency.
    stage.route(before)
    functions.delete_function(FunctionName=stage.function, Qualifier=published["Version"])
    return held(f"all over {took:.1f} s after it was published", seconds=took)
