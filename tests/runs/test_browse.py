"""Studies and answers, a page at a time: what is wanted, in the order wanted, and no more."""

from pathlib import Path

import msgspec
import pytest
from tests.runs.test_store import run, study

from sprat.errors import RunError, StoreError
from sprat.runs.browse import (
    PAGE,
    AnswerWish,
    StudyWish,
    answer_choices,
    answer_page,
    answers_to,
    state_of,
    study_choices,
    study_page,
)
from sprat.runs.store import Store
from sprat.types import Message, Verdict

BARS = {"json": 1.0, "f1": 0.75}


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


def ids(store: Store, **wish: object) -> list[str]:
    return [line.id for line in study_page(store, StudyWish(**wish)).lines]  # type: ignore[arg-type]


@pytest.fixture
def several(store: Store) -> Store:
    for day, kind, status, name in (
        (1, "compare", "done", "everyday"),
        (2, "bench", "stopped", "bench"),
        (3, "compare", "running", "faq"),
    ):
        store.add_study(
            study(f"d{day}", kind=kind, status=status, questions_name=name,
                  created=f"2026-01-{day:02d}T12:00:00+00:00")
        )  # fmt: skip
    return store


def test_the_newest_study_comes_first_and_every_order_goes_both_ways(several: Store):
    assert ids(several) == ["d3", "d2", "d1"]
    assert ids(several, sort="created", descending=False) == ["d1", "d2", "d3"]
    assert ids(several, sort="kind", descending=False) == ["d2", "d1", "d3"]
    assert ids(several, sort="questions", descending=True) == ["d3", "d1", "d2"]


def test_each_filter_keeps_what_fits(several: Store):
    assert ids(several, kind="bench") == ["d2"]
    assert ids(several, questions="faq") == ["d3"]
    assert ids(several, since="2026-01-02") == ["d3", "d2"]
    assert ids(several, until="2026-01-02") == ["d2", "d1"]
    assert ids(several, model="l", kind="bench") == ["d2"]
    assert ids(several, model="no such") == []
    assert ids(several, model="%") == []  # a sign, not a pattern


def test_a_study_whose_process_was_killed_is_stopped(several: Store):
    assert ids(several, status="running") == []
    assert ids(several, status="stopped") == ["d3", "d2"]
    with several.hold("d3"):
        assert ids(several, status="running") == ["d3"]
        assert ids(several, status="stopped") == ["d2"]
    assert ids(several, status="done") == ["d1"]


def test_what_a_filter_offers_is_counted(several: Store):
    choices = study_choices(several)
    assert list(choices.kinds) == [("bench", 1), ("compare", 2)]
    assert list(choices.questions) == [("bench", 1), ("everyday", 1), ("faq", 1)]


@pytest.fixture
def answered(store: Store) -> Store:
    store.add_study(study())
    reply = run().reply
    assert reply
    store.add_runs(
        [
            run("q1", position=0, verdicts=(Verdict(scorer="json", value=1.0),)),
            run("q1", "large", 1, error="died", reply=None,
                verdicts=(Verdict(scorer="json", value=0.0),)),
            run("q2", position=2, verdicts=(Verdict(scorer="f1", value=0.8),)),
            run("q3", position=3, verdicts=(Verdict(scorer="f1", value=0.7),), kind="extract",
                reply=msgspec.structs.replace(reply, text="50% of \\ it_", finish="length")),
            run("q4", position=4, verdicts=()),
            run("q5", position=5, verdicts=(Verdict(scorer="judge/coherence", value=0.9),)),
        ]
    )  # fmt: skip
    return store


def found(store: Store, **wish: object) -> list[str]:
    page = answer_page(store, study().id, AnswerWish(**wish), BARS)  # type: ignore[arg-type]
    assert page.total == len(page.runs)
    return [f"{one.question}:{one.role}" for one in page.runs]


def test_answers_are_found_by_how_they_fared_each_by_its_own_bar(answered: Store):
    assert found(answered, outcome="right") == ["q1:small", "q2:small"]
    assert found(answered, outcome="wrong") == ["q3:small"]
    assert found(answered, outcome="error") == ["q1:large"]
    assert found(answered, outcome="unscored") == ["q4:small"]
    assert found(answered, outcome="cut") == ["q3:small"]


def test_answers_are_found_by_role_kind_and_words(answered: Store):
    assert found(answered, role="large") == ["q1:large"]
    assert found(answered, kind="extract") == ["q3:small"]
    assert found(answered, text="JACK") == ["q1:small", "q2:small", "q4:small", "q5:small"]
    assert found(answered, text="heißt") == found(answered)  # what was asked
    assert found(answered, text="died") == ["q1:large"]
    assert found(answered, text="q3") == ["q3:small"]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "50% of \\ it_"])
