"""One table of all routes: the router, the OpenAPI document and the tests read it."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec

from sprat.serve.asgi import Receive, Scope, Send
from sprat.serve.gateway import Gateway


class Call(NamedTuple):
    """One request on its way to a handler."""

    gateway: Gateway
    scope: Scope
    receive: Receive
    send: Send

    @property
    def name(self) -> str:
        """The `{name}` of the route's path."""
        return self.word("name")

    def word(self, name: str) -> str:
        """Any `{word}` of the route's path."""
        return str(self.scope["path_params"][name])


Handler = Callable[[Call], Awaitable[None]]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one address."""

    method: str
    path: str
    """With `{words}`: `{name}` for a model's name, which may have slashes."""
    handler: Handler
    summary: str
    """One line for the OpenAPI document."""
    group: str = "openai"
    body: Any = None
    """The type of the JSON that it takes; None: no body."""
    reply: Any = None
    """The type of the JSON that it gives; None: see `gives`."""
    event: Any = None
    """The type of one event, where it streams."""
    gives: str = "application/json"
    """The content type of a whole answer; `*/*`: that of the file."""
    query: tuple[str, ...] = ()
    """What may be asked after a `?`."""
    file: bool = False
    """Whether it sends a file: in parts (206, 416), or not again (304)."""
    errors: tuple[int, ...] = ()
    """Statuses that it may answer with, beside those of the guard."""
    failure: Any = None
    """The type of the JSON that may come with `errors`; None: always the error object."""
    basic: bool = False
    """Whether the key may come as the password of HTTP Basic, which is all that a browser sends by
    itself: only where nothing is changed."""
    open: bool = False
    """Answered without the key: it tells nothing and changes nothing."""
