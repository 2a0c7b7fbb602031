"""Templates as the tools of the field make them, and the examples as they are: each deployed to the local cloud."""

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from cfnlint import lint
from cfnlint.decode import cfn_yaml
from samtranslator.translator.transform import transform

from local.cloud import ROOT
from scenarios.stack import Stack
from scenarios.world import Deployment, World, appspec
from tests.core.test_stack_template import references
from weighbridge.core.stack_template import convert

pytestmark = pytest.mark.local_cloud  # CloudFormation
EXAMPLES, TEMPLATES = ROOT / "examples", Path(__file__).parent / "templates"
PROVIDER = "weighbridge-cloudformation"
BOOTSTRAPPED = "/cdk-bootstrap/hnb659fds/version"
"""What says that a region is ready for the CDK's stacks."""
SAID_BEFORE, SAID_NOW = "thank you", "thanks a lot"
Template = dict[str, Any]


def synthesized(app: Path, folder: Path) -> dict[str, Template]:
    """The templates that a CDK app makes, by stack."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "integrations" / "cdk"),
        "JSII_NODE": str(Path(sys.prefix) / "bin" / "node"),
        "CDK_OUTDIR": str(folder),
        "CDK_VALIDATION": "false",
    }
    subprocess.run([sys.executable, str(app)], env=environment, check=True, capture_output=True)
    return {path.name.partition(".")[0]: json.loads(path.read_text()) for path in folder.glob("*.template.json")}


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    made = synthesized(TEMPLATES / "cdk_app.py", tmp_path_factory.mktemp("cdk"))
    return made | synthesized(EXAMPLES / "cdk-python" / "app.py", tmp_path_factory.mktemp("example"))


def written(path: Path) -> Template:
    template: Template = json.loads(json.dumps(cfn_yaml.load(str(path))))
    return template


def by_sam(template: Template) -> Template:
    """What SAM's own transform makes of a template."""
    own = {**copy.deepcopy(template), "Transform": "AWS::Serverless-2016-10-31"}
    made: Template = transform(own, {}, SimpleNamespace(load=dict))
    return made


def but_for_what_is_named_after_the_stack(resources: Mapping[str, Any]) -> dict[str, Any]:
    return {name: resource for name, resource in resources.items() if "EventSource" not in name}


def findings(template: Mapping[str, Any]) -> set[str]:
    """What cfn-lint says of a template, without where."""
    return {f"{match.rule.id} {match.rule.shortdesc}" for match in lint(json.dumps(template))}


