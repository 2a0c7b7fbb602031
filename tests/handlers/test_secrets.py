"""Who holds a task token can end a wait, and who holds an execution id can answer for a hook: neither is for logs."""

import importlib
import io
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.response import StreamingBody

from tests.aws.account import Waits, client_error, kept, refuse
from tests.aws.invocation import APPSPEC, detail_of, drop, event_file, invoke
from tests.core.samples import at
from weighbridge.aws import lambda_hooks
from weighbridge.core.deployment import Change
from weighbridge.core.endings import failed
from weighbridge.core.errors import Throttled
from weighbridge.core.groups import parse
from weighbridge.store import deployments, settings

HANDLERS = ["receive", "validate", "run_hook", "interrupt", "shift_traffic", "complete", "record_failure"]
TOKENS = ["AQCEsecret-of-the-first-try", "AQCEsecret-of-the-second-try", "AQCEsecret-of-the-bake"]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[io.StringIO]:
    """Everything that is logged, as it is formatted for CloudWatch."""
    written = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in HANDLERS:
            handler = importlib.import_module(f"weighbridge.handlers.{name}").logger.registered_handler
            assert isinstance(handler, logging.StreamHandler)
            patch.setattr(handler, "stream", written)
        caplog.set_level(logging.DEBUG, logger="weighbridge")
        yield written


def test_no_log_of_a_whole_hook_deployment_holds_a_token_or_an_execution_id(
    place: SimpleNamespace,
    waits: Waits,
    log: io.StringIO,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payloads: list[dict[str, str]] = []

    class Lambda:
        def invoke(self, **arguments: Any) -> dict[str, Any]:
            payloads.append(json.loads(arguments["Payload"]))
            return {"StatusCode": 202, "Payload": StreamingBody(io.BytesIO(b"null"), 4)}

    settings.put_group("shop-app", "prod", parse("shop-app", "prod", {}), "2026-11-23T05:00:00.000Z")
    invoke("receive", drop(place, "shop-app/prod/a.yaml", APPSPEC + "Hooks: [{BeforeAllowTraffic: CodeDeployHook_a}]"))
    [id_] = deployments.unfinished()
    plan = invoke("validate", {"deploymentId": id_})
    monkeypatch.setattr(lambda_hooks, "client_as", lambda *_: Lambda())
    for token in TOKENS[:2]:
        invoke("run_hook", event_file("run_hook") | {"deploymentId": id_, "plan": plan, "taskToken": token})
    execution_id = payloads[0]["LifecycleEventHookExecutionId"]
    report = event_file("interrupt.hook_reported")
    for reported in ("wrong", execution_id, execution_id):
        report["detail"] |= {"deploymentId": id_, "lifecycleEventHookExecutionId": reported}
        invoke("interrupt", report)
    invoke("shift_traffic", {"deploymentId": id_, "plan": plan, "step": 0, "revisionId": plan["revisionId"]})
    deployments.update(id_, Change(sets={"gate": {"token": TOKENS[2], "waitingFor": "bake"}}))
    refuse(monkeypatch, "stepfunctions", "send_task_failure", client_error("ThrottlingException"))
    stop = event_file("interrupt.stop_requested")
    stop["detail"]["deploymentId"] = id_
    with pytest.raises(Throttled) as throttled:
        invoke("interrupt", stop)
    invoke("interrupt", stop)
    cause = json.dumps(kept(id_)["interruption"])
    failure = {"error": "StopRequested", "cause": cause}
    back = {"deploymentId": plan["rollbackDeploymentId"], "plan": plan}
    invoke("shift_traffic", back)
    invoke("complete", back)
    arguments = {"deploymentId": id_, "plan": plan, "failure": failure, "rollback": {"status": "SUCCEEDED"}}
    assert invoke("record_failure", arguments)["status"] == "Stopped"

    assert [token for token, _ in waits.ended] == [TOKENS[1]]
    assert [token for token, _, _ in waits.interrupted] == [TOKENS[2]]
    output = log.getvalue() + "".join(capsys.readouterr()) + str(throttled.value)
    assert output.count("\n") >= 9
    assert id_ in output
    for secret in (*TOKENS, execution_id):
        assert secret not in output
    assert execution_id not in json.dumps(kept(id_))


def test_no_log_holds_the_token_of_who_deploys_and_waits(
    waits: Waits, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    for name in ("deploy_and_wait", "reconcile"):
        handler = importlib.import_module(f"weighbridge.handlers.{name}").logger.registered_handler
        monkeypatch.setattr(handler, "stream", written)
    asked = event_file("deploy_and_wait")
    for request in (asked["request"], asked["request"] | {"unheardOf": 1}):
        invoke("deploy_and_wait", asked | {"request": request})
    [id_] = deployments.unfinished()
    deployments.end(kept(id_), failed(kept(id_), {"error": "HookFailed", "cause": "No."}, {}, at(9)))
    ended = event_file("reconcile.execution_ended")
    refuse(monkeypatch, "stepfunctions", "send_task_failure", client_error("ThrottlingException"))
    with pytest.raises(Throttled):
        invoke("reconcile", detail_of(ended, name=id_))
    invoke("reconcile", detail_of(ended, name=id_))
    assert [token for token, _, _ in waits.interrupted] == [asked["taskToken"]]
    output = written.getvalue() + "".join(capsys.readouterr())
    assert id_ in output
    assert asked["taskToken"] not in output
