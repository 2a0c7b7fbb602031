"""The project's source as tests ask about it: what every file imports, read from its syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HANDLERS = ROOT / "functions" / "weighbridge" / "handlers"


@dataclass(frozen=True)
class Source:
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @property
    def imports(self) -> set[str]:
        """Dotted names of what is imported anywhere in the file, also for type checking only or inside a function."""
        return set(_imports(self.tree))

    @property
    def packages(self) -> set[str]:
        return {name.split(".")[0] for name in self.imports}

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))


def sources(folder: str) -> list[Source]:
    """Every file below a folder of the project."""
    return [Source(path) for path in sorted((ROOT / folder).rglob("*.py"))]


def handler_names() -> list[str]:
    return sorted(path.stem for path in HANDLERS.glob("[!_]*.py"))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
