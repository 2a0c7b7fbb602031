"""A function URL as a client sees it: an address on this machine that notes what it is sent, and answers."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

CONTENT_TYPE = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Sent:
    path: str
    headers: Mapping[str, str]
    """By names in lower case."""
    body: bytes

    @property
    def scope(self) -> str:
        """What the signature is for, as `region/service`."""
        return "/".join(self.headers["authorization"].partition("Credential=")[2].split("/")[2:4])

    def is_signed(self, url: str, credentials: ReadOnlyCredentials, region: str) -> bool:
        """Whether the signature for the service `lambda` is the one that botocore comes to."""
        names = self.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
        signed = {name: self.headers[name] for name in names if name != "host"}
        request = AWSRequest(method="POST", url=url, data=self.body, headers=signed)
        request.context["timestamp"] = self.headers["x-amz-date"]
        auth = SigV4Auth(credentials, "lambda", region)
        expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        return self.headers["authorization"].endswith(f"Signature={expected}")


@dataclass
class Upstream:
    """What it was sent, in order, and what it answers."""

    url: str
    sent: list[Sent] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"applications": ["shop"]}'


@contextmanager
def upstream() -> Iterator[Upstream]:
    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the base class names it so
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.sent.append(Sent(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(seen.status)
            length = {"Content-Type": CONTENT_TYPE, "Content-Length": str(len(seen.body))}
            for name, value in (length | seen.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(seen.body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        seen = Upstream(f"http://127.0.0.1:{server.server_port}/_aws/lambda-url/0123-abc/")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join()
