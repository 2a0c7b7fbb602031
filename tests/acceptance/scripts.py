"""An account whose services answer by a script, one answer after the other, as botocore's Stubber checks them."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import boto3
from botocore.stub import Stubber

from acceptance.account import Account

REGION = "eu-west-1"
ID = "123456789012"
SESSION = boto3.Session("testing", "testing", region_name=REGION)


@cache
def _client(service: str) -> Any:
    return SESSION.client(service)  # type: ignore[call-overload]


class Refusal:
    """An error as an answer."""

    def __init__(self, code: str, message: str = "Because.", status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status


class Scripted(Account):
    """An account without anything behind it. A call that is not in a service's script fails."""

    def __init__(self) -> None:
        super().__init__(SESSION, REGION, "aws", ID)
        object.__setattr__(self, "_stubs", {})

    def client(self, service: str) -> Any:
        return self._stubs[service].client  # type: ignore[attr-defined]

    def answers(self, service: str, operation: str, answers: Iterable[Any], **expected: Any) -> None:
        """The next calls of an operation (`describe_type`) get these: a response each, or a Refusal."""
        stubs: dict[str, Stubber] = self._stubs  # type: ignore[attr-defined]
        if service not in stubs:
            stubs[service] = Stubber(_client(service))
            stubs[service].activate()
        for answer in answers:
            if isinstance(answer, Refusal):
                stubs[service].add_client_error(operation, answer.code, answer.message, answer.status)
            else:
                stubs[service].add_response(operation, answer, expected or None)

    def close(self) -> None:
        for stub in self._stubs.values():  # type: ignore[attr-defined]
            stub.deactivate()

    def all_asked(self) -> None:
        for stub in self._stubs.values():  # type: ignore[attr-defined]
            stub.assert_no_pending_responses()
