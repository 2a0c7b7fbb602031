"""What a dropped object is, from its key alone. Design: section 2."""

from dataclasses import dataclass

from weighbridge.core.errors import InvalidDocument
from weighbridge.core.groups import valid_name

CONFIGS_FOLDER = "deployment-configs"
GROUP_FILE = "deployment-group"
_ENDINGS = {"yaml": "YAML", "yml": "YAML", "json": "JSON"}
_SCHEME = (
    "drop AppSpec files as <application>/<deployment-group>/<name>.yaml, groups as "
    f"<application>/<deployment-group>/{GROUP_FILE}.yaml and configurations as {CONFIGS_FOLDER}/<name>.yaml "
    "(.yml and .json will do, too)"
)


def identity(bucket: str, key: str, version: str) -> str:
    """What asks for a deployment by being dropped: the deployment's id is derived from it (core.ids)."""
    return f"s3://{bucket}/{key}?versionId={version}"


@dataclass(frozen=True)
class AppSpecDrop:
    application: str
    group: str
    bundle_type: str


@dataclass(frozen=True)
class GroupDrop:
    application: str
    group: str


@dataclass(frozen=True)
class ConfigDrop:
    name: str


def classify_key(key: str) -> AppSpecDrop | GroupDrop | ConfigDrop:
    """What the object at `key` is meant to be; raises InvalidDocument for a key that belongs to nothing."""
    *folders, file = key.split("/")
    name, dot, ending = file.rpartition(".")
    bundle_type = _ENDINGS.get(ending.lower())
    if not (dot and name and bundle_type):
        raise InvalidDocument(f"The object {key[:300]!r} has no ending that is read; {_SCHEME}.")
    if folders == [CONFIGS_FOLDER]:
        if not valid_name(name):
            raise InvalidDocument(f"{name[:140]!r} is no name for a configuration; {_NAMES}")
        return ConfigDrop(name)
    if len(folders) != 2 or folders[0] == CONFIGS_FOLDER:  # noqa: PLR2004  # application and group
        raise InvalidDocument(f"The object {key[:300]!r} belongs to nothing; {_SCHEME}.")
    application, group = folders
    for part in folders:
        if not valid_name(part):
            raise InvalidDocument(f"{part[:140]!r} is no name for an application or a deployment group; {_NAMES}")
    return GroupDrop(application, group) if name == GROUP_FILE else AppSpecDrop(application, group, bundle_type)


_NAMES = "use 1 to 100 letters, digits and . _ + = , @ -"
