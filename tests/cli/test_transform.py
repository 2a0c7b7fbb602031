"""The macro as a command."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from local.cloud import ROOT
from weighbridge_cli.verbs.others import transform as main

EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize(
    ("example", "alias"), [("sam", "CheckoutAliasliveWeighbridge"), ("cloudformation", "CheckoutLiveWeighbridge")]
)
def test_an_example_is_expanded_as_cloudformation_would(monkeypatch: pytest.MonkeyPatch, example: str, alias: str) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    done = CliRunner().invoke(main, [str(EXAMPLES / example / "template.yaml"), "--hook-url", "https://hooks.example/"])
    assert done.exit_code == 0, done.output
    template = json.loads(done.stdout)
    assert template["Resources"][alias]["Type"] == "Custom::WeighbridgeAlias"
    assert "Transform" not in template
    assert done.stderr == f"{alias.removesuffix('Weighbridge')} becomes {alias}\n"


def test_a_template_that_is_refused_says_what_to_change(tmp_path: Path) -> None:
    template = tmp_path / "template.json"
    template.write_text(
        json.dumps({"Metadata": {"Weighbridge": {"Strat": "x"}}, "Resources": {"A": {"Type": "AWS::SNS::Topic"}}})
    )
    done = CliRunner().invoke(main, [str(template)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no option 'Strat': did you mean Start?" in done.stderr


def test_a_template_in_which_nothing_is_shifted_stays_as_it_is(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Transform: [Weighbridge, Others]\nResources:\n  A: {Type: 'AWS::SNS::Topic'}\n")
    done = CliRunner().invoke(main, [str(template)])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"Transform": ["Others"], "Resources": {"A": {"Type": "AWS::SNS::Topic"}}}
    assert "stays as it is" in done.stderr
