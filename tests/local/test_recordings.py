"""What AWS was recorded to answer, and that the local cloud answers the same.

The recordings are LocalStack's (`localstack/localstack` at `8b9a79f`): snapshots of tests that its authors ran against
AWS and marked as validated there, each with the day on which it was made. Facts and days are taken from them, no text. What
Weighbridge and `local/gaps` rely on and no recording shows is listed in docs/architecture.md.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud import ROOT
from tests.local.test_callbacks import table
from tests.local.test_stream_batches import RAISES, REPORTS, streamed
from tests.local.workbench import Workbench, until

LAMBDA = "lambda_/test_lambda"
LAMBDA_API = "lambda_/test_lambda_api"
DESTINATIONS = "lambda_/test_lambda_destinations"
STREAMS = "lambda_/event_source_mapping/test_lambda_integration_dynamodbstreams"
STEPS = "stepfunctions/v2/"
DYNAMODB = "dynamodb/test_dynamodb"
S3_EVENTS = "s3/test_s3_notifications_eventbridge"
CLOUDWATCH = "cloudwatch/test_cloudwatch"

ECHO = "def handler(event, context): return event"
RAISING = "class Refused(Exception): pass\ndef handler(event, context): raise Refused('because')"
INVOKE = "arn:aws:states:::lambda:invoke"
SUCCEED: dict[str, Any] = {"End": {"Type": "Succeed"}}
WAIT: dict[str, Any] = {"Wait": {"Type": "Wait", "Seconds": 86400, "End": True}}


@dataclass(frozen=True)
class Recorded:
    fact: str
    answer: Any
    """What AWS answers, as far as the fact is about it."""
    file: str
    """Below `tests/aws/services`, without `.snapshot.json`."""
    test: str
    day: date
    asked: Callable[[Workbench], Any]
    """Asks the local cloud the same."""


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    response = refused.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


# Aliases


def alias(bench: Workbench, **routing: Any) -> dict[str, Any]:
    """The arguments that name a new alias on version 1 of three."""
    function = bench.function(ECHO, versions=3)
    named = {"FunctionName": function, "Name": "live"}
    bench.client("lambda").create_alias(**named, FunctionVersion="1", **routing)
    return named


def weighted(**weights: float) -> dict[str, Any]:
    return {"AdditionalVersionWeights": {name.removeprefix("v"): weight for name, weight in weights.items()}}


def refused_change(**change: Any) -> Callable[[Workbench], tuple[str, int]]:
    return lambda bench: refusal(bench.client("lambda").update_alias, **alias(bench), **change)


def cleared_weights(bench: Workbench) -> Any:
    named = alias(bench, RoutingConfig=weighted(v2=0.2))
    return bench.client("lambda").update_alias(**named, RoutingConfig=weighted()).get("RoutingConfig")


def kept_weights(bench: Workbench) -> Any:
    return bench.client("lambda").get_alias(**alias(bench, RoutingConfig=weighted(v2=0.2)))["RoutingConfig"]


def revision_stays(bench: Workbench) -> bool:
    named = alias(bench)
    functions = bench.client("lambda")
    before = functions.get_alias(**named)["RevisionId"]
    return bool(functions.update_alias(**named)["RevisionId"] == before)


def stale_revision(bench: Workbench) -> tuple[str, int]:
    functions = bench.client("lambda")
    return refusal(functions.update_alias, **alias(bench), RevisionId="00000000-0000-0000-0000-000000000000")


def version_that_ran(bench: Workbench) -> Any:
    named = alias(bench)
    return bench.client("lambda").invoke(FunctionName=named["FunctionName"], Qualifier="live")["ExecutedVersion"]


# Functions


def failure(source: str, **settings: Any) -> Callable[[Workbench], Any]:
    """The class of a function's error, and which fields carry it."""

    def asked(bench: Workbench) -> Any:
        error = json.load(bench.client("lambda").invoke(FunctionName=bench.function(source, **settings))["Payload"])
        return error["errorType"], {"errorMessage", "errorType"} <= set(error)

    return asked


