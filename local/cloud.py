"""Start and end a local cloud."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config

ROOT = Path(__file__).parents[1]
REGION = "us-east-1"
# Any credentials will do, and these say where they belong; where IAM is enforced they are the root's.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
START_SECONDS = 60
LOG_TAIL_LINES = 30
# What a process needs of its surroundings; everything else would leak into Lambda workers.
INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TZ", "VIRTUAL_ENV")


class LocalCloudError(Exception):
    """The local cloud did not start, or ended by itself. The message carries the end of its log."""


class LocalCloud:
    """A local cloud, as a context manager.

    time_scale: seconds that pass per second of AWS (1 is real time, 0.05 twenty times faster), for waits, callback
    time-outs, alarm periods and schedules. port: 127.0.0.1's port, by default a free one. directory: where `server.log`
    goes, by default a folder of the port's own. bare: leave the emulator's gaps open. enforce_iam: refuse what no policy
    allows, to functions and to clients; CREDENTIALS are then those of the account's root, which may do all. limit_rates:
    throttle everybody but the root as AWS throttles an account; only where IAM is enforced do functions call by roles of
    their own. workers: how many invocations of a function run at a time, while others wait; by default, any number.

    Attributes once entered: `endpoint` (a URL), `region`, `directory`, `log` (paths). Leaving ends the server and every
    Lambda worker; so does the end of this process, however it ends.
    """

    def __init__(  # noqa: PLR0913 - what a cloud may be like
        self,
        *,
        time_scale: float = 1.0,
        port: int | None = None,
        directory: Path | None = None,
        bare: bool = False,
        enforce_iam: bool = False,
        limit_rates: bool = False,
        workers: int | None = None,
    ) -> None:
        self.time_scale = time_scale
        self.region = REGION
        flags = {"--bare": bare, "--enforce-iam": enforce_iam, "--limit-rates": limit_rates}
        self._options = [flag for flag, chosen in flags.items() if chosen] + ([f"--workers={workers}"] if workers else [])
        self._port = port
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch: Path | None = None
        self._session = session(CREDENTIALS)

    @property
    def endpoint(self) -> str:
        """The URL of every API, without a trailing slash."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def directory(self) -> Path:
        """What belongs to this cloud and to no other that runs beside it."""
        return self._directory or ROOT / ".local" / str(self._port)

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    def __enter__(self) -> Self:
        self._port = _port(self._port)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._scratch = Path(tempfile.mkdtemp(prefix="weighbridge-local-"))
        command = [sys.executable, "-m", "local.server", f"--port={self._port}", f"--time-scale={self.time_scale}"]
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--end-with-parent", *self._options],
                cwd=ROOT,
                env=environment | CREDENTIALS | {"TMPDIR": str(self._scratch)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._await_start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def client(self, service: str, by: boto3.Session | None = None) -> Any:
        """A stock boto3 client of that service, for example `client("lambda")`, by default the root's."""
        return (by or self._session).client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint,
            # Buckets are addressed by path, for no name resolves below 127.0.0.1; nor would a proxy know it.
            config=Config(s3={"addressing_style": "path"}, max_pool_connections=50, proxies={}),
        )

    def wait(self) -> None:
        """Block until the server ends, which it does not do by itself. Raises LocalCloudError when it did."""
        if self._process is not None:
            self._process.wait()
            raise LocalCloudError(f"the local cloud ended by itself.\n{self._log_tail()}")

    def _await_start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._process is None or self._process.poll() is not None:
                raise LocalCloudError(f"the local cloud did not start.\n{self._log_tail()}")
            if time.monotonic() > deadline:
                raise LocalCloudError(f"the local cloud did not start in {START_SECONDS} s.\n{self._log_tail()}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/_ministack/ready")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()

    def _log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join([f"The end of {self.log}:", *lines])

    def _end(self) -> None:
        if self._process is not None:
            # Nothing is worth saving, and the server's group holds its Lambda workers.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None


def session(credentials: Mapping[str, str]) -> boto3.Session:
    """A session with the credentials of an environment's variables, such as CREDENTIALS."""
    return boto3.Session(
        aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=credentials.get("AWS_SESSION_TOKEN"),
        region_name=REGION,
    )


def _port(asked_for: int | None) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", asked_for or 0))
        except OSError as error:
            raise LocalCloudError(f"port {asked_for} cannot be used: {error.strerror}. Choose another one.") from error
        return int(probe.getsockname()[1])
