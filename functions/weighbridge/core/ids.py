"""Deployment ids: derived from what asked for the deployment, so that the same event twice is the same deployment."""

import hashlib
import re
import string
from typing import Any

_LETTERS = string.digits + string.ascii_uppercase
_LENGTH = 9
DEPLOYMENT_ID = re.compile(r"d-[0-9A-Z]{9}", re.ASCII)


def deployment_id(identity: str, attempt: int = 0) -> str:
    """`d-` and nine upper-case letters or digits (reference 1.1) for whatever `identity` names.

    Two identities share an id once in 10^14; whoever stores a record under the id compares the identity and counts
    `attempt` up when it is another's.
    """
    number = int.from_bytes(hashlib.sha256(f"{attempt}:{identity}".encode(errors="surrogatepass")).digest())
    letters = []
    for _ in range(_LENGTH):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "d-" + "".join(letters)


def rollback_id(rolled_back: str) -> str:
    """The id of the deployment that rolls `rolled_back` back; known before anything goes wrong, so nothing waits for it."""
    return deployment_id(f"rollback of {rolled_back}")


def deployment_id_in(detail: Any) -> str | None:
    """The deployment that an event's detail names; None where it names none."""
    named = detail.get("deploymentId") if isinstance(detail, dict) else None
    return named if isinstance(named, str) and DEPLOYMENT_ID.fullmatch(named) else None
