"""The question of a brief, and its answer in one sentence."""

from sprat.studies.asked import Asked
from sprat.studies.brief.contest import Contest, Field
from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.material import Material
from sprat.studies.brief.result import Headline, Said


def question_of(field: Field, material: Material) -> str:
    """What the brief is to answer."""
    if field.contest is not None:
        small, large = field.contest.small.model.name, field.contest.large.model.name
        return f"Can {small} do the work of {large}?"
    if field.models:
        return f"How good is {field.models[0].model.name}?"
    if material.grounded:
        return f"Can answers from documents be trusted to {material.grounded[0].name}?"
    names = dict.fromkeys(side.name for bench in material.benches for side in bench.sides)
    return f"How fast {'is' if len(names) == 1 else 'are'} {_listed(list(names))}?"


def headline_of(field: Field, material: Material, notes: Footnotes) -> Headline:
    """The verdict, or why there is none."""
    if field.contest is not None:
        return _of_contest(field.contest, notes)
    if field.models:
        return _of_one(field.models[0], notes)
    said = Said("There is no verdict in these studies: nothing was scored on both of two models.")
    if material.grounded:
        found = material.grounded[0]
        mark = notes.cite(
            found.run, "Right answers", "share of right answers over all questions", n=found.right.n
        )
        share = "not known" if found.right.value is None else f"{found.right.value:.0%}"
        said = Said(
            f"{found.name} answers {share} of {found.right.n} questions rightly; no other model "
            "was asked the same, so there is nothing to compare it with.",
            (mark,),
        )
    return Headline(small="", large="", summary=None, said=said, declared=True)


def _of_contest(contest: Contest, notes: Footnotes) -> Headline:
    small, large = contest.small, contest.large
    verdict = contest.verdict
    text = (
        verdict.why
        if verdict is not None
        else "Nothing was scored, so no verdict is given: read the answers themselves."
    )
    if not contest.declared:
        text = text.replace("the declared margin", "the margin")
    mark = notes.cite(small.study.id, "Verdict", _how(contest), n=len(contest.pairs))
    marks = (mark,)
    if large.study.id != small.study.id:
        other = notes.cite(
            large.study.id, "Verdict, the other side", "the same questions, paired by their content"
        )
        marks = (mark, other)
    return Headline(
        small=small.model.name,
        large=large.model.name,
        summary=verdict,
        said=Said(text, marks),
        declared=contest.declared,
    )


def _how(contest: Contest) -> str:
    when = "declared before the first question" if contest.declared else "given when this was made"
    return (
        "difference of the scores question by question; 95% interval, the wider of a bootstrap "
        f"and a score interval, translations of a question kept together; the margin was {when}"
    )


def _of_one(asked: Asked, notes: Footnotes) -> Headline:
    whole = asked.summary()
    n = whole.answered + whole.errors - whole.unscored
    if whole.score is None:
        text = f"Nothing that {whole.name} answered was scored: read the answers themselves."
    else:
        text = (
            f"{whole.name} scores {whole.score:.0%} on {n} questions. No other model answered "
            "the same, so whether that is good enough beside another cannot be told."
        )
    mark = notes.cite(asked.study.id, "Score", "mean score, each question's own scorer", n=n)
    return Headline(
        small=whole.name, large="", summary=None, said=Said(text, (mark,)), declared=True
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
