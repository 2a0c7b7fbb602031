"""The record of a rollback. Reference: section 6.3."""

import json

from tests.core.samples import apply, at, lifecycle, plan
from weighbridge.core.endings import succeeded
from weighbridge.core.rollbacks import rollback_record, traffic_restored


def test_a_rollback_is_a_deployment_with_the_versions_swapped() -> None:
    sample = plan()
    made = rollback_record(sample, at(0))
    assert made["creator"] == "codeDeployRollback"
    assert made["deploymentConfigName"] == "CodeDeployDefault.LambdaAllAtOnce"
    properties = json.loads(made["revision"]["appSpecContent"]["content"])["Resources"][0]["shop"]["Properties"]
    assert (properties["CurrentVersion"], properties["TargetVersion"]) == ("2", "1")
    assert made["rollbackInfo"] == {
        "rollbackTriggeringDeploymentId": "d-AAAAAAAAA",
        "rollbackMessage": f"Deployment {sample['rollbackDeploymentId']} is triggered to roll back deployment d-AAAAAAAAA.",
    }
    made = apply(made, traffic_restored(sample, "r-9", at(1), moved=True))
    ending = succeeded(made, at(2))
    made = apply(made, ending.change)
    assert lifecycle(made) == ["Succeeded"] * 3
    assert made["lambdaFunctionInfo"]["targetVersionWeight"] == 1.0
