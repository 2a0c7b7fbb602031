"""An account whose services answer as they are told to and are asked nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

Scripted = dict[str, Stubber]


@contextmanager
def scripted(patch: pytest.MonkeyPatch, *services: str) -> Iterator[Scripted]:
    """The services by name; at the end every answer has to have been asked for."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        patch.setenv(name, "eu-west-1")
    patch.delenv("AWS_REGION", raising=False)
    clients: dict[str, Any] = {name: boto3.client(name) for name in services}  # type: ignore[call-overload]
    patch.setattr(boto3.Session, "client", lambda _, service: clients[service])
    stubbed = {name: Stubber(stubber) for name, stubber in clients.items()}
    for stubber in stubbed.values():
        stubber.activate()
    yield stubbed
    for stubber in stubbed.values():
        stubber.assert_no_pending_responses()
