"""The condition key `aws:SecureTransport`.

AWS: its endpoints are reached by TLS, and the SDKs use it; a bucket or queue may refuse whoever does not.
Emulator: serves plain HTTP here and says so to every policy, so that such a bucket refuses everybody.
Here: every call counts as one by TLS. Not a gap of the emulator, but what a cloud that never leaves 127.0.0.1 needs.
"""

from collections.abc import Callable

from ministack import app

from local.gaps.patching import wrap


def install() -> None:
    wrap(app, "pin_request_origin", _by_tls)


def _by_tls(original: Callable[[str, bool], None]) -> Callable[[str, bool], None]:
    def pin(source_ip: str, _secure_transport: bool) -> None:  # noqa: FBT001 - the emulator's signature
        original(source_ip, True)  # noqa: FBT003

    return pin
