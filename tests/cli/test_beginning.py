"""init: the files that it writes work."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from weighbridge.core import appspec, groups
from weighbridge.core.documents import load
from weighbridge_cli.main import weighbridge


def written(*arguments: str) -> str:
    done = CliRunner().invoke(weighbridge, ["init", *arguments, "--output", "-"])
    assert done.exit_code == 0, done.output
    assert "@FUNCTION@" not in done.stdout
    return done.stdout


def test_a_group_is_taken_over_as_it_stands() -> None:
    group = groups.parse("shop", "prod", load(written("group", "checkout:beta", "--group", "shop/prod")))
    assert group.aliases == ["checkout:beta"]
    assert group.alarm_configuration
    assert group.alarm_configuration.watched() == ["checkout-errors"]


@pytest.mark.parametrize(("answer", "status"), [({}, "Succeeded"), ({"FunctionError": "Unhandled"}, "Failed")])
def test_a_hook_asks_the_version_that_is_to_get_the_traffic(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], status: str
) -> None:
    asked: list[dict[str, Any]] = []

    class Functions:
        def invoke(self, **call: Any) -> dict[str, Any]:
            asked.append(call)
            return {"Payload": io.BytesIO(b"boom"), **answer}

    monkeypatch.setattr("boto3.client", lambda _service: Functions())
    module: dict[str, Any] = {}
    exec(compile(written("hook", "checkout"), "hook.py", "exec"), module)  # noqa: S102 - it is what is tested
    said = module["handler"]({"FunctionName": "checkout", "TargetVersion": "7"}, None)
    assert said["status"] == status
    assert (asked[0]["FunctionName"], asked[0]["Qualifier"]) == ("checkout", "7")


def test_pipelines_run_the_command() -> None:
    github = yaml.safe_load(written("github", "checkout"))
    [run] = [step["run"] for step in github["jobs"]["deploy"]["steps"] if "deploy checkout:live" in step.get("run", "")]
    gitlab = yaml.safe_load(written("gitlab", "checkout"))
    assert run in gitlab["deploy-checkout"]["script"]
    program, *arguments = run.split()[1:]
    assert program.startswith("weighbridge@")
    # As click reads them: a mistake would be told before anything is asked.
    context = weighbridge.make_context("weighbridge", list(arguments))
    command = weighbridge.get_command(context, arguments[0])
    assert command
    assert command.make_context("deploy", arguments[1:]).params["publish"] is True


def test_terraform_writes_what_the_service_reads() -> None:
    text = written("terraform", "check-out:live")
    assert 'resource "aws_lambda_alias" "check_out_live"' in text
    assert text.count("{") == text.count("}")
    assert "ignore_changes = [function_version, routing_config]" in text
    document = {
        "version": "0.0",
        "Resources": [
            {
                "check-out": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {"Name": "check-out", "Alias": "live", "TargetVersion": "7"},
                }
            }
        ],
    }
    for name in ("Type", "Properties", "Name", "Alias", "TargetVersion"):
        assert f"{name} " in text
    assert appspec.parse(json.dumps(document)).target_version == "7"


def test_a_file_that_is_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    assert runner.invoke(weighbridge, ["init", "github"]).exit_code == 0
    assert (tmp_path / ".github" / "workflows" / "deploy.yml").exists()
    again = runner.invoke(weighbridge, ["init", "github"])
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)
    assert runner.invoke(weighbridge, ["init", "github", "--force"]).exit_code == 0
    (tmp_path / "no").write_text("")
    assert runner.invoke(weighbridge, ["init", "hook", "--output", "no/hook.py"]).exit_code == 2
