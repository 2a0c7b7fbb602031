"""Keeps web pages out of the local cloud, which asks nobody for credentials and runs whatever code it is given.

A page of any site that a browser on this machine shows can send requests to 127.0.0.1, and a name that its owner lets point
there makes them requests to its own host (DNS rebinding). Browsers tell who asks; the SDKs send none of these headers.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any

from local.rates import Asgi

# The emulator serves buckets as hosts below `localhost`, too, and browsers look up none of these in the DNS.
_HOST = re.compile(r"(?:127\.0\.0\.1|(?:[a-z0-9._-]+\.)?localhost)(?::(?P<port>[0-9]+))?")
_OWN_SITES = {b"none", b"same-origin"}
"""Sec-Fetch-Site of an address that the user typed, and of a page that the cloud itself has served."""
_DEFAULT_PORT = 80


def refused(app: Asgi, port: int) -> Asgi:
    """The ASGI application `app` at 127.0.0.1:`port`, with an answer 403 for whatever a foreign web page asks of it."""

    async def front(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        reason = foreign(scope["headers"], port) if scope["type"] in {"http", "websocket"} else None
        if reason is None:
            await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": HTTPStatus.FORBIDDEN, "headers": headers})
            await send({"type": "http.response.body", "body": f"{reason}\n".encode()})

    return front


def foreign(headers: Iterable[tuple[bytes, bytes]], port: int) -> str | None:
    """Why a request with these headers (names in lower case) does not come from this machine's user; None where it does."""
    here = [f"http://{host}:{port}" for host in ("127.0.0.1", "localhost")]
    hosts = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
            match = _HOST.fullmatch(value.decode("latin-1").lower())
            if not match or int(match["port"] or _DEFAULT_PORT) != port:
                return f"The local cloud answers to its own address only: use {here[0]}."
        elif name == b"origin" and value.decode("latin-1") not in here:
            return f"The local cloud answers no web page: call it at {here[0]} from a program, without the header Origin."
        elif name == b"sec-fetch-site" and value not in _OWN_SITES:
            return f"The local cloud answers no page of another site: open {here[0]} itself, or call it from a program."
    return None if hosts else f"The local cloud answers requests with a Host only: use {here[0]}."
