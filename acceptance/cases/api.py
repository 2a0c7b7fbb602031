"""Case 10: who may call the API, and how."""

import json
import urllib.error
import urllib.request
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from acceptance.cases import limits
from acceptance.lines import Answer, failed, held, unanswered
from acceptance.stage import Stage, expect, until
from local.cloud import ROOT

FORGED = "arn:aws:iam::123456789012:user/somebody-else"


def api_wants_signatures(stage: Stage) -> Answer:
    """By a role that has the rights of docs/operations.md and no others."""
    listed = until("the API to let its caller in", lambda: _listed(stage), limits.SETTLING_SECONDS)
    if stage.name not in listed:
        return failed(f"signed, it lists {len(listed)} applications, but not this one")
    if not stage.looks_at_rights():
        return unanswered("signed calls get their answer, but here nobody looks at signatures and rights")
    url, body = stage.outputs["ApiUrl"], b"{}"
    header = {"X-Amz-Target": "CodeDeploy_20141006.ListApplications", "Content-Type": "application/x-amz-json-1.1"}
    expect(_status(url, header, body), 403, "unsigned")
    expect(_refusal(_for_another_service(stage).list_applications), 403, "signed for codedeploy")
    return held("200 signed, 403 unsigned, 403 signed for another service")


def nobody_forges_a_caller(stage: Stage) -> Answer:
    """By the same role, which may call the function by its URL only: whoever invokes it makes up who calls."""
    until("the API to let its caller in", lambda: _listed(stage), limits.SETTLING_SECONDS)
    if not stage.looks_at_rights():
        return unanswered("here nobody looks at rights")
    event = json.loads((ROOT / "events" / "api.get_deployment.json").read_text(encoding="utf-8"))
    event["requestContext"]["authorizer"]["iam"]["userArn"] = FORGED
    functions, name = stage.caller.client("lambda"), stage.function_of("Api")
    try:
        functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    except ClientError as error:
        expect(error.response["Error"]["Code"], "AccessDeniedException", "invoked with a forged caller")
        return held("AccessDenied, who invokes the function itself and says that somebody else calls")
    return failed("whoever may call the URL may invoke the function, too, and say that somebody else calls")


def _listed(stage: Stage) -> list[str] | None:
    try:
        return list(stage.api_of(stage.caller).list_applications()["applications"]) or [""]
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:  # noqa: PLR2004 - a role's rights are not known at once
            return None
        raise


def _refusal(call: Any) -> int:
    """The status by which a call is refused; 200 where it is not."""
    try:
        call()
    except ClientError as error:
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    return 200


def _for_another_service(stage: Stage) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return stage.caller.client("codedeploy", endpoint_url=stage.outputs["ApiUrl"], config=config)


def _status(url: str, headers: dict[str, str], body: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:  # noqa: S310 - our own URL
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
