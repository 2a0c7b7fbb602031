"""AppSpec files in zip archives, of pipelines, and hostile ones."""

import random
import stat
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO

import pytest

from weighbridge.core import bundles
from weighbridge.core.documents import SIZE_LIMIT
from weighbridge.core.errors import InvalidDocument, WeighbridgeError

APPSPEC = b"version: 0.0\nResources: []\n"


def _bundle(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", method) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return archive.getvalue()


def _read(content: bytes) -> bytes:
    return bundles.appspec_in(BytesIO(content))


def _patched(content: bytes, offset: int, value: bytes) -> bytes:
    """The archive with bytes of its directory's first entry changed."""
    at = content.index(b"PK\x01\x02") + offset
    return content[:at] + value + content[at + len(value) :]


@pytest.mark.parametrize("name", ["appspec.yaml", "appspec.yml", "appspec.json", "AppSpec.YML"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_file_in_the_root_is_read(name: str, method: int) -> None:
    others = {"src/appspec.yaml": b"another", "index.py": b"code", "src/": b""}
    assert _read(_bundle({**others, name: APPSPEC}, method)) == APPSPEC


def test_a_large_archives_format_is_read_too() -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as opened, opened.open("appspec.yaml", "w", force_zip64=True) as member:
        member.write(APPSPEC)
    assert _read(archive.getvalue()) == APPSPEC


class _Pipe(BytesIO):
    """What a pipeline writes an archive to: it cannot go back to note a member's length before the member."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError


def test_an_archive_that_was_streamed_is_read_too() -> None:
    archive = _Pipe()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("appspec.yaml", APPSPEC)
        opened.writestr("index.py", "code")
    content = archive.getvalue()
    assert content[6] & 0x08
    assert _read(content) == APPSPEC


def test_other_members_may_be_encrypted_or_huge_since_they_are_not_read() -> None:
    content = _bundle({"big.bin": b"\0" * (SIZE_LIMIT * 3), "appspec.yaml": APPSPEC})
    assert _read(_patched(content, 8, b"\x01\x00")) == APPSPEC


def _link() -> bytes:
    link = zipfile.ZipInfo("appspec.yaml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(link, "/etc/passwd")
    return archive.getvalue()


def _twice() -> bytes:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("appspec.yaml", APPSPEC)
        with pytest.warns(UserWarning, match="Duplicate name"):
            opened.writestr("appspec.yaml", b"another")
    return archive.getvalue()


GOOD = _bundle({"appspec.yaml": APPSPEC})
BOMB = _bundle({"appspec.yaml": b"\0" * (SIZE_LIMIT * 200)})
REFUSED = {
    "two candidates": (_bundle({"appspec.yml": b"a", "appspec.yaml": b"b"}), r"more than one AppSpec file in its root \(appspec.yaml and appspec.yml\)"),
    "one name twice": (_twice(), "more than one AppSpec file in its root"),
    "names that differ in case": (_bundle({"appspec.yml": b"a", "Appspec.yml": b"b"}), "more than one AppSpec file"),
    "a folder around all": (_bundle({"shop-1.0/": b"", "shop-1.0/appspec.yml": APPSPEC}), "no AppSpec file in its root, named appspec.yaml, appspec.yml or appspec.json: 'shop-1.0/appspec.yml' is not there. Bundle what is in its folder."),
    "a folder of Windows around all": (_bundle({"shop\\appspec.yml": APPSPEC}), r"is not there\. Bundle what is in its folder"),
    "an absolute path": (_bundle({"/appspec.yaml": APPSPEC}), "'/appspec.yaml' is not there"),
    "a path that climbs": (_bundle({"../appspec.yaml": APPSPEC}), "'../appspec.yaml' is not there"),
    "a folder of that name": (_bundle({"appspec.yaml/": b""}), "no AppSpec file in its root.*it holds appspec.yaml/"),
    "other files": (_bundle({f"{n}\x1b[31m.py": b"" for n in range(9)}), r"it holds 0\\x1b\[31m.py, .*4\\x1b\[31m.py, …\."),
    "nothing": (_bundle({}), "it holds nothing"),
    "a link": (_link(), "appspec.yaml in the zip archive is a link"),
    "encrypted": (_patched(GOOD, 8, b"\x01\x00"), "is encrypted; bundle it without a password"),
    "strongly encrypted": (_patched(GOOD, 8, b"\x41\x00"), "is encrypted"),
    "LZMA": (_bundle({"appspec.yaml": APPSPEC}, zipfile.ZIP_LZMA), "compressed by a method that is not read"),
    "a method that nobody has": (_patched(GOOD, 10, b"\x63\x00"), "compressed by a method that is not read"),
    "a bomb that says how large it is": (BOMB, f"has {SIZE_LIMIT * 200} bytes; at most {SIZE_LIMIT}"),
    "a bomb that lies": (_patched(BOMB, 24, (100).to_bytes(4, "little")), "not a readable zip archive"),
    "shorter than it says": (_patched(GOOD, 24, (200).to_bytes(4, "little")), "appspec.yaml is not as long as it says"),
    "a wrong checksum": (_patched(GOOD, 16, b"\0\0\0\0"), "not a readable zip archive .*CRC"),
    "text": (APPSPEC, "not a readable zip archive"),
    "no bytes": (b"", "not a readable zip archive"),
    "the beginning of one": (GOOD[:-30], "not a readable zip archive"),
    "a member elsewhere": (_patched(GOOD, 42, b"\xff\xff\xff\x7f"), "not a readable zip archive"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_bundle_of_ours_is_refused_with_a_sentence(content: bytes, says: str) -> None:
    with pytest.raises(InvalidDocument, match=says) as refused:
        _read(content)
    assert str(refused.value).isprintable()


FLOODS: dict[str, Callable[[], bytes]] = {
    "a bomb": lambda: BOMB,
    "a bomb that lies": lambda: _patched(BOMB, 24, (SIZE_LIMIT).to_bytes(4, "little")),
    "as many members as there is room for": lambda: _bundle({f"{n}": b"" for n in range(9_500)}, zipfile.ZIP_STORED),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_an_archive_costs_what_a_file_costs(flood: Callable[[], bytes]) -> None:
    content = flood()
    assert len(content) <= SIZE_LIMIT
    tracemalloc.start()
    try:
        with pytest.raises(InvalidDocument):
            _read(content)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 16 * SIZE_LIMIT


def test_an_archive_with_bytes_changed_is_read_or_refused_with_a_sentence() -> None:
    chance = random.Random(42)
    whole = _bundle({"appspec.yaml": APPSPEC, "index.py": b"code"})
    read, refusals = 0, list[str]()
    for _ in range(4_000):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            _read(bytes(content[: chance.randint(len(content) // 2, 2 * len(content))]))
            read += 1
        except WeighbridgeError as refusal:
            refusals.append(str(refusal))
    assert read
    assert refusals
    assert all(refusal.isprintable() for refusal in refusals)
