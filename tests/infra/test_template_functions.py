import json
import re
from typing import Any

import pytest
from aws_cdk import FileSystem

from infra.bytecode import PATTERNS
from infra.concurrency import RECOMMENDED, UNRESERVED
from infra.settings import ROOT
from statemachine.definition import DEPLOY, definition
from tests.infra.assembly import Assembly, Synthesize
from tests.infra.definition import placeholders, tasks
from tests.infra.template import Template

RUNTIME = json.loads((ROOT / "cdk.json").read_text())["context"]["runtime"]
SECONDS = {
    "Receive": 30,
    "Validate": 60,
    "RunHook": 900,
    "RunHookFailed": 30,
    "CheckAlarms": 30,
    "ShiftTraffic": 30,
    "Complete": 30,
    "RecordFailure": 30,
    "Interrupt": 30,
    "Reconcile": 60,
    "Commit": 60,
    "ManageAlias": 60,
    "TransformTemplate": 30,
    "DeployAndWait": 30,
    "Redeliver": 60,
    "Notify": 30,
    "SendTriggers": 60,
    "Api": 30,
}
ON_REQUEST = ["ReportHook"]
"""Deployed only when the context asks for it: test_hook_url.py."""
COMMON = {
    "TABLE_NAME": "<StorageTable>",
    "POWERTOOLS_SERVICE_NAME": "weighbridge",
    "POWERTOOLS_METRICS_NAMESPACE": "Weighbridge",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}
ENVIRONMENT = {
    "Receive": {
        "BUCKET_NAME": "<StorageBucket>",
        "SERVICE_ROLE_ACCOUNTS": "<AWS::AccountId>",
        "STATE_MACHINE_ARN": "<DeploymentMachine>",
        "SCHEDULE_RULE": "Weighbridge-Schedule",
    },
    "Validate": {
        "ACCOUNT_ID": "<AWS::AccountId>",
        "BUCKET_NAME": "<StorageBucket>",
        "DEPLOYABLE_FUNCTIONS": "*",
        "INVOCABLE_HOOKS": "CodeDeployHook_*",
        "SERVICE_ROLE_REQUIRED": "false",
    },
    "SendTriggers": {"ACCOUNT_ID": "<AWS::AccountId>"},
    "Api": {
        "ACCOUNT_ID": "<AWS::AccountId>",
        "DEPLOYABLE_FUNCTIONS": "*",
        "INVOCABLE_HOOKS": "CodeDeployHook_*",
        "SERVICE_ROLE_REQUIRED": "false",
        "BUCKET_NAME": "<StorageBucket>",
        "SERVICE_ROLE_ACCOUNTS": "<AWS::AccountId>",
        "STATE_MACHINE_ARN": "<DeploymentMachine>",
        "SCHEDULE_RULE": "Weighbridge-Schedule",
    },
    "Reconcile": {
        "DEAD_LETTERS_URL": "<FailuresEvents>",
        "RELEASE": FileSystem.fingerprint(str(ROOT / "functions"), exclude=PATTERNS),
        "STATE_MACHINE_ARN": "<DeploymentMachine>",
        "SCHEDULE_RULE": "Weighbridge-Schedule",
    },
    "DeployAndWait": {"STATE_MACHINE_ARN": "<DeploymentMachine>", "SCHEDULE_RULE": "Weighbridge-Schedule"},
    "Commit": {"STATE_MACHINE_ARN": "<DeploymentMachine>", "SCHEDULE_RULE": "Weighbridge-Schedule"},
    "ManageAlias": {
        "ACCOUNT_ID": "<AWS::AccountId>",
        "DEPLOYABLE_FUNCTIONS": "*",
        "INVOCABLE_HOOKS": "CodeDeployHook_*",
        "SERVICE_ROLE_REQUIRED": "false",
        "STATE_MACHINE_ARN": "<DeploymentMachine>",
        "SCHEDULE_RULE": "Weighbridge-Schedule",
    },
    "TransformTemplate": {"PROVIDER": "weighbridge-cloudformation", "HOOK_URL": ""},
    "Redeliver": {
        "DEAD_LETTERS_URL": "<FailuresEvents>",
        "UNHANDLED_URL": "<FailuresUnhandled>",
        "REDELIVERED_TO": "<ReceiveFunction.Arn>,<InterruptFunction.Arn>,<ReconcileFunction.Arn>,<CommitFunction.Arn>",
    },
}


def words(name: str) -> list[str]:
    return re.findall(r"[A-Z][a-z]*", name)


@pytest.mark.parametrize("name", SECONDS)
def test_a_function_is_its_handler_with_its_own_role_and_log(template: Template, name: str) -> None:
    function = template[f"{name}Function"]
    assert function["Handler"] == f"weighbridge.handlers.{'_'.join(words(name)).lower()}.handler"
    assert function["Role"] == f"<{name}Role.Arn>"
    assert function["LoggingConfig"] == {"LogGroup": f"<{name}Logs>"}
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["Timeout"] == SECONDS[name]
    assert function["MemorySize"] == 512
    assert (function["Runtime"], function["Architectures"]) == (RUNTIME, ["arm64"])
    assert function["Layers"] == ["<PackageLayer>"]
    assert function["Environment"]["Variables"] == {**COMMON, **ENVIRONMENT.get(name, {})}


