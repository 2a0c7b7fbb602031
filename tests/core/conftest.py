"""The pure core is tested without sockets: a test here that reaches for one fails."""

import socket

import pytest


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a unit test opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
