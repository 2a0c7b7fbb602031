"""In which regions the stack cannot be created as it is by default."""

from infra.settings import Settings, SettingsError

WITHOUT_FUNCTION_URLS = frozenset(
    {
        "ap-east-2",
        "ap-south-2",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "cn-northwest-1",
        "eu-central-2",
        "il-central-1",
        "me-central-1",
        "mx-central-1",
        "us-gov-east-1",
        "us-gov-west-1",
    }
)
"""Where CloudFormation has no AWS::Lambda::Url; tests/infra/test_regions.py holds it against AWS's schemas."""


def check(region: str | None, settings: Settings) -> None:
    """Raises SettingsError where the region, which may be unknown, has not what the settings take."""
    urls = {"apiUrl": settings.api_url, "hookUrl": settings.hook_url}
    if region in WITHOUT_FUNCTION_URLS and any(urls.values()):
        off = " ".join(f"-c {key}=false" for key, is_on in urls.items() if is_on)
        raise SettingsError(
            f"Lambda has no function URLs in {region}, so that the stack would not be created there. With `{off}` it is, "
            "without the API: deployments are started by dropping files and by events on the bus."
        )
