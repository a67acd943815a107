"""The application: guard → router → one handler per route. Plain ASGI all the way."""

from collections.abc import Sequence

from sprat.serve.asgi import App, Receive, Scope, Send, respond_problem
from sprat.serve.body import Gone
from sprat.serve.gateway import Gateway
from sprat.serve.guard import Guard
from sprat.serve.problem import problem_of
from sprat.serve.router import Router, WrongMethod
from sprat.serve.routes import ROUTES
from sprat.serve.routes.table import Call, Route


def build_app(gateway: Gateway, address: tuple[str, int], routes: Sequence[Route] = ROUTES) -> App:
    """The application over a gateway's shared state, for a socket bound to `address`.

    Raises:
        UsageError: what `[serve]` allows does not make sense, or is not safe there.
    """
    router = Router(routes)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            route = router.find(scope)
            await route.handler(Call(gateway, scope, receive, send))
        except Gone:
            return
        except Exception as error:  # noqa: BLE001 - everything becomes one error object
            problem = problem_of(error)
            if problem.code == "unforeseen":
                gateway.unforeseen(error)
            allowed = error.allowed.encode() if isinstance(error, WrongMethod) else None
            await respond_problem(send, problem, [(b"allow", allowed)] if allowed else ())

    return Guard(answer, gateway.settings, address, routes)
