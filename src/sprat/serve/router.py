"""A method and a path → a route. The table is small: exact paths by name, the rest by pattern."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from sprat.serve.asgi import Scope
from sprat.serve.problem import BadRequest
from sprat.serve.routes.table import Route

_WORD = re.compile(r"\\\{([a-z]+)\\\}")
_WORDS = {"name": ".+", "path": ".+", "question": ".+"}
"""What a `{word}` of a path may be; any other is a piece without slashes."""
_SHOWN = 100


def pattern_of(path: str) -> re.Pattern[str]:
    """A route's path with its words as groups."""

    def group(word: re.Match[str]) -> str:
        return f"(?P<{word[1]}>{_WORDS.get(word[1], '[^/]+')})"

    return re.compile(_WORD.sub(group, re.escape(path)))


class WrongMethod(BadRequest):
    """Something is there, and not with this method; `allowed` are those that it takes."""

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message, status=405, code="method_not_allowed")
        self.allowed = allowed


class _Place(NamedTuple):
    """One path and what can be done there."""

    pattern: re.Pattern[str]
    methods: dict[str, Route]


class Router:
    """Finds routes. HEAD is answered like GET, without the body."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._places: dict[str, _Place] = {}
        for route in routes:
            if "{" in route.path:
                place = self._places.setdefault(route.path, _Place(pattern_of(route.path), {}))
                place.methods[route.method] = route
            else:
                self._exact.setdefault(route.path, {})[route.method] = route

    def find(self, scope: Scope) -> Route:
        """The route; the `{words}` of its path are put into `scope["path_params"]`.

        Raises:
            BadRequest: nothing is there (404).
            WrongMethod: something is, but not with this method (405).
        """
        method, path = str(scope["method"]), str(scope["path"])
        methods = self._exact.get(path) or self._matched(path, scope)
        if methods is None:
            line = f"There is nothing at {path[:_SHOWN]!r}."
            raise BadRequest(line, status=404, code="not_found", fix="See GET /docs.")
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            allowed = ", ".join(methods)
            line = f"{path[:_SHOWN]} does not take {method[:_SHOWN]}, but {allowed}."
            raise WrongMethod(line, allowed)
        return route

    def peek(self, method: str, path: str) -> Route | None:
        """The route, before it is known whether the request may pass; None: there is none."""
        methods = self._exact.get(path) or self._matched(path, {}) or {}
        return methods.get("GET" if method == "HEAD" else method)

    def _matched(self, path: str, scope: Scope) -> dict[str, Route] | None:
        for place in self._places.values():
            if found := place.pattern.fullmatch(path):
                scope["path_params"] = found.groupdict()
                return place.methods
        return None
