"""Dropped objects whose event never came: S3's events are on their way for minutes after an installation, or lost.

What lies in the bucket says which there are. Found twice, or notified after all, an object is the same deployment.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from weighbridge.core.errors import Overtaken, clip
from weighbridge.core.object_keys import AppSpecDrop, ConfigDrop, GroupDrop, Stored
from weighbridge.core.rotation import rotated

LOOKED_BACK = timedelta(hours=1)
"""As old as an object may be to be taken for missed; what is older needs a decision, as an old event is."""
_ON_ITS_WAY = timedelta(minutes=2)
"""How long an object's event is left to come by itself."""
_S3_SECOND = timedelta(seconds=1)
_LONGEST_KEY = 300


def due(stored: Iterable[Stored], now: datetime) -> list[Stored]:
    """Those whose event should have come by now, in the order in which they are looked at at `now`.

    What a deployment needs comes before it. There may be more than one look gets round to, so of each kind it begins at
    another one each time.
    """
    late = {each.key: each for each in stored if _ON_ITS_WAY <= now - each.modified <= LOOKED_BACK}
    # Python's sort leaves those of a kind in their order.
    return sorted((late[key] for key in rotated(list(late), now)), key=_place)


def _place(stored: Stored) -> int:
    match stored.drop:
        case ConfigDrop():
            return 0
        case GroupDrop():
            return 1
        case AppSpecDrop():
            return 2
        case None:
            return 3


def is_held_back(stored: Stored, left: Iterable[Stored]) -> bool:
    """Whether a file is an AppSpec file that may need one of those that could not be taken up before it."""
    needed = (each.drop for each in left)
    return stored.group is not None and any(
        isinstance(drop, ConfigDrop) or (isinstance(drop, GroupDrop) and (drop.application, drop.group) == stored.group)
        for drop in needed
    )


def overtaken(stored: Stored, beside: Iterable[Stored], last: Mapping[str, str] | None) -> Overtaken | None:
    """Why an AppSpec file that was found is not deployed any more; None where nothing came after it.

    `beside` is what else lies in the bucket, `last` the group's last deployment that began, {deploymentId, createTime}.
    Deployed late, the file could take back what has come since.
    """
    newer = [each for each in beside if each.group == stored.group and each.modified > stored.modified]
    if newer:
        what = f"the file {clip(max(newer, key=lambda each: each.modified).key, _LONGEST_KEY)!r} was dropped"
    elif last and datetime.fromisoformat(last["createTime"]) >= stored.modified + _S3_SECOND:
        what = f"deployment {last['deploymentId']} was created"
    else:
        return None
    return Overtaken(
        f"The event of this file did not come, and before the file was found {what} for the same "
        "group. It is not deployed any more; drop it again if it is what you want."
    )
