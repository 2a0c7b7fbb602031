"""Errors of the SDK as sentences with what to do, and how the installation is found."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions as failures
from botocore.exceptions import ClientError

from weighbridge_cli.aws import API_VARIABLE, Cloud, Installation, explained
from weighbridge_cli.exits import Refused
from weighbridge_cli.options import Place


def refused(code: str, message: str = "", status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("error", "code", "passes", "says"),
    [
        (
            refused(
                "AccessDeniedException",
                "User: arn:x is not authorized to perform: lambda:ListTags on resource: arn:aws:y because",
            ),
            5,
            False,
            "ask for the right lambda:ListTags on arn:aws:y.",
        ),
        (refused("AccessDenied", "Access Denied", 403), 5, False, "ask for the right s3:PutObject. (Access Denied)"),
        (refused("ExpiredToken"), 5, False, "does not take your credentials (ExpiredToken): sign in again"),
        (refused("ThrottlingException"), 5, True, "is not available now"),
        (refused("TooManyRequestsException"), 5, True, "is not available now"),
        (refused("Whatever", status=502), 5, True, "is not available now"),
        (
            refused("DeploymentDoesNotExistException", "The deployment d-1 could not be found"),
            2,
            False,
            "The deployment d-1 could",
        ),
        (refused("OnlyACode"), 2, False, "OnlyACode"),
        (
            failures.ProfileNotFound(profile="shop"),
            2,
            False,
            "The config profile (shop) could not be found: `aws configure",
        ),
        (failures.NoRegionError(), 2, False, "give --region"),
        (failures.NoCredentialsError(), 5, False, "There are no AWS credentials to sign with"),
        (
            failures.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
            5,
            True,
            "AWS (s3) cannot be reached at http://127.0.0.1:1",
        ),
        (failures.ReadTimeoutError(endpoint_url="http://x"), 5, True, "cannot be reached"),
        (failures.ParamValidationError(report="x"), 2, False, "x"),
        (failures.UnknownServiceError(service_name="x", known_service_names=""), 5, False, "AWS (s3): "),
    ],
)
def test_what_to_do(error: Exception, code: int, passes: bool, says: str) -> None:
    told = explained(error, "s3:put_object")
    assert says in told.message
    assert (told.exit_code, getattr(told, "passes", False)) == (code, passes)


def test_who_may_not_call_the_api_reads_which_rights_it_takes() -> None:
    told = explained(refused("403", "Forbidden", 403), "weighbridge:get_deployment_progress")
    assert "lambda:InvokeFunctionUrl and lambda:InvokeFunction" in told.message


class Lookups(Cloud):
    """A cloud whose calls of AWS answer from a table."""

    def __init__(self, tags: Any, stack: str = "Weighbridge") -> None:
        super().__init__(Place(region="eu-west-1", stack=stack))
        self.tags = tags
        self.asked: list[Any] = []

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        self.asked.append((service, operation, arguments))
        if service == "sts":
            return {"Arn": "arn:aws-cn:sts::123456789012:assumed-role/ci/x"}
        if isinstance(self.tags, Exception):
            raise self.tags
        return {"Tags": self.tags}


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (API_VARIABLE, "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")


def test_the_installation_is_found_by_the_tags_of_its_provider() -> None:
    cloud = Lookups({"weighbridge:api-url": "https://api/", "weighbridge:bucket": "drops"}, stack="Weighbridge-test")
    assert cloud.installation == Installation("https://api/", "drops")
    assert cloud.bucket == "drops"
    arn = "arn:aws-cn:lambda:eu-west-1:123456789012:function:weighbridge-test-cloudformation"
    assert cloud.asked == [("sts", "get_caller_identity", {}), ("lambda", "list_tags", {"Resource": arn})]


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        (
            Refused("Function not found", "ResourceNotFoundException"),
            "Weighbridge is not installed in eu-west-1 of account 123456789012",
        ),
        ({}, "does not tell the URL of its API"),
        (Refused("something else", "InvalidParameterValueException"), "something else"),
    ],
)
def test_where_it_is_not_installed(tags: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        _ = Lookups(tags).installation


def test_where_the_url_is_set_only_the_bucket_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(API_VARIABLE, "http://127.0.0.1:1/")
    cloud = Lookups({"weighbridge:api-url": "https://api/", "weighbridge:bucket": "drops"})
    assert (cloud.installation.api_url, cloud.asked) == ("http://127.0.0.1:1/", [])
    assert cloud.bucket == "drops"
    with pytest.raises(Refused, match="does not tell its bucket"):
        _ = Lookups({"weighbridge:api-url": "https://api/"}).bucket


def test_without_a_region_it_says_how_to_choose_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="give --region"):
        _ = Cloud(Place()).region
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert Cloud(Place()).region == "eu-north-1"
    assert Cloud(Place(region="us-west-2")).region == "us-west-2"


def test_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(Refused, match="shop"):
        _ = Cloud(Place(profile="shop")).region


def test_a_wrong_endpoint_is_named() -> None:
    with pytest.raises(Refused, match="'nonsense' is no endpoint"):
        Cloud(Place(region="eu-west-1", endpoint="nonsense")).call("sts", "get_caller_identity")


@pytest.mark.parametrize(
    ("service", "operation", "attempts"),
    [
        ("s3", "put_object", 1),
        ("weighbridge", "create_deployment", 1),
        ("weighbridge", "stop_deployment", 1),
        ("weighbridge", "update_deployment_group", 1),
        ("lambda", "publish_version", 1),
        ("lambda", "list_versions_by_function", 3),
        ("weighbridge", "get_deployment_progress", 3),
    ],
)
def test_what_begins_something_is_sent_once(
    monkeypatch: pytest.MonkeyPatch, service: str, operation: str, attempts: int
) -> None:
    monkeypatch.setenv(API_VARIABLE, "https://abc.lambda-url.eu-west-1.on.aws/")
    cloud, sent = Cloud(Place(region="eu-west-1")), list[int]()

    def client(service: str, *, writes: bool) -> SimpleNamespace:
        sent.append(made(service, writes=writes).meta.config.retries["total_max_attempts"])
        return SimpleNamespace(**{operation: lambda **_: {}})

    made = cloud._client
    monkeypatch.setattr(cloud, "_client", client)
    cloud.call(service, operation)
    assert sent == [attempts]


@pytest.mark.parametrize(("endpoint", "direct"), [("http://127.0.0.1:4566", True), ("https://lambda.example.com", False)])
def test_this_machine_is_reached_past_a_proxy(endpoint: str, direct: bool) -> None:
    client = Cloud(Place(region="eu-west-1", endpoint=endpoint))._client("lambda", writes=False)
    assert (client.meta.config.proxies == {}) == direct