def throttled(bench: Workbench) -> Any:
    states = calling(bench)
    function = states["Try"]["Arguments"]["FunctionName"]
    bench.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    return error_of(bench, states).removeprefix("Lambda.")


def dry_run(bench: Workbench) -> Any:
    return bench.client("lambda").invoke(FunctionName=bench.function(ECHO), InvocationType="DryRun")["StatusCode"]


def exhausted(bench: Workbench) -> Any:
    queue, function = bench.collector(), bench.function(RAISING)
    bench.client("lambda").put_function_event_invoke_config(
        FunctionName=function,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": bench.queue_arn(queue)}},
    )
    bench.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b'{"a": 1}')
    (report,) = until(lambda: bench.collected(queue))
    return report["requestContext"]["condition"], report["requestPayload"], report["responsePayload"]["errorType"]


def given_up(source: str, **mapping: Any) -> Callable[[Workbench], Any]:
    def asked(bench: Workbench) -> Any:
        _, _, failed = streamed(bench, source, **mapping)
        (report,) = until(lambda: bench.collected(failed))
        batch = report["DDBStreamBatchInfo"]
        return report["requestContext"]["condition"], {"shardId", "startSequenceNumber", "streamArn"} <= set(batch)

    return asked


# State machines


def task(resource: str, arguments: Any, **fields: Any) -> dict[str, Any]:
    return {"Try": {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True, **fields}}


def calling(bench: Workbench, source: str = ECHO, **fields: Any) -> dict[str, Any]:
    return task(INVOKE, {"FunctionName": bench.function(source)}, **fields)


def ended(bench: Workbench, states: dict[str, Any], start_at: str = "Try") -> dict[str, Any]:
    return bench.ended(bench.start(states, start_at))


def error_of(bench: Workbench, states: dict[str, Any], start_at: str = "Try") -> Any:
    return ended(bench, states, start_at)["error"]


def error_of_a_function(bench: Workbench) -> Any:
    run = ended(bench, calling(bench, RAISING))
    return run["error"], sorted(json.loads(run["cause"]))


def caught(bench: Workbench) -> Any:
    states = calling(
        bench,
        RAISING,
        Catch=[{"ErrorEquals": ["States.ALL"], "Assign": {"failure": "{% $states.errorOutput %}"}, "Next": "End"}],
    )
    states["End"] = {"Type": "Pass", "Output": "{% $failure %}", "End": True}
    output = json.loads(ended(bench, states)["output"])
    return output["Error"], sorted(json.loads(output["Cause"]))


def tried_once(bench: Workbench) -> Any:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]
    execution = bench.start(calling(bench, RAISING, Retry=retry), "Try")
    bench.ended(execution)
    history = bench.client("stepfunctions").get_execution_history(executionArn=execution)["events"]
    return [event["type"] for event in history if event["type"].startswith(("TaskScheduled", "TaskFailed", "Execution"))]


def queue_task(queue: str, **fields: Any) -> dict[str, Any]:
    body = {"token": "{% $states.context.Task.Token %}"}
    arguments = {"QueueUrl": queue, "MessageBody": body}
    return task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", arguments, **fields)


def unanswered(bench: Workbench) -> Any:
    run = ended(bench, queue_task(bench.collector(), TimeoutSeconds=1))
    return run["status"], run["error"], run.get("cause")


def answered(bench: Workbench) -> Any:
    queue = bench.collector()
    execution = bench.start(queue_task(queue), "Try")
    (message,) = until(lambda: bench.collected(queue))
    bench.client("stepfunctions").send_task_failure(taskToken=message["token"], error="Refused", cause="because")
    run = bench.ended(execution)
    return run["error"], run["cause"]


def task_timed_out(bench: Workbench) -> Any:
    sleeping = "import time\ndef handler(event, context): time.sleep(5)"
    run = ended(bench, calling(bench, sleeping, TimeoutSeconds="{% 1 %}"))
    return run["error"], run.get("cause")


