"""The bus, and the rules that call handlers."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.basis import Basis
from infra.cloudformation import STATUSES
from infra.handler import Handler
from infra.listeners import Listeners
from infra.machine import DeploymentMachine


def _own(source: str, detail_type: str, detail: Mapping[str, Any]) -> events.EventPattern:
    """Of this account and region: events of others may be forwarded to this bus, and what they are about has any name."""
    return events.EventPattern(
        source=[source], detail_type=[detail_type], account=[Aws.ACCOUNT_ID], region=[Aws.REGION], detail=detail
    )


class Events(Construct):
    """`bus` takes requests; what AWS services send arrives on the account's default bus."""

    def __init__(self, scope: Construct, name: str, basis: Basis, machine: DeploymentMachine, listeners: Listeners) -> None:
        super().__init__(scope, name)
        self._dead_letters = basis.failures.events
        self.bus = events.EventBus(self, "Bus", event_bus_name=basis.settings.service)
        self._follow_services(basis, machine, listeners)
        self._take_requests(listeners)
        self._schedule(basis, listeners)

    def _follow_services(self, basis: Basis, machine: DeploymentMachine, listeners: Listeners) -> None:
        """What AWS services send, on the account's default bus."""
        self._rule(
            "ObjectDropped",
            "A file was dropped into the bucket.",
            listeners.receive,
            events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [basis.storage.bucket.bucket_name]}},
            ),
        )
        self._rule(
            "AlarmFired",
            "An alarm fired; it may be one that a running deployment watches.",
            listeners.interrupt,
            _own("aws.cloudwatch", "CloudWatch Alarm State Change", {"state": {"value": ["ALARM"]}}),
        )
        ended = events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={"stateMachineArn": [machine.arn], "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]},
        )
        self._rule(
            "ExecutionEnded",
            "An execution of the state machine ended; its deployment must have ended with it.",
            listeners.reconcile,
            ended,
        )
        self._rule(
            "AliasFreed",
            "An execution of the state machine ended; a stack may wait for its end, or for the alias.",
            listeners.commit,
            ended,
        )
        self._rule(
            "StackSettled",
            "A stack has committed or goes back; it may be one that owns an alias.",
            listeners.commit,
            _own(
                "aws.cloudformation",
                "CloudFormation Stack Status Change",
                {"status-details": {"status": list(STATUSES)}},
            ),
        )
        self._rule(
            "EventsLeft",
            "Events wait to be delivered again; they may be all that the schedule is needed for.",
            listeners.reconcile,
            _own(
                "aws.cloudwatch",
                "CloudWatch Alarm State Change",
                {"alarmName": [basis.failures.overdue.alarm_name], "state": {"value": ["ALARM"]}},
            ),
        )

    def _take_requests(self, listeners: Listeners) -> None:
        """What others ask for, on Weighbridge's own bus. Whoever may put events there may ask: patterns name no source."""
        requests = {
            "DeploymentRequested": ("Deployment Requested", "Somebody asks for a deployment.", listeners.receive),
            "StopRequested": ("Deployment Stop Requested", "Somebody stops a deployment.", listeners.interrupt),
            "HookReported": ("Lifecycle Event Hook Reported", "A hook reports its result.", listeners.interrupt),
        }
        for request, (detail_type, meaning, handler) in requests.items():
            self._rule(request, meaning, handler, events.EventPattern(detail_type=[detail_type]), self.bus)
        # A misspelt request must not vanish. What Weighbridge itself tells is left out, whoever forwards it to this bus: a
        # refusal that is received and refused again would go round for ever.
        self._rule(
            "AnythingElse",
            "Somebody put an event on the bus that asks for nothing there is.",
            listeners.receive,
            events.EventPattern(
                source=events.Match.anything_but("weighbridge"),
                detail_type=events.Match.anything_but(*(detail_type for detail_type, _, _ in requests.values())),
            ),
            self.bus,
        )

    def _schedule(self, basis: Basis, listeners: Listeners) -> None:
        """For events that were lost: the status events of Step Functions are best effort, those of S3 begin minutes late.

        The rule is switched off and on: lifecycle/schedule.py.
        """
        events.Rule(
            self,
            "Schedule",
            rule_name=basis.settings.schedule_rule,
            # CloudFormation switches it on with every new code, since there is something about it that changes.
            description="Weighbridge: Looks for executions that ended, files that came and stacks that committed "
            "unnoticed, and for events left. "
            f"Release {basis.package.release[:12]}",
            schedule=events.Schedule.rate(Duration.minutes(5)),
            # A run that cannot be delivered is left to the next one, which does its work.
            targets=[
                targets.LambdaFunction(handler.function, retry_attempts=0)
                for handler in (listeners.reconcile, listeners.receive, listeners.redeliver, listeners.commit)
            ],
        )

    def _rule(
        self,
        name: str,
        meaning: str,
        handler: Handler,
        pattern: events.EventPattern,
        bus: events.EventBus | None = None,
    ) -> None:
        events.Rule(
            self,
            name,
            description=f"Weighbridge: {meaning}",
            event_bus=bus,
            event_pattern=pattern,
            targets=[
                targets.LambdaFunction(
                    handler.function,
                    dead_letter_queue=self._dead_letters,
                    # 185 is EventBridge's limit: the age decides when to give up.
                    max_event_age=Duration.hours(1),
                    retry_attempts=185,
                )
            ],
        )
