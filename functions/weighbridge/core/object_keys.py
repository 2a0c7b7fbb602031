"""What a dropped object is, from its key alone. Design: section 2."""

from dataclasses import dataclass
from datetime import datetime

from weighbridge.core.errors import InvalidDocument
from weighbridge.core.names import valid_name

CONFIGS_FOLDER = "deployment-configs"
GROUP_FILE = "deployment-group"
_BUNDLE_TYPES = {"yaml": "YAML", "yml": "YAML", "json": "JSON", "zip": "zip"}
_SCHEME = (
    "drop AppSpec files as <application>/<deployment-group>/<name>.yaml, with folders before the name if you like, groups "
    f"as <application>/<deployment-group>/{GROUP_FILE}.yaml and configurations as {CONFIGS_FOLDER}/<name>.yaml "
    "(.yml and .json will do, too, and for an AppSpec file .zip with appspec.yaml in its root)"
)
_NAMES = "use 1 to 100 letters, digits and . _ + = , @ -"


def identity(bucket: str, key: str, version: str) -> str:
    """What asks for a deployment by being dropped: the deployment's id is derived from it (core.ids)."""
    return f"s3://{bucket}/{key}?versionId={version}"


@dataclass(frozen=True)
class AppSpecDrop:
    """`bundle_type` is that of CodeDeploy's S3Location: YAML, JSON or zip."""

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
    """What the object at `key` is meant to be; raises InvalidDocument for a key that belongs to nothing.

    The first two parts are the application and the group, whatever folders follow. The files of groups and configurations
    have one place each.
    """
    *folders, file = key.split("/")
    name, dot, ending = file.rpartition(".")
    bundle_type = _BUNDLE_TYPES.get(ending.lower())
    if not (dot and name and bundle_type):
        raise InvalidDocument(f"The object {key[:300]!r} has no ending that is read; {_SCHEME}.")
    application, group = (*folders, "", "")[:2]
    is_config, is_group = application == CONFIGS_FOLDER, name == GROUP_FILE
    if bundle_type == "zip" and (is_config or is_group):
        raise InvalidDocument(
            f"The object {key[:300]!r} is not the file of a group or configuration, which are not bundled."
        )
    if is_config and len(folders) == 1:
        if not valid_name(name):
            raise InvalidDocument(f"{name[:140]!r} is not a valid name for a configuration; {_NAMES}.")
        return ConfigDrop(name)
    below = folders[2:]
    if is_config or len(folders) < 2 or (below and {"", ".", ".."}.intersection(folders)):  # noqa: PLR2004  # the two
        raise InvalidDocument(f"The object {key[:300]!r} belongs to nothing; {_SCHEME}.")
    for part in (application, group):
        if not valid_name(part):
            raise InvalidDocument(f"{part[:140]!r} is not a valid name for an application or a deployment group; {_NAMES}.")
    if is_group and below:
        place = f"{application}/{group}/{file}"
        raise InvalidDocument(f"The object {key[:300]!r} is not a group's file: drop it as {place!r} to set the group.")
    return GroupDrop(application, group) if is_group else AppSpecDrop(application, group, bundle_type)


@dataclass(frozen=True)
class Stored:
    """An object in the bucket; `modified` is when its newest version was written, in whole seconds."""

    key: str
    modified: datetime

    @property
    def drop(self) -> AppSpecDrop | GroupDrop | ConfigDrop | None:
        """What it is meant to be; None where its key belongs to nothing."""
        try:
            return classify_key(self.key)
        except InvalidDocument:
            return None

    @property
    def group(self) -> tuple[str, str] | None:
        """The application and the group that an AppSpec file is for."""
        drop = self.drop
        return (drop.application, drop.group) if isinstance(drop, AppSpecDrop) else None
