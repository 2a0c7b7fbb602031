"""The CDK app; `python app.py` alone synthesizes as well, into CDK_OUTDIR."""

import sys

from infra.app import build
from infra.settings import SettingsError

try:
    build().synth()
except SettingsError as error:
    sys.exit(str(error))
