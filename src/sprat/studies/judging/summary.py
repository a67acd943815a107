"""From a stored study to a `JudgeMeasure`. Nothing is asked, loaded or measured here."""

from collections.abc import Mapping, Sequence
from statistics import median

from sprat.questions.rubric import Scored, grade_by_rule, held_out
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study, StudyModel
from sprat.studies.comparison import QuestionSet
from sprat.studies.judging.compared import Graded, dimension_of
from sprat.studies.judging.family import family_of
from sprat.studies.judging.grades import ORDERS, Both, both_of
from sprat.studies.judging.notes import notes_of, overall
from sprat.studies.judging.result import DimensionMeasure, GradedAnswer, JudgeMeasure
from sprat.studies.judging.scored import scored_of
from sprat.types import Run

Held = Mapping[str, Mapping[str, tuple[Both, str]]]
"""By answer and dimension: the judge's grades of both orders, and its name."""
Ruled = Mapping[str, Mapping[str, float | None]]


def summarise(store: Store, study_id: str) -> JudgeMeasure:
    """Everything that a report shows, from the store alone.

    The rule's grades are today's: it is asked anew, for it costs nothing.

    Raises:
        RunError: no such study, or it is none of a judge.
    """
    study = store.study(study_id)
    scored, runs = scored_of(study), [run for run in store.runs(study_id) if run.role == JUDGE]
    names: list[str] = study.settings["dimensions"]
    held, ruled = both_of(runs), _ruled(scored, names)
    dimensions = tuple(_dimension(name, study, scored, runs, held, ruled) for name in names)
    headline, why = overall(_judge(study).name, dimensions)
    planned = len(scored) * len(names) * len(ORDERS)
    return JudgeMeasure(
        run=study.id,
        created=study.created,
        judge=_judge(study).name,
        identity=_judge(study).identity,
        family=family_of(_judge(study).name, _judge(study).identity),
        answers_set=QuestionSet(study.questions_name, len(scored), study.questions_sha256),
        questions=len({one.group for one in scored}),
        rubric=study.settings["rubric"],
        rubric_sha256=study.settings["rubric_sha256"],
        opinions=len(runs),
        opinions_planned=planned,
        failed=sum(run.error is not None for run in runs),
        how=_how(runs),
        opinion_s=_seconds(runs),
        dimensions=dimensions,
        headline=headline,
        why=why,
        answers=tuple(_answer(one, names, runs, held, ruled) for one in scored),
        settings=study.settings,
        environment=study.environment,
        warnings=notes_of(study, scored, runs, dimensions, planned),
        complete=len(runs) >= planned,
    )


def _judge(study: Study) -> StudyModel:
    return next(model for model in study.models if model.role == JUDGE)


def _ruled(scored: Sequence[Scored], names: Sequence[str]) -> Ruled:
    return {
        one.id: {name: grade_by_rule(name, one.question, one.text).value for name in names}
        for one in scored
    }


def _dimension(
    name: str,
    study: Study,
    scored: Sequence[Scored],
    runs: Sequence[Run],
    held: Held,
    ruled: Ruled,
) -> DimensionMeasure:
    """Of the answers with a reference grade in this dimension, and the judge was asked about."""
    own = "answers_file" in study.settings
    graded = [
        Graded(
            one,
            one.grades[name],
            held[one.id][name][0],
            ruled[one.id][name],
            fair=own or held_out(one),
        )
        for one in scored
        if name in one.grades and name in held.get(one.id, {})
    ]
    asks: dict[str, str] = study.settings.get("asks", {})
    return dimension_of(
        name,
        asks.get(name, ""),
        _judge(study).name,
        graded,
        mass=_mass([run for run in runs if run.kind == name]),
        seed=study.settings["seed"],
    )


def _mass(runs: Sequence[Run]) -> float | None:
    """Mean share of the probability that lay on the grades; None: no opinion tells it."""
    known = [mass for run in runs if (mass := _read(run)) is not None]
    return sum(known) / len(known) if known else None


def _read(run: Run) -> float | None:
    from sprat.studies.judging.reading import read_grade

    return read_grade(run.reply).mass if run.reply else None


def _how(runs: Sequence[Run]) -> str:
    from sprat.studies.judging.reading import read_grade

    ways = {read_grade(run.reply).how for run in runs if run.reply} - {"none"}
    return ways.pop() if len(ways) == 1 else "mixed" if ways else "none"


def _seconds(runs: Sequence[Run]) -> float | None:
    taken = [run.elapsed_s for run in runs if run.reply and run.elapsed_s is not None]
    return median(taken) if taken else None


def _answer(
    one: Scored, names: Sequence[str], runs: Sequence[Run], held: Held, ruled: Ruled
) -> GradedAnswer:
    both = {name: found[0] for name, found in held.get(one.id, {}).items() if name in names}
    errors = dict.fromkeys(run.error for run in runs if run.question == one.id and run.error)
    return GradedAnswer(
        id=one.id,
        group=one.group,
        prompt="\n\n".join(message.content for message in one.question.messages),
        text=one.text,
        characters=len(one.text),
        note=one.note,
        tags=one.tags,
        reference=one.grades,
        judge={name: two.grade for name, two in both.items()},
        up={name: two.up for name, two in both.items()},
        down={name: two.down for name, two in both.items()},
        rule=dict(ruled[one.id]),
        errors=tuple(error for error in errors if error),
    )
