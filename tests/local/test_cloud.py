"""The local cloud as a process: it starts, says why it does not, keeps web pages out, and always ends with all its workers."""

import asyncio
import http.client
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local import browsers
from local.cloud import ROOT, LocalCloud, LocalCloudError, session
from local.sample import write_environment
from tests.local.test_deployment import assembly
from tests.local.workbench import Workbench, until

SLEEPS = """
    import os, time
    def handler(event, context):
        print(os.getpid(), flush=True)
        if event:
            time.sleep(600)
        return os.getpid()
"""


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A process that has ended may wait for its parent to notice.
    return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(endpoint: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(endpoint.rpartition(":")[2]))) == 0


def busy_worker(bench: Workbench) -> int:
    """The process of a Lambda worker in the middle of an invocation."""
    function = bench.function(SLEEPS, timeout=900)
    functions = bench.client("lambda")
    worker = int(json.load(functions.invoke(FunctionName=function, Payload=b"[]")["Payload"]))
    functions.invoke(FunctionName=function, Payload=b"[1]", InvocationType="Event")
    return worker


def test_leaving_ends_the_server_and_its_workers(tmp_path: Path) -> None:
    with LocalCloud(directory=tmp_path) as cloud:
        worker = busy_worker(Workbench(cloud))
        endpoint = cloud.endpoint
        assert answers(endpoint)
    assert not alive(worker)
    assert not answers(endpoint)


