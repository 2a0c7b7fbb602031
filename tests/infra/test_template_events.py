from typing import Any

import pytest

from tests.infra.assembly import Synthesize
from tests.infra.template import Template
from weighbridge.core.wanted import TELLING

RULES: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "EventsObjectDropped": (
        "ReceiveFunction",
        None,
        {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": ["<StorageBucket>"]}}},
    ),
    "EventsDeploymentRequested": ("ReceiveFunction", "<EventsBus>", {"detail-type": ["Deployment Requested"]}),
    "EventsAnythingElse": (
        "ReceiveFunction",
        "<EventsBus>",
        {
            "source": [{"anything-but": ["weighbridge"]}],
            "detail-type": [
                {"anything-but": ["Deployment Requested", "Deployment Stop Requested", "Lifecycle Event Hook Reported"]}
            ],
        },
    ),
    "EventsAlarmFired": (
        "InterruptFunction",
        None,
        {
            "source": ["aws.cloudwatch"],
            "detail-type": ["CloudWatch Alarm State Change"],
            "account": ["<AWS::AccountId>"],
            "region": ["<AWS::Region>"],
            "detail": {"state": {"value": ["ALARM"]}},
        },
    ),
    "EventsStopRequested": ("InterruptFunction", "<EventsBus>", {"detail-type": ["Deployment Stop Requested"]}),
    "EventsHookReported": ("InterruptFunction", "<EventsBus>", {"detail-type": ["Lifecycle Event Hook Reported"]}),
    "EventsExecutionEnded": (
        "ReconcileFunction",
        None,
        {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {
                "stateMachineArn": ["<DeploymentMachine>"],
                "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
            },
        },
    ),
    "EventsAliasFreed": (
        "CommitFunction",
        None,
        {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {
                "stateMachineArn": ["<DeploymentMachine>"],
                "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
            },
        },
    ),
    "EventsStackSettled": (
        "CommitFunction",
        None,
        {
            "source": ["aws.cloudformation"],
            "detail-type": ["CloudFormation Stack Status Change"],
            "account": ["<AWS::AccountId>"],
            "region": ["<AWS::Region>"],
            "detail": {"status-details": {"status": sorted(TELLING)}},
        },
    ),
    "EventsEventsLeft": (
        "ReconcileFunction",
        None,
        {
            "source": ["aws.cloudwatch"],
            "detail-type": ["CloudWatch Alarm State Change"],
            "account": ["<AWS::AccountId>"],
            "region": ["<AWS::Region>"],
            "detail": {"alarmName": ["<FailuresEventsAlarm>"], "state": {"value": ["ALARM"]}},
        },
    ),
}
SCHEDULE_RULE = "EventsSchedule"
QUEUES = {
    "FailuresEvents": ["Receive", "Interrupt", "Reconcile", "Commit"],
    "FailuresUnhandled": ["Redeliver"],
    "FailuresChanges": ["Notify", "SendTriggers"],
}
"""Each queue, and the functions that leave messages in it."""
HELD_UP = "FailuresRollbacksHeldUpAlarm"


def test_the_bus_has_the_name_that_users_send_to(template: Template) -> None:
    assert template.of_type("AWS::Events::EventBus") == {"EventsBus": {"Name": "weighbridge"}}


def test_there_are_no_other_rules(template: Template) -> None:
    assert set(template.of_type("AWS::Events::Rule")) == {*RULES, SCHEDULE_RULE}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_hands_exactly_its_events_to_its_handler(template: Template, name: str) -> None:
    function, bus, pattern = RULES[name]
    rule = template[name]
    assert rule["EventPattern"] == pattern
    assert rule.get("EventBusName") == bus
    assert [target["Arn"] for target in rule["Targets"]] == [f"<{function}.Arn>"]
    assert rule["State"] == "ENABLED"


def test_the_schedule_runs_every_five_minutes(template: Template) -> None:
    rule = template[SCHEDULE_RULE]
    assert (rule["Name"], rule["State"]) == ("Weighbridge-Schedule", "ENABLED")
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    assert [target["Arn"] for target in rule["Targets"]] == [
        "<ReconcileFunction.Arn>",
        "<ReceiveFunction.Arn>",
        "<RedeliverFunction.Arn>",
        "<CommitFunction.Arn>",
    ]


