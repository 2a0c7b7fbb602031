"""The layer for hooks: what Node's and Python's SDKs send with it in place, without a word of it in the hook's code."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.credentials import ReadOnlyCredentials

from local.cloud import ROOT
from tests.client.upstream import CONTENT_TYPE, Upstream, upstream

LAYER = ROOT / "client" / "layer" / "weighbridge"
CREDENTIALS = ReadOnlyCredentials("ASIAHOOK", "secret/of+the=hook", "session/of+the=hook")
REPORT = {"deploymentId": "d-AAAAAAAAA", "lifecycleEventHookExecutionId": "ü of the hook", "status": "Succeeded"}
# Hooks as they were written for CodeDeploy; they print what they were answered.
V2 = """
const AWS = require("aws-sdk");
const report = JSON.parse(process.env.REPORT);
const codedeploy = new AWS.CodeDeploy({apiVersion: "2014-10-06"});
codedeploy.putLifecycleEventHookExecutionStatus(report, (error, answer) => console.log(JSON.stringify(error || answer)));
"""
V2_BY_PART = V2.replace('require("aws-sdk")', '{CodeDeploy: require("aws-sdk/clients/codedeploy")}')
V3 = """
const { CodeDeployClient, PutLifecycleEventHookExecutionStatusCommand } = require("@aws-sdk/client-codedeploy");
const report = JSON.parse(process.env.REPORT);
const command = new PutLifecycleEventHookExecutionStatusCommand(report);
new CodeDeployClient({}).send(command).then(({ $metadata, ...answer }) => console.log(JSON.stringify(answer)));
"""
# What a bundler leaves of an SDK: calls of Node's own client, here by the name that an ES module has it under.
BUNDLED = """
import { request } from "node:https";
const headers = {
  Host: "codedeploy.eu-west-1.amazonaws.com", "Content-Type": "application/x-amz-json-1.1", Authorization: "AWS4 of the SDK",
  "X-Amz-Target": "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus", "X-Amz-Date": "20200101T000000Z",
};
const options = { host: headers.Host, port: 443, method: "POST", path: "/", headers };
const sent = request(options, (answer) => answer.on("data", (data) => process.stdout.write(data)));
const text = process.env.REPORT;
sent.write(text.slice(0, 20));
sent.write(Buffer.from(text.slice(20)), () => sent.end());
"""
BOTO3 = """
import boto3, json, os
report = json.loads(os.environ["REPORT"])
answer = boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(**report)
print(json.dumps({name: value for name, value in answer.items() if name != "ResponseMetadata"}))
"""
NODE = {"aws-sdk v2": V2, "a part of aws-sdk v2": V2_BY_PART, "v3": V3, "bundled": BUNDLED}


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as listening:
        listening.body = json.dumps({"lifecycleEventHookExecutionId": REPORT["lifecycleEventHookExecutionId"]}).encode()
        yield listening


def run(command: list[str], **changes: str) -> subprocess.CompletedProcess[str]:
    """Runs a hook's code with the environment that Lambda and the layer's instructions give it."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
        "AWS_SESSION_TOKEN": str(CREDENTIALS.token),
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_DATA_PATH": str(LAYER),
        "NODE_OPTIONS": f"--require {LAYER / 'preload.cjs'}",
        "NODE_PATH": str(ROOT / "node_modules"),
        "REPORT": json.dumps(REPORT),
        "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1",
    } | changes
    variables = {name: value for name, value in environment.items() if value}
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)


def node(source: str, **changes: str) -> subprocess.CompletedProcess[str]:
    kind = "module" if source.lstrip().startswith("import") else "commonjs"
    return run([str(Path(sys.executable).parent / "node"), f"--input-type={kind}", "--eval", source], **changes)


@pytest.mark.parametrize("source", NODE.values(), ids=NODE)
def test_a_hook_in_node_reports_by_a_signature_for_lambda(behind: Upstream, source: str) -> None:
    ended = node(source, AWS_ENDPOINT_URL_CODEDEPLOY=behind.url)
    assert json.loads(ended.stdout) == {"lifecycleEventHookExecutionId": REPORT["lifecycleEventHookExecutionId"]}, (
        ended.stderr
    )
    _is_the_report(behind)


