"""What an AWS account shows: `python -m acceptance preflight` asks it and changes nothing, `smoke` deploys and plays."""

import sys

from local.cloud import ROOT

# What is deployed is no package of this environment.
sys.path.append(str(ROOT / "functions"))
