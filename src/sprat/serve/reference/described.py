"""What the source says about a field, under its line: Python itself forgets those words."""

import ast
import inspect
import sys
from functools import cache

Words = dict[str, str]


def words_of(kind: type) -> Words:
    """Field → the docstring under it, its bases' included; empty where the source is not there."""
    said: Words = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("sprat."):
            said |= _of_module(base.__module__).get(base.__name__, {})
    return said


@cache
def _of_module(name: str) -> dict[str, Words]:
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except OSError:
        return {}
    return {one.name: _of_class(one) for one in tree.body if isinstance(one, ast.ClassDef)}


def _of_class(found: ast.ClassDef) -> Words:
    return {
        line.target.id: " ".join(inspect.cleandoc(below.value.value).split())
        for line, below in zip(found.body, found.body[1:], strict=False)
        if isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }
