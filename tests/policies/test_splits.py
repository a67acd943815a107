"""Questions in three parts."""

from collections import Counter

import pytest
from tests.policies.samples import question

from sprat.errors import PolicyError
from sprat.policies.splits import Splits, groups_of, split
from sprat.types import Message

IDS = [f"q{k}" for k in range(100)]


def parts(splits: Splits) -> tuple[tuple[str, ...], ...]:
    return splits.tune, splits.certify, splits.report


def test_every_question_is_in_just_one_part_of_about_its_share() -> None:
    tune, certify, report = parts(split(IDS))
    assert sorted(tune + certify + report) == sorted(IDS)
    assert (len(tune), len(certify), len(report)) == (40, 30, 30)


def test_no_group_is_torn_apart() -> None:
    groups = {name: f"g{k // 3}" for k, name in enumerate(IDS)}
    found = [{groups[name] for name in part} for part in parts(split(IDS, groups))]
    assert not found[0] & found[1]
    assert not found[0] & found[2]
    assert not found[1] & found[2]


def test_every_kind_has_its_share_in_every_part() -> None:
    kinds = {name: "rare" if k % 10 == 0 else "common" for k, name in enumerate(IDS)}
    counted = [Counter(kinds[name] for name in part) for part in parts(split(IDS, kinds=kinds))]
    assert [count["rare"] for count in counted] == [4, 3, 3]


def test_the_order_of_the_questions_does_not_matter_and_the_seed_does() -> None:
    assert split(IDS) == split(list(reversed(IDS)))
    assert split(IDS, seed=1) != split(IDS)


def test_it_is_the_same_on_every_machine() -> None:
    assert split([f"q{k}" for k in range(10)], seed=7) == Splits(
        tune=("q0", "q1", "q6", "q8"), certify=("q3", "q5", "q7"), report=("q2", "q4", "q9")
    )


def test_a_share_of_nothing_gets_nothing() -> None:
    assert split(IDS, shares=(0.5, 0.5, 0.0)).report == ()


def test_too_few_independent_questions_are_refused() -> None:
    with pytest.raises(PolicyError, match="2 independent questions"):
        split(["a", "b", "c"], {"a": "g", "b": "g"})


def test_shares_that_are_no_whole_are_refused() -> None:
    with pytest.raises(PolicyError, match="no three parts"):
        split(IDS, shares=(0.5, 0.5, 0.5))


def test_translations_and_questions_about_one_passage_go_together() -> None:
    def about(name: str, passage: str) -> Message:
        return Message("user", f"Read.\n\nPassage: {passage}\n\nQuestion: what is {name}?")

    english = question("en", messages=(about("it", "One."),))
    malay = question("ms", "Apakah itu?", tags=("translation-of:en",))
    other = question("other", messages=(about("that", "One."),))
    alone = question("alone", messages=(about("this", "Two."),))
    plain = question("plain")
    orphan = question("orphan", tags=("translation-of:gone",))
    groups = groups_of([english, malay, other, alone, plain, orphan])
    assert groups["en"] == groups["ms"] == groups["other"]
    assert groups["alone"] not in {groups["en"], "alone"}
    assert groups["plain"] == "plain"
    assert groups["orphan"] == "gone"
