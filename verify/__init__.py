"""Every fault that can be thought of, done to Weighbridge; the package that it tries is made importable here."""

import sys

from local.cloud import ROOT

sys.path.append(str(ROOT / "functions"))
