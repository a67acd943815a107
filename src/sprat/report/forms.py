"""How each kind of study is written: one table, for the command line and for the gateway."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from sprat.errors import RunError
from sprat.runs.store import Store

if TYPE_CHECKING:
    from rich.console import Console


class Form(NamedTuple):
    """What a study of one kind is read into, and how that is written. Places are `module:name`."""

    what: str
    """In words: `a comparison`."""
    summary: str
    """(store, study's id) → the result, from the store alone."""
    show: str
    """(result, `rich` console): the tables on a terminal."""
    html: str
    """result → one self-contained page."""
    markdown: str | None = None
    """result → Markdown; None: it has none."""
    command: str = ""
    """What goes on with it: `sprat compare` has `--resume ID`."""

    def read(self, store: Store, study: str) -> Any:  # noqa: ANN401 - each kind has its own
        """The study's result.

        Raises:
            RunError: no such study, or it is of another kind.
        """
        return _found(self.summary)(store, study)

    def shown(self, result: object, console: "Console") -> None:
        """Write the tables to a terminal."""
        _found(self.show)(result, console)

    def as_html(self, result: object) -> str:
        """The result as one page."""
        return _found(self.html)(result)

    def as_markdown(self, result: object) -> str | None:
        """The result as Markdown; None: this kind has none."""
        return None if self.markdown is None else _found(self.markdown)(result)


FORMS: dict[str, Form] = {
    "compare": Form(
        what="a comparison",
        summary="sprat.studies.summary:summarise",
        show="sprat.report.terminal:print_comparison",
        html="sprat.report.html:render",
        markdown="sprat.report.markdown:render",
        command="sprat compare",
    ),
    "evaluate": Form(
        what="an evaluation",
        summary="sprat.studies.evaluation.summary:summarise",
        show="sprat.report.evaluation.terminal:print_evaluation",
        html="sprat.report.evaluation.html:render",
        markdown="sprat.report.evaluation.markdown:render",
        command="sprat evaluate",
    ),
    "bench": Form(
        what="a benchmark",
        summary="sprat.studies.bench.summary:summarise",
        show="sprat.report.bench.terminal:print_bench",
        html="sprat.report.bench.html:render",
        command="sprat bench",
    ),
    "grounded": Form(
        what="an evaluation of documents",
        summary="sprat.studies.grounded.summary:summarise",
        show="sprat.report.grounded.terminal:print_evaluation",
        html="sprat.report.grounded.html:render",
        markdown="sprat.report.grounded.markdown:render",
        command="sprat rag evaluate",
    ),
    "judge": Form(
        what="a measurement of a judge",
        summary="sprat.studies.judging.summary:summarise",
        show="sprat.report.judging.terminal:print_judge",
        html="sprat.report.judging.html:render",
        markdown="sprat.report.judging.markdown:render",
        command="sprat judge",
    ),
}

COST = Form(
    what="a forecast of costs",
    summary="",
    show="sprat.report.cost.terminal:print_forecast",
    html="sprat.report.cost.html:render",
    markdown="sprat.report.cost.markdown:render",
)
"""Made of several studies and of assumptions: there is no study of its kind."""


def form_of(kind: str) -> Form:
    """How studies of this kind are written.

    Raises:
        RunError: a kind that this version does not know.
    """
    form = FORMS.get(kind)
    if form is None:
        raise RunError(
            f"This version of Sprat knows no studies of kind {kind!r}.", fix="Use a newer one."
        )
    return form


def _found(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
