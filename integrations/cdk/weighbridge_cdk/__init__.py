"""Lambda aliases that Weighbridge shifts, and who is notified, for CDK apps."""

from weighbridge_cdk.alias import WeighbridgeAlias
from weighbridge_cdk.aspect import Weighbridge
from weighbridge_cdk.github import GitHubDeployments

__all__ = ["GitHubDeployments", "Weighbridge", "WeighbridgeAlias"]
