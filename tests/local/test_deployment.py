"""Deploying a cloud assembly, and what is said when that fails."""

import json
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest

from local.deployment import LAYER, LEFT_OUT, RUNTIME, DeploymentError, SynthesisError, deploy, synthesize, without_left_out
from tests.local.workbench import Workbench

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
}


def assembly(directory: Path, resources: dict[str, Any], **template: Any) -> Path:
    """A cloud assembly of one stack, laid out as the CDK does it, with one zipped directory as an asset."""
    code = directory / "asset.abc"
    code.mkdir(parents=True)
    (code / "main.py").write_text("import greeting\ndef handler(event, context): return greeting.TEXT\n")
    (code / "greeting.py").write_text("TEXT = 'hello'\n")
    stack = directory.name.replace("_", "-")
    documents = {
        "manifest.json": {
            "artifacts": {
                f"{stack}.assets": {"type": "cdk:asset-manifest", "properties": {"file": "stack.assets.json"}},
                "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
                stack: {"type": "aws:cloudformation:stack", "properties": {"templateFile": "template.json"}},
            }
        },
        "stack.assets.json": {
            "files": {
                "abc": {
                    "source": {"path": "asset.abc", "packaging": "zip"},
                    "destinations": {
                        "current_account-current_region": {
                            "bucketName": "cdk-assets-${AWS::AccountId}-${AWS::Region}",
                            "objectKey": "abc.zip",
                        }
                    },
                }
            }
        },
        "template.json": {"Resources": resources, **template},
    }
    for name, document in documents.items():
        (directory / name).write_text(json.dumps(document))
    return directory


def test_assets_are_published_and_outputs_returned(filled: Workbench, tmp_path: Path) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.14",
            "Architectures": ["arm64"],
            "Handler": "main.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {
                "S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}-${AWS::Region}"},
                "S3Key": "abc.zip",
            },
        },
    }
    url = {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE", "TargetFunctionArn": {"Ref": "Function"}}}
    version = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/any/version"}
    outputs = deploy(
        filled.cloud,
        assembly(
            tmp_path / "greeter",
            {"Role": ROLE, "Function": function, "Url": url},
            Parameters={"BootstrapVersion": version},
            Outputs={
                "FunctionName": {"Value": {"Ref": "Function"}},
                "ApiUrl": {"Value": {"Fn::GetAtt": ["Url", "FunctionUrl"]}},
            },
        ),
    )
    answer = filled.client("lambda").invoke(FunctionName=outputs["FunctionName"])
    assert answer["Payload"].read() == b'"hello"'
    assert outputs["ApiUrl"].startswith(filled.cloud.endpoint)
    with build_opener(ProxyHandler({})).open(outputs["ApiUrl"]) as response:
        assert response.read() == b"hello"


def test_unknown_type_is_named(filled: Workbench, tmp_path: Path) -> None:
    directory = assembly(tmp_path / "unknown", {"Canary": {"Type": "AWS::Synthetics::Canary", "Properties": {}}})
    with pytest.raises(DeploymentError, match=r"stack unknown.*AWS::Synthetics::Canary"):
        deploy(filled.cloud, directory)


def test_failed_resource_is_named_with_its_reason(filled: Workbench, tmp_path: Path) -> None:
    fails = filled.function("def handler(event, context): raise ValueError('no such thing')")
    arn = f"arn:aws:lambda:{filled.cloud.region}:000000000000:function:{fails}"
    custom = {"Type": "Custom::Thing", "Properties": {"ServiceToken": arn, "ServiceTimeout": "1"}}
    with pytest.raises(DeploymentError, match=r"(?s)stack broken ended as ROLLBACK_COMPLETE.*Thing \(Custom::Thing\)"):
        deploy(filled.cloud, assembly(tmp_path / "broken", {"Thing": custom}))


def test_two_stacks_are_refused(filled: Workbench, tmp_path: Path) -> None:
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"One": stack, "Two": stack}}))
    with pytest.raises(DeploymentError, match="2 stacks"):
        deploy(filled.cloud, tmp_path)


def test_left_out_types_are_refused_by_the_emulator(bare: Workbench) -> None:
    for number, kind in enumerate(LEFT_OUT):
        template = {"Resources": {"It": {"Type": kind, "Properties": {}}}}
        with pytest.raises(bare.client("cloudformation").exceptions.ClientError, match=kind):
            bare.client("cloudformation").create_stack(StackName=f"left-out-{number}", TemplateBody=json.dumps(template))


def test_left_out_resources_take_their_dependencies_along() -> None:
    (kind, *_) = LEFT_OUT
    template: dict[str, Any] = {
        "Description": "kept",
        "Resources": {
            "Gone": {"Type": kind},
            "Kept": {"Type": "AWS::SNS::Topic", "DependsOn": ["Gone", "Other"]},
            "Other": {"Type": "AWS::SNS::Topic", "DependsOn": "Gone"},
        },
    }
    assert without_left_out(template) == {
        "Description": "kept",
        "Resources": {
            "Kept": {"Type": "AWS::SNS::Topic", "DependsOn": ["Other"]},
            "Other": {"Type": "AWS::SNS::Topic"},
        },
    }
    assert template["Resources"]["Other"] == {"Type": "AWS::SNS::Topic", "DependsOn": "Gone"}


def test_app_gets_its_settings_and_the_layer_and_runtime_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text(
        '{"app": "python app.py", "context": {"hooks": ["A_*"], "runtime": "other", "layer": "other"}}'
    )
    app = tmp_path / "app.py"
    app.write_text(
        "import os, pathlib\n"
        "out = pathlib.Path(os.environ['CDK_OUTDIR']); out.mkdir()\n"
        "(out / 'context.json').write_text(os.environ['CDK_CONTEXT_JSON'])\n"
    )
    synthesize(app, tmp_path / "out")
    context = json.loads((tmp_path / "out" / "context.json").read_text())
    assert context == {"hooks": ["A_*"], "runtime": RUNTIME, "layer": LAYER}


def test_failing_app_tells_why(tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text("raise SystemExit('no such construct')")
    with pytest.raises(SynthesisError, match="no such construct"):
        synthesize(app, tmp_path / "out")
