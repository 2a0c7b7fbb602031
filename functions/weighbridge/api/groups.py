"""Deployment groups. Reference: 1.2 and 1.5."""

from collections.abc import Mapping

from weighbridge.api.operations import Operation

OPERATIONS: Mapping[str, Operation] = {}
