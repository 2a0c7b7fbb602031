"""The command `weighbridge` as people and pipelines run it: every verb, every exit code, on a terminal and without one."""

import io
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.httpsession import URLLib3Session

from local.cloud import CREDENTIALS, REGION
from scenarios.world import ACCOUNT, SOURCE, Alias, Shop, World, allow, appspec
from tests.cli.schema import check
from weighbridge_cli.proxy import Proxy, Target

pytestmark = pytest.mark.local_cloud  # other processes

PROGRAM = str(Path(sys.executable).parent / "weighbridge")
FAST = ("--interval", "0.3")
PROVIDER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:weighbridge-cloudformation"
Environment = dict[str, str]
Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def ci(world: World) -> Environment:
    """The environment of somebody with the rights that docs/cli.md lists, and with no other."""
    user = world.user(
        "cli",
        *world.recipes("shop").calls["Statement"],
        allow("lambda:ListTags", PROVIDER),
        allow(
            ["lambda:ListVersionsByFunction", "lambda:PublishVersion"], f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop*"
        ),
        allow("s3:PutObject", f"arn:aws:s3:::{world.bucket}/*"),
    )
    credentials = user.get_credentials()
    assert credentials
    return _environment(world, AWS_ACCESS_KEY_ID=credentials.access_key, AWS_SECRET_ACCESS_KEY=credentials.secret_key)


def _environment(world: World, **variables: str) -> Environment:
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nowhere",
        "LC_ALL": "C.UTF-8",
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": world.cloud.endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        **CREDENTIALS,
        **variables,
    }


