"""SNS triggers of a group on the local cloud: every event is sent, and a topic that is gone harms nobody."""

import json
from typing import Any

from scenarios.world import Alias, World

EVENTS = ["DeploymentStart", "DeploymentSuccess", "DeploymentFailure", "DeploymentStop", "DeploymentRollback"]


class Subscriber:
    """A topic and a queue that collects what is sent to it."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._sqs = world.client("sqs")
        self.topic = world.client("sns").create_topic(Name=name)["TopicArn"]
        self._queue, arn = world.queue(name, "sns")
        world.client("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        self._seen: list[dict[str, Any]] = []

    def told(self) -> list[dict[str, Any]]:
        """What was sent so far."""
        for message in self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", []):
            self._seen.append(json.loads(message["Body"]))
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return self._seen

    def until_told(self, *subjects: str) -> list[dict[str, Any]]:
        """What was sent, once there are messages whose subjects begin with each of `subjects`."""

        def ask() -> list[dict[str, Any]] | None:
            received = [message["Subject"] for message in self.told()]
            return self._seen if all(any(each.startswith(subject) for each in received) for subject in subjects) else None

        return self._world.until(f"{subjects} of {self.topic}", ask)


def trigger(topic: str, name: str = "team") -> dict[str, Any]:
    return {"triggerName": name, "triggerTargetArn": topic, "triggerEvents": list(EVENTS)}


def test_a_stop_and_its_rollback_are_sent_in_codedeploys_form(world: World) -> None:
    subscriber = Subscriber(world, "triggers")
    shop = world.shop(deploymentConfigName="Endless", triggerConfigurations=[trigger(subscriber.topic)])
    deployment_id = world.drop(shop)
    world.in_bake(deployment_id)
    world.stop(deployment_id)
    deployment = world.ended(deployment_id)
    rollback = world.rollback_of(deployment)
    messages = subscriber.until_told(
        f"CREATED: Weighbridge {deployment_id} ",
        f"ABORTED: Weighbridge {deployment_id} ",
        f"CREATED: Weighbridge {rollback.id} ",
        f"SUCCEEDED: Weighbridge {rollback.id} ",
    )
    [stopped] = [json.loads(message["Message"]) for message in messages if message["Subject"].startswith("ABORTED")]
    assert stopped["eventTriggerName"] == "team"
    assert json.loads(stopped["errorInformation"])["ErrorCode"] == "MANUAL_STOP"


def test_a_topic_that_is_gone_neither_fails_nor_delays(world: World) -> None:
    subscriber = Subscriber(world, "still-there")
    gone = subscriber.topic.replace("still-there", "long-gone")
    shop = world.shop(triggerConfigurations=[trigger(gone, "gone"), trigger(subscriber.topic)])
    deployment = world.ended(world.drop(shop))
    assert deployment.outcome == ("Succeeded", None)
    assert world.alias(shop) == Alias("2", {})
    subscriber.until_told(f"SUCCEEDED: Weighbridge {deployment.id} ")
