"""One model in one study is found by the study's id, and by its role where there are several."""

import pytest

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study, StudyModel
from sprat.settings import Settings
from sprat.studies.asked import asked_of, one_of


@pytest.fixture
def store(settings: Settings) -> Store:
    store = Store(settings.runs_file, create=True)
    roles = {"small": "tiny", "large": "big", JUDGE: "stern"}
    store.add_study(
        Study(
            id="one", kind="compare", created="2026-01-01T00:00:00+00:00", questions_name="q",
            questions_sha256="0", questions=(),
            models=tuple(StudyModel(role=role, name=name) for role, name in roles.items()),
        )
    )  # fmt: skip
    return store


def test_a_study_has_all_who_answered_and_not_the_judge(store: Store) -> None:
    assert [asked.model.name for asked in asked_of(store, "one")] == ["tiny", "big"]


def test_a_side_is_named_by_its_role_or_by_its_model(store: Store) -> None:
    assert one_of(store, "one:small").model.name == "tiny"
    assert one_of(store, "latest:big").model.role == "large"


def test_several_models_must_be_told_apart(store: Store) -> None:
    with pytest.raises(RunError, match="one:small or one:large"):
        one_of(store, "one")


def test_a_side_that_is_not_there_is_refused_with_those_that_are(store: Store) -> None:
    with pytest.raises(RunError, match=r"small \(tiny\), large \(big\)"):
        asked_of(store, "one:judge")
