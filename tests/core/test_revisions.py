"""What tells two revisions apart, and what is shown of one."""

import pytest

from weighbridge.core.revisions import digest, identified, own, sha256_of, shown

INLINE = {"revisionType": "AppSpecContent", "appSpecContent": {"content": "version: 0.0"}}
PLACE = {"revisionType": "S3", "s3Location": {"bucket": "drops", "key": "a.yaml", "bundleType": "YAML"}}


def placed(**changes: str) -> dict[str, object]:
    return {"revisionType": "S3", "s3Location": {**PLACE["s3Location"], **changes}}  # type: ignore[dict-item]


def test_an_inline_revision_is_known_by_its_content_and_shown_without_it() -> None:
    sha256 = sha256_of("version: 0.0")
    assert identified(INLINE)["appSpecContent"] == {"content": "version: 0.0", "sha256": sha256}
    assert shown(INLINE) == {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": sha256}}
    assert digest(INLINE) == digest(shown(INLINE))


def test_a_place_is_shown_as_it_is() -> None:
    assert identified(PLACE) == shown(PLACE) == PLACE


def test_members_of_other_types_are_left_out() -> None:
    assert own(PLACE | {"string": {"content": "x"}}) == PLACE


@pytest.mark.parametrize("same", [placed(bundleType="yaml"), placed(version=""), placed(eTag="")])
def test_one_place_spelled_otherwise_is_the_same(same: dict[str, object]) -> None:
    assert digest(same) == digest(PLACE)


@pytest.mark.parametrize(
    "other",
    [placed(bucket="others"), placed(key="b.yaml"), placed(bundleType="zip"), placed(version="v"), placed(eTag="e")],
)
def test_another_object_version_or_form_is_another(other: dict[str, object]) -> None:
    assert digest(other) != digest(PLACE)
    assert digest(placed(eTag='"e"')) == digest(placed(eTag="e"))


def test_inline_types_do_not_stand_for_each_other() -> None:
    assert digest({"revisionType": "String", "string": {"content": "version: 0.0"}}) != digest(INLINE)


def test_text_that_no_file_can_hold_has_a_digest_all_the_same() -> None:
    assert sha256_of("\ud800") != sha256_of("?")