def test_new_code_has_the_schedule_switched_on_by_changing_its_rule(template: Template) -> None:
    release = template["ReconcileFunction"]["Environment"]["Variables"]["RELEASE"]
    assert template[SCHEDULE_RULE]["Description"].endswith(f" Release {release[:12]}")


def test_a_scheduled_run_that_fails_waits_for_the_next(template: Template) -> None:
    for target in template[SCHEDULE_RULE]["Targets"]:
        assert "DeadLetterConfig" not in target
        assert target["RetryPolicy"] == {"MaximumRetryAttempts": 0}
    configured = template.of_type("AWS::Lambda::EventInvokeConfig").values()
    [redeliver] = [config for config in configured if config["FunctionName"] == "<RedeliverFunction>"]
    assert redeliver == {"FunctionName": "<RedeliverFunction>", "Qualifier": "$LATEST", "MaximumRetryAttempts": 0}


@pytest.mark.parametrize("name", RULES)
def test_an_event_that_cannot_be_delivered_is_kept(template: Template, name: str) -> None:
    for target in template[name]["Targets"]:
        assert target["DeadLetterConfig"] == {"Arn": "<FailuresEvents.Arn>"}
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 185}
    assert {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "<FailuresEvents.Arn>",
        "Condition": {"ArnEquals": {"aws:SourceArn": f"<{name}.Arn>"}},
    } in [
        {key: value for key, value in statement.items() if key != "Sid"}
        for statement in template["FailuresEventsPolicy"]["PolicyDocument"]["Statement"]
    ]


@pytest.mark.parametrize("name", [*RULES, SCHEDULE_RULE])
def test_a_rule_may_call_its_handler(template: Template, name: str) -> None:
    permissions = template.of_type("AWS::Lambda::Permission").values()
    called = [permission["FunctionName"] for permission in permissions if permission["SourceArn"] == f"<{name}.Arn>"]
    assert sorted(called) == sorted(target["Arn"] for target in template[name]["Targets"])


def test_an_event_that_a_handler_cannot_process_is_kept(template: Template) -> None:
    configured = template.of_type("AWS::Lambda::EventInvokeConfig").values()
    called = {target["Arn"] for name in RULES for target in template[name]["Targets"]}
    destinations = [
        config for config in configured if config["FunctionName"] != "<RunHookFunction>" and "DestinationConfig" in config
    ]
    assert {f"{config['FunctionName'][:-1]}.Arn>" for config in destinations} == called
    for config in destinations:
        assert config["DestinationConfig"] == {"OnFailure": {"Destination": "<FailuresEvents.Arn>"}}
        assert config["MaximumEventAgeInSeconds"] == 3600
        assert config["MaximumRetryAttempts"] == 2
        assert config["Qualifier"] == "$LATEST"


def test_of_a_hooks_call_that_comes_to_no_end_its_wait_is_told(template: Template) -> None:
    configured = template.of_type("AWS::Lambda::EventInvokeConfig").values()
    [run_hook] = [config for config in configured if config["FunctionName"] == "<RunHookFunction>"]
    assert run_hook == {
        "FunctionName": "<RunHookFunction>",
        "Qualifier": "$LATEST",
        # A hook runs once, and its event holds a task token, which belongs in no queue.
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 3600,
        "DestinationConfig": {"OnFailure": {"Destination": "<RunHookFailedFunction.Arn>"}},
    }
    assert "<RunHookFailedFunction>" not in [config["FunctionName"] for config in configured]


DEPLOYMENTS = '{"dynamodb":{"Keys":{"sk":{"S":["DEPLOYMENT"]}}}}'
REFUSALS = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":["REFUSAL"]}}}}'
FILTERS = {"<NotifyFunction>": [DEPLOYMENTS, REFUSALS], "<SendTriggersFunction>": [DEPLOYMENTS]}


def test_changes_of_deployments_and_refusals_reach_who_tells_of_them_and_nothing_else(template: Template) -> None:
    sources = template.of_type("AWS::Lambda::EventSourceMapping").values()
    assert {source["FunctionName"] for source in sources} == set(FILTERS)
    for source in sources:
        assert source == {
            "EventSourceArn": "<StorageTable.StreamArn>",
            "FunctionName": source["FunctionName"],
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 10,
            "BisectBatchOnFunctionError": True,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "MaximumRecordAgeInSeconds": 900,
            "DestinationConfig": {"OnFailure": {"Destination": "<FailuresChanges.Arn>"}},
            "FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in FILTERS[source["FunctionName"]]]},
        }