def made_by_jsonata(bench: Workbench) -> Any:
    run = ended(bench, {"Fail": {"Type": "Fail", "Error": "{% 'Re' & 'fused' %}", "Cause": "{% 'because' %}"}}, "Fail")
    return run["error"], run["cause"]


def update_by_sdk(name: str) -> dict[str, Any]:
    arguments = {
        "TableName": name,
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "SET told = :told",
        "ExpressionAttributeValues": {":told": {"S": "yes"}},
        "ReturnValues": "UPDATED_NEW",
    }
    return task("arn:aws:states:::aws-sdk:dynamodb:updateItem", arguments)


def updated(bench: Workbench) -> Any:
    return json.loads(ended(bench, update_by_sdk(table(bench)))["output"])["Attributes"]


def missing_attribute(bench: Workbench) -> Any:
    states = update_by_sdk(table(bench))
    states["Try"]["Arguments"]["Key"] = {"other": {"S": "a"}}
    return error_of(bench, states)


def nested(bench: Workbench, child: dict[str, Any], start_at: str) -> dict[str, Any]:
    machine = bench.machine(child, start_at)
    arguments = {"StateMachineArn": machine, "Name": bench.name("child"), "Input": {}}
    return ended(bench, task("arn:aws:states:::states:startExecution.sync:2", arguments))


def nested_failure(bench: Workbench) -> Any:
    run = nested(bench, {"Fail": {"Type": "Fail", "Error": "Refused", "Cause": "because"}}, "Fail")
    cause = json.loads(run["cause"])
    return run["error"], cause["Error"], cause["Cause"], cause["Status"], cause["Input"]


def nested_output(bench: Workbench) -> Any:
    run = nested(bench, {"Pass": {"Type": "Pass", "Output": {"answer": 42}, "End": True}}, "Pass")
    result = json.loads(run["output"])
    return result["Status"], result["Output"]


def started_twice(bench: Workbench) -> Any:
    machine, steps = bench.machine(WAIT, "Wait"), bench.client("stepfunctions")
    start = {"stateMachineArn": machine, "name": "d-1"}
    first, second = (steps.start_execution(**start, input="{}")["executionArn"] for _ in range(2))
    return first == second, refusal(steps.start_execution, **start, input='{"other": 1}')


def history_of_the_stopped(bench: Workbench) -> Any:
    execution, steps = bench.start(WAIT, "Wait"), bench.client("stepfunctions")
    until(lambda: len(steps.get_execution_history(executionArn=execution)["events"]) == 2)
    steps.stop_execution(executionArn=execution)
    return [event["type"] for event in steps.get_execution_history(executionArn=execution)["events"]]


def unknown_execution(bench: Workbench) -> Any:
    machine = bench.machine(SUCCEED, "End")
    missing = machine.replace(":stateMachine:", ":execution:") + ":d-missing"
    return refusal(bench.client("stepfunctions").describe_execution, executionArn=missing)[0]


def unknown_token(bench: Workbench) -> Any:
    return refusal(bench.client("stepfunctions").send_task_failure, taskToken="no such token")[0]


def status_events(bench: Workbench) -> Any:
    machine = bench.machine(SUCCEED, "End")
    queue = bench.collector({"source": ["aws.states"], "detail": {"stateMachineArn": [machine], "status": ["SUCCEEDED"]}})
    bench.client("stepfunctions").start_execution(stateMachineArn=machine, name="d-1", input="{}")
    (event,) = until(lambda: bench.collected(queue))
    members = {"executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate", "input", "output"}
    return event["detail-type"], members <= set(event["detail"]), event["detail"]["error"], event["detail"]["cause"]


# DynamoDB, S3, CloudWatch, function URLs


