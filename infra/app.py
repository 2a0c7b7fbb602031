"""Puts the stack into an app."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import App

from infra import regions
from infra.settings import ROOT, Settings
from infra.stack import weighbridge_stack


def build(outdir: Path | None = None, context: Mapping[str, object] | None = None) -> App:
    """Return the app with its one stack `Weighbridge`, ready for `synth()`.

    `outdir` is where the cloud assembly goes (default: CDK_OUTDIR, which the CDK CLI sets, else a temporary
    directory). `context` overrides single keys of cdk.json and of the CLI's `-c`. Raises SettingsError.
    """
    # Read here because cdk.json reaches the app through the CLI only, and tests and the local cloud do without it.
    defaults = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    app = App(
        outdir=None if outdir is None else str(outdir),
        context=defaults,
        post_cli_context=dict(context or {}),
        analytics_reporting=False,
    )
    settings = Settings.of(app)
    # The stack itself is of no region, so that its template is the same everywhere; the CLI says where it is going.
    regions.check(os.environ.get("CDK_DEFAULT_REGION"), settings)
    weighbridge_stack(app, settings)
    return app
