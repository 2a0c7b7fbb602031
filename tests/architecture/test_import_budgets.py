"""What a cold start of each handler loads: a new entry is a decision. Modules are counted, since milliseconds vary."""

import json
import os
import subprocess
import sys
from functools import cache

import pytest

from tests.architecture.source import ROOT, handler_names

# Every record comes with these, and so does every call of AWS.
BASE = {
    "aws.clients",
    "aws.errors",
    *(f"core.{m}" for m in ("errors", "hooks", "plan", "record", "routing", "deployment", "service_role")),
}
TABLE = {"aws.dynamodb", "environment", "store.keys"}
RECORDS = BASE | TABLE | {"store.deployments", "store.revisions"}
RECORDS |= {f"core.{module}" for module in ("endings", "ids", "record_size", "revisions")}
EXECUTIONS = {"aws.stepfunctions", "core.execution"}
GATE = EXECUTIONS | {"core.gate", "core.interruptions", "lifecycle.gate"}
ROLLBACKS = {"core.names", "core.rollback_rule", "core.rollbacks", "core.sequence"}
WAY_BACK = ROLLBACKS | {"aws.lambda_aliases", "core.function_state", "lifecycle.rollback", "telemetry"}
REFUSALS = {"core.event_text", "core.refusals", "store.refusals"}
SETTINGS = {"core.configs", "core.documents", "core.groups", "core.tags", "store.settings"}
DROPS = {"aws.s3", "core.bundles", "core.object_keys", "store.drops"}
SCHEDULE = {"aws.eventbridge", "core.notifications", "lifecycle.schedule", "store.schedule"}
BEGINS = RECORDS | EXECUTIONS | SCHEDULE | {"core.names", "lifecycle.start", "store.settings", "telemetry"}
STARTS = BEGINS | REFUSALS | DROPS | {"core.names", "core.rollback_rule"}
ENDPOINT = {f"api.{module}" for module in ("additions", "endpoint", "operations", "protocol")}
ENDPOINT |= BASE - {"aws.errors"} | {"core.event_text", "core.ids", "core.refusals", "telemetry"}
WANTED = {"core.wanted", "store.wanted"}
COMMITS = BEGINS | GATE | WANTED | {"aws.cloudformation", "aws.lambda_aliases", "core.event_text", "core.function_state"}
COMMITS |= {"core.commit", "core.refusals", "core.rotation", "lifecycle.commit", "lifecycle.interrupt"}
MODULES = {
    # Its operations are loaded when the first call of one comes.
    "api": ENDPOINT | {"api.registry"},
    "check_alarms": RECORDS | {"aws.cloudwatch", "core.alarms", "lifecycle.check_alarms"},
    "commit": COMMITS,
    "complete": RECORDS | WAY_BACK | {"lifecycle.close"},
    "deploy_and_wait": (BEGINS - {"telemetry"}) | {"core.awaited", "lifecycle.deploy_and_wait", "store.awaited"},
    "interrupt": RECORDS | GATE | REFUSALS | {"lifecycle.interrupt", "telemetry"},
    "manage_alias": COMMITS
    | SETTINGS
    | {"core.alias_resource", "core.appspec", "core.planning", "core.requests", "core.rollback_rule", "core.rollbacks"}
    | {"core.ownership", "lifecycle.manage_alias"},
    "notify": BASE | {"aws.dynamodb", "environment", "aws.eventbridge", "core.metrics", "core.notifications", "telemetry"},
    "receive": STARTS | SETTINGS | {"core.missed_files", "core.rotation", "lifecycle.receive_file"},
    "reconcile": RECORDS
    | GATE
    | WAY_BACK
    | SCHEDULE
    | WANTED
    | {"aws.sqs", "core.dead_letters", "core.event_text", "core.reconciliation", "core.rotation", "lifecycle.reconcile"}
    | {"core.awaited", "lifecycle.awaited", "store.awaited"},
    "record_failure": RECORDS | WAY_BACK | {"lifecycle.close"},
    "redeliver": {"aws.clients", "aws.errors", "aws.sqs", "core.dead_letters", "core.errors", "core.service_role"}
    | {"environment", "telemetry"},
    "report_hook": RECORDS
    | GATE
    | ENDPOINT
    | {"api.arguments", "api.hooks", "core.names", "lifecycle.interrupt", "store.settings"},
    "run_hook": RECORDS | GATE | ROLLBACKS | {"aws.lambda_hooks", "lifecycle.run_hook"},
    "run_hook_failed": RECORDS | GATE,
    "send_triggers": BASE | TABLE | {"aws.sns", "core.triggers", "telemetry"},
    "shift_traffic": RECORDS | WAY_BACK | {"lifecycle.shift"},
    "transform_template": {"aws.clients", "core.configs", "core.documents", "core.errors", "core.names", "core.plan"}
    | {"core.routing", "core.service_role", "core.stack_template", "core.wanted", "environment"},
    "validate": RECORDS
    | SETTINGS
    | {"aws.lambda_aliases", "aws.lambda_hooks", "aws.s3", "core.appspec", "core.bundles", "core.function_state"}
    | {"core.names", "core.object_keys", "core.planning", "core.rollback_rule", "core.rollbacks"}
    | {"lifecycle.preparation", "lifecycle.validate"},
}
READS_FILES = {"manage_alias", "receive", "transform_template", "validate"}
READS_STREAMS = {"notify", "send_triggers"}
# What a client of botocore's and Powertools' logger come with.
SDK = {"aws_lambda_powertools", "botocore", "certifi", "dateutil", "jmespath", "six", "typing_extensions", "urllib3"}
MODELS = {"annotated_types", "pydantic", "pydantic_core", "typing_inspection"}
FLOOR = "from botocore.session import Session; Session().create_client('dynamodb')"
HANDLER = "import weighbridge.handlers.{}; from weighbridge.aws.clients import client; client('dynamodb')"
ASK = "import sys, json; {}; print(json.dumps(sorted(sys.modules)))"
MOST_BESIDE = 50
"""Modules of others that a handler which reads neither files nor streams loads beside those of a client."""


