"""Packages that many processes are started from.

AWS: a function's code and layers are there when its environment starts; unpacking them is no part of a cold start.
Emulator: unpacks both for every process that it starts, in its own process meanwhile.
Here: what is large is unpacked once, and every process is given links to the files.
"""

import atexit
import hashlib
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime

from local.gaps.patching import wrap

LARGE = 100_000
"""Bytes from which on it takes longer to unpack a package than to link to it."""
_unpacking = Lock()


def install() -> None:
    wrap(lambda_runtime, "zipfile", _once)


def _once(original: Any) -> SimpleNamespace:
    unpacked = Path(tempfile.mkdtemp(prefix="weighbridge-packages-"))
    atexit.register(shutil.rmtree, unpacked, ignore_errors=True)

    class Package(zipfile.ZipFile):
        def __init__(self, path: str) -> None:
            super().__init__(path)
            content = Path(path).read_bytes()
            self._folder = unpacked / hashlib.sha256(content).hexdigest() if len(content) >= LARGE else None

        def namelist(self) -> list[str]:
            """What is to be looked at before it is unpacked: nothing of what was unpacked before."""
            return [] if self._folder and self._folder.exists() else super().namelist()

        def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
            if self._folder is None:
                super().extractall(path, members, pwd)
                return
            with _unpacking:
                if not self._folder.exists():
                    made = tempfile.mkdtemp(dir=unpacked)
                    super().extractall(made)
                    Path(made).rename(self._folder)
            shutil.copytree(self._folder, path, copy_function=os.link, dirs_exist_ok=True)

    return SimpleNamespace(**vars(original) | {"ZipFile": Package})
