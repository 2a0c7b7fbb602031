"""All the operations that are served, by name, and the module of this package that serves each.

A module is loaded when the first call of one of its operations comes: those that only read need no models of untrusted
files, which take as long to load as all the rest.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module

from weighbridge.api.operations import Operation

MODULES: Mapping[str, tuple[str, ...]] = {
    "applications": (
        "BatchGetApplications",
        "CreateApplication",
        "DeleteApplication",
        "GetApplication",
        "ListApplications",
        "UpdateApplication",
    ),
    "groups": (
        "BatchGetDeploymentGroups",
        "CreateDeploymentGroup",
        "DeleteDeploymentGroup",
        "GetDeploymentGroup",
        "ListDeploymentGroups",
        "UpdateDeploymentGroup",
    ),
    "configs": ("CreateDeploymentConfig", "DeleteDeploymentConfig", "GetDeploymentConfig", "ListDeploymentConfigs"),
    "revisions": (
        "BatchGetApplicationRevisions",
        "GetApplicationRevision",
        "ListApplicationRevisions",
        "RegisterApplicationRevision",
    ),
    "create_deployment": ("CreateDeployment",),
    "deployments": ("BatchGetDeployments", "GetDeployment", "ListDeployments", "StopDeployment"),
    "targets": (
        "BatchGetDeploymentInstances",
        "BatchGetDeploymentTargets",
        "GetDeploymentInstance",
        "GetDeploymentTarget",
        "ListDeploymentInstances",
        "ListDeploymentTargets",
    ),
    "tags": ("ListTagsForResource", "TagResource", "UntagResource"),
    "hooks": ("PutLifecycleEventHookExecutionStatus",),
    "progress": ("BatchGetDeploymentProgress", "GetDeploymentProgress"),
    "aliases": ("ListAliases",),
    "plan_deployment": ("PlanDeployment",),
    "drops": ("GetDrop",),
    "refusals": ("ListRefusals",),
    "for_servers": (
        "ContinueDeployment",
        "ListGitHubAccountTokenNames",
        "ListOnPremisesInstances",
        "SkipWaitTimeForInstanceTermination",
    ),
}


class _Served(Mapping[str, Operation]):
    def __init__(self, modules: Mapping[str, tuple[str, ...]]) -> None:
        self._module_of = {operation: module for module, operations in modules.items() for operation in operations}

    def __getitem__(self, name: str) -> Operation:
        operations: Mapping[str, Operation] = import_module(f"weighbridge.api.{self._module_of[name]}").OPERATIONS
        return operations[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._module_of)

    def __len__(self) -> int:
        return len(self._module_of)


OPERATIONS: Mapping[str, Operation] = _Served(MODULES)
