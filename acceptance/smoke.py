"""Plays the cases on a stack of its own, takes all of it away whatever happens, and writes down what was measured."""

import json
import platform
import secrets
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from acceptance import installation
from acceptance.account import Account
from acceptance.cases import Case
from acceptance.lines import Answer, Line, failed, held, reason, redacted, unanswered
from acceptance.stage import Stage
from acceptance.waiting import NotSo
from local.cloud import ROOT

GONE_SECONDS = 120
REMOVED = "16 all of it is gone"


def new_name() -> str:
    return f"WeighbridgeSmoke-{secrets.token_hex(4)}"


def played(stage: Stage, cases: Iterable[Case]) -> Iterator[Line]:
    """One line a case, as soon as it is over."""
    for case in cases:
        yield Line(f"{case.number:>2} {case.what}", _answer(partial(_left_clean, stage, case)))


def _left_clean(stage: Stage, case: Case) -> Answer:
    try:
        return case.play(stage)
    finally:
        # A case that did not go as it says may have left a deployment open, because of which the next would fail.
        stage.stop_all()


def _answer(play: Callable[[], Answer]) -> Answer:
    try:
        return play()
    except NotSo as otherwise:
        return failed(str(otherwise))
    except ClientError as error:
        unknown = error.response.get("Error", {}).get("Code") in _UNKNOWN
        return unanswered(reason(error)) if unknown else failed(reason(error))
    except BotoCoreError as error:
        return failed(reason(error))
    except Exception as error:  # noqa: BLE001 - an answer that nobody foresaw must not keep the other cases from being played
        return failed(f"the case itself failed: {type(error).__name__}: {error}"[:300])


_UNKNOWN = {"InvalidAction", "UnknownOperationException", "NotImplemented", "NotImplementedException"}
"""How an emulator says that it does not know a call."""


def removed(account: Account, stage: Stage | None, name: str) -> Line:
    """Takes away the subject and the stack, and looks what is left."""
    return Line(REMOVED, _answer(partial(_removed, account, stage, name)))


def _removed(account: Account, stage: Stage | None, name: str) -> Answer:
    problems = stage.clear() if stage else []
    keeps = installation.kept(account, name)
    try:
        installation.remove(account, name, keeps)
    except (ClientError, BotoCoreError) as error:
        problems.append(reason(error))
    except installation.InstallationError as error:
        problems.append(str(error))
    deadline = time.monotonic() + GONE_SECONDS
    # What is being deleted is still there for a moment.
    while (left := installation.left(account, name, keeps)) and time.monotonic() < deadline and not problems:
        time.sleep(1)
    if left or problems:
        return failed("; ".join([*(f"left: {each}" for each in left), *problems]))
    return held("the stack, its bucket and table, the subject")


def write(file: Path, *, lines: Iterable[Line], account: Account, began: datetime, quick: bool) -> None:
    document: dict[str, Any] = {
        "commit": _commit(),
        "python": platform.python_version(),
        "boto3": boto3.__version__,
        "region": account.region,
        "partition": account.partition,
        "began": began.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - began).total_seconds()),
        "quick": quick,
        "cases": [
            {"what": line.what, "verdict": line.answer.verdict.value, "told": line.answer.message}
            | ({"measured": dict(line.answer.measured)} if line.answer.measured else {})
            for line in lines
        ],
    }
    file.write_text(redacted(json.dumps(document, indent=2, ensure_ascii=False)) + "\n", encoding="utf-8")


def _commit() -> str:
    run = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return run.stdout.strip()
