"""What a deployment costs, how fast it reacts and how far it scales, measured: `make bench`.

`cost` counts, `scale` simulates an account's rates in virtual time, `reaction` measures on the local cloud. All of it is
kept in `results.json`, of which `page` makes docs/performance.md.
"""

import sys

from local.cloud import ROOT

# Its parts import `weighbridge` as the functions do, by the name that it has when it is deployed.
sys.path.append(str(ROOT / "functions"))
