"""The AppSpec grammar of reference section 3."""

import gzip
import json
import re

import pytest
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.core.appspec import AppSpec, parse
from weighbridge.core.errors import APPSPEC_SENTENCE, InvalidAppSpec
from weighbridge.core.planning import check_allowed

YAML = """
version: 0.0
Resources:
  - myFunction:
      Type: AWS::Lambda::Function
      Properties:
        Name: shop
        Alias: live
        CurrentVersion: "1"
        TargetVersion: "2"
Hooks:
  - BeforeAllowTraffic: CodeDeployHook_before
  - AfterAllowTraffic: arn:aws:lambda:eu-west-1:123456789012:function:CodeDeployHook_after
"""
SPEC = AppSpec(
    "shop",
    "live",
    "1",
    "2",
    {
        "BeforeAllowTraffic": "CodeDeployHook_before",
        "AfterAllowTraffic": "arn:aws:lambda:eu-west-1:123456789012:function:CodeDeployHook_after",
    },
)


def test_the_reference_form() -> None:
    assert parse(YAML) == SPEC


def test_json_is_the_same_tree() -> None:
    tree = {
        "version": 0.0,
        "Resources": [
            {
                "f": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {"Name": "shop", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"},
                }
            }
        ],
        "Hooks": [{event: function} for event, function in SPEC.hooks.items()],
    }
    assert parse(json.dumps(tree)) == SPEC


def _with(old: str, new: str) -> str:
    assert old in YAML
    return YAML.replace(old, new)


@pytest.mark.parametrize(
    "text",
    [
        _with("version: 0.0", 'version: "0.0"'),
        _with("version: 0.0", "version: 0"),
        _with("version: 0.0", "Version: '0.0'"),
        _with('CurrentVersion: "1"', "currentversion: 1"),
        _with('TargetVersion: "2"', "TargetVersion: 2"),
        YAML.replace("Resources", "resources")
        .replace("Type", "type")
        .replace("Properties", "properties")
        .replace("Hooks", "hooks"),
        YAML.replace("BeforeAllowTraffic", "beforeallowtraffic"),
    ],
)
def test_forms_seen_in_the_wild_are_the_same(text: str) -> None:
    assert parse(text) == SPEC


def test_current_version_and_hooks_may_be_left_out() -> None:
    text = YAML.split("Hooks:", maxsplit=1)[0].replace('        CurrentVersion: "1"\n', "")
    assert parse(text) == AppSpec("shop", "live", None, "2", {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must be a mapping of keys to values, not nothing"),
        ("a: [", "The input AppSpec file is a not well-formed yaml. The template cannot be parsed."),
        ("- a", "not a list"),
        ("just text", "not text"),
        (_with("version: 0.0", "version: 1.0"), "must be 0.0"),
        (YAML.replace("version: 0.0\n", ""), "version: is missing"),
        (_with("Hooks:", "Hoks:"), "Unknown key 'Hoks'; did you mean 'Hooks'?"),
        (_with("- BeforeAllowTraffic", "- BeforeAllowTrafic"), "did you mean 'BeforeAllowTraffic'?"),
        (_with("Alias: live", "Alais: live"), "did you mean 'Alias'?"),
        (_with("AWS::Lambda::Function", "AWS::ECS::Service"), "must be 'AWS::Lambda::Function', not 'AWS::ECS::Service'"),
        (_with("Name: shop", "Name: ''"), "cannot be null or empty"),
        (_with("        Name: shop\n", ""), "Name: is missing; add it"),
        (_with("Name: shop", "Name: arn:aws:lambda:eu-west-1:123456789012:function:shop"), "write the bare name"),
        (_with("Alias: live", "Alias: '7'"), "not a valid alias name"),
        (_with("Alias: live", "Alias:"), "Alias: is empty"),
        (_with('CurrentVersion: "1"', "CurrentVersion: $LATEST"), r"\$LATEST cannot be deployed gradually"),
        (_with('CurrentVersion: "1"', "CurrentVersion:"), "CurrentVersion is empty"),
        (_with('TargetVersion: "2"', "TargetVersion: $LATEST"), r"\$LATEST cannot be deployed gradually"),
        (_with('TargetVersion: "2"', "TargetVersion: $LATEST.PUBLISHED"), r"\$LATEST.PUBLISHED cannot be deployed gradually"),
        (_with('TargetVersion: "2"', "TargetVersion: two"), "'two' is not a published version"),
        (_with('TargetVersion: "2"', "TargetVersion: 0"), "'0' is not a published version"),
        (_with('TargetVersion: "2"', "TargetVersion: ٣"), "is not a published version"),
        (_with("CodeDeployHook_before", ""), "cannot be null or empty"),
        (_with("CodeDeployHook_before", "not a name"), "not a function name or an ARN"),
        (YAML + "  - AfterAllowTraffic: again\n", "AfterAllowTraffic is given twice"),
        (YAML.replace("  - myFunction:", "  - other:\n      Type: AWS::Lambda::Function\n      Properties:\n        Name: a\n"
                      "        Alias: b\n        TargetVersion: 3\n  - myFunction:"), "exactly one function, not 2"),
        ("version: 0.0\nResources: []", "exactly one function, not 0"),
        ("version: 0.0\nResources: {}", "must be a list, not a mapping"),
        (b"\x89PNG\r\n\x1a\n", "is not text"),
        (_with("CodeDeployHook_before", "[a, b]"), "BeforeAllowTraffic: must be the name or ARN of one function, not a list"),
        (
            _with(" CodeDeployHook_before", "\n      - location: scripts/check.sh\n        timeout: 60"),
            "BeforeAllowTraffic: must be the name or ARN of one function, not a list",
        ),
        (_with("CodeDeployHook_before", "{FunctionName: a}"), "must be the name or ARN of one function, not a mapping"),
        (_with("- BeforeAllowTraffic", "- AfterInstall"), "AfterInstall is not an event of a Lambda deployment, which has BeforeAllowTraffic"),
        (
            "version: 0.0\nResources:\n  - Type: AWS::Lambda::Function\n    Properties: {Name: shop, Alias: live, TargetVersion: 2}",
            r"Resources\[0\]: Type and Properties have no name above them",
        ),
        (
            "version: 0.0\nResources:\n  - shop:\n    Type: AWS::Lambda::Function\n    Properties: {Name: shop}",
            r"write `- shop:`, and Type and Properties below it, further in",
        ),
        ("version: 0.0\nResources: {shop: {Type: AWS::Lambda::Function}}", "Resources: must be a list, not a mapping; write a dash before"),
        (YAML.split("Hooks:", maxsplit=1)[0] + "Hooks:\n  BeforeAllowTraffic: a", "Hooks: must be a list, not a mapping; write a dash before"),
        (json.dumps({"version": "0.0"}) + r"\n", r"not well-formed yaml.*line 1, column 19.*'\\\\n'.*a line break that was written out"),
        (json.dumps({"version": "0.0"}) + "}", "line 1, column 19, something follows its end: '}'; take it out"),
        (_with('"2"', "{{ version }}"), r"line \d+: the placeholder '{{ version }}' was left in; put its value there"),
        (_with('"2"', "'{{ version }}'"), "TargetVersion: the placeholder '{{ version }}' was left in; put its value there"),
        (_with('"2"', "${VERSION}"), r"TargetVersion: the placeholder '\${VERSION}' was left in"),
        (_with("CodeDeployHook_before", "'hook-{{stage}}'"), "BeforeAllowTraffic: the placeholder '{{stage}}' was left in"),
        ('{"version": 0.0, "Resources": {{resources}}}', "line 1: the placeholder '{{resources}}' was left in"),
        ("{% if x %}\nversion: 0.0", "line 1: the placeholder '{% if x %}' was left in"),
        (YAML.encode("utf-16"), "cannot be parsed. The file is not text in UTF-8 but in UTF-16"),
        (YAML.encode("utf-16-le"), "not text in UTF-8 but in UTF-16"),
        (YAML.encode("utf-16-be"), "not text in UTF-8 but in UTF-16"),
        (gzip.compress(YAML.encode()), "cannot be parsed. The file is not text but compressed by gzip; drop it as it was before"),
        (b"PK\x03\x04\xff", "not text but a zip archive"),
    ],
)  # fmt: skip
def test_a_wrong_file_says_what_to_change(text: str | bytes, says: str) -> None:
    with pytest.raises(InvalidAppSpec, match=says) as refusal:
        parse(text)
    assert str(refusal.value).startswith(APPSPEC_SENTENCE)


