"""What it costs when nobody deploys, and that the README says so."""

import re

import pytest
from click.testing import CliRunner

from infra import idle_cost
from infra.settings import ROOT
from tests.infra.assembly import Assembly, Synthesize
from tests.infra.template import Template


def test_every_type_has_a_price_or_costs_by_use_or_size(assembly: Assembly, synthesize: Synthesize) -> None:
    for each in (assembly, synthesize({"hookUrl": True, "alarmOnRefusals": True})):
        template = each.template()
        resources = {name: {"Type": resource.type} for name, resource in template.resources.items()}
        alarms = len(template.of_type("AWS::CloudWatch::Alarm"))
        [(kind, (count, dollars))] = idle_cost.fixed({"Resources": resources}).items()
        assert (kind, count) == ("AWS::CloudWatch::Alarm", alarms)
        assert dollars == pytest.approx(alarms * 0.1)


def test_what_nobody_has_looked_up_is_not_free() -> None:
    with pytest.raises(KeyError):
        idle_cost.fixed({"Resources": {"Gateway": {"Type": "AWS::EC2::NatGateway"}}})


def test_nothing_runs_by_the_clock_but_what_rests(template: Template) -> None:
    scheduled = {name for name, rule in template.of_type("AWS::Events::Rule").items() if "ScheduleExpression" in rule}
    assert scheduled == {"EventsSchedule"}
    # A function that reads a queue is asked for several times a minute, which is charged.
    sources = template.of_type("AWS::Lambda::EventSourceMapping").values()
    assert {source["EventSourceArn"] for source in sources} == {"<StorageTable.StreamArn>"}


def test_the_readme_quotes_what_the_command_prints() -> None:
    printed = CliRunner().invoke(idle_cost.main, [], catch_exceptions=False).stdout
    [total] = re.findall(r"^(\$\d\.\d\d)  a month while nobody deploys", printed, re.MULTILINE)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [quoted] = re.findall(r"`make idle-cost`[^.]*?(\$\d\.\d\d) a month", readme.replace("\n", " "))
    assert quoted == total
