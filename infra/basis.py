"""What the other parts of the stack stand on."""

from dataclasses import dataclass

from constructs import Construct

from infra.failures import Failures
from infra.handler import Package
from infra.settings import Settings
from infra.storage import Storage


@dataclass(frozen=True)
class Basis:
    settings: Settings
    storage: Storage
    failures: Failures
    package: Package


def create_basis(scope: Construct, settings: Settings) -> Basis:
    storage = Storage(scope, "Storage")
    failures = Failures(scope, "Failures", settings)
    return Basis(settings, storage, failures, Package(scope, "Package", settings, storage))