ARN = "arn:aws:lambda:eu-west-1:123456789012:function:"


@pytest.mark.parametrize(
    "hook",
    [
        "function:payments-admin",
        "123456789012:payments-admin",
        "eu-west-1:payments-admin",
        "us-gov-west-1:payments-admin",
        "eusc-de-east-1:payments-admin",
        "123456789012:function:payments-admin",
        "eu-west-1:123456789012:function:payments-admin",
        f"{ARN}function:payments-admin",
        "arn:aws:lambda:function:payments-admin",
        "arn:aws:lambda:eu-west-1:123456789012:payments-admin",
    ],
)
def test_a_hook_is_named_barely_or_by_its_whole_arn(hook: str) -> None:
    with pytest.raises(InvalidAppSpec, match="write the bare name, or the whole ARN"):
        parse(_with("CodeDeployHook_before", f"'{hook}'"))


_LAMBDAS = Loader().load_service_model("lambda", "service-2")["shapes"]["NamespacedFunctionName"]["pattern"]
_PARTS = st.sampled_from(["function", "123456789012", "eu-west-1", "us-gov-west-1", "a", "admin", "live", "7", "arn"])


@given(st.builds("".join, st.tuples(st.sampled_from(["", ARN]), st.lists(_PARTS, min_size=1, max_size=3).map(":".join))))
def test_lambda_reads_a_hook_as_it_was_judged(hook: str) -> None:
    """Whatever is taken for a hook has the same name for us, who look whether it is allowed, and for Lambda."""
    try:
        spec = parse(_with("CodeDeployHook_before", f"'{hook}'"))
    except InvalidAppSpec:
        return
    read = re.fullmatch(_LAMBDAS, spec.hooks["BeforeAllowTraffic"])
    assert read
    *_, name, _, _, _ = read.groups()
    check_allowed(spec, ["*"], [name, "CodeDeployHook_after"])


_scalars = st.sampled_from(
    ["0.0", "shop", "live", "1", "2", "", "null", "$LATEST", "AWS::Lambda::Function", "é", "x" * 300]
)
_keys = st.sampled_from(
    [
        "version",
        "Resources",
        "Hooks",
        "Type",
        "Properties",
        "Name",
        "Alias",
        "CurrentVersion",
        "TargetVersion",
        "f",
        "BeforeAllowTraffic",
    ]
)
_trees = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=5), max_leaves=20
)


@given(_trees)
def test_any_tree_is_a_plan_or_a_refusal(tree: object) -> None:
    try:
        spec = parse(json.dumps(tree))
    except InvalidAppSpec:
        return
    assert spec.target_version.isdigit()
