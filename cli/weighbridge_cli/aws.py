"""The SDK: sessions, the installation, calls; and what to do about each of their errors, in a sentence.

Everything about deployments goes through the API of the installation, signed by IAM. Versions and names of functions are
asked of Lambda with the caller's own rights.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore import exceptions as failures
from botocore.config import Config
from botocore.session import Session

from weighbridge_cli import __version__
from weighbridge_cli.exits import OutOfReach, Refused
from weighbridge_cli.options import Place
from weighbridge_cli.text import clean

SERVICE = "weighbridge"
API_VARIABLE = "AWS_ENDPOINT_URL_WEIGHBRIDGE"
"""Where it is set, it is the ApiUrl, and nothing is looked up."""
TAGS = "weighbridge:"
_PACKAGED = Path(__file__).parent / "models"
_CHECKOUT = Path(__file__).parents[2] / "client" / "models"
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden", "ForbiddenException"}
_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_PASSING = {
    "InternalError",
    "InternalFailure",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "Throttling",
}
_UNREACHED = (
    failures.EndpointConnectionError,
    failures.ConnectionClosedError,
    failures.ConnectTimeoutError,
    failures.ReadTimeoutError,
    failures.ProxyConnectionError,
    failures.HTTPClientError,
)
_NO_CREDENTIALS = (
    failures.NoCredentialsError,
    failures.PartialCredentialsError,
    failures.CredentialRetrievalError,
    failures.SSOError,
    failures.TokenRetrievalError,
    failures.RefreshWithMFAUnsupportedError,
)
_ACTION = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z*]+)(?: on resource:? (\S+))?")
_MOST_READS = {"retries": {"mode": "standard", "total_max_attempts": 3}, "connect_timeout": 5, "read_timeout": 40}
_ONE_WRITE = _MOST_READS | {"retries": {"mode": "standard", "total_max_attempts": 1}}
"""A request whose answer was lost may have begun something: it is not sent again by itself."""
_WRITES = ("create_", "update_", "stop_", "delete_", "put_", "publish_")


@dataclass(frozen=True)
class Installation:
    """What the tags of its provider function say."""

    api_url: str
    bucket: str | None = None


class Cloud:
    """The AWS of a place, by whoever calls. Raises Refused and OutOfReach."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._clients: dict[tuple[str, bool], Any] = {}

    @cached_property
    def session(self) -> Session:
        session = Session(profile=self.place.profile)
        session.user_agent_extra = f"weighbridge-cli/{__version__}"
        session.get_component("data_loader").search_paths.append(str(_PACKAGED if _PACKAGED.is_dir() else _CHECKOUT))
        if self.place.region:
            session.set_config_variable("region", self.place.region)
        return session

    @property
    def chosen_region(self) -> str | None:
        """None where nothing chooses one."""
        try:
            # Other SDKs read AWS_REGION, and botocore does not.
            return self.session.get_config_variable("region") or os.environ.get("AWS_REGION")
        except failures.ProfileNotFound as error:
            raise explained(error, "") from error

    @property
    def region(self) -> str:
        if not (region := self.chosen_region):
            raise Refused("No AWS region is chosen: give --region, or set AWS_REGION or the profile's region.")
        return region

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """What an operation (in Python's spelling) answers."""
        try:
            answer: dict[str, Any] = getattr(self._client(service, writes=operation.startswith(_WRITES)), operation)(
                **arguments
            )
        except (failures.BotoCoreError, failures.ClientError) as error:
            raise explained(error, f"{service}:{operation}") from error
        return answer

    def pages(self, service: str, operation: str, /, **arguments: Any) -> Iterator[dict[str, Any]]:
        """The pages of an operation's answer, as they are asked for."""
        try:
            yield from self._client(service, writes=False).get_paginator(operation).paginate(**arguments)
        except (failures.BotoCoreError, failures.ClientError) as error:
            raise explained(error, f"{service}:{operation}") from error

    def api(self, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """What an operation of the installation's API answers."""
        return self.call(SERVICE, operation, **arguments)

    def _client(self, service: str, *, writes: bool) -> Any:
        if (service, writes) not in self._clients:
            self._clients[service, writes] = self._made(service, _ONE_WRITE if writes else _MOST_READS)
        return self._clients[service, writes]

    def _made(self, service: str, settings: Mapping[str, Any]) -> Any:
        region, endpoint = self.region, self.place.endpoint
        config: dict[str, Any] = dict(settings)
        if service == SERVICE:
            endpoint = self.installation.api_url
        elif service == "s3" and (endpoint or os.environ.get("AWS_ENDPOINT_URL")):
            config["s3"] = {"addressing_style": "path"}  # no bucket's name resolves below another endpoint
        if re.match("http://(127[.]|localhost[:/])", endpoint or os.environ.get("AWS_ENDPOINT_URL", "")):
            config["proxies"] = {}  # none knows this machine
        try:
            return self.session.create_client(service, region_name=region, endpoint_url=endpoint, config=Config(**config))
        except ValueError as error:
            raise Refused(f"{clean(endpoint)!r} is no endpoint: give a URL, as in http://127.0.0.1:4566.") from error

    @cached_property
    def installation(self) -> Installation:
        """Where the API is: what is set, or else what the tags of the installation's provider function say."""
        if url := os.environ.get(API_VARIABLE):
            return Installation(url)
        return self._tagged()

    @cached_property
    def bucket(self) -> str:
        """The bucket that files are dropped into."""
        bucket = self.installation.bucket or self._tagged().bucket
        if not bucket:
            raise Refused(f"The installation {self.place.stack} does not tell its bucket: install its present release.")
        return bucket

    def _tagged(self) -> Installation:
        name, region = f"{self.place.stack.lower()}-cloudformation", self.region
        caller = self.call("sts", "get_caller_identity")["Arn"].split(":")
        arn = f"arn:{caller[1]}:lambda:{region}:{caller[4]}:function:{name}"
        try:
            tags = self.call("lambda", "list_tags", Resource=arn)["Tags"]
        except Refused as error:
            if error.code != "ResourceNotFoundException":
                raise
            raise Refused(
                f"Weighbridge is not installed in {region} of account {caller[4]}: there is no function {name}. Choose "
                "another --region or --profile, name the installation by --stack, or install it: make deploy."
            ) from error
        url = tags.get(f"{TAGS}api-url")
        if not url:
            raise Refused(
                f"The installation {self.place.stack} in {region} does not tell the URL of its API: it has none (apiUrl is "
                f"off), or is of an older release. Set {API_VARIABLE} to its output ApiUrl, or install its present release."
            )
        return Installation(url, tags.get(f"{TAGS}bucket"))


def explained(error: Exception, call: str) -> Refused | OutOfReach:
    """What an error of the SDK's means, in a sentence that says what to do. `call` is `service:operation`. Pure."""
    if isinstance(error, failures.ClientError):
        return _answered(error, call)
    if isinstance(error, failures.ProfileNotFound):
        return Refused(f"{clean(error)}: `aws configure list-profiles` lists those of your AWS configuration.")
    if isinstance(error, failures.NoRegionError):
        return Refused("No AWS region is chosen: give --region, or set AWS_REGION or the profile's region.")
    if isinstance(error, _NO_CREDENTIALS):
        return OutOfReach(
            f"There are no AWS credentials to sign with: sign in, give --profile, or set AWS_PROFILE. ({clean(error)})"
        )
    if isinstance(error, failures.ParamValidationError):
        return Refused(clean(error))
    if isinstance(error, _UNREACHED):
        where = getattr(error, "kwargs", {}).get("endpoint_url", "")
        at = f" at {clean(where)}" if where else ""
        return OutOfReach(f"{_spoken(call)} cannot be reached{at}: {clean(error)}", passes=True)
    return OutOfReach(f"{_spoken(call)}: {clean(error)}")


def _answered(error: failures.ClientError, call: str) -> Refused | OutOfReach:
    details = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code, message = str(details.get("Code", "")), clean(details.get("Message", ""))
    if code in _BAD_CREDENTIALS:
        return OutOfReach(
            f"AWS does not take your credentials ({clean(code)}): sign in again, or choose another --profile.", code=code
        )
    if code in _DENIED or code.startswith("AccessDenied"):
        return OutOfReach(_missing_right(message, call), code=code)
    throttled = "Throttl" in code or "TooManyRequests" in code or status == 429  # noqa: PLR2004
    if throttled or code in _PASSING or status >= 500:  # noqa: PLR2004
        return OutOfReach(f"{_spoken(call)} is not available now: {clean(code)} {message}".rstrip(), passes=True, code=code)
    return Refused(message or clean(code), code)


def _missing_right(message: str, call: str) -> str:
    service, _, operation = call.partition(":")
    if service == SERVICE:
        return (
            "You may not call the API of this installation: ask for the rights lambda:InvokeFunctionUrl and "
            f"lambda:InvokeFunction on the function behind its URL. ({message})"
        )
    if match := _ACTION.search(message):
        on = f" on {match[2]}" if match[2] else ""
        return f"You may not: ask for the right {match[1]}{on}."
    action = "".join(word.capitalize() for word in operation.split("_"))
    return f"You may not: ask for the right {service}:{action}. ({message})"


def _spoken(call: str) -> str:
    service = call.partition(":")[0]
    return "Weighbridge's API" if service == SERVICE else f"AWS ({service})" if service else "AWS"
