"""Opening both models: what cannot work is said before anything is fetched."""

import pytest

from sprat import door
from sprat.errors import UnknownModel
from sprat.settings import Settings
from sprat.studies.opened import open_both
from sprat.studies.plan import ComparePlan


@pytest.mark.parametrize("side", ["small", "large"])
def test_a_wrong_name_on_either_side_is_said_before_anything_is_opened(monkeypatch, side):
    opened = []
    monkeypatch.setattr(door, "open_engine", lambda name, *_, **__: opened.append(name))
    names = {"small": "smollm2-135m", "large": "smollm2-135m", side: "olama/qwen3:4b"}
    plan = ComparePlan(**names, questions_name="none", questions=())
    with pytest.raises(UnknownModel, match="olama"):
        open_both(plan, Settings())
    assert opened == []
