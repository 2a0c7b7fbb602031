"""What a dropped object is, from its key alone."""

import pytest

from weighbridge.core.errors import InvalidDocument
from weighbridge.core.object_keys import AppSpecDrop, ConfigDrop, GroupDrop, classify_key


@pytest.mark.parametrize(
    ("key", "drop"),
    [
        ("shop/prod/release-7.yaml", AppSpecDrop("shop", "prod", "YAML")),
        ("shop/prod/release-7.YML", AppSpecDrop("shop", "prod", "YAML")),
        ("shop/prod/release.7.json", AppSpecDrop("shop", "prod", "JSON")),
        ("shop/prod/2026/11/release-42.yml", AppSpecDrop("shop", "prod", "YAML")),
        ("shop/prod/deployment-configs/release.json", AppSpecDrop("shop", "prod", "JSON")),
        ("shop/prod/x y/größer (1)/a.yaml", AppSpecDrop("shop", "prod", "YAML")),
        ("shop/prod/build.ZIP", AppSpecDrop("shop", "prod", "zip")),
        ("shop/prod/pipeline/BuildArtif/x8Kd2.zip", AppSpecDrop("shop", "prod", "zip")),
        ("shop/deployment-group/a.yaml", AppSpecDrop("shop", "deployment-group", "YAML")),
        ("shop/../a.yaml", AppSpecDrop("shop", "..", "YAML")),
        ("shop/prod/deployment-group.yaml", GroupDrop("shop", "prod")),
        ("deployment-configs/Slow.yaml", ConfigDrop("Slow")),
    ],
)
def test_what_an_object_is_meant_to_be(key: str, drop: object) -> None:
    assert classify_key(key) == drop


@pytest.mark.parametrize(
    "key",
    ["a.yaml", "shop/a.yaml", "shop/prod/readme.txt", "shop/prod/", "shop/prod/.yaml", "/prod/a.yaml", "a.zip", "shop/a.zip",
     "sh op/prod/a.yaml", "deployment-configs/a/b.yaml", "deployment-configs/a b.yaml", "shop/" + "x" * 101 + "/a.yaml", "",
     "deployment-configs/a/b/c.yaml", "shop/prod/x/", "shop/prod/x/a.txt", "shop/prod/x/.yaml", "sh op/prod/x/a.yaml"],
)  # fmt: skip
def test_a_key_that_belongs_to_nothing(key: str) -> None:
    with pytest.raises(InvalidDocument):
        classify_key(key)


@pytest.mark.parametrize(
    "key", ["shop//prod/a.yaml", "shop/prod//a.yaml", "shop/prod/x/../a.yaml", "shop/../other/prod/a.yaml", "shop/prod/./a.zip"]
)  # fmt: skip
def test_a_key_with_folders_that_some_reader_would_take_away_belongs_to_nothing(key: str) -> None:
    with pytest.raises(InvalidDocument, match="belongs to nothing; drop AppSpec files as <application>"):
        classify_key(key)


def test_the_files_of_groups_and_configurations_have_one_place_and_are_not_bundled() -> None:
    with pytest.raises(InvalidDocument, match=r"drop it as 'shop/prod/deployment-group\.yml' to set the group"):
        classify_key("shop/prod/2026/deployment-group.yml")
    for key in ("shop/prod/deployment-group.zip", "deployment-configs/Slow.zip"):
        with pytest.raises(InvalidDocument, match="is not the file of a group or configuration, which are not bundled"):
            classify_key(key)
