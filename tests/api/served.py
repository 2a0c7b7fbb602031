"""The API at an address of this machine, for clients that are other programs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from tests.api.caller import Caller


@contextmanager
def served(api: Caller) -> Iterator[str]:
    """The URL at which a caller's API answers meanwhile, one request after another."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the base class names it so
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = api.send(body, target=self.headers["X-Amz-Target"])
            self.send_response(answer["statusCode"])
            content = answer["body"].encode()
            for name, value in (answer["headers"] | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
