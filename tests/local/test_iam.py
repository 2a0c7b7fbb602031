"""The cloud that enforces IAM: what root, users, roles and functions may do, and the gaps of the emulator in it."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud import CREDENTIALS, LocalCloud, session
from tests.local.test_callbacks import code_of, gate, table, token
from tests.local.workbench import ROLE, SCALE, Workbench, closed

ECHOES = """
    import json
    def handler(event, context):
        return {"statusCode": 200, "body": json.dumps({"applications": [json.dumps(event["requestContext"].get("authorizer"))]})}
"""
ANSWERS = "def handler(event, context): return {'statusCode': 200, 'body': '{}'}"
ACCOUNT = "000000000000"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
DENIED = {"AccessDenied", "AccessDeniedException"}


@pytest.fixture(scope="module")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with LocalCloud(time_scale=SCALE, directory=tmp_path_factory.mktemp("enforcing"), enforce_iam=True) as cloud:
        yield _bench(cloud)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with LocalCloud(time_scale=SCALE, directory=tmp_path_factory.mktemp("bare"), enforce_iam=True, bare=True) as cloud:
        yield _bench(cloud)


def _bench(cloud: LocalCloud) -> Workbench:
    bench = Workbench(cloud)
    _role(bench, ROLE.rpartition("/")[2], {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]})
    return bench


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _allow(action: str | list[str], resource: str, **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | ({"Condition": condition} if condition else {})


def _role(bench: Workbench, name: str, trusted: dict[str, Any], *statements: dict[str, Any], **condition: Any) -> str:
    trust = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole", "Condition": condition}
    iam = bench.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=_document(*statements))
    return str(arn)


def _user(bench: Workbench, *statements: dict[str, Any]) -> boto3.Session:
    """A user who may do what the statements say."""
    iam, name = bench.client("iam"), bench.name("user")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=_document(*statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return session({"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]})


def _refusal(call: Any, **arguments: Any) -> str | None:
    """The code that a call is refused with, None where it is answered."""
    try:
        call(**arguments)
    except ClientError as error:
        return code_of(error)
    return None


# ------------------------------------------------------------------------------------------------ what is enforced


def test_a_user_may_do_what_its_policy_says_and_nothing_else(enforcing: Workbench) -> None:
    queue = enforcing.client("sqs").create_queue(QueueName="mine")["QueueUrl"]
    other = enforcing.client("sqs").create_queue(QueueName="other")["QueueUrl"]
    user = _user(enforcing, _allow("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:mine"))
    sqs = enforcing.cloud.client("sqs", user)
    assert _refusal(sqs.send_message, QueueUrl=queue, MessageBody="-") is None
    assert _refusal(sqs.send_message, QueueUrl=other, MessageBody="-") in DENIED
    assert _refusal(sqs.purge_queue, QueueUrl=queue) in DENIED


def test_a_function_may_do_what_its_role_says_and_nothing_else(enforcing: Workbench) -> None:
    function = enforcing.function("""
        import boto3
        def handler(event, context):
            boto3.client("sns").create_topic(Name="by-a-function")
    """)
    answer = json.load(enforcing.client("lambda").invoke(FunctionName=function)["Payload"])
    assert answer["errorType"] == "AuthorizationErrorException"
    assert "not authorized to perform: sns:CreateTopic" in answer["errorMessage"]


def test_who_nobody_knows_may_do_nothing(enforcing: Workbench) -> None:
    attacker = session({"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"})
    assert _refusal(enforcing.cloud.client("dynamodb", attacker).list_tables) == "UnrecognizedClientException"


def test_without_it_everybody_may_do_everything(filled: Workbench) -> None:
    attacker = session({"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"})
    assert _refusal(filled.cloud.client("dynamodb", attacker).list_tables) is None


# ------------------------------------------------------------------------------------------------------------- gaps


def _calls_on_an_alias(bench: Workbench, *actions: str) -> dict[str, str | None]:
    function = bench.function(ANSWERS, versions=1)
    bench.client("lambda").create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}"
    functions = bench.cloud.client("lambda", _user(bench, _allow([f"lambda:{action}" for action in actions], arn)))
    alias = {"FunctionName": function, "Name": "live"}
    return {
        "GetAlias": _refusal(functions.get_alias, **alias),
        "UpdateAlias": _refusal(functions.update_alias, **alias, Description="-"),
        "ListAliases": _refusal(functions.list_aliases, FunctionName=function),
    }


def test_bare_emulator_takes_a_write_of_an_alias_for_a_list(bare: Workbench) -> None:
    assert _calls_on_an_alias(bare, "UpdateAlias")["UpdateAlias"] == "AccessDeniedException", closed("alias_actions")


@pytest.mark.parametrize("action", ["GetAlias", "UpdateAlias", "ListAliases"])
def test_each_call_on_an_alias_needs_the_action_of_its_name(enforcing: Workbench, action: str) -> None:
    refusals = _calls_on_an_alias(enforcing, action)
    assert refusals.pop(action) is None
    assert set(refusals.values()) == {"AccessDeniedException"}


def _switches_a_rule(bench: Workbench, resource: str) -> str | None:
    bench.client("events").put_rule(Name="every-hour", ScheduleExpression="rate(1 hour)")
    arn = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/{resource}"
    events = bench.cloud.client("events", _user(bench, _allow(["events:DisableRule"], arn)))
    return _refusal(events.disable_rule, Name="every-hour")


def test_bare_emulator_asks_for_a_right_on_a_rule_by_another_arn(bare: Workbench) -> None:
    assert _switches_a_rule(bare, "every-hour") == "AccessDeniedException", closed("rule_arns")


def test_a_rule_of_the_default_bus_is_switched_by_who_may_switch_that_rule(enforcing: Workbench) -> None:
    assert _switches_a_rule(enforcing, "every-hour") is None
    assert _switches_a_rule(enforcing, "every-day") == "AccessDeniedException"


def _report(bench: Workbench, machine: str | None = None) -> str | None:
    """How a report is answered to somebody who may report to `machine`, by default the one that waits."""
    name = table(bench)
    execution = bench.start(gate(name), "Gate")
    owner = execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]
    waiting = token(bench, name)
    states = bench.cloud.client("stepfunctions", _user(bench, _allow("states:SendTaskSuccess", machine or owner)))
    return _refusal(states.send_task_success, taskToken=waiting, output="{}")


def test_bare_emulator_asks_for_a_right_on_every_machine(bare: Workbench) -> None:
    assert _report(bare) == "AccessDeniedException", closed("token_owners")


def test_a_report_needs_a_right_on_the_machine_that_waits(enforcing: Workbench) -> None:
    other = enforcing.machine({"End": {"Type": "Succeed"}}, "End")
    assert _report(enforcing) is None
    assert _report(enforcing, other) == "AccessDeniedException"


def _put(bench: Workbench, condition: dict[str, str], *entries: tuple[str, str]) -> str | None:
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    of_every_entry = {"ForAllValues:StringEquals": condition, "Null": dict.fromkeys(condition, "false")}
    user = _user(bench, _allow("events:PutEvents", bus, **of_every_entry))
    return _refusal(
        bench.cloud.client("events", user).put_events,
        Entries=[{"Source": source, "DetailType": kind, "Detail": "{}"} for source, kind in entries],
    )


def test_bare_emulator_knows_no_sources(bare: Workbench) -> None:
    assert _put(bare, {"events:source": "ours"}, ("ours", "News")) == "AccessDeniedException", closed("event_keys")


def test_a_policy_may_restrict_sources_and_detail_types(enforcing: Workbench) -> None:
    assert _put(enforcing, {"events:source": "ours"}, ("ours", "News"), ("ours", "More news")) is None
    assert _put(enforcing, {"events:source": "ours"}, ("theirs", "News")) == "AccessDeniedException"
    assert _put(enforcing, {"events:source": "ours"}, ("ours", "News"), ("theirs", "News")) == "AccessDeniedException"
    assert _put(enforcing, {"events:detail-type": "News"}, ("ours", "News"), ("theirs", "News")) is None
    assert _put(enforcing, {"events:detail-type": "News"}, ("ours", "Request")) == "AccessDeniedException"


def _read_from_a_bucket_that_wants_tls(bench: Workbench) -> str | None:
    bucket, s3 = bench.name("bucket"), bench.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    objects = f"arn:aws:s3:::{bucket}/*"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": objects}
    s3.put_bucket_policy(Bucket=bucket, Policy=_document(deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}))
    user = _user(bench, _allow("s3:GetObject", objects))
    return _refusal(bench.cloud.client("s3", user).get_object, Bucket=bucket, Key="a")


def test_bare_emulator_calls_its_own_http_insecure(bare: Workbench) -> None:
    assert _read_from_a_bucket_that_wants_tls(bare) == "AccessDenied", closed("secure_transport")


def test_a_bucket_that_wants_tls_can_be_read(enforcing: Workbench) -> None:
    assert _read_from_a_bucket_that_wants_tls(enforcing) is None


def _function_url(bench: Workbench, kind: str = "AWS_IAM", source: str = ANSWERS) -> tuple[str, str]:
    """The ARN of a function, and its URL."""
    function, functions = bench.function(source), bench.client("lambda")
    url = functions.create_function_url_config(FunctionName=function, AuthType=kind)["FunctionUrl"]
    if kind == "NONE":
        functions.add_permission(
            FunctionName=function,
            StatementId="anybody",
            Action="lambda:InvokeFunctionUrl",
            Principal="*",
            FunctionUrlAuthType="NONE",
        )
    address = url.removeprefix("https://").partition(".")[0]
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}"
    return arn, f"{bench.cloud.endpoint}/_aws/lambda-url/{address}/"


def _call(url: str, service: str, operation: str, by: boto3.Session) -> str | None:
    client: Any = by.client(service, endpoint_url=url)  # type: ignore[call-overload]
    return _refusal(getattr(client, operation))


def test_bare_emulator_takes_a_signature_for_any_service(bare: Workbench) -> None:
    arn, url = _function_url(bare)
    user = _user(bare, _allow("lambda:InvokeFunctionUrl", arn))
    assert _call(url, "codedeploy", "list_applications", user) is None, closed("function_url_signatures")


def _rights_by_url(arn: str) -> list[dict[str, Any]]:
    by_url = {"lambda:InvokedViaFunctionUrl": "true"}
    return [_allow("lambda:InvokeFunctionUrl", arn), _allow("lambda:InvokeFunction", arn, Bool=by_url)]


def test_a_function_url_wants_a_signature_for_lambda_and_a_right(enforcing: Workbench) -> None:
    arn, url = _function_url(enforcing)
    caller, other = _user(enforcing, *_rights_by_url(arn)), _user(enforcing, _allow("s3:*", "*"))
    assert _call(url, "lambda", "list_functions", caller) is None
    assert _call(url, "codedeploy", "list_applications", caller) == "InvalidSignatureException"
    assert _call(url, "lambda", "list_functions", other) == "AccessDeniedException"


def test_bare_emulator_wants_half_of_the_rights_at_a_url(bare: Workbench) -> None:
    arn, url = _function_url(bare)
    half = _user(bare, _rights_by_url(arn)[0])
    assert _call(url, "lambda", "list_functions", half) is None, closed("function_url_rights")


def test_a_function_url_wants_both_rights_and_the_second_is_good_for_nothing_else(enforcing: Workbench) -> None:
    arn, url = _function_url(enforcing)
    for right in _rights_by_url(arn):
        assert _call(url, "lambda", "list_functions", _user(enforcing, right)) == "AccessDeniedException"
    caller = _user(enforcing, *_rights_by_url(arn))
    assert _call(url, "lambda", "list_functions", caller) is None
    invoke = enforcing.cloud.client("lambda", caller).invoke
    assert {_refusal(invoke, FunctionName=arn, InvocationType=kind) for kind in ("RequestResponse", "Event", "DryRun")} == {
        "AccessDeniedException"
    }


def test_an_open_function_url_takes_whatever_signature(enforcing: Workbench) -> None:
    _, url = _function_url(enforcing, "NONE")
    user = _user(enforcing, _allow("s3:*", "*"))
    assert _call(url, "codedeploy", "list_applications", user) is None


def _told_of_its_caller(bench: Workbench, kind: str = "AWS_IAM") -> Any:
    """What a function behind a URL receives of the root, who calls it."""
    _, url = _function_url(bench, kind, ECHOES)
    root: Any = session(CREDENTIALS).client("codedeploy", endpoint_url=url)
    return json.loads(root.list_applications()["applications"][0])


def test_bare_emulator_keeps_the_caller_of_a_url_to_itself(bare: Workbench) -> None:
    assert _told_of_its_caller(bare) is None, closed("url_callers")


def test_a_function_behind_a_url_is_told_who_calls(enforcing: Workbench) -> None:
    iam = _told_of_its_caller(enforcing)["iam"]
    assert (iam["accountId"], iam["userArn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
    assert _told_of_its_caller(enforcing, "NONE") is None


def _assume_as_a_role(bench: Workbench) -> str | None:
    """How it ends when a role's session assumes a role that trusts this role of the account only."""
    first, second = bench.name("first"), bench.name("second")
    target = f"arn:aws:iam::{ACCOUNT}:role/{second}"
    arn = _role(bench, first, ROOT, _allow("sts:AssumeRole", target))
    _role(bench, second, ROOT, ArnEquals={"aws:PrincipalArn": arn})
    assumed = bench.client("sts").assume_role(RoleArn=arn, RoleSessionName="d-AAAAAAAAA")["Credentials"]
    caller = session(
        {
            "AWS_ACCESS_KEY_ID": assumed["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": assumed["SecretAccessKey"],
            "AWS_SESSION_TOKEN": assumed["SessionToken"],
        }
    )
    return _refusal(bench.cloud.client("sts", caller).assume_role, RoleArn=target, RoleSessionName="d-AAAAAAAAA")


def test_bare_emulator_takes_a_session_for_the_principal(bare: Workbench) -> None:
    assert _assume_as_a_role(bare) == "AccessDenied", closed("role_sessions")


def test_the_principal_of_a_session_is_its_role(enforcing: Workbench) -> None:
    assert _assume_as_a_role(enforcing) is None
