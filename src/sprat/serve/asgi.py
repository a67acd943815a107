"""The few types of ASGI, and whole answers.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from sprat.serve.problem import Problem
from sprat.serve.wire.form import encode

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

JSON = b"application/json"


async def respond(
    send: Send, status: int, body: bytes, headers: Headers = (), content_type: bytes = JSON
) -> None:
    """Send a whole answer."""
    own = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})


async def respond_problem(send: Send, problem: Problem, headers: Headers = ()) -> None:
    """Send an error object, with `Retry-After` where asking again makes sense."""
    wait = problem.retry_after_s
    asked = [] if wait is None else [(b"retry-after", str(wait).encode())]
    await respond(send, problem.status, encode(problem.as_object()), [*asked, *headers])


def header(scope: Scope, name: bytes) -> bytes | None:
    """A header's first value; `name` in lower case."""
    return next((value for key, value in scope["headers"] if key == name), None)
