"""By which role a deployment acts, and what its alias is held by."""

from typing import Any

from tests.core.samples import members
from weighbridge.core.appspec import AppSpec
from weighbridge.core.configs import PREDEFINED, DeploymentConfig
from weighbridge.core.groups import parse as parse_group
from weighbridge.core.plan import Plan, role_of
from weighbridge.core.planning import (
    make_plan,
    role_for,
)
from weighbridge.core.routing import Routing
from weighbridge.core.service_role import ServiceRole, alias_lock

SPEC = AppSpec("shop", "live", None, "2", {"AfterAllowTraffic": "CodeDeployHook_after"})
LINEAR = PREDEFINED["CodeDeployDefault.LambdaLinear10PercentEvery1Minute"]
ON_VERSION_1 = Routing("1")


def _plan(
    spec: AppSpec = SPEC,
    found: Routing = ON_VERSION_1,
    config: DeploymentConfig = LINEAR,
    left_by: Any = None,
    **settings: Any,
) -> Plan:
    group = parse_group("shop-app", "prod", settings)
    asked = members(applicationName="shop-app", deploymentGroupName="prod", deploymentId="d-AAAAAAAAA")
    return make_plan(asked, spec, group, config, found=found, revision_id="r-1", group_id="g-1", left_by=left_by)


def test_a_role_is_told_for_which_group_it_is_assumed() -> None:
    arn = "arn:aws:iam::123456789012:role/team-a"
    asked = members(applicationName="shop-app", deploymentGroupName="prod")
    group = parse_group("shop-app", "prod", {"serviceRoleArn": arn})
    for required in (True, False):
        assert role_for(asked, group, required=required) == ServiceRole(arn, "shop-app/prod")
    assert role_of(_plan(serviceRoleArn=arn)) == ServiceRole(arn, "shop-app/prod")


def test_an_alias_is_held_with_its_account_where_that_is_not_the_installations() -> None:
    """An alias of the installation's own account is held as it always was: by deployments from before an upgrade, too."""
    here, there = (ServiceRole(f"arn:aws:iam::{account}:role/path/shop", "shop/prod") for account in ("1" * 12, "2" * 12))
    assert alias_lock("shop", "live", None, "1" * 12) == "shop:live"
    assert alias_lock("shop", "live", here, "1" * 12) == "shop:live"
    assert alias_lock("shop", "live", there, "1" * 12) == "222222222222/shop:live"
