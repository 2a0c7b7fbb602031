"""Handlers called as Lambda calls them, with the files of events/."""

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from weighbridge.aws.clients import client

EVENTS = Path(__file__).resolve().parents[2] / "events"
BUCKET, KEY, VERSION = "weighbridge-drops", "shop-app/prod/appspec.yaml", "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"
ID, ROLLBACK_ID = "d-LAFB8W95J", "d-D6J7V9HE5"
APPSPEC = """
version: 0.0
Resources:
  - shop:
      Type: AWS::Lambda::Function
      Properties:
        Name: shop
        Alias: live
        TargetVersion: 2
"""


@dataclass(frozen=True)
class Context:
    function_name: str = "any"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:any"
    aws_request_id: str = "5f0c6a3e-1b7d-4c55-8f6a-0e2d9c4b7a11"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def event_file(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


def invoke(handler: str, event: Any) -> Any:
    """What the handler of that name returns, as Lambda hands it on: through JSON both ways."""
    module = importlib.import_module(f"weighbridge.handlers.{handler}")
    return json.loads(json.dumps(module.handler(json.loads(json.dumps(event)), Context())))


def drop(place: SimpleNamespace, key: str, content: str | bytes) -> Any:
    """Puts a file into the bucket; its event."""
    body = content.encode() if isinstance(content, str) else content
    put = client("s3").put_object(Bucket=place.bucket, Key=key, Body=body)
    return dropped(place, key, put["VersionId"])


def dropped(place: SimpleNamespace, key: str, version: str | None) -> Any:
    """The event of an object of that key and version, whether it is there or not."""
    event = event_file("receive.object_created")
    event["detail"]["bucket"]["name"] = place.bucket
    event["detail"]["object"]["key"] = key
    if version is None:
        del event["detail"]["object"]["version-id"]
    else:
        event["detail"]["object"]["version-id"] = version
    return event


def detail_of(event: Any, **changes: Any) -> Any:
    """The event with other members in its detail; None takes one out."""
    detail = {key: value for key, value in (event["detail"] | changes).items() if value is not None}
    return event | {"detail": detail}
