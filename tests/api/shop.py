"""What the tests of deployments by the API ask for: the group prod of shop-app, and revisions for it."""

import hashlib
import json
from typing import Any

import pytest

from tests.api.caller import Caller, Refused

APPSPEC = json.dumps({"version": 0.0, "Resources": [{"shop": {"Type": "AWS::Lambda::Function", "Properties": {}}}]})
SHA256 = hashlib.sha256(APPSPEC.encode()).hexdigest()
INLINE = {"revisionType": "AppSpecContent", "appSpecContent": {"content": APPSPEC}}
S3 = {"revisionType": "S3", "s3Location": {"bucket": "drops", "key": "a.yaml", "bundleType": "yaml"}}
NAMES = {"applicationName": "shop-app", "deploymentGroupName": "prod"}
D = "d-AAAAAAAAA"


def refusal(api: Caller, operation: str, **arguments: Any) -> str:
    with pytest.raises(Refused) as caught:
        api.call(operation, **arguments)
    return caught.value.name.removesuffix("Exception")
