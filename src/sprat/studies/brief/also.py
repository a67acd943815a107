"""What benchmarks and documents add to the verdict, one sentence each."""

from collections.abc import Iterable, Sequence

from sprat.studies.bench.result import BenchResult
from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.material import Material
from sprat.studies.brief.result import Said
from sprat.studies.evaluation.result import EvaluatedModel
from sprat.studies.grounded.result import GroundedEvaluation
from sprat.studies.judging.result import JudgeMeasure

MOST = 2
"""Sentences on the first page."""
MOST_GRADED = 3
"""Models whose grades stand in one sentence."""


def also_of(material: Material, notes: Footnotes) -> tuple[Said, ...]:
    """Of each study at most one."""
    said = [_of_documents(found, notes) for found in material.grounded]
    said += _of_rubric(material.evaluated, notes)
    said += [_of_judge(found, notes) for found in material.judges]
    said += [one for bench in material.benches for one in _of_bench(bench, notes)]
    return tuple(said[:MOST])


def _of_documents(found: GroundedEvaluation, notes: Footnotes) -> Said:
    right, n = found.right.value, found.right.n
    how = "share of right answers over all questions that say what is right; failures are wrong"
    mark = notes.cite(found.run, "Answers from documents", how, n=n)
    share = "not known" if right is None else f"right on {right:.0%}"
    return Said(
        f"Answers from documents ({found.name}): {share} of {n} questions, {found.answerable} of "
        f"which the documents answer.",
        (mark,),
    )


def _of_rubric(evaluated: Sequence[EvaluatedModel], notes: Footnotes) -> Iterable[Said]:
    """Grades of 1 to 5, by the rule, or by a judge that was measured to agree as well."""
    parts: list[str] = []
    marks: list[int] = []
    for one in evaluated:
        believed = one.judge.headlines if one.judge else ()
        shown = [g for g in one.grades if (g.by != "rule") == (g.dimension in believed)]
        told = [f"{g.dimension} {g.grade.value:.1f}" for g in shown if g.grade.value is not None]
        if told:
            how = (
                f"{one.name}: mean grade of 1 to 5 by {' and '.join(sorted({g.by for g in shown}))}"
            )
            marks.append(notes.cite(one.run, "Rubric", how, n=max(g.grade.n for g in shown)))
            parts.append(f"{one.name} {', '.join(told)}")
    if parts:
        yield Said(f"Graded from 1 to 5: {'; '.join(parts[:MOST_GRADED])}.", tuple(marks))


def _of_judge(found: JudgeMeasure, notes: Footnotes) -> Said:
    """What a judge's grades are worth beside those of a rule."""
    mark = notes.cite(
        found.run,
        "Judge",
        "agreement with a person's grades (quadratic weighted kappa), beside the rule's",
        n=len(found.answers),
    )
    better = [one.name for one in found.dimensions if one.headline]
    told = f"can be believed on {' and '.join(better)}" if better else "is no better than a rule"
    return Said(f"{found.judge} as a judge {told}, on {len(found.answers)} answers.", (mark,))


def _of_bench(bench: BenchResult, notes: Footnotes) -> Iterable[Said]:
    """The largest load that was tried."""
    rows = [cell for cell in bench.cells if cell.condition == "warm" and cell.answer_s]
    loads = [row.concurrency or 0 for row in rows]
    heaviest = [row for row in rows if (row.concurrency or 0) == max(loads)]
    if not heaviest:
        return
    mark = notes.cite(
        bench.run,
        "Speed",
        f"sprat bench, {heaviest[0].id}: median time to the whole answer, 95% interval over rounds",
        n=sum(row.requests for row in heaviest),
    )
    each = "; ".join(
        f"{row.side} {row.answer_s.p50:.2f} s" for row in heaviest if row.answer_s is not None
    )
    lengths = f"{heaviest[0].prompt_tokens or 'own'} tokens in, {heaviest[0].output_tokens} out"
    many = max(loads)
    at_once = "one at a time" if many <= 1 else f"{many} at once"
    yield Said(f"Answers of one length ({lengths}), {at_once}: {each}.", (mark,))