def condition(name: str, **fields: Any) -> dict[str, Any]:
    return {"TableName": name, "Item": {"pk": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(pk)", **fields}


def cancelled(bench: Workbench) -> Any:
    name, dynamodb = table(bench), bench.client("dynamodb")
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}})
    other = condition(name) | {"Item": {"pk": {"S": "b"}}}
    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(TransactItems=[{"Put": condition(name)}, {"Put": other}])
    error = refused.value.response["Error"]
    return error["Code"], re.findall(r"\[(.*)\]", error["Message"])


def item_of_a_failed_condition(bench: Workbench) -> Any:
    name, dynamodb = table(bench), bench.client("dynamodb")
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "a"}})
    with pytest.raises(ClientError) as refused:
        dynamodb.put_item(**condition(name, ReturnValuesOnConditionCheckFailure="ALL_OLD"))
    response: Any = refused.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Item"]


def object_created(bench: Workbench) -> Any:
    bucket, s3 = bench.name("bucket"), bench.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    queue = bench.collector({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}})
    s3.put_object(Bucket=bucket, Key="a", Body=b"one")
    (event,) = until(lambda: bench.collected(queue))
    return event["detail-type"], event["detail"]["reason"], sorted(event["detail"]["object"])


def set_alarm(bench: Workbench) -> str:
    name = bench.name("alarm")
    bench.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="test",
        MetricName=name,
        Period=86400,
        EvaluationPeriods=1,
        Statistic="Sum",
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    bench.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="because")
    return name


def described(bench: Workbench, name: str) -> Any:
    answer = bench.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return [
        (alarm["StateValue"], "AlarmRule" in alarm)
        for kind in ("MetricAlarms", "CompositeAlarms")
        for alarm in answer[kind]
    ]


def state_that_was_set(bench: Workbench) -> Any:
    return described(bench, set_alarm(bench))


def composite_of_the_set(bench: Workbench) -> Any:
    child, name = set_alarm(bench), bench.name("composite")
    cloudwatch = bench.client("cloudwatch")
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=f'ALARM("{child}")')
    cloudwatch.set_alarm_state(AlarmName=child, StateValue="OK", StateReason="because")
    cloudwatch.set_alarm_state(AlarmName=child, StateValue="ALARM", StateReason="because")
    until(lambda: described(bench, name)[0][0] == "ALARM")
    return described(bench, name)


ALIASES = "TestLambdaAlias::test_notfound_and_invalid_routingconfigs"
LIFECYCLE = "TestLambdaAlias::test_alias_lifecycle"
INVALID, ILLEGAL, MISSING = (
    ("InvalidParameterValueException", 400),
    ("ValidationException", 400),
    ("ResourceNotFoundException", 404),
)
TWO = weighted(v2=0.1, v3=0.1)
LATEST = {"AdditionalVersionWeights": {"$LATEST": 0.5}}
ERROR = ["errorMessage", "errorType", "requestId", "stackTrace"]

