"""Where events end up that could not be handled, so that nothing is lost silently."""

from collections.abc import Sequence

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.settings import NAMESPACE, Settings


class Failures(Construct):
    """Three queues, an alarm on each, and one on rollbacks; a topic is notified of the alarms where its ARN is given.

    On request there are two more alarms, on what is refused.

    `events` takes what a rule could not deliver or a function could not process, and is read every five minutes: for an
    hour it is delivered again. `unhandled` takes what needs a decision. `changes` takes positions in the table's
    stream of which the bus or a topic was not told: the records themselves are complete, only the news of them is missing.
    """

    def __init__(self, scope: Construct, name: str, settings: Settings) -> None:
        super().__init__(scope, name)
        topic = sns.Topic.from_topic_arn(self, "AlarmTopic", settings.alarm_topic) if settings.alarm_topic else None
        self._service = settings.service
        self._told = actions.SnsAction(topic) if topic else None
        # It says so until traffic is restored: whoever tries counts each time, the reconciliation every five minutes.
        meaning = "Traffic of a failed deployment could not be restored so far; see its record."
        self._alarm("RollbacksHeldUp", self._counted("RollbacksHeldUp", Duration.minutes(10)), 1, meaning)
        if settings.alarm_on_refusals:
            for refused, what in (("DropsRefused", "A dropped file was"), ("EventsRefused", "An event was")):
                meaning = f"{what} refused without becoming a deployment; ListRefusals says why."
                self._alarm(refused, self._counted(refused, Duration.minutes(5)), 1, meaning)
        self.events, self.unhandled, self.changes = map(self._queue, ("Events", "Unhandled", "Changes"))
        # Each run of the schedule empties it, and what fails once more comes back as a new message.
        self.overdue = self._alarm(
            "Events",
            self.events.metric_approximate_age_of_oldest_message(
                period=Duration.minutes(1), statistic=cloudwatch.Stats.MAXIMUM
            ),
            Duration.minutes(15).to_seconds(),
            "Events that were not handled are not delivered again; see the log of Redeliver.",
        )
        for queue, alarm, meaning in (
            (self.unhandled, "Unhandled", "An event was not handled; it waits in the queue for 14 days."),
            (self.changes, "Changes", "The default event bus or a topic was not notified of changes of deployments."),
        ):
            self._alarm(
                alarm,
                queue.metric_approximate_number_of_messages_visible(
                    period=Duration.minutes(1), statistic=cloudwatch.Stats.MAXIMUM
                ),
                1,
                meaning,
            )

    def admit(self, queue: sqs.Queue, roles: Sequence[iam.Role]) -> None:
        """Lets these roles leave messages in one of the queues, and services that its policy allows to, and nobody else.

        What lies in `events` is handed to functions that take it for AWS's word: without this, whoever may send to every
        queue of the account may deploy.
        """
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["sqs:SendMessage"],
                resources=[queue.queue_arn],
                conditions={
                    "ArnNotEquals": {"aws:PrincipalArn": [role.role_arn for role in roles]},
                    # A service that delivers, as EventBridge does, has no such ARN.
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            )
        )

    def _queue(self, name: str) -> sqs.Queue:
        queue = sqs.Queue(
            self, name, encryption=sqs.QueueEncryption.SQS_MANAGED, enforce_ssl=True, retention_period=Duration.days(14)
        )
        Validations.of(queue).acknowledge(
            Acknowledgment(id="AwsSolutions-SQS3", reason="It is a dead-letter queue itself.")
        )
        return queue

    def _alarm(self, name: str, metric: cloudwatch.IMetric, threshold: float, meaning: str) -> cloudwatch.Alarm:
        alarm = metric.create_alarm(
            self,
            f"{name}Alarm",
            alarm_description=f"Weighbridge: {meaning}",
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            # An idle queue stops reporting.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        if self._told:
            alarm.add_alarm_action(self._told)
            alarm.add_ok_action(self._told)
        return alarm

    def _counted(self, metric: str, period: Duration) -> cloudwatch.Metric:
        """How often something was counted that the functions count."""
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=metric,
            dimensions_map={"service": self._service},
            period=period,
            statistic=cloudwatch.Stats.SUM,
        )
