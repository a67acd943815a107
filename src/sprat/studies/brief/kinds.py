"""Kind of question by kind: will the small model do, or is the large one needed?"""

from sprat.runs.statistics import MIN_PAIRS
from sprat.studies.bestuse import USABLE
from sprat.studies.brief.contest import Contest
from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.result import Enough, KindLine
from sprat.studies.comparison import KindSummary
from sprat.studies.paired import kinds_of


def kind_lines(
    contest: Contest | None, notes: Footnotes
) -> tuple[tuple[KindLine, ...], int | None]:
    """One line per kind, by name; and their footnote."""
    if contest is None or contest.verdict is None:
        return (), None
    margin = contest.verdict.margin
    lines = [_line(kind, margin) for kind in kinds_of(contest.pairs, contest.seed)]
    if len(lines) < 2:
        return (), None
    how = (
        f"paired differences of each kind by itself, with their 95% intervals, against the margin; "
        f"fewer than {MIN_PAIRS} questions say nothing; {len(lines)} looks at once, so that one of "
        "them may be chance"
    )
    mark = notes.cite(contest.small.study.id, "By kind of question", how, n=len(contest.pairs))
    return tuple(sorted(lines, key=lambda line: line.kind)), mark


def _line(kind: KindSummary, margin: float) -> KindLine:
    return KindLine(
        kind=kind.kind,
        n=kind.n,
        small=kind.small_score,
        large=kind.large_score,
        enough=_enough(kind, margin),
    )


def _enough(kind: KindSummary, margin: float) -> Enough:
    if kind.n < MIN_PAIRS or kind.low is None or kind.high is None:
        return "few"
    if max(kind.small_score or 0.0, kind.large_score or 0.0) < USABLE:
        return "neither"
    if kind.low > -margin:
        return "small"
    return "large" if kind.high < -margin else "open"