@pytest.mark.parametrize("name", QUEUES)
def test_a_dead_letter_queue_keeps_what_it_gets_for_two_weeks(template: Template, name: str) -> None:
    assert template[name] == {"MessageRetentionPeriod": 14 * 24 * 3600, "SqsManagedSseEnabled": True}
    assert {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sqs:*",
        "Resource": f"<{name}.Arn>",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    } in template[f"{name}Policy"]["PolicyDocument"]["Statement"]


@pytest.mark.parametrize("name", QUEUES)
def test_a_dead_letter_queue_takes_messages_of_its_functions_only(template: Template, name: str) -> None:
    statements = template[f"{name}Policy"]["PolicyDocument"]["Statement"]
    assert {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sqs:SendMessage",
        "Resource": f"<{name}.Arn>",
        "Condition": {
            "ArnNotEquals": {"aws:PrincipalArn": [f"<{function}Role.Arn>" for function in QUEUES[name]]},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    } in statements
    # Of the services, EventBridge may, for the stack's own rules: test_an_event_that_cannot_be_delivered_is_kept.
    allowed = [statement for statement in statements if statement["Effect"] == "Allow"]
    assert len(allowed) == (len(RULES) if name == "FailuresEvents" else 0)
    assert all(statement["Principal"] == {"Service": "events.amazonaws.com"} for statement in allowed)
    assert all(set(statement["Condition"]["ArnEquals"]) == {"aws:SourceArn"} for statement in allowed)


def test_each_dead_letter_queue_has_an_alarm(template: Template) -> None:
    assert set(template.of_type("AWS::SQS::Queue")) == set(QUEUES)
    assert set(template.of_type("AWS::CloudWatch::Alarm")) == {HELD_UP, *(f"{name}Alarm" for name in QUEUES)}
    for name in QUEUES:
        alarm = template[f"{name}Alarm"]
        assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": f"<{name}.QueueName>"}]
        assert alarm["Namespace"] == "AWS/SQS"
        assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 60, 1)
        assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("GreaterThanOrEqualToThreshold", "notBreaching")


@pytest.mark.parametrize("name", ["FailuresUnhandled", "FailuresChanges"])
def test_the_first_message_that_people_have_to_look_at_fires_an_alarm(template: Template, name: str) -> None:
    alarm = template[f"{name}Alarm"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 1)


def test_an_alarm_fires_where_nothing_is_delivered_again(template: Template) -> None:
    alarm = template["FailuresEventsAlarm"]
    # Three runs have passed by then.
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateAgeOfOldestMessage", 900)


def test_an_alarm_says_for_as_long_as_traffic_cannot_be_restored(template: Template) -> None:
    alarm = template[HELD_UP]
    variables = template["ShiftTrafficFunction"]["Environment"]["Variables"]
    assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("RollbacksHeldUp", "Sum", 1)
    # The reconciliation counts every five minutes: none of its periods may pass between two counts.
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (600, 1, "notBreaching")


def test_a_topic_is_told_of_every_alarm_and_of_its_end(template: Template, synthesize: Synthesize) -> None:
    quiet = template.of_type("AWS::CloudWatch::Alarm")
    assert not [name for name, alarm in quiet.items() if "AlarmActions" in alarm]
    topic = "arn:aws:sns:eu-west-1:123456789012:on-call"
    alarms = synthesize({"alarmTopic": topic}).template().of_type("AWS::CloudWatch::Alarm")
    assert set(alarms) == set(quiet)
    for name, alarm in alarms.items():
        assert alarm == quiet[name] | {"AlarmActions": [topic], "OKActions": [topic]}


def test_what_is_refused_fires_an_alarm_where_that_is_asked_for(template: Template, synthesize: Synthesize) -> None:
    quiet = set(template.of_type("AWS::CloudWatch::Alarm"))
    template_with_alarm = synthesize({"alarmOnRefusals": True}).template()
    assert set(template_with_alarm.of_type("AWS::CloudWatch::Alarm")) - quiet == {
        "FailuresDropsRefusedAlarm",
        "FailuresEventsRefusedAlarm",
    }
    for metric in ("DropsRefused", "EventsRefused"):
        alarm = template_with_alarm[f"Failures{metric}Alarm"]
        assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("Weighbridge", metric, "Sum")
        assert (alarm["Threshold"], alarm["Period"], alarm["TreatMissingData"]) == (1, 300, "notBreaching")
