"""The CDK app; `python app.py` alone synthesizes as well, into CDK_OUTDIR."""

from infra.app import build

build().synth()
