"""Which objects of the bucket are taken up without an event, in which order, and which are not deployed any more."""

import pytest

from tests.core.samples import at
from weighbridge.core.missed_files import due, is_held_back, overtaken
from weighbridge.core.object_keys import Stored

FILE, GROUP, CONFIG = "shop/prod/a.yaml", "shop/prod/deployment-group.yaml", "deployment-configs/Slow.yaml"
NOW = at(10_000)


def _ago(seconds: float, key: str = FILE) -> Stored:
    return Stored(key, at(10_000 - seconds))


@pytest.mark.parametrize(
    ("seconds", "is_due"), [(-5, False), (0, False), (119, False), (120, True), (3600, True), (3601, False)]
)
def test_an_object_is_due_when_its_event_should_have_come_and_for_an_hour(seconds: int, *, is_due: bool) -> None:
    assert due([_ago(seconds)], NOW) == [_ago(seconds)] * is_due


def test_what_a_deployment_needs_comes_before_it_and_what_is_none_comes_last() -> None:
    stored = [_ago(300, key) for key in ("stray.txt", FILE, "app/a/b.zip", GROUP, CONFIG)]
    for now in (NOW, at(10_300), at(10_600)):
        keys = [each.key for each in due(stored, now)]
        assert (keys[:2], set(keys[2:4]), keys[4]) == ([CONFIG, GROUP], {FILE, "app/a/b.zip"}, "stray.txt")


def test_each_look_begins_at_another_object_of_a_kind() -> None:
    stored = [_ago(600, f"shop/prod/{number}.yaml") for number in range(50)]
    assert len({due(stored, at(10_000 + 300 * number))[0] for number in range(5)}) == 5


@pytest.mark.parametrize(
    ("beside", "last", "says"),
    [
        ([], None, None),
        # The file itself, an older one, others' newer ones, a newer one of the group's settings.
        ([_ago(600), _ago(900, "shop/prod/b.yaml"), _ago(60, "shop/beta/b.yaml"), _ago(60, GROUP)], None, None),
        ([_ago(60, "shop/prod/new/b.zip"), _ago(30, "shop/prod/c.yml")], None, "the file 'shop/prod/c.yml' was dropped"),
        # S3 tells whole seconds: what was created in the same one may have come before.
        ([], {"deploymentId": "d-AAAAAAAAA", "createTime": at(9_400.9).isoformat()}, None),
        ([], {"deploymentId": "d-AAAAAAAAA", "createTime": at(9_401).isoformat()}, "deployment d-AAAAAAAAA was created"),
    ],
)
def test_a_file_that_something_newer_has_come_after_is_not_deployed(
    beside: list[Stored], last: dict[str, str] | None, says: str | None
) -> None:
    why = overtaken(_ago(600), beside, last)
    assert (why is None) == (says is None)
    assert not says or says in str(why)


@pytest.mark.parametrize(
    ("key", "left", "held_back"),
    [
        (FILE, [GROUP], True),
        (FILE, [CONFIG], True),
        (FILE, ["shop/beta/deployment-group.yaml", "shop/prod/b.yaml", "stray.txt"], False),
        (GROUP, [CONFIG], False),
        ("stray.txt", [GROUP, CONFIG], False),
    ],
)
def test_a_file_waits_for_its_group_that_could_not_be_taken_over(key: str, left: list[str], *, held_back: bool) -> None:
    assert is_held_back(_ago(300, key), [_ago(300, left_key) for left_key in left]) == held_back
