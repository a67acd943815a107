"""Is the answer right? SQuAD's measures, and a yes or no."""

from collections.abc import Callable

from sprat.questions.scorers import is_right
from sprat.questions.scorers.match import contains, exact, f1
from sprat.studies.grounded.case import Case
from sprat.types import Question, Verdict

Grade = Callable[[Question, str, str | None], Verdict]


def exact_match(case: Case) -> float | None:
    """1 if the answer is a gold one after normalisation; of an unanswerable question: abstained.

    Source: Rajpurkar et al. (2018), arXiv:1806.03822; evaluate-v2.0.py.
    """
    return _as_squad(case, exact)


def token_f1(case: Case) -> float | None:
    """Token F1 with the best gold answer; of an unanswerable question: 1 if abstained, else 0.

    An answer in a whole sentence has little of it however right it is.

    Source: Rajpurkar et al. (2018), arXiv:1806.03822; evaluate-v2.0.py.
    """
    return _as_squad(case, f1)


def containing(case: Case) -> float | None:
    """Whether a gold answer stands in the answer, not buried in words; or, as above, abstained."""
    return _as_squad(case, contains)


def right(case: Case) -> bool | None:
    """The yes or no that risk, cost per right answer and agreement are counted with.

    Answerable: a gold answer stands in it (`contains`), or the two share nearly all words (`f1`),
    by those scorers' own bars. Unanswerable: it abstained. A failed one is wrong. None: the
    question says neither.
    """
    if case.question.kind == "open":
        return None
    if case.reply is None:
        return False
    if case.question.unanswerable or case.abstained:
        return case.question.unanswerable and case.abstained
    asked, text = _question(case), case.text
    return any(is_right(grade(asked, text, None)) for grade in (contains, f1))


def _as_squad(case: Case, grade: Grade) -> float | None:
    if case.question.kind == "open":
        return None
    if case.reply is None:
        return 0.0
    if case.question.unanswerable or case.abstained:
        return float(case.question.unanswerable and case.abstained)
    return grade(_question(case), case.text, None).value


def _question(case: Case) -> Question:
    return Question(
        id=case.question.id,
        kind=case.question.kind,
        messages=(),
        scorer="contains",
        expected=list(case.question.answers),
        language=case.question.language,
    )


def verdict_of(case: Case) -> Verdict:
    """What is kept with an answer, so that a list of runs shows a score: `containing`, and why."""
    kind = case.question.kind
    scorer = {"open": "none", "unanswerable": "abstain"}.get(kind, "contains")
    value = containing(case)
    if case.error is not None:
        return Verdict(scorer=scorer, value=value, why=f"error: {case.error}")
    if kind == "open" or case.question.unanswerable or case.abstained:
        why = "says that the documents do not" if case.abstained else "answers"
        return Verdict(scorer=scorer, value=value, answer=case.text[:200], why=why)
    return contains(_question(case), case.text, None)
