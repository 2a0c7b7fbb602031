"""`python -m local up`: keep a local cloud running with Weighbridge deployed to it."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from local.cloud import CREDENTIALS, ROOT, LocalCloud, LocalCloudError
from local.deployment import DeploymentError, SynthesisError, synthesize

console = Console(highlight=False, soft_wrap=True)


@click.group()
def main() -> None:
    """Weighbridge without an AWS account."""


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=4566, show_default=True)
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Seconds that pass per second of AWS: 0.05 is twenty times faster.",
)
@click.option(
    "--assembly",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="An already synthesized cloud assembly, instead of synthesizing app.py.",
)
@click.option("--app", type=click.Path(path_type=Path, dir_okay=False), default=ROOT / "app.py", hidden=True)
@click.option("--directory", type=click.Path(path_type=Path, file_okay=False), default=ROOT / ".local", hidden=True)
def up(*, port: int, time_scale: float, assembly: Path | None, app: Path, directory: Path) -> None:
    """Start the local cloud, deploy Weighbridge to it, and run until interrupted."""
    signal.signal(signal.SIGTERM, _interrupt)
    outputs_file = directory / "outputs.json"
    try:
        with LocalCloud(port=port, time_scale=time_scale, directory=directory) as cloud:
            # Not before the port is ours: until then the file may be another run's.
            outputs_file.unlink(missing_ok=True)
            if assembly is None:
                assembly = directory / "assembly"
                with _step("Synthesizing the stack"):
                    synthesize(app, assembly)
            with _step("Deploying it to the local cloud"):
                outputs = cloud.deploy(assembly)
            _write_atomically(outputs_file, {"endpoint": cloud.endpoint, "region": cloud.region} | outputs)
            try:
                _explain(cloud, outputs)
                cloud.wait()
            finally:
                outputs_file.unlink(missing_ok=True)
    except (LocalCloudError, SynthesisError, DeploymentError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        console.print("Stopped.")


@contextmanager
def _step(what: str) -> Iterator[None]:
    started = time.monotonic()
    if console.is_terminal:
        with console.status(f"{what} …"):
            yield
    else:
        console.print(f"{what} …")
        yield
    console.print(f"{what}: {time.monotonic() - started:.1f} s")


def _explain(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    environment = CREDENTIALS | {"AWS_DEFAULT_REGION": cloud.region, "AWS_ENDPOINT_URL": cloud.endpoint}
    console.print(f"\nThe local cloud answers at {cloud.endpoint} until you press Ctrl-C.")
    console.print(f"Its log is {cloud.log}\n")
    console.print("Drop an AppSpec from another terminal:\n")
    for name, value in environment.items():
        console.print(f"  export {name}={value}")
    console.print(
        f"  aws --endpoint-url {cloud.endpoint} s3 cp appspec.yaml "
        f"s3://{outputs.get('BucketName', 'BUCKET')}/APPLICATION/DEPLOYMENT-GROUP/appspec.yaml"
    )
    if "StateMachineArn" in outputs:
        console.print(
            f"  aws --endpoint-url {cloud.endpoint} stepfunctions list-executions "
            f"--state-machine-arn {outputs['StateMachineArn']}"
        )
    sys.stdout.flush()


def _write_atomically(path: Path, document: dict[str, str]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(document, indent=2) + "\n")
    fresh.replace(path)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