def test_signs_of_patterns_are_looked_for_as_they_stand(answered: Store, sign: str):
    assert found(answered, text=sign) == ["q3:small"]


def test_words_of_the_record_itself_are_no_answer(answered: Store):
    assert found(answered, text="sent_ns") == []
    assert found(answered, text="content") == []


def test_answers_without_a_figure_come_last_either_way(answered: Store):
    assert found(answered, sort="seconds")[-1] == "q1:large"
    assert found(answered, sort="seconds", descending=True)[-1] == "q1:large"
    assert found(answered, sort="score", descending=True)[0] == "q1:small"


def test_a_page_is_never_longer_than_a_page(store: Store):
    store.add_study(study())
    store.add_runs([run(f"q{n}", position=n) for n in range(PAGE + 7)])
    first = answer_page(store, study().id, AnswerWish(), BARS)
    second = answer_page(store, study().id, AnswerWish(page=2), BARS)
    assert (len(first.runs), first.total) == (PAGE, PAGE + 7)
    assert [one.position for one in second.runs] == list(range(PAGE, PAGE + 7))
    assert answer_page(store, study().id, AnswerWish(page=999), BARS).runs == []
    assert list(answer_choices(store, study().id).roles) == [("small", PAGE + 7)]


def test_everybody_who_answered_a_question_is_found(answered: Store):
    assert [one.role for one in answers_to(answered, study().id, "q1", 10)] == ["small", "large"]
    assert len(answers_to(answered, study().id, "q1", 1)) == 1


def test_a_state_changes_with_everything_that_a_report_shows(store: Store):
    store.add_study(study())
    states = [state_of(store, study().id)]
    assert state_of(store, study().id) == states[0]
    store.add_run(run("q1"))
    states.append(state_of(store, study().id))
    store.set_status(study().id, "done")
    states.append(state_of(store, study().id))
    store.put_environment(study().id, {"cpu": "another"})
    states.append(state_of(store, study().id))
    store.withdraw([run("q1")])
    better = msgspec.structs.replace(run("q1"), verdicts=(Verdict(scorer="json", value=1.0),))
    store.add_run(better)
    states.append(state_of(store, study().id))
    assert len(set(states)) == 5


def test_a_file_that_is_no_store_is_told_from_a_study_that_is_not_there(tmp_path, store: Store):
    (tmp_path / "else.db").write_bytes(b"no database at all, but long enough to be one" * 30)
    with pytest.raises(StoreError):
        Store(tmp_path / "else.db")
    with pytest.raises(RunError) as missing:
        store.find("nothing")
    assert not isinstance(missing.value, StoreError)


def test_what_was_asked_with_several_messages_is_searched_in_all_of_them(store: Store):
    store.add_study(study())
    asked = (Message("system", "Be brief."), Message("user", "Where does the heron nest?"))
    request = msgspec.structs.replace(run().request, messages=asked)
    store.add_run(run("q1", request=request))
    assert found(store, text="heron nest") == ["q1:small"]
    assert found(store, text="be brief") == ["q1:small"]


def test_scores_that_change_places_are_another_state(store: Store):
    store.add_study(study())

    def score(first: float, second: float) -> tuple[object, ...]:
        runs = [
            run(f"q{n}", position=n, verdicts=(Verdict(scorer="json", value=value),))
            for n, value in enumerate((first, second))
        ]
        store.withdraw(runs)
        store.add_runs(runs)
        return state_of(store, study().id)

    assert score(0.0, 1.0) != score(1.0, 0.0)


def test_a_study_is_not_joined_to_its_answers_to_tell_their_state(store: Store):
    """SQLite would lay out a body of megabytes again for each of ten thousand answers."""
    store.add_study(study())
    said: list[str] = []
    store._db.set_trace_callback(said.append)  # pyright: ignore[reportPrivateUsage]
    state_of(store, study().id)
    assert said
    assert not [one for one in said if "FROM studies" in one and "answers" in one]


def test_a_list_is_sorted_without_the_bodies_of_what_is_not_shown(store: Store):
    store.add_study(study())
    store.add_runs([run(f"q{n}", position=n) for n in range(PAGE + 7)])
    said: list[str] = []
    store._db.set_trace_callback(said.append)  # pyright: ignore[reportPrivateUsage]
    assert len(answer_page(store, study().id, AnswerWish(sort="seconds"), BARS).runs) == PAGE
    assert not [one for one in said if "SELECT body" in one and "ORDER BY" in one]
