"""Recorded studies and answers as pages: what is looked up in the store, and handed on."""

from sprat.errors import RunError
from sprat.runs.browse import (
    AnswerWish,
    Choices,
    StudyPage,
    StudyWish,
    answer_choices,
    answer_page,
    answers_to,
    recorded_state,
    state_of,
    study_choices,
    study_page,
)
from sprat.runs.store import Store
from sprat.serve.runs.recorded import Recorded
from sprat.serve.runs.wishes import CompareWish, HistoryWish

MOST_STUDIES = 40
MOST_ANSWERS = 100_000
"""Of one history: a browser waits for it; the command line reads as many as it is told."""


def problem(message: str, fix: str | None) -> str:
    """What went wrong."""
    from sprat.report.browse.frame import problem_page

    return problem_page(message, fix)


def no_studies(wish: StudyWish) -> str:
    """Of a machine where nothing was ever recorded."""
    from sprat.report.browse.studies import studies_page

    return studies_page(StudyPage([], 0), wish, Choices(kinds=[]))


def studies(store: Store, wish: StudyWish, recorded: Recorded) -> str:
    """The studies that are wanted."""
    from sprat.report.browse.studies import studies_page

    state = recorded_state(store)  # what there is to choose from is counted over all of them
    choices = recorded.kept(study_choices, state, lambda: study_choices(store))
    return studies_page(study_page(store, wish), wish, choices)


def report(store: Store, wanted: str, recorded: Recorded) -> str:
    """A study's own report, in the frame of these pages.

    Raises:
        RunError: there is no such study, or none that this version knows.
    """
    from sprat.report.browse.frame import in_frame

    study = store.find(wanted)
    # A report may tell of others: how its judge fared, what it was scored from.
    state = (state_of(store, study), recorded_state(store))
    html = recorded.kept(study, state, lambda: _made(store, study))
    return in_frame(html, study)


def _made(store: Store, study: str) -> str:
    from sprat.report.forms import form_of

    form = form_of(store.study(study).kind)
    return form.as_html(form.read(store, study))


def answers(store: Store, wanted: str, wish: AnswerWish) -> str:
    """A study's answers that are wanted.

    Raises:
        RunError: there is no such study.
    """
    from sprat.report.browse.answers import answers_page
    from sprat.report.browse.outcome import bars

    study = store.study(store.find(wanted))
    found = answer_page(store, study.id, wish, bars())
    return answers_page(study, found, wish, answer_choices(store, study.id))


def answer(store: Store, wanted: str, question: str) -> str:
    """Everybody's answer to one question.

    Raises:
        RunError: there is no such study, or no such question in it.
    """
    from sprat.report.browse.question import MOST_RUNS, question_page

    study = store.study(store.find(wanted))
    asked = next((one for one in study.questions if one.id == question), None)
    if asked is None:
        raise RunError(
            f"{study.id} has no question {question[:100]!r}.",
            fix=f"See all its answers: /runs/{study.id}/answers",
        )
    return question_page(study, asked, answers_to(store, study.id, question, MOST_RUNS))


def history(store: Store, wish: HistoryWish, recorded: Recorded) -> str:
    """Scores over time.

    Raises:
        RunError: nothing of that kind is recorded.
    """
    from sprat.report.history.series_html import render
    from sprat.studies.history.series import history_of

    def made() -> str:
        found = history_of(
            store, wish.model, wish.questions, most=MOST_STUDIES, most_answers=MOST_ANSWERS
        )
        return render(found, framed=True)

    return recorded.kept(wish, recorded.stamp(), made)


def compare(store: Store, wish: CompareWish, recorded: Recorded) -> str:
    """Two sides, paired; without two names, a form that asks for them.

    Raises:
        RunError: there is no such side.
    """
    from sprat.report.browse.choose import choose_page
    from sprat.report.history.compare_html import render
    from sprat.studies.history.compare import compare_runs

    if not wish.a or not wish.b:
        return choose_page(store.studies(limit=200), wish.a, wish.b)
    a, b = wish.a, wish.b
    studies = [store.find(name.partition(":")[0]) for name in (a, b)]
    state = (studies, [state_of(store, study) for study in studies])
    return recorded.kept(wish, state, lambda: render(compare_runs(store, a, b), framed=True))
