"""Where events end up that could not be handled, so that nothing is lost silently."""

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.settings import NAMESPACE, SERVICE


class Failures(Construct):
    """Two dead-letter queues, apart because they are handled differently, an alarm on each, and one on rollbacks.

    `events` takes what a rule could not deliver or a function could not process; for an hour it is delivered again.
    `changes` takes positions in the table's stream of which the bus or a topic was not told: the records themselves are
    complete, only the news of them is missing.
    """

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        # It says so until traffic is restored: whoever tries counts each time, the supervisor every five minutes.
        cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name="RollbacksHeldUp",
            dimensions_map={"service": SERVICE},
            period=Duration.minutes(10),
            statistic=cloudwatch.Stats.SUM,
        ).create_alarm(
            self,
            "RollbacksHeldUpAlarm",
            alarm_description="Weighbridge: Traffic of a failed deployment could not be restored so far; see its record.",
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self.events = self._queue("Events", "An event was not handled; it waits in the queue for 14 days.")
        self.changes = self._queue("Changes", "The default event bus or a topic was not told of changes of deployments.")

    def _queue(self, name: str, meaning: str) -> sqs.Queue:
        queue = sqs.Queue(
            self, name, encryption=sqs.QueueEncryption.SQS_MANAGED, enforce_ssl=True, retention_period=Duration.days(14)
        )
        Validations.of(queue).acknowledge(
            Acknowledgment(id="AwsSolutions-SQS3", reason="It is a dead-letter queue; nothing receives from it but people.")
        )
        queue.metric_approximate_number_of_messages_visible(
            period=Duration.minutes(1), statistic=cloudwatch.Stats.MAXIMUM
        ).create_alarm(
            self,
            f"{name}Alarm",
            alarm_description=f"Weighbridge: {meaning}",
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            # An idle queue stops reporting.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        return queue
