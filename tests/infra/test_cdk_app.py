"""How the app is called, what it refuses, and what all of its output has in common."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks

from infra.app import build
from infra.settings import ROOT, SettingsError
from tests.infra.assembly import TEMPLATE, Assembly
from tests.infra.template import Template

TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"


def test_app_py_alone_synthesizes_a_valid_template_from_what_make_installed(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "CDK_VALIDATION"}
    run = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**environment, "CDK_OUTDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / TEMPLATE).is_file()


def test_a_missing_layer_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="run `make install`"):
        build(tmp_path, {"layer": str(tmp_path / "nowhere")})


def test_a_layer_for_another_runtime_says_how_to_make_one(tmp_path: Path) -> None:
    package = tmp_path / "layer" / "python" / "library"
    package.mkdir(parents=True)
    (package / "core.cpython-313-aarch64-linux-gnu.so").touch()
    context = {"layer": str(tmp_path / "layer"), "runtime": "python3.13"}
    assert build(tmp_path / "out", context).node.try_find_child("Weighbridge")
    with pytest.raises(SettingsError, match=r"is not for python3\.12: .* run `make install`"):
        build(tmp_path / "none", context | {"runtime": "python3.12"})


@pytest.mark.parametrize("value", ["3.14", "nodejs24.x", "python2.7", "python3", 3.14])
def test_what_is_no_runtime_for_python_is_refused(tmp_path: Path, layer: Path, value: object) -> None:
    with pytest.raises(SettingsError, match="`runtime`"):
        build(tmp_path, {"layer": str(layer), "runtime": value})


@pytest.mark.parametrize("key", ["deployableFunctions", "invocableHooks", "serviceRoles"])
@pytest.mark.parametrize("value", [["arn:aws:lambda:*"], ["a b"], [""], [7], {"a": "b"}, True])
def test_what_is_no_list_of_name_patterns_is_refused_by_its_key(
    tmp_path: Path, layer: Path, key: str, value: object
) -> None:
    with pytest.raises(SettingsError, match=f"`{key}`"):
        build(tmp_path, {"layer": str(layer), key: value})


@pytest.mark.parametrize("value", [["*"], "1234", [123456789012], ["arn:aws:iam::123456789012:root"], True])
def test_what_is_no_account_is_refused(tmp_path: Path, layer: Path, value: object) -> None:
    with pytest.raises(SettingsError, match="`serviceRoleAccounts`"):
        build(tmp_path, {"layer": str(layer), "serviceRoleAccounts": value})


@pytest.mark.parametrize("key", ["serviceRoleRequired", "apiUrl", "hookUrl", "alarmOnRefusals"])
@pytest.mark.parametrize("value", ["perhaps", "", 1, []])
def test_what_is_neither_true_nor_false_is_refused_by_its_key(tmp_path: Path, layer: Path, key: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"`{key}`"):
        build(tmp_path, {"layer": str(layer), key: value})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Recieve=5", "names 'Recieve'; the functions are Api, CheckAlarms, "),
        ("onn", "names 'onn'"),
        ("", "names ''"),
        ("Receive", "gives Receive '', which is not a number"),
        ("Receive=-1", "gives Receive '-1'"),
        ("Receive=2.5", "gives Receive '2.5'"),
        ("Receive=٣", "gives Receive '٣'"),
        ("Receive=5,Interrupt=many", "gives Interrupt 'many'"),
        ({"Receive": True}, "gives Receive True"),
        ({"Receive": 2.5}, "gives Receive 2.5"),
        ({"Receive": -1}, "gives Receive -1"),
        (["Receive=5"], "must be `on`, `off` or figures"),
        (True, "must be `on`, `off` or figures"),
        (5, "must be `on`, `off` or figures"),
    ],
)
def test_what_is_no_concurrency_of_a_function_is_refused(tmp_path: Path, layer: Path, value: object, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        build(tmp_path, {"layer": str(layer), "reservedConcurrency": value})
    assert said in str(refused.value)
    assert "`reservedConcurrency`" in str(refused.value)


@pytest.mark.parametrize(
    "value", ["deployments", "arn:aws:sqs:eu-west-1:123456789012:queue", TOPIC + ".fifo", True, [TOPIC]]
)
def test_what_is_no_topic_is_refused(tmp_path: Path, layer: Path, value: object) -> None:
    with pytest.raises(SettingsError, match="`alarmTopic`"):
        build(tmp_path, {"layer": str(layer), "alarmTopic": value})


def test_nothing_names_an_account_or_a_region(assembly: Assembly) -> None:
    assert not re.findall(r"\b\d{12}\b", assembly.text)
    assert not re.findall(r"\b[a-z]{2}(?:-gov)?-(?:north|south|east|west|central)[a-z]*-\d\b", assembly.text)


def test_nothing_but_what_was_declared_is_deployed(template: Template) -> None:
    kinds = {resource.type for resource in template.resources.values()}
    assert kinds == {
        "AWS::CloudFormation::Macro",
        "AWS::CloudWatch::Alarm",
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Url",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::StepFunctions::StateMachine",
    }


def test_cdk_nag_finds_nothing_that_has_no_written_reason(assembly: Assembly) -> None:
    assert findings(assembly.app) == []


def test_cdk_nag_does_find_what_has_none() -> None:
    app = App()
    sqs.Queue(Stack(app, "Careless"), "Queue")
    assert findings(app) == ["AwsSolutions-SQS3 Careless/Queue/Resource", "AwsSolutions-SQS4 Careless/Queue/Resource"]


def findings(app: App) -> list[str]:
    return sorted(
        f"{violation.rule_name} {resource.construct_path}"
        for violation in AwsSolutionsChecks(app).validate_scope(app).violations
        for resource in violation.violating_resources
    )
