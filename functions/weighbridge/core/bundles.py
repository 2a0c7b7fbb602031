"""The AppSpec file in a zip archive, as CodePipeline leaves one. They are untrusted, so everything is bounded."""

import stat
import struct
import zipfile
import zlib
from typing import IO

from weighbridge.core.documents import SIZE_LIMIT
from weighbridge.core.errors import InvalidDocument, NotWellFormed, clip

NAMES = ("appspec.yaml", "appspec.yml", "appspec.json")
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # the others may ask for gigabytes before they give a byte
_ENCRYPTED = 0x1 | 0x40
# What zipfile says of bytes that are no archive, or one that was cut off or tampered with.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    NotImplementedError,
    ValueError,
)
_SHOWN = 5


def appspec_in(archive: IO[bytes]) -> bytes:
    """What the AppSpec file in the root of `archive`, which can be sought in, holds.

    Raises InvalidDocument where there is none, or two, or it is no plain file of at most SIZE_LIMIT bytes, or the archive
    cannot be read.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            member = _appspec(opened.infolist())
            _check(member)
            with opened.open(member) as file:
                content = file.read(SIZE_LIMIT + 1)
    except _BROKEN as error:
        raise NotWellFormed(f"The file is not a readable zip archive ({error}); bundle it again.") from error
    if len(content) != member.file_size:
        raise NotWellFormed(f"The file is not a readable zip archive ({member.filename} is not as long as it says).")
    return content


def _appspec(members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    appspecs = [member for member in members if member.filename.lower() in NAMES]
    if len(appspecs) > 1:
        named = " and ".join(sorted(member.filename for member in appspecs)[:_SHOWN])
        raise InvalidDocument(f"The zip archive has more than one AppSpec file in its root ({named}); keep one of them.")
    if appspecs:
        return appspecs[0]
    looked_for = f"The zip archive has no AppSpec file in its root, named {', '.join(NAMES[:-1])} or {NAMES[-1]}"
    for member in members:
        _, slash, name = member.filename.replace("\\", "/").rpartition("/")
        if slash and name.lower() in NAMES:
            raise InvalidDocument(
                f"{looked_for}: {clip(member.filename, 300)!r} is not there. Bundle what is in its folder."
            )
    names = [clip(member.filename, 100) for member in members[:_SHOWN]] + ["…"] * (len(members) > _SHOWN)
    raise InvalidDocument(f"{looked_for}; it holds {', '.join(names) or 'nothing'}.")


def _check(member: zipfile.ZipInfo) -> None:
    name = member.filename
    if member.flag_bits & _ENCRYPTED:
        raise InvalidDocument(f"{name} in the zip archive is encrypted; bundle it without a password.")
    if stat.S_IFMT(member.external_attr >> 16) not in {0, stat.S_IFREG}:
        raise InvalidDocument(f"{name} in the zip archive is a link or something else, and not a file; put the file there.")
    if member.compress_type not in _METHODS:
        raise InvalidDocument(
            f"{name} in the zip archive is compressed by a method that is not read; use deflate, the usual one."
        )
    if member.file_size > SIZE_LIMIT:
        raise InvalidDocument(
            f"{name} in the zip archive has {member.file_size} bytes; at most {SIZE_LIMIT} (1 MiB) are read."
        )
