"""A smoke test of the set as shipped."""

from sprat.questions import is_right, load, score


def test_the_everyday_set_loads_and_scores():
    chosen = load("everyday", kinds=["arithmetic"], limit=4)
    assert len(chosen.questions) == 4
    first = chosen.questions[0]
    assert is_right(score(first, f"Answer: {first.expected}")) is True