def test_errors_inside_end_it_too(tmp_path: Path) -> None:
    cloud = LocalCloud(directory=tmp_path)
    with pytest.raises(ZeroDivisionError), cloud:
        raise ZeroDivisionError
    assert not answers(cloud.endpoint)


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = f"""
import pathlib, sys, time
sys.path.insert(0, {str(ROOT)!r})
from local.cloud import LocalCloud
from tests.local.test_cloud import busy_worker
from tests.local.workbench import Workbench
with LocalCloud(directory=pathlib.Path({str(tmp_path)!r})) as cloud:
    print(busy_worker(Workbench(cloud)), cloud._process.pid, cloud._scratch, flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker, server, scratch = parent.stdout.readline().split()
        parent.send_signal(signal.SIGKILL)
    until(lambda: not alive(int(server)) and not alive(int(worker)))
    assert not Path(scratch).exists()


def test_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with (
            pytest.raises(LocalCloudError, match=f"port {port} cannot be used"),
            LocalCloud(port=port, directory=tmp_path),
        ):
            pass


def test_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(LocalCloudError, match=r"(?s)did not start.*time-scale"),
        LocalCloud(time_scale=-1, directory=tmp_path),
    ):
        pass


@contextmanager
def up(directory: Path | None, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "local", "up", *([f"--directory={directory}"] if directory else []), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_up_writes_outputs_while_it_runs(tmp_path: Path, interruption: signal.Signals) -> None:
    stack = assembly(
        tmp_path / "stack",
        {"Bucket": {"Type": "AWS::S3::Bucket"}},
        Outputs={"BucketName": {"Value": {"Ref": "Bucket"}}},
    )
    outputs, port = tmp_path / "outputs.json", free_port()
    with up(tmp_path, f"--assembly={stack}", f"--port={port}", "--time-scale=0.5") as process:
        until(outputs.exists, 30)
        written = json.loads(outputs.read_text())
        process.send_signal(interruption)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert (written["endpoint"], written["region"]) == (f"http://127.0.0.1:{port}", "us-east-1")
    assert f". {tmp_path}/environment\n" in said
    assert not outputs.exists()


HOSTILE = {
    "AWS_PROFILE": "corp",
    "AWS_SESSION_TOKEN": "of another account",
    "AWS_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "NO_PROXY": "intranet",
}
"""What a terminal may have that would lead its `aws` elsewhere."""


def paste(lines: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What a terminal answers to pasted lines; its `aws`, if it has one, is another and leads elsewhere."""
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(
        "[default]\nregion = eu-west-1\noutput = table\n[profile corp]\nrole_arn = nobody\n"
    )
    environment = HOSTILE | {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home)} | variables
    return subprocess.run(
        ["sh", "-s"], input=lines, env=environment, cwd=home, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_terminal_calls_no_other_cloud(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with LocalCloud(directory=tmp_path / "of a 'port'") as cloud:
        environment = write_environment(cloud, {"ApiUrl": f"{cloud.endpoint}/api/"})
        # The CLI has an address of its own for SQS and RDS.
        calls = (
            "s3 mb s3://made-here",
            "sqs list-queues",
            "--region us-east-1 sqs list-queues",
            "rds describe-db-instances",
        )
        pasted = "\n".join((f". {shlex.quote(str(environment))}", "set -e", *(f"aws {call}" for call in calls), "env"))
        done = paste(pasted, home)
        assert done.returncode == 0, done.stderr
        assert [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]] == ["made-here"]
    variables = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    assert variables.keys() & HOSTILE.keys() == {"AWS_REGION", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
    assert variables["AWS_ENDPOINT_URL_CODEDEPLOY"] == f"{cloud.endpoint}/api/"
    assert variables["NO_PROXY"] == "127.0.0.1,intranet"


def test_two_run_beside_each_other_and_end_by_themselves(tmp_path: Path) -> None:
    stack = assembly(tmp_path / "stack", {"Bucket": {"Type": "AWS::S3::Bucket"}})
    ports = free_port(), free_port()
    folders = [ROOT / ".local" / str(port) for port in ports]
    outputs = [folder / "outputs.json" for folder in folders]
    try:
        with up(None, f"--assembly={stack}", f"--port={ports[0]}") as first:
            with up(None, f"--assembly={stack}", f"--port={ports[1]}") as second:
                until(lambda: all(path.exists() for path in outputs), 30)
                assert json.loads(outputs[0].read_text())["endpoint"] == f"http://127.0.0.1:{ports[0]}"
                second.send_signal(signal.SIGINT)
                said, _ = second.communicate(timeout=20)
                assert f"Its log is {folders[1]}/server.log" in said
            assert [path.exists() for path in outputs] == [True, False]
            assert answers(f"http://127.0.0.1:{ports[0]}")
            first.send_signal(signal.SIGINT)
            first.communicate(timeout=20)
        assert all((folder / "server.log").stat().st_size for folder in folders)
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def test_up_deploys_with_the_context_it_is_given(tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text("import os, sys; sys.exit(os.environ['CDK_CONTEXT_JSON'])")
    choices = ("-c", "invocableHooks=verify-*,a=b", "--context", "hookUrl=true")
    with up(tmp_path / "up", f"--port={free_port()}", f"--app={app}", *choices) as process:
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert '"invocableHooks": "verify-*,a=b", "hookUrl": "true"' in said


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        (("-c", "nonsense"), "KEY=VALUE"),
        (("-c", "=true"), "KEY=VALUE"),
        (("-c", "hookUrl=true", "--assembly=."), "leave out --assembly"),
    ],
)
def test_up_says_what_a_context_value_looks_like(tmp_path: Path, choices: tuple[str, ...], says: str) -> None:
    with up(tmp_path, *choices) as process:
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert says in said


@pytest.mark.parametrize(("options", "refused"), [(("--iam",), True), ((), False)])
def test_up_enforces_iam_where_it_is_asked_to(tmp_path: Path, options: tuple[str, ...], refused: bool) -> None:
    stack = assembly(tmp_path / "stack", {"Bucket": {"Type": "AWS::S3::Bucket"}})
    port = free_port()
    somebody = session({"AWS_ACCESS_KEY_ID": "AKIASOMEBODY", "AWS_SECRET_ACCESS_KEY": "secret"})
    client = somebody.client("sqs", endpoint_url=f"http://127.0.0.1:{port}", config=Config(proxies={}))
    with up(tmp_path, f"--assembly={stack}", f"--port={port}", *options):
        until((tmp_path / "outputs.json").exists, 30)
        try:
            client.list_queues()
            said = ""
        except ClientError as error:
            said = error.response["Error"]["Code"]
    assert bool(said) is refused


def test_up_says_why_it_cannot_and_leaves_another_runs_outputs(tmp_path: Path) -> None:
    (tmp_path / "outputs.json").write_text("another run's")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with up(tmp_path, f"--port={other.getsockname()[1]}") as process:
            said, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "cannot be used" in said
    assert "Traceback" not in said
    assert (tmp_path / "outputs.json").read_text() == "another run's"


PAGE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
FUNCTIONS = "/2015-03-31/functions"
HERE, LOCALHOST = "127.0.0.1:{port}", "localhost:{port}"


def ask(
    bench: Workbench, method: str, path: str, headers: dict[str, str], body: str = ""
) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of an answer; `{port}` in a header stands for the cloud's port."""
    port = bench.cloud.endpoint.rpartition(":")[2]
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
    try:
        connection.request(method, path, body, {name: value.format(port=port) for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def test_a_web_page_may_not_call_it(filled: Workbench) -> None:
    function = filled.function("def handler(event, context): raise RuntimeError('a web page has run this')")
    invoke = f"{FUNCTIONS}/{function}/invocations"
    wish = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    status, permissions, said = ask(filled, "OPTIONS", invoke, PAGE | wish)
    assert status == http.HTTPStatus.FORBIDDEN
    assert not [name for name in permissions if name.lower().startswith("access-control-")]
    assert said.startswith("The local cloud answers no ")
    # A simple request, for which no browser asks first.
    status, permissions, _ = ask(filled, "POST", invoke, PAGE | {"Content-Type": "text/plain"}, "{}")
    assert status == http.HTTPStatus.FORBIDDEN
    assert not [name for name in permissions if name.lower().startswith("access-control-")]
    # The owner of a page lets its name point to 127.0.0.1, so that for the browser all is of one origin.
    rebound = {"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}", "Sec-Fetch-Site": "same-origin"}
    assert ask(filled, "POST", invoke, rebound, "{}")[0] == http.HTTPStatus.FORBIDDEN
    assert ask(filled, "GET", FUNCTIONS, {"Host": "evil.example:{port}"})[2].startswith(
        "The local cloud answers to its own"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1.evil.example:{port}"},
        {"Host": "evil.example.localhost.evil.example:{port}"},
        {"Host": "evillocalhost:{port}"},
        {"Host": "[::1]:{port}"},
        {"Host": "0.0.0.0:{port}"},
        {"Host": ""},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://localhost:1"},
        {"Origin": "https://localhost:{port}"},
        {"Origin": "http://page.localhost:{port}"},
        {"Origin": "http://127.0.0.1:{port}.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "whatever browsers send next"},
    ],
    ids=str,
)
def test_whoever_asks_from_elsewhere_is_refused(filled: Workbench, headers: dict[str, str]) -> None:
    assert ask(filled, "GET", FUNCTIONS, headers)[0] == http.HTTPStatus.FORBIDDEN


def test_a_web_page_may_open_no_socket() -> None:
    said: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        said.append("the emulator was asked")

    async def send(message: Any) -> None:
        said.append(message)

    async def connect(*headers: tuple[bytes, bytes]) -> None:
        await browsers.refused(app, 4566)({"type": "websocket", "headers": headers}, None, send)

    asyncio.run(connect((b"host", b"127.0.0.1:4566"), (b"origin", b"https://evil.example")))
    assert said == [{"type": "websocket.close"}]
    asyncio.run(connect((b"host", b"127.0.0.1:4566")))
    assert said[1:] == ["the emulator was asked"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": LOCALHOST},
        {"Host": "LocalHost:{port}"},
        {"Host": "bucket.s3.localhost:{port}"},
        {"Host": HERE, "Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"},
        {"Host": LOCALHOST, "Origin": "http://localhost:{port}"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_who_asks_from_this_machine_is_answered(filled: Workbench, headers: dict[str, str]) -> None:
    assert ask(filled, "GET", "/_ministack/ready", headers)[0] == http.HTTPStatus.OK
