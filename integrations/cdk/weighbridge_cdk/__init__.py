"""Lambda aliases that Weighbridge shifts, for CDK apps."""

from weighbridge_cdk.alias import WeighbridgeAlias
from weighbridge_cdk.aspect import Weighbridge

__all__ = ["Weighbridge", "WeighbridgeAlias"]