def reserved(template: Template) -> dict[str, int]:
    functions = template.of_type("AWS::Lambda::Function").items()
    return {
        name.removesuffix("Function"): function["ReservedConcurrentExecutions"]
        for name, function in functions
        if "ReservedConcurrentExecutions" in function
    }


def test_the_reaction_path_has_concurrency_of_its_own(template: Template, synthesize: Synthesize) -> None:
    assert reserved(template) == {}
    figures = reserved(synthesize({"reservedConcurrency": "on", "hookUrl": True}).template())
    # What puts traffic back has more than what others can keep busy, which is capped.
    reacting = [figures.pop(name) for name in ("Interrupt", "ShiftTraffic", "RecordFailure", "Reconcile")]
    callable_by_others = ("Receive", "Validate", "Api", "ReportHook", "ManageAlias", "Commit", "DeployAndWait")
    called_by_others = [figures.pop(name) for name in callable_by_others]
    assert min(reacting) >= max(called_by_others) > 0
    # RunHook waits for hooks, for a quarter of an hour each.
    assert figures == {}
    assert sum((*reacting, *called_by_others)) == sum(RECOMMENDED.values()) < 1000 - UNRESERVED


@pytest.mark.parametrize("chosen", ["Receive=5, Interrupt=20", {"Receive": 5, "Interrupt": "20"}])
def test_single_functions_are_given_concurrency(synthesize: Synthesize, chosen: object) -> None:
    assert reserved(synthesize({"reservedConcurrency": chosen}).template()) == {"Receive": 5, "Interrupt": 20}


def test_a_function_is_switched_off(synthesize: Synthesize) -> None:
    assert reserved(synthesize({"reservedConcurrency": "Receive=0"}).template()) == {"Receive": 0}


def test_every_handler_on_disk_is_a_function_and_every_function_a_handler(template: Template) -> None:
    files = {path.stem for path in (ROOT / "functions" / "weighbridge" / "handlers").glob("[!_]*.py")}
    assert files == {"_".join(words(name)).lower() for name in [*SECONDS, *ON_REQUEST]}
    assert set(template.of_type("AWS::Lambda::Function")) == {f"{name}Function" for name in SECONDS}


def test_every_placeholder_of_the_state_machine_is_filled_and_no_other(template: Template) -> None:
    deploy = template["DeployMachine"]["DefinitionSubstitutions"]
    assert set(deploy) == placeholders(definition(DEPLOY))
    assert deploy == {"Partition": "<AWS::Partition>", "DeployAndWaitFunctionArn": "<DeployAndWaitFunction.Arn>"}
    substitutions = template["DeploymentMachine"]["DefinitionSubstitutions"]
    assert set(substitutions) == placeholders(definition())
    assert substitutions == {
        "Partition": "<AWS::Partition>",
        "TableName": "<StorageTable>",
        **{key: f"<{key.removesuffix('Arn')}.Arn>" for key in substitutions if key.endswith("FunctionArn")},
    }


def test_a_state_that_calls_a_handler_is_named_like_it() -> None:
    each = [*tasks(definition()), *tasks(definition(DEPLOY))]
    calls = [task for task in each if task.integration == "lambda:invoke"]
    assert calls
    for call in calls:
        [placeholder] = call.placeholders
        words_of_handler = [word.lower() for word in words(placeholder.removesuffix("FunctionArn"))]
        words_of_state = iter(call.state.lower().split())
        assert all(word in words_of_state for word in words_of_handler), f"{call.state!r} calls {placeholder}"


def test_every_log_is_kept_for_a_quarter_and_goes_with_the_stack(template: Template) -> None:
    groups = template.of_type("AWS::Logs::LogGroup")
    assert set(groups) == {"DeploymentLogs", "DeployLogs", *(f"{name}Logs" for name in SECONDS)}
    for name, group in groups.items():
        assert group["RetentionInDays"] == 90
        assert template.resources[name].attributes["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize(("construct", "suffix"), [("Deployment", ""), ("Deploy", "-deploy")])
def test_the_state_machine_logs_every_transition_without_the_task_tokens(
    template: Template, construct: str, suffix: str
) -> None:
    machine = template[f"{construct}Machine"]
    assert machine["StateMachineType"] == "STANDARD"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"] == {
        "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": f"<{construct}Logs.Arn>"}}],
        "IncludeExecutionData": False,
        "Level": "ALL",
    }
    assert template[f"{construct}Logs"]["LogGroupName"] == f"/aws/vendedlogs/states/<AWS::StackName>{suffix}"


def test_the_machine_by_which_others_deploy_has_a_name_that_is_known_beforehand(
    template: Template, synthesize: Synthesize
) -> None:
    assert template["DeployMachine"]["StateMachineName"] == "weighbridge-deploy"
    assert "StateMachineName" not in template["DeploymentMachine"]
    assert synthesize({"stackName": "Second"}).template()["DeployMachine"]["StateMachineName"] == "second-deploy"


def test_the_layer_leaves_out_bytecode_and_programs(assembly: Assembly) -> None:
    [library] = assembly.directory.glob("asset.*/python/library.py")
    assert sorted(path.name for path in library.parent.iterdir()) == ["library.py"]


def test_all_functions_share_one_package(template: Template) -> None:
    codes: list[Any] = [function["Code"] for function in template.of_type("AWS::Lambda::Function").values()]
    assert all(code == codes[0] for code in codes)
