"""What the smoke test breaks it mends: also where a case fails, where breaking fails, and where mending fails at first."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest

from acceptance import smoke, waiting
from acceptance.cases import Case, turning_back
from acceptance.installed import DENIED
from acceptance.lines import Verdict
from acceptance.stage import Stage
from acceptance.upgrade import ADDED, upgrade
from acceptance.waiting import NotSo
from tests.acceptance.scene import OUTPUTS
from tests.acceptance.scripts import ID, REGION, Refusal, Scripted

RULE = f"arn:aws:events:{REGION}:{ID}:rule/bus/smoke-Stop"
RESOURCES = {
    "InterruptFunction1": ("AWS::Lambda::Function", "smoke-Interrupt"),
    "InterruptLogs1": ("AWS::Logs::LogGroup", "interrupt-log"),
    "ReconcileFunction1": ("AWS::Lambda::Function", "smoke-Reconcile"),
    "RedeliverFunction1": ("AWS::Lambda::Function", "smoke-Redeliver"),
    "EventsStopRequested1": ("AWS::Events::Rule", "bus|smoke-Stop"),
    "EventsExecutionEnded1": ("AWS::Events::Rule", "smoke-Ended"),
    "FailuresEvents1": ("AWS::SQS::Queue", "https://queue.invalid/events"),
    "FailuresRollbacksHeldUpAlarm1": ("AWS::CloudWatch::Alarm", "smoke-held-up"),
}


KEPT = {"TABLE_NAME": "table"}


class Otherwise(Exception):
    """What a case may end with."""


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://emulator.invalid")  # where nothing has to settle
    monkeypatch.setattr(waiting, "PAUSE", 0)
    with closing(Scripted()) as account:
        made = Stage(account, "smoke", OUTPUTS)
        made.__dict__["_resources"] = [
            {"LogicalResourceId": logical, "ResourceType": kind, "PhysicalResourceId": name}
            for logical, (kind, name) in RESOURCES.items()
        ]
        yield made


def answers(stage: Stage, service: str, operation: str, *answered: Any, **expected: Any) -> None:
    account: Any = stage.account
    account.answers(service, operation, answered, **expected)


def all_asked(stage: Stage) -> None:
    account: Any = stage.account
    account.all_asked()


def configured(stage: Stage, *names: str) -> None:
    for name in names:
        role = f"arn:aws:iam::{ID}:role/{name}Role"
        configuration = {
            "Role": role,
            "Handler": "weighbridge.handler",
            "FunctionArn": f"arn:{name}",
            "Environment": {"Variables": KEPT},
        }
        answers(stage, "lambda", "get_function_configuration", configuration, FunctionName=name)


def taken(stage: Stage, *roles: str, answer: Any = None) -> None:
    for role in roles:
        answers(stage, "iam", "put_role_policy", answer or {}, **_put(role))


def _put(role: str) -> dict[str, Any]:
    deny = [{"Effect": "Deny", "Action": ["lambda:UpdateAlias"], "Resource": "*"}]
    document = json.dumps({"Version": "2012-10-17", "Statement": deny})
    return {"RoleName": role, "PolicyName": DENIED, "PolicyDocument": document}


def given_back(stage: Stage, role: str, answer: Any = None) -> None:
    answers(stage, "iam", "delete_role_policy", answer or {}, RoleName=role, PolicyName=DENIED)


def test_rights_are_given_back_when_a_case_fails(stage: Stage) -> None:
    configured(stage, "smoke-Interrupt", "smoke-Reconcile")
    taken(stage, "smoke-InterruptRole", "smoke-ReconcileRole")
    given_back(stage, "smoke-InterruptRole")
    given_back(stage, "smoke-ReconcileRole")
    with pytest.raises(Otherwise), stage.denied(("Interrupt", "Reconcile"), "lambda:UpdateAlias"):
        raise Otherwise
    all_asked(stage)


def test_rights_are_given_back_where_not_all_could_be_taken(stage: Stage) -> None:
    configured(stage, "smoke-Interrupt", "smoke-Reconcile")
    taken(stage, "smoke-InterruptRole")
    taken(stage, "smoke-ReconcileRole", answer=Refusal("AccessDenied"))
    given_back(stage, "smoke-InterruptRole")
    given_back(stage, "smoke-ReconcileRole", Refusal("NoSuchEntity", status=404))
    with pytest.raises(Exception, match="PutRolePolicy"), stage.denied(("Interrupt", "Reconcile"), "lambda:UpdateAlias"):
        pass
    all_asked(stage)


def test_a_right_that_could_not_be_given_back_is_at_the_end_and_keeps_no_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(stage, "smoke-Interrupt", "smoke-Reconcile")
    taken(stage, "smoke-InterruptRole", "smoke-ReconcileRole")
    given_back(stage, "smoke-InterruptRole", Refusal("Throttling"))
    given_back(stage, "smoke-ReconcileRole")
    with pytest.raises(Exception, match="Throttling"), stage.denied(("Interrupt", "Reconcile"), "lambda:UpdateAlias"):
        pass
    given_back(stage, "smoke-InterruptRole")
    for other in ("stop_all", "_delete_alarms", "_delete_hooks", "_delete_roles", "_delete_rule", "_delete_queue"):
        monkeypatch.setattr(Stage, other, lambda *_: None)
    answers(stage, "lambda", "delete_function", {})
    answers(stage, "cloudwatch", "describe_alarms")
    assert stage.clear() == []
    all_asked(stage)


def test_a_broken_function_is_mended(stage: Stage) -> None:
    configured(stage, "smoke-Interrupt")
    for handler in ("operator.truediv", "weighbridge.handler"):
        answers(
            stage,
            "lambda",
            "update_function_configuration",
            {},
            FunctionName="smoke-Interrupt",
            Handler=handler,
        )
        done = {"State": "Active", "LastUpdateStatus": "Successful"}
        answers(stage, "lambda", "get_function_configuration", {**done, "LastUpdateStatus": "InProgress"}, done)
    with pytest.raises(Otherwise), stage.broken("Interrupt"):
        raise Otherwise
    all_asked(stage)


def test_a_function_that_cannot_be_changed_is_told_of(stage: Stage) -> None:
    configuration = {"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "Its layer is gone."}
    answers(stage, "lambda", "get_function_configuration", configuration)
    with pytest.raises(NotSo, match="Its layer is gone"):
        stage.await_function("smoke-Interrupt")


def test_functions_that_were_cooled_are_as_they_were(stage: Stage) -> None:
    configured(stage, "smoke-Interrupt")
    for variables in ({**KEPT, "COOLED": "yes"}, KEPT):
        answers(
            stage,
            "lambda",
            "update_function_configuration",
            {},
            FunctionName="smoke-Interrupt",
            Environment={"Variables": variables},
        )
        done = {"State": "Active", "LastUpdateStatus": "Successful"}
        answers(stage, "lambda", "get_function_configuration", {**done, "LastUpdateStatus": "InProgress"}, done)
    stage.cool(["Interrupt"])
    all_asked(stage)


@pytest.mark.parametrize("is_there", [False, True])
def test_a_rule_gets_its_permission_back(stage: Stage, is_there: bool) -> None:
    def statement(sid: str, source: str) -> dict[str, Any]:
        permits = {"Principal": {"Service": "events.amazonaws.com"}, "Action": "lambda:InvokeFunction"}
        return permits | {"Sid": sid, "Condition": {"ArnLike": {"AWS:SourceArn": source}}}

    policy = {"Statement": [statement("other", f"{RULE}-else"), statement("ours", RULE), {"Sid": "url"}]}
    answers(stage, "lambda", "get_policy", {"Policy": json.dumps(policy)})
    named = {"FunctionName": "smoke-Interrupt", "StatementId": "ours"}
    answers(stage, "lambda", "remove_permission", {}, **named)
    again = named | {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", "SourceArn": RULE}
    answers(stage, "lambda", "add_permission", Refusal("ResourceConflictException") if is_there else {}, **again)
    with pytest.raises(Otherwise), stage.not_permitted("StopRequested", "Interrupt"):
        raise Otherwise
    all_asked(stage)


def test_a_rule_is_switched_on_again(stage: Stage) -> None:
    answers(stage, "events", "disable_rule", {}, Name="smoke-Ended")
    answers(stage, "events", "enable_rule", {}, Name="smoke-Ended")
    with pytest.raises(Otherwise), stage.without_rule("ExecutionEnded"):
        raise Otherwise
    all_asked(stage)


@pytest.mark.parametrize("refusal", [None, "Throttling"])
def test_the_queue_gets_its_policy_back(stage: Stage, refusal: str | None) -> None:
    secure, closed = {"Sid": "secure"}, {"Effect": "Deny", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": ["role"]}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [secure, closed]})
    url = "https://queue.invalid/events"
    opened = json.dumps({"Version": "2012-10-17", "Statement": [secure]})
    configured(stage, "smoke-Redeliver")
    answers(stage, "sqs", "get_queue_attributes", {"Attributes": {"Policy": policy}})
    answers(stage, "sqs", "set_queue_attributes", {}, QueueUrl=url, Attributes={"Policy": opened})
    answers(stage, "sqs", "send_message", Refusal("AccessDenied"), Refusal(refusal) if refusal else {})
    answers(stage, "sqs", "set_queue_attributes", {}, QueueUrl=url, Attributes={"Policy": policy})
    if refusal:
        with pytest.raises(Exception, match=refusal):
            stage.send_dead_letter("Redeliver", "about")
    else:
        stage.send_dead_letter("Redeliver", "about")
    all_asked(stage)


def test_starts_are_read_from_the_log(stage: Stage) -> None:
    warm = "REPORT RequestId: 1\tDuration: 3.1 ms\tBilled Duration: 4 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB\t"
    log = {"events": [{"message": warm}, {"message": f"{warm}Init Duration: 812.35 ms\t"}]}
    asked = {"logGroupName": "interrupt-log", "startTime": 1500, "filterPattern": '"REPORT"'}
    answers(stage, "logs", "filter_log_events", {"events": []}, log, **asked)
    assert stage.starts("Interrupt", since=1.5) == [0.81235]
    all_asked(stage)


@pytest.mark.parametrize(("answer", "expected"), [({"Functions": []}, False), (Refusal("AccessDeniedException"), True)])
def test_an_account_looks_at_rights_or_not(stage: Stage, answer: Any, expected: bool) -> None:
    stage.__dict__["caller"] = stage.account
    answers(stage, "lambda", "list_functions", answer, MaxItems=1)
    assert stage.looks_at_rights() is expected


@pytest.mark.parametrize(("state", "expected"), [("ALARM", True), ("OK", False)])
def test_an_alarm_fires_or_not(stage: Stage, state: str, expected: bool) -> None:
    alarms = {"MetricAlarms": [{"StateValue": state}]}
    answers(stage, "cloudwatch", "describe_alarms", alarms, AlarmNames=["smoke-held-up"])
    assert stage.is_firing("RollbacksHeldUp") is expected


def test_an_emulator_that_knows_no_log_alarms_has_not_answered(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stage, "stop_all", lambda _: None)
    answers(stage, "iam", "create_role", {"Role": _role("smoke-log-query")})
    answers(stage, "iam", "put_role_policy", {})
    answers(stage, "cloudwatch", "put_log_alarm", Refusal("InvalidAction"))
    [line] = smoke.played(stage, [Case(5, "a log alarm", turning_back.log_alarms_bring_traffic_back)])
    assert line.answer.verdict is Verdict.UNANSWERED


def test_a_log_alarm_waits_for_its_role_and_says_why_it_was_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(stage, "iam", "create_role", {"Role": _role("smoke-log-query")})
    answers(stage, "iam", "put_role_policy", {})
    answers(stage, "cloudwatch", "put_log_alarm", Refusal("ValidationError", "The role cannot be assumed."), {})
    answers(stage, "cloudwatch", "set_alarm_state", {})
    stage.add_log_alarm("smoke-alarm-log")
    all_asked(stage)
    monkeypatch.setattr("acceptance.stage.SETTLING_SECONDS", -1)
    answers(stage, "iam", "create_role", {"Role": _role("smoke-log-query")})
    answers(stage, "iam", "put_role_policy", {})
    answers(stage, "cloudwatch", "put_log_alarm", Refusal("ValidationError", "The role cannot be assumed."))
    with pytest.raises(NotSo, match="The role cannot be assumed"):
        stage.add_log_alarm("smoke-alarm-log")


def _role(name: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ID}:role/{name}"
    return {"Path": "/", "RoleName": name, "RoleId": "AROA0123456789ABCDEF", "Arn": arn, "CreateDate": 0}


BUCKET = f"cdk-assets-{ID}-{REGION}"


def _zipped(name: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr(name, "")
    return archive.getvalue()


def test_an_update_is_of_code_layer_and_a_variable_and_leaves_no_files(stage: Stage) -> None:
    bucket = {"Fn::Sub": "cdk-assets-${AWS::AccountId}-${AWS::Region}"}
    code, layer = ({"S3Bucket": bucket, "S3Key": key} for key in ("code.zip", "layer.zip"))
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Code": code, "Environment": {"Variables": {"KEPT": "yes"}}},
    }
    template = {
        "Resources": {
            "Function": function,
            "Another": function,
            "Layer": {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": layer}},
            "Queue": {"Type": "AWS::SQS::Queue"},
        }
    }
    put: dict[str, bytes] = {}
    s3 = _Files({"code.zip": _zipped("weighbridge.py"), "layer.zip": _zipped("python/library.py")}, put)
    answers(stage, "sts", "get_caller_identity", {"Account": ID})
    answers(stage, "cloudformation", "get_template", {"TemplateBody": json.dumps(template)})
    url = f"https://s3.invalid/{BUCKET}/smoke.json"
    asked = {"StackName": "smoke", "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]}
    answers(stage, "cloudformation", "update_stack", {}, TemplateURL=url, **asked)
    account: Any = stage.account
    clients = lambda service: s3 if service == "s3" else account.client(service)  # noqa: E731
    with suppress(Otherwise), upgrade(clients, "smoke") as update:
        assert set(put) == {f"{BUCKET}/smoke-code.zip", f"{BUCKET}/smoke-layer.zip", f"{BUCKET}/smoke.json"}
        updated = json.loads(put[f"{BUCKET}/smoke.json"])["Resources"]
        for name in ("Function", "Another"):
            properties = updated[name]["Properties"]
            assert properties["Environment"]["Variables"].keys() == {"KEPT", ADDED}
            assert properties["Code"]["S3Key"] == "smoke-code.zip"
        assert updated["Layer"]["Properties"]["Content"]["S3Key"] == "smoke-layer.zip"
        assert updated["Queue"] == template["Resources"]["Queue"]
        with zipfile.ZipFile(io.BytesIO(put[f"{BUCKET}/smoke-layer.zip"])) as files:
            assert set(files.namelist()) == {"python/library.py", f"{ADDED}.txt"}
        update.begin()
        raise Otherwise
    assert put == {}
    all_asked(stage)


class _Files:
    """A bucket that keeps versions."""

    def __init__(self, there: dict[str, bytes], put: dict[str, bytes]) -> None:
        self._there, self._put = there, put
        self.meta = type("Meta", (), {"endpoint_url": "https://s3.invalid", "region_name": REGION})

    def get_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803
        assert Bucket == BUCKET
        return {"Body": io.BytesIO(self._there[Key])}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ExpectedBucketOwner: str) -> Any:  # noqa: N803
        assert ExpectedBucketOwner == ID
        self._put[f"{Bucket}/{Key}"] = Body
        return {"VersionId": f"version of {Key}"}

    def delete_object(self, *, Bucket: str, Key: str, VersionId: str) -> None:  # noqa: N803
        assert VersionId == f"version of {Key}"
        del self._put[f"{Bucket}/{Key}"]
