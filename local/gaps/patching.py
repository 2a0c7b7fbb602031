"""How a gap filler takes the place of an emulator's function."""

from collections.abc import Callable
from types import ModuleType
from typing import Any


def wrap(module: ModuleType, name: str, build: Callable[[Any], Any]) -> None:
    """Replace `module.name` by `build(original)`.

    Raises AttributeError when the emulator no longer has that function, so that an upgrade cannot lose a filler in
    silence.
    """
    setattr(module, name, build(getattr(module, name)))
