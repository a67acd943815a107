"""The addresses of what was recorded. Answers are private: the key is needed, where there is one.

A browser can send it as the password of HTTP Basic only; nothing here changes anything, so a page
of another site gains nothing by making a browser send it.
"""

from sprat.serve.routes import runs
from sprat.serve.routes.table import Handler, Route
from sprat.serve.runs import json

_STUDIES = ("kind", "model", "questions", "status", "since", "until", "sort", "page")
_ANSWERS = ("role", "kind", "outcome", "text", "sort", "page")


def _page(path: str, handler: Handler, summary: str, query: tuple[str, ...] = ()) -> Route:
    return Route(
        method="GET",
        path=path,
        handler=handler,
        summary=summary,
        group="runs",
        gives="text/html",
        query=query,
        errors=(404,),
        basic=True,
    )


RECORDED: tuple[Route, ...] = (
    _page("/runs", runs.studies, "The recorded studies, as a page.", _STUDIES),
    _page("/runs/history", runs.history, "Scores over time, as a page.", ("model", "questions")),
    _page("/runs/compare", runs.compare, "Two sides of studies, paired, as a page.", ("a", "b")),
    _page("/runs/{run}", runs.report, "A study's report."),
    _page("/runs/{run}/answers", runs.answers, "A study's answers, as a page.", _ANSWERS),
    _page(
        "/runs/{run}/answers/{question}",
        runs.answer,
        "Everybody's answer to one question, with verdicts, times and steps, as a page.",
    ),
    Route(
        method="GET",
        path="/api/runs",
        handler=runs.list_studies,
        summary="The recorded studies, a page at a time.",
        group="runs",
        reply=json.RecordedStudies,
        query=_STUDIES,
        basic=True,
    ),
    Route(
        method="GET",
        path="/api/runs/{run}",
        handler=runs.show_study,
        summary="One study: what it asked, of whom, and how it stands.",
        group="runs",
        reply=json.RecordedStudy,
        errors=(404,),
        basic=True,
    ),
    Route(
        method="GET",
        path="/api/runs/{run}/answers",
        handler=runs.list_answers,
        summary="A study's answers, a page at a time.",
        group="runs",
        reply=json.RecordedAnswers,
        query=_ANSWERS,
        errors=(404,),
        basic=True,
    ),
)
