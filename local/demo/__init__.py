"""The demo: two deployments of a sample function under live traffic, one that succeeds and one that has to be reversed.

story     what happens, in order
user      what somebody who uses Weighbridge does and sees, through AWS's own APIs and Weighbridge's
traffic   the requests to the alias
progress  how far a deployment is, in the time of this cloud
verdict   how it ended, and whether that is how it should have
display   what the command `weighbridge` shows of it: a tree in the terminal, or lines
shop      the sample function, and the files that are dropped
"""

import sys

from local.cloud import ROOT

# The command is not installed into the checkout's environment, and neither is the core that it shares with the functions.
sys.path += [str(ROOT / "cli"), str(ROOT / "functions")]
