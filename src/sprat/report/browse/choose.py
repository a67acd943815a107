"""The form that asks which two runs to put beside each other."""

from collections.abc import Sequence

from sprat.report.browse.frame import framed
from sprat.runs.study import StudyLine
from sprat.studies.history.series import OTHERS


def choose_page(lines: Sequence[StudyLine], a: str | None, b: str | None) -> str:
    """The newest studies to choose from; a benchmark has its sides beside each other already."""
    sides = [
        (
            f"{line.id}:{name}",
            f"{line.created[:16].replace('T', ' ')} · {name} · {line.kind} · {line.questions_name}",
        )
        for line in lines
        if line.kind not in OTHERS
        for name in dict.fromkeys(line.models)
    ]
    return framed("runs_choose.html.j2", "Compare", {"sides": sides, "a": a, "b": b})
