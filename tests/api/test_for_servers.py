"""Operations that exist for servers, as far as they are answered."""

import json

import pytest

from tests.api.caller import Caller
from tests.aws.account import new_record
from weighbridge.store import deployments


@pytest.mark.parametrize(
    ("operation", "member"),
    [("ListOnPremisesInstances", "instanceNames"), ("ListGitHubAccountTokenNames", "tokenNameList")],
)
def test_lists_of_what_only_servers_have_are_empty(api: Caller, operation: str, member: str) -> None:
    assert api.call(operation) == {member: []}
    assert api.raw(operation, '{"nextToken": "x"}')["Error"]["Code"] == "InvalidNextTokenException"


@pytest.mark.parametrize("operation", ["ContinueDeployment", "SkipWaitTimeForInstanceTermination"])
def test_a_deployment_does_not_wait_for_leave_to_go_on(api: Caller, operation: str) -> None:
    def error_of_deployment(**arguments: str) -> str:
        return str(api.raw(operation, json.dumps(arguments))["Error"]["Code"])

    assert error_of_deployment() == "DeploymentIdRequiredException"
    assert error_of_deployment(deploymentId="d-1") == "InvalidDeploymentIdException"
    assert error_of_deployment(deploymentId="d-AAAAAAAAA") == "DeploymentDoesNotExistException"
    assert deployments.create(new_record("d-AAAAAAAAA"))
    assert error_of_deployment(deploymentId="d-AAAAAAAAA") == "UnsupportedActionForDeploymentTypeException"
    assert deployments.create(new_record("d-BBBBBBBBB", status="Succeeded"))
    assert error_of_deployment(deploymentId="d-BBBBBBBBB") == "DeploymentAlreadyCompletedException"
