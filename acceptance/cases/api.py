"""Case 10: who may call the API, and how."""

import json
import urllib.error
import urllib.request
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from acceptance.cases import limits
from acceptance.lines import Answer, failed, held, unanswered
from acceptance.stage import Stage
from acceptance.waiting import expect, until
from local.cloud import ROOT

NO_API = "this installation has no API"
FORBIDDEN = 403
_SIGNATURE = {"SignatureDoesNotMatch", "InvalidSignatureException"}
FORGED = "arn:aws:iam::123456789012:user/somebody-else"


def api_wants_signatures(stage: Stage) -> Answer:
    """By a role that has the rights of docs/operations.md and no others."""
    if not stage.has_api:
        return unanswered(NO_API)
    listed = until("the API to let its caller in", lambda: _listed(stage), limits.RIGHTS_SECONDS)
    if stage.name not in listed:
        return failed(f"signed, it lists {len(listed)} applications, but not this one")
    if not stage.looks_at_rights():
        return unanswered("signed calls get their answer, but here nobody looks at signatures and rights")
    url, body = stage.outputs["ApiUrl"], b"{}"
    header = {"X-Amz-Target": "CodeDeploy_20141006.ListApplications", "Content-Type": "application/x-amz-json-1.1"}
    expect(_status(url, header, body), FORBIDDEN, "unsigned")
    try:
        _for_another_service(stage).list_applications()
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status != FORBIDDEN and error.response["Error"]["Code"] not in _SIGNATURE:
            raise
        return held(f"200 signed, 403 unsigned, {status} signed for another service")
    return failed("a signature for another service is accepted")


def nobody_forges_a_caller(stage: Stage) -> Answer:
    """By the same role, which may call the function by its URL only: whoever invokes it makes up who calls."""
    if not stage.has_api:
        return unanswered(NO_API)
    until("the API to let its caller in", lambda: _listed(stage), limits.RIGHTS_SECONDS)
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
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == FORBIDDEN:
            return None  # a new role's rights are not known everywhere at once
        raise


def _for_another_service(stage: Stage) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return stage.caller.client("codedeploy", endpoint_url=stage.outputs["ApiUrl"], config=config)


def _status(url: str, headers: dict[str, str], body: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:  # noqa: S310 - our own URL
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
