"""The server process of the local cloud: the emulator with its gaps filled, in the foreground.

`python -m local.server --port 4566 --time-scale 0.05` serves every AWS API on 127.0.0.1 until it is interrupted.
`local.cloud` starts it as a child; nothing else needs to.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import threading

import click

# The emulator reads these once, when it is imported.
ENVIRONMENT = {
    "BIND_HOST": "127.0.0.1",
    "IOT_MTLS_ENABLED": "0",
    "LAMBDA_EXECUTOR": "local",
    "MINISTACK_HOST": "127.0.0.1",
    "PERSIST_STATE": "0",
    "S3_PERSIST": "0",
    "SFTP_ENABLED": "0",
}

# AWS waits a minute before it invokes a failed asynchronous invocation again, and two before the second time.
ASYNCHRONOUS_RETRY_SECONDS = 60


def asynchronous_retries(time_scale: float) -> dict[str, str]:
    """The emulator's settings for the pauses before a failed asynchronous invocation is tried again."""
    return {
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(ASYNCHRONOUS_RETRY_SECONDS * time_scale),
        "LAMBDA_ASYNC_RETRY_MAX_SECONDS": str(ASYNCHRONOUS_RETRY_SECONDS * 2 * time_scale),
    }


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--time-scale", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True)
@click.option("--bare", is_flag=True, help="Leave the emulator's gaps open (contract tests compare with it).")
@click.option(
    "--enforce-iam", is_flag=True, help="Refuse every call that no IAM policy allows; the account's root may do all."
)
@click.option("--limit-rates", is_flag=True, help="Throttle as AWS does everybody but the account's root.")
@click.option("--workers", type=click.IntRange(min=1), help="How many invocations of a function run at a time.")
@click.option("--end-with-parent", is_flag=True, help="End, with every Lambda worker, when standard input closes.")
def serve(  # noqa: PLR0913 - one parameter an option
    *,
    port: int,
    time_scale: float,
    bare: bool,
    enforce_iam: bool,
    limit_rates: bool,
    workers: int | None,
    end_with_parent: bool,
) -> None:
    """Serve the emulated AWS APIs on 127.0.0.1 until interrupted."""
    if end_with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(
        ENVIRONMENT | asynchronous_retries(time_scale),
        AUTH=str(enforce_iam).lower(),
        GATEWAY_PORT=str(port),
        SFN_WAIT_SCALE=str(time_scale),
    )
    # Imported only now, because importing the emulator reads the environment.
    from hypercorn.asyncio import serve as serve_http  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415
    from ministack.app import app  # noqa: PLC0415

    from local import browsers, gaps, rates, turns  # noqa: PLC0415

    if not bare:
        gaps.fill(time_scale)
    if workers:
        turns.take(workers)
    front = rates.limited(app, time_scale, unlimited=os.environ["AWS_ACCESS_KEY_ID"]) if limit_rates else app
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.accesslog = None
    asyncio.run(serve_http(browsers.refused(front, port), config))


def _end_with_parent() -> None:
    """Wait until the parent's end of the pipe closes, however the parent died, and take the process group along."""
    sys.stdin.buffer.read()
    # The parent gave this process a directory of its own for what Lambda workers unpack.
    shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    serve()
