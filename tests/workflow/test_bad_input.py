"""What bad input gets: a Failed record that says what to change, and an alias that nobody touched."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from scenarios.world import Alias, Shop, World, appspec
from tests.workflow.variants import variants

CANARY: dict[str, Any] = {"deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes"}
APPSPEC = "INVALID_LAMBDA_CONFIGURATION"
HOOK = "HOOK_EXECUTION_FAILURE"


UNTOUCHED = Alias("1", {})


@dataclass(frozen=True)
class Bad:
    """`drop` makes the deployment and returns its id; it ends with `code` and a message that contains `says`."""

    name: str
    drop: Callable[[World, Shop], str]
    code: str
    says: str
    alias: Alias = UNTOUCHED


def _file(content: str | bytes, name: str = "release.yaml") -> Callable[[World, Shop], str]:
    return lambda world, shop: world.drop_file(shop, content, name)


def _changed(**properties: Any) -> Callable[[World, Shop], str]:
    """The right AppSpec file with other properties; None leaves one out."""

    def drop(world: World, shop: Shop) -> str:
        document = yaml.safe_load(appspec(shop.name))
        [resource] = document["Resources"]
        properties_after = resource[shop.name]["Properties"] | properties
        resource[shop.name]["Properties"] = {name: value for name, value in properties_after.items() if value is not None}
        return world.drop_file(shop, yaml.safe_dump(document))

    return drop


def _edited(old: str, new: str) -> Callable[[World, Shop], str]:
    def drop(world: World, shop: Shop) -> str:
        text = appspec(shop.name)
        assert old in text
        return world.drop_file(shop, text.replace(old, new))

    return drop


def _hooks(**hooks: str) -> Callable[[World, Shop], str]:
    return lambda world, shop: world.drop(shop, **hooks)


def _two_resources(world: World, shop: Shop) -> str:
    document = yaml.safe_load(appspec(shop.name))
    return world.drop_file(
        shop,
        yaml.safe_dump(document | {"Resources": document["Resources"] + yaml.safe_load(appspec("other"))["Resources"]}),
    )


def _misspelt_hooks(world: World, shop: Shop) -> str:
    return world.drop_file(shop, appspec(shop.name) + "Hoks:\n  - BeforeAllowTraffic: CodeDeployHook_x\n")


def _unknown_group(world: World, shop: Shop) -> str:
    return world.drop_file(shop, appspec(shop.name), group="staging")


def _unknown_application(world: World, shop: Shop) -> str:
    return world.drop_file(Shop(f"no-{shop.name}"), appspec(shop.name))


def _unknown_config(world: World, shop: Shop) -> str:
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(shop.name)}}
    return world.request(shop, {"revision": revision, "deploymentConfigName": "NoSuchConfig"})


def _weighted(world: World, shop: Shop) -> str:
    world.route(shop, "1", {"3": 0.25})
    return world.drop(shop)


def _missing_object(world: World, shop: Shop) -> str:
    location = {"bucket": world.bucket, "key": f"{shop.name}/is/not/here.yaml"}
    return world.request(shop, {"revision": {"revisionType": "S3", "s3Location": location}})


def _config(name: str, percentage: Any, minutes: Any) -> Callable[[World, Shop], str]:
    def drop(world: World, shop: Shop) -> str:  # noqa: ARG001
        canary = {"canaryPercentage": percentage, "canaryInterval": minutes}
        document = {"trafficRoutingConfig": {"type": "TimeBasedCanary", "timeBasedCanary": canary}}
        key = f"deployment-configs/{name}.yaml"
        return world.deployment_of(f"s3://{world.bucket}/{key}?versionId={world.put(key, json.dumps(document))}")

    return drop


def _bad_group(content: str) -> Callable[[World, Shop], str]:
    def drop(world: World, shop: Shop) -> str:
        key = f"{shop.name}/prod/deployment-group.yaml"
        return world.deployment_of(f"s3://{world.bucket}/{key}?versionId={world.put(key, content)}")

    return drop


BAD = [
    Bad("not YAML", _file("a: [b"), APPSPEC, "not well-formed yaml"),
    Bad("not JSON", _file('{"version": ', "release.json"), APPSPEC, "not well-formed JSON"),
    Bad("empty file", _file(""), APPSPEC, "not nothing"),
    Bad("a list", _file("- version: 0.0"), APPSPEC, "not a list"),
    Bad("unknown key", _misspelt_hooks, APPSPEC, "Unknown key 'Hoks'; did you mean 'Hooks'?"),
    Bad("key twice", _file("version: 0.0\nversion: 0.0"), APPSPEC, "'version' is given twice"),
    Bad("tag", _file("version: !!python/name:os.system 0.0"), APPSPEC, "tags such as"),
    Bad("alias bomb", _file("a: &a [x]\nb: [*a, *a]"), APPSPEC, "anchors and aliases"),
    Bad("what does not print", _file('version: 0.0\nResources: [{"a\\e[2J\\u202e": {Type: x}}]'), APPSPEC, r"a\x1b[2J\u202e"),
    Bad("two resources", _two_resources, APPSPEC, "exactly one function, not 2"),
    Bad("wrong Type", _edited("AWS::Lambda::Function", "AWS::EC2::Instance"), APPSPEC, "must be 'AWS::Lambda::Function'"),
    Bad("missing property", _changed(TargetVersion=None), APPSPEC, "TargetVersion: is missing; add it"),
    Bad("empty property", _changed(Name=""), APPSPEC, "The Lambda function name cannot be null or empty"),
    Bad("$LATEST", _changed(TargetVersion="$LATEST"), APPSPEC, "$LATEST cannot be deployed gradually"),
    Bad("version not there", _changed(TargetVersion="99"), APPSPEC, "has no version 99; publish it"),
    Bad("alias not there", _changed(Alias="prod"), "INVALID_LAMBDA_FUNCTION", "has no alias 'prod'"),
    Bad("function not there", _changed(Name="shop-0"), "INVALID_LAMBDA_FUNCTION", "no Lambda function named 'shop-0'"),
    Bad("function not allowed", _changed(Name="payroll"), APPSPEC, "this installation is restricted to shop*"),
    Bad("CurrentVersion differs", _changed(CurrentVersion="3"), APPSPEC, "does not match the current version in AppSpec file"),
    Bad("hook not there", _hooks(AfterAllowTraffic="CodeDeployHook_none"), HOOK, "no Lambda function 'CodeDeployHook_none'"),
    Bad("hook not allowed", _hooks(BeforeAllowTraffic="verify"), APPSPEC, "hooks must be named CodeDeployHook_*"),
    Bad("hook null", _file("version: 0.0\nResources: []\nHooks: [BeforeAllowTraffic: ]"), APPSPEC, "cannot be null or empty"),
    Bad("unknown group", _unknown_group, "DEPLOYMENT_GROUP_MISSING", "No Deployment Group found for name: staging"),
    Bad("unknown application", _unknown_application, "APPLICATION_MISSING", "No application found for name: no-shop"),
    Bad("unknown config", _unknown_config, "CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND", "drop it as deployment-configs/NoSuchConfig.yaml"),
    Bad("weighted by somebody else", _weighted, APPSPEC, "already shifts traffic", Alias("1", {"3": 0.25})),
    Bad("5 MiB", _file("#" * (5 * 1024 * 1024)), "INVALID_REVISION", "at most 1048576"),
    Bad("binary", _file(b"\x89PNG\r\n\x1a\n\xff\xfe"), APPSPEC, "is not text"),
    Bad("object gone", _missing_object, "REVISION_MISSING", "drop the file again"),
    Bad("percentage 0", _config("Zero", 0, 5), "INVALID_REVISION", "percentage is from 1 to 99, not 0"),
    Bad("percentage 100", _config("Hundred", 100, 5), "INVALID_REVISION", "percentage is from 1 to 99, not 100"),
    Bad("percentage text", _config("Ten", "ten", 5), "INVALID_REVISION", "must be a whole number, not 'ten'"),
    Bad("2881 minutes", _config("Forever", 10, 2881), "INVALID_REVISION", "between 1 and 2880 minutes"),
    Bad("config again, otherwise", _config("Brief", 20, 5), "INVALID_REVISION", "configurations do not change"),
    Bad("config in a reserved name", _config("CodeDeployDefault.Mine", 20, 5), "INVALID_REVISION", "reserved for predefined"),
    Bad("group with an unknown key", _bad_group("alarmConfig: {}"), "INVALID_REVISION", "did you mean 'alarmConfiguration'?"),
    Bad("group that is no YAML", _bad_group("a: [b"), "INVALID_REVISION", "not well-formed YAML"),
]  # fmt: skip


ONE_A_WAY = {
    "not YAML",
    "unknown key",
    "version not there",
    "alias not there",
    "function not allowed",
    "CurrentVersion differs",
    "hook not there",
    "unknown group",
    "unknown config",
    "weighted by somebody else",
    "5 MiB",
    "object gone",
    "config again, otherwise",
    "group with an unknown key",
}
"""What the local cloud is given; the simulation is given all."""


def _given(bad: Bad) -> Any:
    return pytest.param(bad, marks=[] if bad.name in ONE_A_WAY else [pytest.mark.simulated], id=bad.name)


def test_one_of_each_way_is_among_them() -> None:
    assert {bad.name for bad in BAD} > ONE_A_WAY


@pytest.mark.parametrize("bad", [_given(bad) for bad in BAD])
def test_bad_input_is_a_failed_record_that_says_what_to_change(world: World, bad: Bad) -> None:
    shop = world.shop(**CANARY)
    deployment = world.ended(bad.drop(world, shop))
    assert deployment.outcome == ("Failed", bad.code)
    assert bad.says in deployment.message
    assert world.alias(shop) == bad.alias
    assert deployment.weights == []
    assert (deployment.execution["status"], deployment.execution["error"]) == ("FAILED", bad.code)
    assert deployment.execution["cause"] == deployment.message
    assert deployment.states[-1] == "Deployment failed"
    assert world.is_free(shop)


@pytest.mark.parametrize(
    ("detail", "says"),
    variants(
        ({}, "revision: is missing; add it"),
        ({"revision": {"revisionType": "GitHub"}}, "GitHub is not supported"),
        (
            {"revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": "a", "sha256": "b"}}},
            "sha256 is not that",
        ),
        ({"revison": {}}, "did you mean 'revision'?"),
    ),
)
def test_a_malformed_request_is_a_failed_record_too(world: World, detail: dict[str, Any], says: str) -> None:
    shop = world.shop()
    deployment = world.ended(world.request(shop, detail))
    assert deployment.outcome == ("Failed", "INVALID_REVISION")
    assert says in deployment.message


def test_a_second_drop_while_the_first_runs_is_refused_and_names_the_first(world: World) -> None:
    shop = world.shop(deploymentConfigName="Endless")
    first = world.drop(shop)
    world.in_bake(first)
    second = world.ended(world.drop(shop, "3"))
    assert second.outcome == ("Failed", "RESOURCE_LIMIT_EXCEEDED")
    assert f"The Deployment Group 'prod' already has an active Deployment '{first}'" in second.message
    assert world.alias(shop) == Alias("1", {"2": 0.1})
    world.stop(first)
    assert world.ended(first).outcome == ("Stopped", "MANUAL_STOP")


def test_another_group_of_the_same_alias_is_refused_too(world: World) -> None:
    shop, other = world.shop(deploymentConfigName="Endless"), world.shop()
    first = world.drop(shop)
    world.in_bake(first)
    second = world.ended(world.drop_file(other, appspec(shop.name, "3")))
    assert second.outcome == ("Failed", "RESOURCE_LIMIT_EXCEEDED")
    assert f"The alias '{shop.name}:live' already has an active Deployment '{first}'" in second.message
    world.stop(first)
    world.ended(first)
    assert world.is_free(other)


def test_two_drops_at_the_same_instant_are_one_deployment_and_one_refusal(world: World) -> None:
    shop = world.shop(**CANARY)
    keys = [f"{shop.name}/prod/{name}.yaml" for name in "ab"]
    versions = [world.put(key, appspec(shop.name)) for key in keys]
    ids = [world.deployment_of(f"s3://{world.bucket}/{key}?versionId={v}") for key, v in zip(keys, versions, strict=True)]
    assert sorted(world.ended(deployment_id).record["status"] for deployment_id in ids) == ["Failed", "Succeeded"]
    assert world.alias(shop) == Alias("2", {})


@pytest.mark.parametrize("key", variants("stray.yaml", "a//c/d.yaml", "shop/prod/notes.txt", "shop/pr od/a.yaml"))
def test_a_key_that_belongs_to_nothing_is_logged_and_counted(world: World, key: str) -> None:
    before = _count(world, "DropsRefused")
    world.put(key, "version: 0.0")
    world.until(f"the refusal of {key}", lambda: _count(world, "DropsRefused") > before)
    assert f'"key":"{key}"' in world.log()


def test_nothing_in_a_request_can_keep_an_alarm_from_restoring_traffic(world: World) -> None:
    red = world.alarm()
    watched = {"enabled": True, "alarms": [{"name": red}]}
    shop = world.shop(deploymentConfigName="Endless", alarmConfiguration=watched)
    first = world.request(shop, _filled(shop, 190_000) | {"deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"})
    assert world.ended(first).outcome == ("Succeeded", None)
    world.route(shop, "1")
    second = world.request(shop, _filled(shop, 200_000))
    world.in_bake(second)
    world.set_alarm(red, "ALARM")
    stopped = world.ended(second)
    assert stopped.outcome == ("Stopped", "ALARM_ACTIVE")
    assert world.rollback_of(stopped).outcome == ("Succeeded", None)
    assert world.alias(shop) == UNTOUCHED
    assert world.is_free(shop)
    assert len(json.dumps(stopped.record, default=str)) < 10_000


def _filled(shop: Shop, size: int) -> dict[str, Any]:
    """A request with so many bytes in it that are none of its business."""
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(shop.name, current=None)}}
    return {"revision": revision | {"gitHubLocation": {"commitId": "x" * size}}}


def _count(world: World, metric: str) -> int:
    """How often a metric was written to the log in the embedded metric format, which is how CloudWatch reads it."""
    return world.log().count(f'"{metric}":[1.0]')


def test_the_same_event_twice_is_one_deployment(world: World) -> None:
    shop = world.shop()
    key = f"{shop.name}/prod/release.yaml"
    version = world.put(key, appspec(shop.name))
    deployment_id = world.deployment_of(f"s3://{world.bucket}/{key}?versionId={version}")
    deployment = world.ended(deployment_id)
    for _ in range(3):
        world.receive_again(key, version)
    runs = [run for run in world.executions() if run["name"] == deployment_id]
    assert len(runs) == 1
    assert world.record(deployment_id) == deployment.record
