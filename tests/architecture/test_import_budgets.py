"""What a cold start of each handler loads: a new entry is a decision. Modules are counted, since milliseconds vary."""

import json
import subprocess
import sys
from functools import cache

import pytest

from tests.architecture.source import ROOT, handler_names

# Every record comes with these, and so does every call of AWS.
BASE = {"aws.clients", "aws.failures"} | {
    f"core.{module}" for module in ("errors", "hooks", "plan", "routing", "deployment", "service_role")
}
RECORDS = BASE | {"aws.deployments", "aws.registry", "aws.table"}
RECORDS |= {f"core.{module}" for module in ("endings", "ids", "record_size", "revisions")}
ROLLBACKS = {"core.interruptions", "core.rollbacks", "core.sequence"}
ALIASES = {"aws.aliases", "core.function_state"}
WAITS = {"aws.executions", "core.settlement", "core.interruptions"}
REFUSALS = {"aws.refusals", "core.event_text", "core.refusals"}
SETTINGS = {"core.configs", "core.documents", "core.groups", "core.tags"}
REQUESTS = {"core.configs", "core.documents", "core.groups", "core.requests", "core.tags"}
API = {"api.additions", "api.checks", "api.door", "api.hooks", "api.operations", "api.wire", "aws.waits", "telemetry"}
AREAS = {"applications", "configs", "deployments", "groups", "revisions", "tags", "targets"}
MODULES = {
    "api": RECORDS
    | WAITS
    | API
    | SETTINGS
    | REQUESTS
    | {f"api.{area}" for area in AREAS}
    | {"api.absent", "api.drops", "api.named", "api.pages", "api.platform", "api.refusals", "api.served"}
    | {"aws.drops", "core.drops", "core.unheard"}
    | REFUSALS
    | {
        "aws.history",
        "aws.launch",
        "aws.renames",
        "aws.schedule",
        "aws.settings",
        "aws.tags",
        "core.overview",
        "core.timeline",
    },
    "check_alarms": RECORDS | {"aws.alarms", "core.alarms"},
    "complete": RECORDS | ROLLBACKS | {"telemetry"},
    "interrupt": RECORDS | WAITS | REFUSALS | {"aws.waits", "telemetry"},
    "notify": (BASE | {"aws.table", "aws.events", "core.notifications"}),
    "receive": RECORDS
    | WAITS
    | SETTINGS
    | REQUESTS
    | REFUSALS
    | {
        "aws.drops",
        "aws.launch",
        "aws.revisions",
        "aws.schedule",
        "aws.settings",
        "core.bundles",
        "core.drops",
        "core.unheard",
        "telemetry",
    },
    "record_failure": RECORDS | ROLLBACKS | {"aws.rollbacks", "telemetry"},
    "redeliver": {
        "aws.clients",
        "aws.failures",
        "aws.letters",
        "core.errors",
        "core.letters",
        "core.service_role",
        "telemetry",
    },
    "report_hook": RECORDS | WAITS | API | REQUESTS,
    "run_hook": RECORDS | WAITS | ROLLBACKS | {"aws.hooks", "aws.waits"},
    "run_hook_failed": RECORDS | WAITS | {"aws.waits"},
    "send_triggers": BASE | {"aws.table", "aws.topics", "core.triggers", "telemetry"},
    "settle": RECORDS
    | WAITS
    | ROLLBACKS
    | ALIASES
    | {"aws.letters", "aws.rollbacks", "aws.schedule", "aws.waits", "core.event_text", "core.letters", "telemetry"},
    "shift_traffic": RECORDS | ROLLBACKS | ALIASES | {"aws.rollbacks", "telemetry"},
    "validate": RECORDS
    | ALIASES
    | {"aws.hooks", "aws.revisions", "aws.settings", "core.bundles"}
    | SETTINGS
    | {"core.appspec", "core.drops", "core.interruptions", "core.planning", "core.rollbacks"},
}
READS_FILES = {"api", "receive", "report_hook", "validate"}
ASK = "import sys, json; import weighbridge.handlers.{}; print(json.dumps(sorted(sys.modules)))"


@cache
def _loaded(handler: str) -> set[str]:
    """Every module that a fresh process has loaded once it is ready for the handler's first event."""
    run = subprocess.run(
        [sys.executable, "-c", ASK.format(handler)], cwd=ROOT / "functions", capture_output=True, text=True, check=True
    )
    return set(json.loads(run.stdout))


def test_every_handler_has_a_budget() -> None:
    assert sorted(MODULES) == handler_names()


@pytest.mark.parametrize("handler", MODULES)
def test_a_handler_loads_what_its_budget_says(handler: str) -> None:
    rooms = {
        "weighbridge",
        "weighbridge.api",
        "weighbridge.aws",
        "weighbridge.core",
        "weighbridge.handlers",
        f"weighbridge.handlers.{handler}",
    }
    loaded = {name for name in _loaded(handler) if name.split(".")[0] == "weighbridge"}
    assert loaded - rooms == {f"weighbridge.{name}" for name in MODULES[handler]}


@pytest.mark.parametrize("handler", MODULES)
def test_only_what_reads_files_pays_for_reading_them(handler: str) -> None:
    # pydantic alone takes as long to load as everything else of ours together.
    heavy = {name.split(".")[0] for name in _loaded(handler)} & {"pydantic", "yaml"}
    assert heavy == ({"pydantic", "yaml"} if handler in READS_FILES else set())


@pytest.mark.parametrize("handler", MODULES)
def test_tracing_is_switched_on_by_configuration(handler: str) -> None:
    # Importing the X-Ray SDK takes half a second of a cold start.
    assert "aws_xray_sdk" not in _loaded(handler)
