"""Evaluates Terraform modules as far as ours go: what Terraform would put into a file or an event is made from the HCL itself.

The expressions are those of python-hcl2's tree. What is not known here raises, so that no module is half understood.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import hcl2
from lark import Token, Tree

Node = Tree[Any]
Scope = Mapping[str, Any]


def _merge(*maps: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for each in maps for key, value in each.items()}


def _jsonencode(value: Any) -> str:
    # As Terraform: no spaces, keys in order, and what HTML would read escaped.
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


FUNCTIONS: dict[str, Callable[..., Any]] = {"jsonencode": _jsonencode, "merge": _merge, "keys": sorted}
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda left, right: left == right,
    "&&": lambda left, right: left and right,
}


def tree(path: Path) -> Node:
    parsed: Node = hcl2.parses_to_tree(path.read_text(encoding="utf-8"))
    return parsed


def _parts(node: Node) -> list[Any]:
    """What a node is made of, without lines, comments and signs that only separate."""
    return [
        child
        for child in node.children
        if (isinstance(child, Tree) and child.data != "new_line_or_comment")
        or (
            isinstance(child, Token)
            and child.strip() not in {"", ",", "(", ")", "{", "}", "[", "]", "=", ":", "?", '"', "."}
        )
    ]


def _name(node: Any) -> str:
    return str(node.children[0])


class Module:
    """The blocks of the files of a folder, with values for its variables and for what only a provider knows."""

    def __init__(self, folder: Path, variables: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        self._given, self._known = variables, known
        self._blocks = [
            (_labels(block), body)
            for path in sorted(folder.glob("*.tf"))
            for block, body in _blocks(tree(path).children[0])
        ]

    def names(self, kind: str) -> list[str]:
        return [labels[-1] for labels, _ in self._blocks if labels[0] == kind]

    def body(self, *labels: str) -> dict[str, Any]:
        """What a block says, each attribute evaluated when it is read."""
        [body] = [body for each, body in self._blocks if each == list(labels)]
        return _Lazy({name: _bound(expression, self._scope) for name, expression in _attributes(body)})

    def inner(self, *labels: str, path: tuple[str, ...]) -> Node:
        """The body of a block that stands within others, each of which is there once."""
        [body] = [body for each, body in self._blocks if each == list(labels)]
        for part in path:
            [body] = [inner for block, inner in _blocks(body) if _labels(block) == [part]]
        return body

    def evaluated(self, body: Node) -> dict[str, Any]:
        return {name: evaluate(expression, self._scope) for name, expression in _attributes(body)}

    @cached_property
    def _scope(self) -> Scope:
        declared = {name: self.default(name) for name in self.names("variable")}
        unknown = self._given.keys() - declared
        assert not unknown, f"there are no variables {sorted(unknown)}"
        values = {
            name: self._given.get(name, default[0] if default else None)
            for name, default in declared.items()
            if default or name in self._given
        }
        scope: dict[str, Any] = {"var": values, **self._known}
        local_values = {
            name: _bound(expression, scope)
            for labels, body in self._blocks
            if labels == ["locals"]
            for name, expression in _attributes(body)
        }
        scope["local"] = _Lazy(local_values)
        return scope

    def default(self, variable: str) -> tuple[Any, ...]:
        """The variable's default as the only member; empty where a value has to be given."""
        [body] = [body for labels, body in self._blocks if labels == ["variable", variable]]
        return tuple(evaluate(expression, {}) for name, expression in _attributes(body) if name == "default")

    def output(self, name: str) -> Any:
        return self.body("output", name)["value"]


class _Lazy(dict[str, Any]):
    """Values that are made when they are asked for."""

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(key)()


def _bound(expression: Any, scope: Scope) -> Callable[[], Any]:
    return lambda: evaluate(expression, scope)


def _blocks(body: Node) -> Iterator[tuple[Node, Node]]:
    for child in body.children:
        if isinstance(child, Tree) and child.data == "block":
            [inner] = [part for part in child.children if isinstance(part, Tree) and part.data == "body"]
            yield child, inner


def _labels(block: Node) -> list[str]:
    labels = []
    for part in _parts(block):
        if part.data == "identifier":
            labels.append(_name(part))
        elif part.data == "string":
            labels.append("".join(str(_name(each)) for each in _parts(part)))
    return labels


def _attributes(body: Node) -> Iterator[tuple[str, Any]]:
    for child in body.children:
        if isinstance(child, Tree) and child.data == "attribute":
            name, expression = _parts(child)
            yield _name(name), expression


def evaluate(node: Any, scope: Scope) -> Any:  # noqa: PLR0912, C901 - one branch a kind of expression
    """The value of an expression. Raises NotImplementedError for what our modules do not have."""
    parts = _parts(node)
    match node.data:
        case "expr_term":
            return evaluate(parts[0], scope)
        case "identifier":
            return scope[_name(node)]
        case "get_attr_expr_term":
            return evaluate(parts[0], scope)[_name(_parts(parts[1])[0])]
        case "index_expr_term":
            return evaluate(parts[0], scope)[evaluate(_parts(parts[1])[0], scope)]
        case "literal_value":
            return {"null": None, "true": True, "false": False}[_name(node)]
        case "int_lit":
            return int(_name(node))
        case "string":
            return "".join(_text(part, scope) for part in parts)
        case "object":
            return dict(_member(part, scope) for part in parts)
        case "tuple":
            return [evaluate(part, scope) for part in parts]
        case "function_call":
            arguments = [evaluate(each, scope) for part in parts[1:] for each in _parts(part)]
            return FUNCTIONS[_name(parts[0])](*arguments)
        case "conditional":
            condition, then, otherwise = parts
            return evaluate(then if evaluate(condition, scope) else otherwise, scope)
        case "binary_op":
            left, (operator, right) = parts[0], _parts(parts[1])
            return OPERATORS[_name(operator)](evaluate(left, scope), evaluate(right, scope))
        case "for_tuple_expr":
            return [evaluate(parts[1], inner) for inner in _rounds(parts[0], scope)]
        case kind:
            raise NotImplementedError(f"{kind} is not evaluated here")


def _text(part: Node, scope: Scope) -> str:
    [content] = part.children
    if isinstance(content, Token):
        return str(content)
    [expression] = [each for each in content.children if isinstance(each, Tree)]
    return str(evaluate(expression, scope))


def _member(element: Node, scope: Scope) -> tuple[str, Any]:
    key, value = _parts(element)
    [term] = _parts(key)
    is_bare = len(term.children) == 1 and term.children[0].data == "identifier"
    return (_name(term.children[0]) if is_bare else evaluate(term, scope)), evaluate(value, scope)


def _rounds(intro: Node, scope: Scope) -> Iterator[Scope]:
    parts = [part for part in _parts(intro) if isinstance(part, Tree)]
    *names, of = parts
    values = evaluate(of, scope)
    for key, value in sorted(values.items()) if isinstance(values, Mapping) else enumerate(values):
        yield {
            **scope,
            **dict(zip([_name(name) for name in names], (key, value) if len(names) > 1 else (value,), strict=True)),
        }
