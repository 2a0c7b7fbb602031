"""What applications, groups and configurations may be called, and what may be said of them. Reference: 1.1.

On the path of calls that only read: standard library only.
"""

import re

NAME = r"[A-Za-z0-9._+=,@-]{1,100}"
LONGEST_DESCRIPTION = 256
"""Characters."""


def valid_name(name: str) -> bool:
    """Whether an application, group or configuration may be called so."""
    return re.fullmatch(NAME, name) is not None
