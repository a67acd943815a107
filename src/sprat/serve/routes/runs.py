"""`/runs`: what was recorded, for a browser. `/api/runs`: the same for programs."""

from collections.abc import Awaitable, Callable
from functools import partial

from sprat.errors import SpratError
from sprat.runs.browse import AnswerWish, StudyWish
from sprat.runs.store import Store
from sprat.serve.asgi import Headers, respond
from sprat.serve.problem import problem_of
from sprat.serve.reference.page import HTML
from sprat.serve.routes.table import Call, Handler
from sprat.serve.runs import json, pages
from sprat.serve.runs.wishes import CompareWish, HistoryWish, wish_of
from sprat.serve.wire.form import encode


def shown(make: Callable[[Call], Awaitable[str]]) -> Handler:
    """A handler that answers with a page; where that cannot be made, with a page that says why."""

    async def handle(call: Call) -> None:
        try:
            status, html = 200, await make(call)
        except SpratError as error:
            status, html = problem_of(error).status, pages.problem(error.message, error.fix)
        except Exception as error:  # noqa: BLE001 - a page, whatever an old file holds
            found = problem_of(error)
            call.gateway.unforeseen(error)
            status, html = found.status, pages.problem(found.message, None)
        await respond(call.send, status, html.encode(), _policy(html), HTML)

    return handle


def _policy(html: str) -> Headers:
    from sprat.report.house import policy_of

    policy = f"{policy_of(html)}; frame-ancestors 'none'"
    return [(b"content-security-policy", policy.encode())]


@shown
async def studies(call: Call) -> str:
    """All of them, as a table."""
    wish, recorded = wish_of(call.scope, StudyWish), call.gateway.recorded
    look = partial(pages.studies, wish=wish, recorded=recorded)
    return await recorded.read(look, pages.no_studies(wish))


@shown
async def report(call: Call) -> str:
    """One study's report."""
    recorded = call.gateway.recorded
    return await recorded.read(partial(pages.report, wanted=call.word("run"), recorded=recorded))


@shown
async def answers(call: Call) -> str:
    """One study's answers, as a table."""
    wish = wish_of(call.scope, AnswerWish)
    look = partial(pages.answers, wanted=call.word("run"), wish=wish)
    return await call.gateway.recorded.read(look)


@shown
async def answer(call: Call) -> str:
    """Everybody's answer to one question."""
    look = partial(pages.answer, wanted=call.word("run"), question=call.word("question"))
    return await call.gateway.recorded.read(look)


@shown
async def history(call: Call) -> str:
    """Scores over time."""
    wish, recorded = wish_of(call.scope, HistoryWish), call.gateway.recorded
    look = partial(pages.history, wish=wish, recorded=recorded)
    return await recorded.read(look)


@shown
async def compare(call: Call) -> str:
    """Two sides, paired."""
    wish, recorded = wish_of(call.scope, CompareWish), call.gateway.recorded
    return await recorded.read(partial(pages.compare, wish=wish, recorded=recorded))


async def list_studies(call: Call) -> None:
    """All of them."""
    wish = wish_of(call.scope, StudyWish)
    look = partial(json.studies, wish=wish)
    nothing = encode(json.no_studies(wish))
    await respond(call.send, 200, await call.gateway.recorded.read(_bytes_of(look), nothing))


async def show_study(call: Call) -> None:
    """One study: what it asked, of whom, and how it stands."""
    look = partial(json.study, wanted=call.word("run"))
    await respond(call.send, 200, await call.gateway.recorded.read(_bytes_of(look)))


async def list_answers(call: Call) -> None:
    """One study's answers."""
    wish = wish_of(call.scope, AnswerWish)
    look = partial(json.answers, wanted=call.word("run"), wish=wish)
    await respond(call.send, 200, await call.gateway.recorded.read(_bytes_of(look)))


def _bytes_of(look: Callable[[Store], object]) -> Callable[[Store], bytes]:
    """Written as JSON where it is read: a large study would hold up everybody else's answers."""
    return lambda store: encode(look(store))