def run(environment: Environment, *arguments: str) -> Done:
    return subprocess.run([PROGRAM, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=90)


def record(done: Done) -> dict[str, Any]:
    """The final record, which is all that `--json` prints."""
    document: dict[str, Any] = check(json.loads(done.stdout), "record")
    assert document["exitCode"] == done.returncode
    return document


class Terminal:
    """The command on a pseudo-terminal; `screen` is what it has printed, without what moves the cursor and colours."""

    def __init__(self, environment: Environment, *arguments: str) -> None:
        self._printed = io.BytesIO()
        self._descriptor, its_end = pty.openpty()
        variables = environment | {"TERM": "xterm-256color", "COLUMNS": "120"}
        # What a shell runs in the background ignores it, and so would all that is started from there.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._process = subprocess.Popen(
            [PROGRAM, *arguments], env=variables, stdin=its_end, stdout=its_end, stderr=its_end
        )
        os.close(its_end)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._descriptor, 65536)
            except OSError:  # the other end is closed
                return
            if not chunk:
                return
            self._printed.write(chunk)

    @property
    def screen(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._printed.getvalue().decode("utf-8", "replace"))

    def press_ctrl_c(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def ended(self) -> int:
        """Its exit code."""
        code = self._process.wait(90)
        self._reader.join()
        os.close(self._descriptor)
        return code


def test_a_canary_on_a_terminal_and_the_same_again(world: World, ci: Environment) -> None:
    shop = world.shop(deploymentConfigName="Brief", alarmConfiguration={"alarms": [{"name": world.alarm()}]})
    group = ("--group", f"{shop.name}/prod")
    terminal = Terminal(ci, "deploy", shop.name, *group, "--target", "2", "--wait", *FAST)
    assert terminal.ended() == 0, terminal.screen
    screen = terminal.screen
    assert re.search(rf"● Deployment d-\w+: {shop.name}:live from version 1 to version 2", screen), screen
    assert re.search(r"●    10 %  baking, \d+ min", screen), screen
    assert "○   100 %  to come" in screen
    assert re.search(r"alarm-\d+  OK", screen)
    last = screen[screen.rindex("Deployment d-") :]
    assert "100 % on version 2" in last
    assert last.rstrip().endswith("Succeeded")
    assert world.alias(shop) == Alias("2", {})
    again = run(ci, "deploy", shop.name, "--target", "2", "--wait", "--json")
    assert (record(again)["result"], record(again)["liveVersion"]) == ("AlreadyThere", "2")
    assert run(ci, "wait", shop.name, "--version", "2").returncode == 0
    listed = check(json.loads(run(ci, "history", shop.name, "--json").stdout), "history")["deployments"]
    assert [each["status"] for each in listed] == ["Succeeded"]
    undone = run(ci, "undo", shop.name, "--wait", *FAST)
    assert undone.returncode == 0, undone.stderr
    assert world.alias(shop) == Alias("1", {})


@contextmanager
def running(environment: Environment, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [PROGRAM, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until_line(stream: IO[str] | None, text: str) -> str:
    """The first line from here on that has the text."""
    assert stream
    for line in stream:
        if text in line:
            return line
    raise AssertionError(f"it ended without saying {text}")


def test_an_alarm_ends_it_with_one_and_the_cause_is_explained(world: World, ci: Environment, tmp_path: Path) -> None:
    alarm = world.alarm()
    shop = world.shop(deploymentConfigName="Endless", alarmConfiguration={"alarms": [{"name": alarm}]})
    actions = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(tmp_path / "o"), "GITHUB_STEP_SUMMARY": str(tmp_path / "s")}
    with running(ci | actions, "deploy", shop.name, "--group", f"{shop.name}/prod", "--wait", *FAST) as process:
        assert "::group::Deployment d-" in until_line(process.stdout, "::group::")
        until_line(process.stdout, "TrafficShifted: 10 % of the traffic is on version 3.")
        world.set_alarm(alarm, "ALARM")
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.search(rf"::endgroup::\nd-\w+ Stopped ALARM_ACTIVE: .*<{alarm}> All traffic is back on version 1\.", out), out
    assert "::error title=Weighbridge%3A Failed::" in out
    outputs = dict(line.split("=", 1) for line in (tmp_path / "o").read_text().splitlines())
    assert (outputs["status"], outputs["live-version"]) == ("Stopped", "1")
    assert "| Live version | 1 |" in (tmp_path / "s").read_text()
    explained = run(ci, "explain", shop.name).stdout
    assert "All traffic is back on version 1." in explained
    assert "What to do" in explained
    planned = run(ci, "plan", shop.name, "--json")
    assert planned.returncode == 1
    findings = check(json.loads(planned.stdout), "plan")["plan"]["findings"]
    assert [each["severity"] for each in findings] == ["Error"]
    assert len(json.loads(run(ci, "history", shop.name, "--json").stdout)["deployments"]) == 2  # with the rollback


class _Again(Proxy):
    """Listens at a port at which another one has just listened."""

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        super().server_bind()


class Relay:
    """A way to the API that can be cut: the proxy for stock clients, which signs anew for where it leads."""

    def __init__(self, world: World) -> None:
        self._to = Target(world.outputs["ApiUrl"], REGION)
        self.port = 0
        self.mend()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def mend(self) -> None:
        keys = ReadOnlyCredentials(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], None)
        self._proxy = _Again(self._to, self.port, lambda: keys, URLLib3Session(proxies={}))
        self.port = self._proxy.port
        self._thread = threading.Thread(target=self._proxy.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def cut(self) -> None:
        self._proxy.shutdown()
        self._thread.join()
        self._proxy.server_close()


@pytest.fixture
def endless(world: World, ci: Environment) -> Iterator[tuple[Shop, str]]:
    """A deployment that waits in its first step, begun by the command."""
    shop = world.shop(deploymentConfigName="Endless")
    done = run(ci, "deploy", shop.name, "--group", f"{shop.name}/prod", "--target", "2")
    assert (done.returncode, bool(re.fullmatch(r"d-\w{9}\n", done.stdout))) == (0, True), done.stderr
    yield shop, done.stdout.strip()
    world.until("the alias is free", lambda: world.is_free(shop))


def test_what_runs_is_looked_at_left_alone_stopped_and_tried_again(
    world: World, ci: Environment, endless: tuple[Shop, str]
) -> None:
    shop, deployment = endless
    assert record(run(ci, "wait", deployment, "--until", "shifted", "--json", *FAST))["result"] == "Reached"
    assert record(run(ci, "watch", shop.name, "--timeout", "0s", "--json"))["result"] == "StillRunning"
    [line] = [line for line in run(ci, "status").stdout.splitlines() if line.startswith(f"{shop.name}:live")]
    assert re.search(rf"1 90 %, 2 10 %  {deployment}  10 % on version 2, baking, 1 d 23 h left", line), line
    second = run(ci, "deploy", shop.name)
    assert (second.returncode, "already has an active Deployment" in second.stderr) == (2, True)
    assert run(ci, "undo", shop.name).returncode == 2
    terminal = Terminal(ci, "watch", deployment, *FAST)
    world.until("the tree", lambda: "baking" in terminal.screen)
    terminal.press_ctrl_c()
    assert terminal.ended() == 130
    assert f"Go on watching: weighbridge watch {deployment}" in terminal.screen
    assert world.record(deployment)["status"] == "InProgress"
    stopped = run(ci, "stop", shop.name, "--wait", "--json", *FAST)
    assert (record(stopped)["result"], record(stopped)["liveVersion"]) == ("Reached", "1")
    assert run(ci, "stop", deployment).returncode == 2
    retried = record(run(ci, "retry", shop.name, "--until", "started", "--json", *FAST))["deployment"]
    assert (retried["targetVersion"], retried["description"]) == ("2", f"Retry of {deployment}")
    assert run(ci, "stop", shop.name, "--no-rollback", "--wait", *FAST).returncode == 0
    world.route(shop, "1")


def test_a_lost_connection_is_no_end(world: World, ci: Environment, endless: tuple[Shop, str]) -> None:
    _, deployment = endless
    relay = Relay(world)
    with running(ci | {"AWS_ENDPOINT_URL_WEIGHBRIDGE": relay.url}, "wait", deployment, "--json-lines", *FAST) as process:
        until_line(process.stdout, "TrafficShifted")
        relay.cut()
        until_line(process.stderr, "The deployment goes on meanwhile; trying again.")
        world.stop(deployment)
        world.ended(deployment)
        relay.mend()
        out, err = process.communicate(timeout=60)
    relay.cut()
    assert process.returncode == 1, err
    last = json.loads(out.splitlines()[-1])
    assert (last["event"], last["deployment"]["status"]) == ("Result", "Stopped")
    assert "Reached again." in err


def test_who_waits_for_a_person_ends_with_four(world: World, ci: Environment) -> None:
    shop, hook = world.shop(), world.hook("return None")
    paused = run(
        ci,
        "deploy",
        shop.name,
        "--group",
        f"{shop.name}/prod",
        "--target",
        "2",
        "--before",
        hook,
        "--until",
        "paused",
        "--json",
        *FAST,
    )
    document = record(paused)
    assert (paused.returncode, document["result"]) == (4, "WaitsForPerson")
    assert f"The hook {hook} waits for a report" in document["message"]
    deployment = document["deployment"]["deploymentId"]
    assert run(ci, "stop", deployment, "--wait", *FAST).returncode == 0


def test_a_file_is_dropped_and_followed_or_sent_where_that_is_not_allowed(
    world: World, ci: Environment, tmp_path: Path
) -> None:
    shop = world.shop()
    file = tmp_path / "release.yaml"
    file.write_text(appspec(shop.name), encoding="utf-8")
    dropped = run(ci, "deploy", str(file), "--group", f"{shop.name}/prod", "--wait", *FAST)
    assert dropped.returncode == 0, dropped.stderr
    assert f"Dropped s3://{world.bucket}/{shop.name}/prod/release.yaml" in dropped.stderr
    assert world.alias(shop) == Alias("2", {})
    file.write_text(appspec(shop.name, "3", current="2"), encoding="utf-8")
    caller = world.user("cli-without-bucket", *world.recipes("shop").calls["Statement"], allow("lambda:ListTags", PROVIDER))
    credentials = caller.get_credentials()
    assert credentials
    keys = {"AWS_ACCESS_KEY_ID": credentials.access_key, "AWS_SECRET_ACCESS_KEY": credentials.secret_key}
    sent = run(ci | keys, "deploy", str(file), "--wait", *FAST)
    assert sent.returncode == 0, sent.stderr
    assert "s3:PutObject" in sent.stderr
    assert world.alias(shop) == Alias("3", {})
    refused = run(ci | keys, "deploy", shop.name)
    assert refused.returncode == 5
    assert "ask for the right lambda:ListVersionsByFunction" in refused.stderr


def test_the_first_deployment_of_an_alias_and_a_version_that_is_not_there_yet(world: World, ci: Environment) -> None:
    shop = Shop("shop-first-by-command")
    world.function(shop.name, SOURCE.format(answer=1), SOURCE.format(answer=2))
    world.client("lambda").create_alias(FunctionName=shop.name, Name="live", FunctionVersion="1")
    with running(ci, "wait", shop.name, "--version", "2", *FAST) as waiting:
        done = run(ci, "deploy", shop.name, "--wait", "--json", *FAST)
        assert record(done)["liveVersion"] == "2", done.stderr
        assert f"The group {shop.name}/live is new" in done.stderr
        _, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    published = run(ci, "deploy", shop.name, "--publish", "--wait", "--json", *FAST)
    # Nothing has changed since version 2, so Lambda publishes no other.
    assert record(published)["result"] == "AlreadyThere"
    shown = run(ci, "group", "show", f"{shop.name}/live")
    assert "LambdaAllAtOnce" in shown.stdout
    changed = run(ci, "group", "set", f"{shop.name}/live", "--config", "Brief")
    assert (changed.returncode, changed.stdout) == (0, f"{shop.name}/live is changed.\n"), changed.stderr
    assert run(ci, "config", "set", f"{shop.name}-linear", "--linear", "20@3m").returncode == 0
    assert "linearPercentage: 20" in run(ci, "config", "show", f"{shop.name}-linear").stdout


def _refusals(world: World) -> Mapping[str, tuple[Environment, tuple[str, ...], int, str]]:
    nobody = world.user("cli-nobody", allow("lambda:ListTags", PROVIDER))
    credentials = nobody.get_credentials()
    assert credentials
    keys = {"AWS_ACCESS_KEY_ID": credentials.access_key, "AWS_SECRET_ACCESS_KEY": credentials.secret_key}
    root = _environment(world)
    return {
        "no right on the API": (root | keys, ("status",), 5, "lambda:InvokeFunctionUrl and lambda:InvokeFunction"),
        "not installed": (root, ("status", "--stack", "Elsewhere"), 2, "there is no function elsewhere-cloudformation"),
        "out of reach": (root | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, ("status",), 5, "cannot be reached"),
        "no function": (root, ("deploy", "shoop-x"), 2, "There is no function shoop-x."),
        "no deployment": (root, ("wait", "d-AAAAAAAAA"), 2, "d-AAAAAAAAA could not be found"),
        "no credentials": (
            {name: value for name, value in root.items() if name not in CREDENTIALS},
            ("status",),
            5,
            "There are no AWS credentials",
        ),
    }


def test_what_is_refused_says_what_to_do(world: World) -> None:
    for name, (environment, arguments, code, says) in _refusals(world).items():
        done = run(environment, *arguments)
        assert (done.returncode, says in done.stderr) == (code, True), (name, done.stderr)
        assert done.stdout == "", name
