"""Every operation is found in the module that the registry names for it, and in no other."""

from importlib import import_module

from tests.architecture.source import ROOT
from weighbridge.api.registry import MODULES, OPERATIONS


def test_the_registry_says_what_each_module_serves() -> None:
    for module, names in MODULES.items():
        served = import_module(f"weighbridge.api.{module}").OPERATIONS
        assert sorted(served) == sorted(names), module
        assert all(OPERATIONS[name] is served[name] for name in names)


def test_no_module_that_serves_operations_is_left_out() -> None:
    files = (ROOT / "functions/weighbridge/api").glob("*.py")
    serve = {file.stem for file in files if "OPERATIONS: Mapping[str, Operation] = {" in file.read_text(encoding="utf-8")}
    assert serve == set(MODULES)


def test_no_operation_is_served_twice() -> None:
    assert len(OPERATIONS) == sum(len(names) for names in MODULES.values()) == len(list(OPERATIONS))