def test_a_hook_in_python_reports_by_a_signature_for_lambda(behind: Upstream) -> None:
    ended = run([sys.executable, "-c", BOTO3], AWS_ENDPOINT_URL_CODEDEPLOY=behind.url)
    assert json.loads(ended.stdout) == {"lifecycleEventHookExecutionId": REPORT["lifecycleEventHookExecutionId"]}, (
        ended.stderr
    )
    _is_the_report(behind)


def _is_the_report(behind: Upstream) -> None:
    [sent] = behind.sent
    assert (sent.path, json.loads(sent.body)) == ("/_aws/lambda-url/0123-abc/", REPORT)
    assert sent.headers["x-amz-target"] == "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"
    assert sent.headers["content-type"] == CONTENT_TYPE
    assert sent.headers["x-amz-security-token"] == CREDENTIALS.token
    assert sent.scope == "eu-west-1/lambda"
    assert sent.is_signed(behind.url, CREDENTIALS, "eu-west-1")


OTHERS = """
const AWS = require("aws-sdk");
const others = new AWS.SQS({ endpoint: process.env.OTHERS, maxRetries: 0 });
others.listQueues({}, (error, answer) => console.log(JSON.stringify(error || answer)));
"""


def test_what_goes_to_other_services_is_left_alone(behind: Upstream) -> None:
    with upstream() as others:
        others.body = b'{"QueueUrls": ["one"]}'
        ended = node(OTHERS, AWS_ENDPOINT_URL_CODEDEPLOY=behind.url, OTHERS=others.url)
    assert json.loads(ended.stdout) == {"QueueUrls": ["one"]}, ended.stderr
    assert [sent.scope for sent in others.sent] == ["eu-west-1/sqs"]
    assert behind.sent == []


def test_without_an_endpoint_nothing_is_changed() -> None:
    ended = node("console.log(require('https').request.toString().includes('TARGET'))")
    assert (ended.stdout, ended.stderr) == ("false\n", "")


def test_without_credentials_it_reports_unsigned_as_the_hooks_url_takes_it(behind: Upstream) -> None:
    ended = node(BUNDLED, AWS_ENDPOINT_URL_CODEDEPLOY=behind.url, AWS_ACCESS_KEY_ID="")
    assert "lifecycleEventHookExecutionId" in ended.stdout, ended.stderr
    assert "authorization" not in behind.sent[0].headers


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("weighbridge", "AWS_ENDPOINT_URL_CODEDEPLOY is no URL"),
        ("http://abc.lambda-url.eu-west-1.on.aws/", "AWS_ENDPOINT_URL_CODEDEPLOY is not https"),
        ("http://127.0.0.1.example.com/", "AWS_ENDPOINT_URL_CODEDEPLOY is not https"),
    ],
)
def test_an_unusable_endpoint_is_told_at_the_start(endpoint: str, said: str) -> None:
    ended = node("", AWS_ENDPOINT_URL_CODEDEPLOY=endpoint)
    assert ended.returncode != 0
    assert said in ended.stderr


def test_the_region_is_that_of_the_url(tmp_path: Path) -> None:
    stand_in = tmp_path / "stand-in.cjs"
    stand_in.write_text("""
        require("https").request = ({ hostname, path, headers, agent }) => ({
            getHeader: (name) => headers[name],
            setHeader: (name, value) => { headers[name] = value; },
            end: () => console.log(JSON.stringify({ hostname, path, agent, authorization: headers.authorization })),
        });
    """)
    ended = node(
        BUNDLED.replace("(answer) =>", "() =>")
        .replace("X-Amz-Target", "x-amz-target")
        .replace("Content-Type", "content-type"),
        NODE_OPTIONS=f"--require {stand_in} --require {LAYER / 'preload.cjs'}",
        AWS_ENDPOINT_URL_CODEDEPLOY="https://abc123.lambda-url.us-west-2.on.aws/",
    )
    sent = json.loads(ended.stdout)
    assert (sent["hostname"], sent["path"]) == ("abc123.lambda-url.us-west-2.on.aws", "/")
    assert "/us-west-2/lambda/aws4_request" in sent["authorization"]