def _loaded(handler: str) -> set[str]:
    """Every module that a fresh process has loaded once it is ready for the handler's first call."""
    return _loaded_by(HANDLER.format(handler))


@cache
def _loaded_by(statement: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", ASK.format(statement)],
        cwd=ROOT / "functions",
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(run.stdout))


def test_every_handler_has_a_budget() -> None:
    assert sorted(MODULES) == handler_names()


@pytest.mark.parametrize("handler", MODULES)
def test_a_handler_loads_what_its_budget_says(handler: str) -> None:
    packages = {f"weighbridge.{name}" for name in ("api", "aws", "core", "handlers", "lifecycle", "store")}
    itself = {"weighbridge", f"weighbridge.handlers.{handler}"}
    loaded = {name for name in _loaded(handler) if name.split(".")[0] == "weighbridge"}
    assert loaded - packages - itself == {f"weighbridge.{name}" for name in MODULES[handler]}


@pytest.mark.parametrize("handler", MODULES)
def test_a_handler_loads_no_other_packages(handler: str) -> None:
    # boto3 takes half as long again as a client of botocore's, pydantic as long as everything else of ours together; files
    # are read after the first event has come, so YAML is not among them.
    loaded = {name.split(".")[0] for name in _loaded(handler)}
    packages = {name for name in loaded - sys.stdlib_module_names - {"weighbridge"} if not name.startswith("_")}
    assert packages == SDK | (MODELS if handler in READS_FILES else set())


@pytest.mark.parametrize("module", ["aliases", "deployments", "hooks", "progress", "refusals", "targets"])
def test_calls_of_the_api_that_only_read_need_no_models(module: str) -> None:
    # They would take as long to load as everything else of ours together, before the first answer.
    assert not {name.split(".")[0] for name in _loaded_by(f"import weighbridge.api.{module}")} & MODELS


@pytest.mark.parametrize("handler", MODULES)
def test_only_what_reads_streams_pays_for_powertools_events(handler: str) -> None:
    # The package imports every event source there is.
    events = {name for name in _loaded(handler) if name.startswith("aws_lambda_powertools.utilities.data_classes")}
    assert bool(events) == (handler in READS_STREAMS)


@pytest.mark.parametrize("handler", sorted(MODULES.keys() - READS_FILES - READS_STREAMS))
def test_a_handler_loads_little_beside_what_a_client_needs(handler: str) -> None:
    beside = {name for name in _loaded(handler) - _loaded_by(FLOOR) if name.split(".")[0] != "weighbridge"}
    assert len(beside) <= MOST_BESIDE, sorted(beside)


@pytest.mark.parametrize("handler", MODULES)
def test_tracing_is_switched_on_by_configuration(handler: str) -> None:
    # Importing the X-Ray SDK takes half a second of a cold start.
    assert "aws_xray_sdk" not in _loaded(handler)