def test_what_the_macro_makes_of_each_tools_template_is_as_sound_as_before(
    apps: Mapping[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")  # SAM asks for one
    before = {
        "SAM": by_sam(written(EXAMPLES / "sam" / "template.yaml")),
        "raw": written(EXAMPLES / "cloudformation" / "template.yaml"),
        "CDK": apps["CodeDeploy"],
        "Serverless": json.loads((TEMPLATES / "serverless.json").read_text()),
    }
    for tool, template in before.items():
        plain = {key: value for key, value in template.items() if key != "Transform"}
        result = convert(plain, PROVIDER)
        assert len(result.renamed) == 1, tool
        left = {*result.template["Resources"], *result.template.get("Parameters", {})}
        assert {name for name in references(result.template) if not name.startswith("AWS::")} <= left, tool
        if found := findings(result.template):
            assert found <= findings(plain), tool


def test_the_cdk_makes_of_an_app_what_the_macro_does(apps: Mapping[str, Template]) -> None:
    by_macro = but_for_what_is_named_after_the_stack(convert(apps["CodeDeploy"], PROVIDER).template["Resources"])
    by_aspect = but_for_what_is_named_after_the_stack(apps["Aspect"]["Resources"])
    assert by_aspect.keys() == by_macro.keys()
    own = "Live848578DFWeighbridge"
    assert by_aspect[own]["Properties"] == by_macro[own]["Properties"] | {"Start": "AfterStack", "OnRunning": "Queue"}
    for name in by_macro.keys() - {own}:
        assert by_aspect[name] == by_macro[name], name


def test_the_cdk_prepares_an_app_as_the_macro_does(apps: Mapping[str, Template]) -> None:
    template = {**apps["CodeDeploy"], "Metadata": {"Weighbridge": {"Prepare": True}}}
    by_macro = but_for_what_is_named_after_the_stack(convert(template, PROVIDER).template["Resources"])
    live = by_macro.pop("Live848578DF")
    prepared = but_for_what_is_named_after_the_stack(apps["Prepared"]["Resources"])
    assert prepared.pop("WeighbridgePrepared") == by_macro.pop("WeighbridgePrepared")
    by_aspect = prepared.pop("Live848578DF")
    assert by_aspect | {"Metadata": {"Weighbridge": "prepared"}} == live | {"Metadata": {"Weighbridge": "prepared"}}
    assert by_aspect["Metadata"]["Weighbridge"] == "prepared"
    assert prepared == by_macro


def test_an_alias_of_the_cdk_waits_for_a_long_deployment_by_a_condition(apps: Mapping[str, Template]) -> None:
    resources = apps["Construct"]["Resources"]
    [version] = [name for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::Version"]
    assert resources[version]["DeletionPolicy"] == "RetainExceptOnCreate"
    handle, ended = (f"Live848578DFWeighbridge{version}{suffix}" for suffix in ("Handle", "Ended"))
    assert resources["Live848578DFWeighbridge"]["Properties"]["WaitHandle"] == {"Ref": handle}
    assert resources[ended] == {
        "Type": "AWS::CloudFormation::WaitCondition",
        "DependsOn": ["Live848578DFWeighbridge"],
        "Properties": {"Handle": {"Ref": handle}, "Timeout": "42300", "Count": 1},
    }
    waiting = {name for name, resource in resources.items() if ended in json.dumps(resource.get("DependsOn", []))}
    assert waiting == set(), "nothing else waits until a deployment has ended"


class Application(Stack):
    """An example, as a stack of the local cloud."""

    def __init__(self, world: World, name: str, template: Template) -> None:
        super().__init__(world, name)
        self.template = template

    def change(self) -> None:
        """Deploys it with other code, which is another version."""
        text = json.dumps(self.template).replace(SAID_BEFORE, SAID_NOW).replace("Version1", "Version2")
        # The CDK's versions are called after what they hold.
        self.update(json.loads(re.sub(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}", rf"\1{32 * '0'}", text)))

    @property
    def arn(self) -> str:
        """The alias's, which the stack puts out."""
        [arn] = [value for value in self.outputs().values() if value.endswith(":live")]
        return arn

    @property
    def answer(self) -> str:
        """What the alias answers."""
        return str(json.load(self.world.client("lambda").invoke(FunctionName=self.arn)["Payload"]))

    def alias(self) -> tuple[str, str]:
        """The version that it is on, and its revision."""
        function, _, name = self.arn.rpartition(":")
        alias = self.world.client("lambda").get_alias(FunctionName=function, Name=name)
        return alias["FunctionVersion"], alias["RevisionId"]

    def deployed(self) -> Deployment:
        """Its deployment, once it has ended."""

        def ask() -> str | None:
            records = self.world.records()
            return next(
                (record["deploymentId"] for record in records if record["applicationName"] == f"stack@{self.name}"), None
            )

        return self.world.ended(self.world.until(f"a deployment of {self.name}", ask))


def test_each_example_is_created_at_once_and_updated_gradually(world: World, apps: Mapping[str, Template]) -> None:
    world.client("ssm").put_parameter(Name=BOOTSTRAPPED, Value="21", Type="String", Overwrite=True)
    applications = [
        Application(world, "shop-sam", written(EXAMPLES / "sam" / "template.yaml")),
        Application(world, "shop-raw", written(EXAMPLES / "cloudformation" / "template.yaml")),
        Application(world, "shop-serverless", json.loads((TEMPLATES / "serverless.json").read_text())),
        Application(world, "shop-cdk", apps["Checkout"]),
        Application(world, "shop-typescript", apps["TypeScript"]),
    ]
    for application in applications:
        application.create(application.template)
    for application in applications:
        assert application.settled() == "CREATE_COMPLETE", f"{application.name}: {application.reasons()}"
        assert application.answer == SAID_BEFORE, application.name
    for application in applications:
        application.change()
    for application in applications:
        assert application.settled() == "UPDATE_COMPLETE", f"{application.name}: {application.reasons()}"
        done = application.deployed()
        assert done.outcome == ("Succeeded", None), application.name
        assert application.answer == SAID_NOW, application.name


def test_an_application_of_codedeploys_moves_in_two_steps_without_being_touched(world: World) -> None:
    template = written(EXAMPLES / "cloudformation" / "template.yaml")
    plain = {name: part for name, part in template.items() if name != "Transform"}
    application = Application(world, "shop-moved", template)
    application.create(plain)
    assert application.settled() == "CREATE_COMPLETE", application.reasons()
    before = application.alias()
    application.update(template)
    assert application.settled() == "UPDATE_ROLLBACK_COMPLETE"
    assert "would be deleted: deploy once with Prepare" in application.reasons()
    assert application.alias() == before
    application.update({**template, "Metadata": {"Weighbridge": {"Prepare": True}}})
    assert application.settled() == "UPDATE_COMPLETE", application.reasons()
    application.update(template)
    assert application.settled() == "UPDATE_COMPLETE", application.reasons()
    assert application.alias() == before
    application.change()
    assert application.settled() == "UPDATE_COMPLETE", application.reasons()
    assert application.deployed().outcome == ("Succeeded", None)
    assert application.answer == SAID_NOW
    application.delete()


class Heard(BaseHTTPRequestHandler):
    """GitHub's API, which answers that a status is created."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def github() -> Iterator[tuple[str, list[Any]]]:
    """The URL of a server of this machine, and what it is asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    server.requests = []  # type: ignore[attr-defined]
    with server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", server.requests  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def of_type(template: Template, kind: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in template["Resources"].values() if resource["Type"] == kind]


def test_the_token_for_github_is_in_no_template(apps: Mapping[str, Template]) -> None:
    template = apps["GitHub"]
    assert findings(template) == set()
    [connection] = of_type(template, "AWS::Events::Connection")
    value = connection["AuthParameters"]["ApiKeyAuthParameters"]["ApiKeyValue"]
    assert value == "Bearer {{resolve:secretsmanager:github-token:SecretString:::}}"
    # EventBridge may call this one destination.
    [policy] = of_type(template, "AWS::IAM::Policy")
    [statement] = policy["PolicyDocument"]["Statement"]
    assert (statement["Action"], "Fn::GetAtt" in statement["Resource"]) == ("events:InvokeApiDestination", True)


def test_the_status_of_a_deployment_of_githubs_follows_ours(
    world: World, apps: Mapping[str, Template], github: tuple[str, list[Any]]
) -> None:
    url, asked = github
    template, events = apps["GitHub"], world.client("events")
    shop = world.shop()
    [connection] = of_type(template, "AWS::Events::Connection")
    [destination] = of_type(template, "AWS::Events::ApiDestination")
    # The emulator's CloudFormation does not make these; so they are made as the template has them.
    connection["AuthParameters"]["ApiKeyAuthParameters"]["ApiKeyValue"] = "Bearer token"
    connected = events.create_connection(Name="github", **connection)["ConnectionArn"]
    endpoint = destination["InvocationEndpoint"].replace("https://api.github.com", url)
    to = destination | {"ConnectionArn": connected, "InvocationEndpoint": endpoint}
    arn = events.create_api_destination(Name="github", **to)["ApiDestinationArn"]
    for number, rule in enumerate(of_type(template, "AWS::Events::Rule")):
        pattern = rule["EventPattern"] | {"detail": rule["EventPattern"]["detail"] | {"application": [shop.name]}}
        events.put_rule(Name=f"github-{number}", EventPattern=json.dumps(pattern))
        [target] = rule["Targets"]
        transformer = {"InputPathsMap": {}} | target["InputTransformer"]
        told = {"Id": "github", "Arn": arn, "RoleArn": world.role(f"GitHub{number}", {}), "InputTransformer": transformer}
        events.put_targets(Rule=f"github-{number}", Targets=[told | {"HttpParameters": target["HttpParameters"]}])
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(shop.name, "2")}}
    quiet = world.ended(world.request(shop, {"revision": revision, "description": "github-deployment:../7 is none"}))
    assert quiet.outcome == ("Succeeded", None)
    content = appspec(shop.name, "3", current=None, BeforeAllowTraffic=world.hook('return {"status": "Failed"}'))
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    failed = world.ended(world.request(shop, {"revision": revision, "description": "Release 42 github-deployment:42"}))
    world.until("both statuses", lambda: len(asked) == 2)
    by_state = {body["state"]: (path, headers, body["description"]) for path, headers, body in asked}
    assert set(by_state) == {"in_progress", "failure"}
    for path, headers, description in by_state.values():
        assert path == "/repos/shop/checkout/deployments/42/statuses"
        assert headers["Authorization"] == "Bearer token"
        assert headers["Accept"] == "application/vnd.github+json"
        assert failed.id in description
    assert by_state["failure"][2] == f"HOOK_EXECUTION_FAILURE: {failed.id}"
