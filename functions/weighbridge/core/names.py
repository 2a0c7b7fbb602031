"""What applications, groups and configurations may be called, and what may be said of them. Reference: 1.1.

On the reaction path: standard library only.
"""

import re

NAME = r"[A-Za-z0-9._+=,@-]{1,100}"
ALL_AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"
"""The predefined configuration that is meant where none is named, and by which rollbacks go."""
LONGEST_DESCRIPTION = 256
"""Characters."""


def valid_name(name: str) -> bool:
    """Whether an application, group or configuration may be called so."""
    return re.fullmatch(NAME, name) is not None
