"""What somebody who uses Weighbridge does and sees, through AWS's own APIs and Weighbridge's.

Of its insides, nothing but the keys of two kinds of items in its table is known here.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config
from botocore.session import get_session

from local.cloud import CREDENTIALS, ROOT, LocalCloud
from local.demo.progress import Record

SHOP = Path(__file__).with_name("shop")
FUNCTION, ALIAS, ALARM = "shop", "live", "shop-live-errors"
APPLICATION, GROUP = "shop", "live"
VERSIONS = ("1", "2", "3")

_ALARM_EVENTS = "shop-alarm-events"


class User:
    """One user of the stack with those outputs in that cloud."""

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str]) -> None:
        self.client = cache(cloud.client)
        self._outputs = outputs
        self._alarm_events = ""
        self._cloud = cloud

    @cached_property
    def _api(self) -> Any:
        session = get_session()
        session.get_component("data_loader").search_paths.append(str(ROOT / "client" / "models"))
        return session.create_client(
            "weighbridge",
            endpoint_url=self._outputs["ApiUrl"],
            region_name=self._cloud.region,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(proxies={}),
        )

    # ------------------------------------------------------------------------------------------------- the sample

    def publish_shop(self) -> None:
        """The sample function with every version of it published, and the alias on the first."""
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = self.client("iam").create_role(RoleName=FUNCTION, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        functions = self.client("lambda")
        for version in VERSIONS:
            code = _archive((SHOP / f"version_{version}.py").read_text())
            if version == VERSIONS[0]:
                functions.create_function(
                    FunctionName=FUNCTION,
                    Runtime="python3.13",
                    Role=role,
                    Handler="shop.handler",
                    Code={"ZipFile": code},
                )
            else:
                functions.update_function_code(FunctionName=FUNCTION, ZipFile=code)
            functions.publish_version(FunctionName=FUNCTION)
        functions.create_alias(FunctionName=FUNCTION, Name=ALIAS, FunctionVersion=VERSIONS[0])

    def watch(self, version: str) -> None:
        """The alarm on the errors of that version behind the alias: one in a minute is one too many."""
        dimensions = {"FunctionName": FUNCTION, "Resource": f"{FUNCTION}:{ALIAS}", "ExecutedVersion": version}
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=ALARM,
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
        )

    def listen_to_alarm(self) -> None:
        """Have the alarm's events kept: the only place where the time of a change is told in milliseconds."""
        queues, rules = self.client("sqs"), self.client("events")
        self._alarm_events = queues.create_queue(QueueName=_ALARM_EVENTS)["QueueUrl"]
        attributes = queues.get_queue_attributes(QueueUrl=self._alarm_events, AttributeNames=["QueueArn"])["Attributes"]
        pattern = {
            "source": ["aws.cloudwatch"],
            "detail-type": ["CloudWatch Alarm State Change"],
            "detail": {"alarmName": [ALARM], "state": {"value": ["ALARM"]}},
        }
        rules.put_rule(Name=_ALARM_EVENTS, EventPattern=json.dumps(pattern))
        rules.put_targets(Rule=_ALARM_EVENTS, Targets=[{"Id": "queue", "Arn": attributes["QueueArn"]}])

    # ----------------------------------------------------------------------------------------------------- drops

    def drop(self, file: str) -> str:
        """Put a file of the sample into the bucket, where the group's files go; the URL it has there."""
        bucket, key = self._outputs["BucketName"], f"{APPLICATION}/{GROUP}/{file}"
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=(SHOP / file).read_bytes())
        return f"s3://{bucket}/{key}"

    def has_group(self) -> bool:
        return self._item(f"GROUP#{APPLICATION}/{GROUP}", "GROUP") is not None

    # --------------------------------------------------------------------------------------------------- looking

    def deployments(self) -> set[str]:
        """The ids of all deployments, which are the names of the state machine's executions."""
        pages = self.client("stepfunctions").get_paginator("list_executions")
        arn = self._outputs["StateMachineArn"]
        return {run["name"] for page in pages.paginate(stateMachineArn=arn) for run in page["executions"]}

    def progress(self, deployment_id: str) -> Mapping[str, Any]:
        """How far the deployment is, as the API tells it (DeploymentProgress)."""
        answer = self._api.get_deployment_progress(deploymentId=deployment_id, includeAlarms=True, includeTimeline=True)
        progress: Mapping[str, Any] = answer["deploymentProgress"]
        return progress

    def record(self, deployment_id: str) -> Record | None:
        return self._item(f"DEPLOYMENT#{deployment_id}", "DEPLOYMENT")

    def alias(self) -> Mapping[str, Any]:
        alias: Mapping[str, Any] = self.client("lambda").get_alias(FunctionName=FUNCTION, Name=ALIAS)
        return alias

    def alarm_time(self) -> datetime | None:
        """When the alarm last changed to ALARM, of the events that have come since this was asked; None without one."""
        queues = self.client("sqs")
        messages = queues.receive_message(QueueUrl=self._alarm_events, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            queues.delete_message(QueueUrl=self._alarm_events, ReceiptHandle=message["ReceiptHandle"])
        times = [json.loads(message["Body"])["detail"]["state"]["timestamp"] for message in messages]
        return max((datetime.fromisoformat(time) for time in times), default=None)

    def _item(self, partition: str, sort: str) -> dict[str, Any] | None:
        answer = self.client("dynamodb").get_item(
            TableName=self._outputs["TableName"], Key={"pk": {"S": partition}, "sk": {"S": sort}}, ConsistentRead=True
        )
        if "Item" not in answer:
            return None
        # DynamoDB's numbers are decimals; JSON is the shortest way from those to what one can calculate with.
        plain: dict[str, Any] = json.loads(json.dumps(TypeDeserializer().deserialize({"M": answer["Item"]}), default=float))
        return plain


def _archive(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as files:
        files.writestr("shop.py", source)
    return buffer.getvalue()
