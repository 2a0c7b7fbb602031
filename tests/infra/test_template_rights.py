"""Who may do what: the template says what rights.py says."""

import pytest

from statemachine.definition import DEPLOY, DEPLOYMENT, definition
from tests.infra.assembly import Synthesize
from tests.infra.definition import tasks
from tests.infra.rights import CONDITIONS, HANDLERS, MACHINE_ITSELF, TRACE, handlers, joined, needed, on_functions
from tests.infra.template import Rights, Template, as_list

OF_THE_STACK = {f"<{name}Function.Arn>" for name in HANDLERS}


def with_its_log(name: str, rights: Rights) -> Rights:
    return joined(rights, {f"<{name}Logs.Arn>": {"logs:CreateLogStream", "logs:PutLogEvents"}}, {"*": TRACE})


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_may_do_its_task_and_nothing_more(template: Template, name: str) -> None:
    assert template.rights(f"{name}Role") == with_its_log(name, HANDLERS[name])


def test_where_every_group_has_to_name_a_role_ours_may_touch_no_function_and_no_topic(synthesize: Synthesize) -> None:
    strict = synthesize({"serviceRoleRequired": "true"}).template()
    for name, rights in handlers(service_role_required=True).items():
        assert strict.rights(f"{name}Role") == with_its_log(name, rights)
    on_anything_of_users = {
        action
        for name in HANDLERS
        for resource, actions in strict.rights(f"{name}Role").items()
        for action in actions
        if action.startswith(("lambda:", "sns:")) and resource not in OF_THE_STACK
    }
    assert on_anything_of_users == set()
    assert strict["ValidateFunction"]["Environment"]["Variables"]["SERVICE_ROLE_REQUIRED"] == "true"


@pytest.mark.parametrize(("role", "machine"), [("DeploymentRole", DEPLOYMENT), ("DeployRole", DEPLOY)])
def test_a_machine_may_do_what_its_tasks_need_and_nothing_more(template: Template, role: str, machine: str) -> None:
    assert template.rights(role) == joined(needed(tasks(definition(machine))), MACHINE_ITSELF)


def test_each_role_is_held_by_one_service(template: Template) -> None:
    trusted = {
        name: role["AssumeRolePolicyDocument"]["Statement"] for name, role in template.of_type("AWS::IAM::Role").items()
    }

    def by(service: str) -> list[dict[str, object]]:
        return [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}]

    assert trusted == {
        **dict.fromkeys(("DeploymentRole", "DeployRole"), by("states")),
        **{f"{name}Role": by("lambda") for name in HANDLERS},
    }


def test_a_role_has_no_rights_but_those_of_its_policies(template: Template) -> None:
    assert {key for role in template.of_type("AWS::IAM::Role").values() for key in role} == {"AssumeRolePolicyDocument"}
    for policy in template.of_type("AWS::IAM::Policy").values():
        assert set(policy) == {"PolicyName", "PolicyDocument", "Roles"}
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            assert set(statement) <= {"Effect", "Action", "Resource", "Condition"}


def test_no_role_may_do_anything_at_all_with_a_service(template: Template) -> None:
    for policy in template.of_type("AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            assert not [action for action in as_list(statement["Action"]) if "*" in action]


def test_notify_publishes_under_one_name_only(template: Template) -> None:
    conditions = {
        name: statement["Condition"]
        for name in HANDLERS
        for statement in template.statements(f"{name}Role")
        if "Condition" in statement
    }
    # A call may put several entries: all have to name it, and none may leave it out.
    assert conditions == {
        name: {"ForAllValues:StringEquals": condition, "Null": dict.fromkeys(condition, "false")}
        for name, condition in CONDITIONS.items()
    }


def test_the_context_restricts_what_may_be_deployed_invoked_and_assumed(synthesize: Synthesize) -> None:
    restricted = synthesize(
        {"deployableFunctions": ["orders-*", "billing"], "invocableHooks": "check-*", "serviceRoles": []}
    ).template()
    deployable = joined(on_functions("orders-*", "UpdateAlias"), on_functions("billing", "UpdateAlias"))
    for name in ("ShiftTraffic", "Reconcile"):
        rights = restricted.rights(f"{name}Role")
        assert {resource for resource, actions in rights.items() if "lambda:UpdateAlias" in actions} == set(deployable)
    for name in ("Validate", "RunHook"):
        rights = restricted.rights(f"{name}Role")
        invocable = {resource for resource, actions in rights.items() if "lambda:InvokeFunction" in actions}
        assert invocable - {"<RunHookFailedFunction.Arn>"} == set(on_functions("check-*", "InvokeFunction"))
    for name in HANDLERS:
        assert not [actions for actions in restricted.rights(f"{name}Role").values() if "sts:AssumeRole" in actions]
    variables = restricted["ValidateFunction"]["Environment"]["Variables"]
    assert variables["DEPLOYABLE_FUNCTIONS"] == "orders-*,billing"
    assert variables["INVOCABLE_HOOKS"] == "check-*"


@pytest.mark.parametrize("chosen", ["210987654321, 111122223333", ["210987654321", "111122223333"]])
def test_roles_of_other_accounts_are_assumed_where_the_context_names_these(synthesize: Synthesize, chosen: object) -> None:
    wide = synthesize({"serviceRoleAccounts": chosen}).template()
    accounts = ["<AWS::AccountId>", "210987654321", "111122223333"]
    assumed = {f"arn:<AWS::Partition>:iam::{account}:role/WeighbridgeServiceRole*" for account in accounts}
    for name, rights in HANDLERS.items():
        roles = {resource for resource, actions in wide.rights(f"{name}Role").items() if "sts:AssumeRole" in actions}
        may = any("sts:AssumeRole" in actions for actions in rights.values())
        assert roles == (assumed if may else set())
    for name in ("Receive", "Api"):
        assert wide[f"{name}Function"]["Environment"]["Variables"]["SERVICE_ROLE_ACCOUNTS"] == ",".join(accounts)