RECORDED = [
    Recorded(
        "an alias has one additional version",
        INVALID,
        LAMBDA_API,
        ALIASES,
        date(2025, 11, 25),
        refused_change(RoutingConfig=TWO),
    ),
    Recorded(
        "a weight is at most 1",
        ILLEGAL,
        LAMBDA_API,
        ALIASES,
        date(2025, 11, 25),
        refused_change(RoutingConfig=weighted(v2=2.0)),
    ),
    Recorded(
        "an alias names a version once",
        INVALID,
        LAMBDA_API,
        ALIASES,
        date(2025, 11, 25),
        refused_change(RoutingConfig=weighted(v1=0.5)),
    ),
    Recorded(
        "an alias's version exists", MISSING, LAMBDA_API, ALIASES, date(2025, 11, 25), refused_change(FunctionVersion="10")
    ),
    Recorded(
        "an additional version exists",
        MISSING,
        LAMBDA_API,
        ALIASES,
        date(2025, 11, 25),
        refused_change(RoutingConfig=weighted(v10=0.5)),
    ),
    Recorded(
        "$LATEST shares no traffic",
        INVALID,
        LAMBDA_API,
        ALIASES,
        date(2025, 11, 25),
        refused_change(FunctionVersion="$LATEST", RoutingConfig=weighted(v2=0.5)),
    ),
    Recorded(
        "$LATEST is no additional version",
        ILLEGAL,
        LAMBDA_API,
        ALIASES,
        date(2025, 11, 25),
        refused_change(RoutingConfig=LATEST),
    ),
    Recorded(
        "an alias that is not there is not updated",
        MISSING,
        LAMBDA_API,
        "TestLambdaAlias::test_non_existent_alias_update",
        date(2025, 11, 25),
        lambda bench: refusal(bench.client("lambda").update_alias, FunctionName=bench.function(ECHO), Name="missing"),
    ),
    Recorded("empty weights clear the routing", None, LAMBDA_API, LIFECYCLE, date(2025, 11, 25), cleared_weights),
    Recorded(
        "a weight is told as it was written", weighted(v2=0.2), LAMBDA_API, LIFECYCLE, date(2025, 11, 25), kept_weights
    ),
    Recorded(
        "an update that changes nothing gives a new revision",
        False,
        LAMBDA_API,
        LIFECYCLE,
        date(2025, 11, 25),
        revision_stays,
    ),
    Recorded(
        "a stale revision is refused",
        ("PreconditionFailedException", 412),
        LAMBDA_API,
        "TestLambdaRevisions::test_function_revisions_version_and_alias",
        date(2025, 11, 25),
        stale_revision,
    ),
    Recorded(
        "an invocation of an alias tells the version that ran",
        "1",
        LAMBDA,
        "TestLambdaAliases::test_lambda_alias_moving",
        date(2025, 11, 25),
        version_that_ran,
    ),
    Recorded(
        "a failing function's error is its exception's class",
        ("Refused", True),
        STEPS + "error_handling/test_task_service_lambda",
        "TestTaskServiceLambda::test_raise_custom_exception",
        date(2024, 11, 28),
        failure(RAISING),
    ),
    Recorded(
        "a function that exits fails with Runtime.ExitError",
        ("Runtime.ExitError", True),
        LAMBDA,
        "TestLambdaErrors::test_lambda_handler_exit",
        date(2025, 11, 24),
        failure("import os\ndef handler(event, context): os._exit(0)"),
    ),
    Recorded(
        "a function that takes too long fails with Sandbox.Timedout",
        ("Sandbox.Timedout", True),
        LAMBDA,
        "TestLambdaErrors::test_lambda_runtime_exit_segfault",
        date(2025, 11, 24),
        failure("import time\ndef handler(event, context): time.sleep(9)", timeout=1),
    ),
    Recorded(
        "a function above its concurrency is throttled",
        "TooManyRequestsException",
        LAMBDA,
        "TestLambdaConcurrency::test_lambda_concurrency_block",
        date(2025, 11, 24),
        throttled,
    ),
    Recorded(
        "a dry run answers 204",
        204,
        LAMBDA,
        "TestLambdaFeatures::test_invocation_type_dry_run[python3.10]",
        date(2023, 4, 26),
        dry_run,
    ),
    Recorded(
        "what fails for good goes to the destination with its event",
        ("RetriesExhausted", {"a": 1}, "Refused"),
        DESTINATIONS,
        "TestLambdaDestinationSqs::test_assess_lambda_destination_invocation[payload1]",
        date(2025, 11, 24),
        exhausted,
    ),
    Recorded(
        "a batch that fails for good goes to the destination",
        ("RetryAttemptsExhausted", True),
        STREAMS,
        "TestDynamoDBEventSourceMapping::test_dynamodb_event_source_mapping_with_on_failure_destination_config",
        date(2025, 11, 25),
        given_up(RAISES),
    ),
    Recorded(
        "so does a record that is reported",
        ("RetryAttemptsExhausted", True),
        STREAMS,
        "TestDynamoDBEventSourceMapping::test_dynamodb_report_batch_item_failures_with_on_failure_destination_config",
        date(2024, 9, 11),
        given_up(REPORTS, FunctionResponseTypes=["ReportBatchItemFailures"]),
    ),
    Recorded(
        "a task's error is the exception's class, its cause JSON",
        ("Refused", ERROR),
        STEPS + "error_handling/test_task_service_lambda",
        "TestTaskServiceLambda::test_raise_custom_exception",
        date(2024, 11, 28),
        error_of_a_function,
    ),
    Recorded(
        "a Catch reads Error and Cause, and assigns",
        ("Refused", ERROR),
        STEPS + "states_variables/test_error_output",
        "TestStateVariablesTemplate::test_task_catch_error_output[TASK_CATCH_ERROR_OUTPUT]",
        date(2024, 11, 12),
        caught,
    ),
    Recorded(
        "MaxAttempts 0 means no retry",
        ["ExecutionStarted", "TaskScheduled", "TaskFailed", "ExecutionFailed"],
        STEPS + "scenarios/test_base_scenarios",
        "TestBaseScenarios::test_retry_interval_features_max_attempts_zero",
        date(2024, 3, 27),
        tried_once,
    ),
    Recorded(
        "a callback that nobody reports times out without a cause",
        ("FAILED", "States.Timeout", None),
        STEPS + "callback/test_callback",
        "TestCallback::test_sqs_wait_for_task_token_timeout",
        date(2024, 4, 18),
        unanswered,
    ),
    Recorded(
        "a reported failure is the task's",
        ("Refused", "because"),
        STEPS + "callback/test_callback",
        "TestCallback::test_sqs_failure_in_wait_for_task_token",
        date(2024, 4, 18),
        answered,
    ),
    Recorded(
        "a task that takes too long has no cause",
        ("States.Timeout", None),
        STEPS + "timeouts/test_timeouts",
        "TestTimeouts::test_fixed_timeout_service_lambda",
        date(2024, 3, 10),
        task_timed_out,
    ),
    Recorded(
        "TimeoutSeconds may be an expression",
        "SUCCEEDED",
        STEPS + "evaluate_jsonata/test_base_evaluate_expressions",
        "TestBaseEvaluateJsonata::test_base_task[TIMEOUT_SECONDS]",
        date(2025, 7, 22),
        lambda bench: ended(bench, calling(bench, TimeoutSeconds="{% 2 * 5 %}"))["status"],
    ),
    Recorded(
        "an expression that gives nothing fails the state",
        "States.QueryEvaluationError",
        STEPS + "assign/test_assign_reference_variables",
        "TestAssignReferenceVariables::test_undefined_reference[BASE_UNDEFINED_ARGUMENTS_FIELD]",
        date(2024, 11, 21),
        lambda bench: error_of(bench, task(INVOKE, {"FunctionName": "{% $doesNotExist %}"})),
    ),
    Recorded(
        "a Fail state's error may be an expression",
        ("Refused", "because"),
        STEPS + "scenarios/test_base_scenarios",
        "TestBaseScenarios::test_fail_error_jsonata",
        date(2024, 11, 13),
        made_by_jsonata,
    ),
    Recorded(
        "an SDK task's errors begin with DynamoDb",
        "DynamoDb.ResourceNotFoundException",
        STEPS + "error_handling/test_aws_sdk",
        "TestAwsSdk::test_dynamodb_put_item_no_such_table",
        date(2023, 7, 27),
        lambda bench: error_of(bench, update_by_sdk("missing")),
    ),
    Recorded(
        "of an SDK task's errors those that DynamoDB's model lacks share a name",
        "DynamoDb.DynamoDbException",
        STEPS + "error_handling/test_aws_sdk",
        "TestAwsSdk::test_dynamodb_invalid_param",
        date(2023, 7, 27),
        missing_attribute,
    ),
    Recorded(
        "an SDK task tells UPDATED_NEW under Attributes",
        {"told": {"S": "yes"}},
        STEPS + "services/test_aws_sdk_task_service",
        "TestTaskServiceAwsSdk::test_dynamodb_put_update_get_item",
        date(2025, 11, 6),
        updated,
    ),
    Recorded(
        "a nested execution that fails is described in the cause",
        ("States.TaskFailed", "Refused", "because", "FAILED", "{}"),
        STEPS + "callback/test_callback",
        "TestCallback::test_start_execution_sync_delegate_failure",
        date(2023, 7, 5),
        nested_failure,
    ),
    Recorded(
        "a nested execution's output is parsed",
        ("SUCCEEDED", {"answer": 42}),
        STEPS + "callback/test_callback",
        "TestCallback::test_start_execution_sync2",
        date(2023, 8, 12),
        nested_output,
    ),
    Recorded(
        "a running name is started once, with one input",
        (True, ("ExecutionAlreadyExists", 400)),
        STEPS + "test_sfn_api",
        "TestSnfApi::test_start_execution_idempotent",
        date(2024, 8, 21),
        started_twice,
    ),
    Recorded(
        "nothing follows a stop",
        ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted"],
        STEPS + "test_sfn_api",
        "TestSnfApi::test_stop_execution",
        date(2024, 5, 6),
        history_of_the_stopped,
    ),
    Recorded(
        "an execution that never was does not exist",
        "ExecutionDoesNotExist",
        STEPS + "test_sfn_api",
        "TestSnfApi::test_describe_execution_no_such_state_machine",
        date(2024, 3, 8),
        unknown_execution,
    ),
    Recorded(
        "a token that never was is invalid",
        "InvalidToken",
        STEPS + "services/test_aws_sdk_task_service",
        "TestTaskServiceAwsSdk::test_sfn_send_task_outcome_with_no_such_token[state_machine_template0]",
        date(2025, 11, 6),
        unknown_token,
    ),
    Recorded(
        "an execution's end is told with its name and no error",
        ("Step Functions Execution Status Change", True, None, None),
        STEPS + "base/test_base",
        "TestSnfBase::test_event_bridge_events_base",
        date(2024, 2, 7),
        status_events,
    ),
    Recorded(
        "a cancelled transaction tells which condition failed",
        ("TransactionCanceledException", ["ConditionalCheckFailed, None"]),
        DYNAMODB,
        "TestDynamoDB::test_transaction_write_canceled",
        date(2025, 10, 8),
        cancelled,
    ),
    Recorded(
        "a failed condition returns the item",
        ("ConditionalCheckFailedException", 400, {"pk": {"S": "a"}}),
        DYNAMODB,
        "TestDynamoDB::test_return_values_on_conditions_check_failure",
        date(2025, 10, 8),
        item_of_a_failed_condition,
    ),
    Recorded(
        "an object's event has key, size, etag and sequencer",
        ("Object Created", "PutObject", ["etag", "key", "sequencer", "size"]),
        S3_EVENTS,
        "TestS3NotificationsToEventBridge::test_object_created_put",
        date(2025, 1, 21),
        object_created,
    ),
    Recorded(
        "an alarm has the state that it was set to",
        [("ALARM", False)],
        CLOUDWATCH,
        "TestCloudwatch::test_set_alarm[json]",
        date(2025, 9, 22),
        state_that_was_set,
    ),
    Recorded(
        "a composite alarm follows what it is made of",
        [("ALARM", True)],
        CLOUDWATCH,
        "TestCloudwatch::test_trigger_composite_alarm[json]",
        date(2025, 9, 19),
        composite_of_the_set,
    ),
]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded.fact)
def test_the_local_cloud_answers_as_aws_was_recorded_to(filled: Workbench, recorded: Recorded) -> None:
    assert recorded.asked(filled) == recorded.answer


def test_what_no_recording_shows_is_listed_for_every_filler() -> None:
    fillers = {path.stem for path in (ROOT / "local" / "gaps").glob("[!_]*.py")} - {"patching", "running_task"}
    section = (
        (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## How it is known what AWS does")[2]
    )
    named = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in section.splitlines() if line.startswith("| `")]
    assert sorted(name for names in named for name in names) == sorted(fillers)
