"""Tests follow the packages: a message is tested in the file of its module's name, or in one that this table names."""

from tests.architecture.source import ROOT

PACKAGES = ("api", "aws", "core", "handlers", "lifecycle", "store")
ELSEWHERE = {
    "api/additions": "api/test_client.py",
    "api/arguments": "api/test_protocol.py",
    "api/endpoint": "api/test_protocol.py",
    "api/locations": "api/test_revisions.py",
    "api/operations": "api/test_protocol.py",
    "api/pagination": "api/test_deployments.py",
    "aws/sns": "handlers/test_send_triggers.py",
    "aws/sqs": "handlers/test_redeliver.py",
    "core/commit": "core/test_wanted.py",
    "core/ownership": "core/test_wanted.py",
    "core/record": "architecture/test_timeline_events.py",
    "handlers/api": "api/test_protocol.py",
    "handlers/commit": "handlers/test_manage_alias.py",
    "handlers/report_hook": "workflow/test_hook_url.py",
    "lifecycle/awaited": "handlers/test_deploy_and_wait.py",
    "lifecycle/check_alarms": "handlers/test_check_alarms.py",
    "lifecycle/close": "handlers/test_complete.py",
    "lifecycle/commit": "handlers/test_manage_alias.py",
    "lifecycle/deploy_and_wait": "handlers/test_deploy_and_wait.py",
    "lifecycle/interrupt": "handlers/test_interrupt.py",
    "lifecycle/manage_alias": "handlers/test_manage_alias.py",
    "lifecycle/preparation": "handlers/test_validate.py",
    "lifecycle/preview": "api/test_plan_deployment.py",
    "lifecycle/reconcile": "handlers/test_reconcile.py",
    "lifecycle/rollback": "handlers/test_shift_traffic.py",
    "lifecycle/run_hook": "handlers/test_run_hook.py",
    "lifecycle/shift": "handlers/test_shift_traffic.py",
    "lifecycle/start": "handlers/test_receive.py",
    "lifecycle/validate": "handlers/test_validate.py",
    "store/aliases": "api/test_aliases.py",
    "store/deployment_index": "api/test_deployments.py",
    "store/drops": "api/test_drops.py",
    "store/keys": "store/test_deployments.py",
    "store/renames": "api/test_applications.py",
    "store/revisions": "api/test_revisions.py",
    "store/schedule": "lifecycle/test_schedule.py",
    "store/tags": "api/test_tags.py",
}
"""What is tested through what alone calls it: an act by its handler, a place in the table by the operation that reads it."""


def _modules() -> set[str]:
    files = (file for package in PACKAGES for file in (ROOT / "functions/weighbridge" / package).glob("[!_]*.py"))
    return {f"{file.parent.name}/{file.stem}" for file in files}


def _has_file(module: str) -> bool:
    package, name = module.split("/")
    return (ROOT / "tests" / package / f"test_{name}.py").exists()


def test_every_module_has_a_file_of_its_name_or_one_that_is_told_here() -> None:
    assert {module for module in _modules() if not _has_file(module)} == set(ELSEWHERE)


def test_the_files_that_are_told_are_there() -> None:
    assert [file for file in ELSEWHERE.values() if not (ROOT / "tests" / file).exists()] == []
